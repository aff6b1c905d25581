// The letter and the colour that stand for a user. Pure.

export const HUES = 8; // colours for people

/** The letter that stands for somebody. */
export function initial(nick) {
  return [...nick][0].toUpperCase();
}

/** One of `count` colours for somebody, always the same: FNV-1a over the user's id. */
export function hue(user, count) {
  let hash = 0x811c9dc5;
  for (const char of user) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return (hash >>> 0) % count;
}
