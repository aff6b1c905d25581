// Text before it is sent. Pure.

export const DRAFT_MOST = 65_536; // the greatest stored draft, in UTF-16 code units

// Spaces, controls, format characters and ignorable characters; U+2800 is an empty Braille pattern.
const INVISIBLE = /^[\s\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]*$/u;

/** Whether `text` has no visible character. */
export function blank(text) {
  return INVISIBLE.test(text);
}

/** The text without leading blank lines and trailing blanks. */
export function trimmed(text) {
  const before = text.slice(0, text.length - text.trimStart().length);
  return text.slice(before.lastIndexOf("\n") + 1).trimEnd();
}

/** The text without characters that the server refuses: control characters and lone surrogates. */
export function sendable(text) {
  return text.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Cs}/gu, "");
}
