// What a text is before it is sent. Pure.

export const DRAFT_MOST = 65_536; // UTF-16 code units of a draft that are kept

// Spaces, controls, formats and what Unicode says to draw nothing for; U+2800 is Braille without a dot.
const INVISIBLE = /^[\s\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** Whether nothing of `text` can be seen. */
export function blank(text) {
  return INVISIBLE.test(text);
}

/** The text without the blank lines before it, and what is blank behind it. */
export function trimmed(text) {
  const before = text.slice(0, text.length - text.trimStart().length);
  return text.slice(before.lastIndexOf("\n") + 1).trimEnd();
}

/** The text without what the server refuses: control characters, and halves of surrogate pairs. */
export function sendable(text) {
  return text.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Cs}/gu, "");
}
