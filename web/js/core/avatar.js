// The initial and the colour of a user. Pure.

export const HUES = 8; // colours for users

/** The initial of a nick. */
export function initial(nick) {
  return [...nick][0].toUpperCase();
}

/** One of `count` colours, always the same for a user: FNV-1a over the user's id. */
export function hue(user, count) {
  let hash = 0x811c9dc5;
  for (const char of user) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return (hash >>> 0) % count;
}
