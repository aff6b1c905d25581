// Addresses in a message's text. A link goes to http, https or mailto, or is none. Pure.

const ADDRESS = 2_048; // characters of a link; browsers take time that grows faster for a long host
// Not in an address: spaces, quotes, what steers the direction of text, and Chinese punctuation.
const STOP = "\\s<>\"`\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff，。、；：！？（）《》「」【】“”‘’";
const BARE = new RegExp(`(?:https?://|mailto:)[^${STOP}]+`, "iy");
const WITHIN = `[^${STOP}()]*`;
const TARGET = new RegExp(`\\( *((?:https?://|mailto:)${WITHIN}(?:\\(${WITHIN}\\)${WITHIN})*) *\\)`, "iy");
const TRAILING = ".,;:!?'*_~…]}";

/** The address that stands at index `at`, as it is written; undefined for none. */
export function bareAt(text, at) {
  BARE.lastIndex = at;
  const [whole] = BARE.exec(text) ?? [];
  return whole === undefined ? undefined : untrailed(whole);
}

/** The address in parentheses at index `at`: { end, url }, the index behind it; null for none. */
export function targetAt(text, at) {
  TARGET.lastIndex = at;
  const [whole, url] = TARGET.exec(text) ?? [];
  return whole === undefined ? null : { end: at + whole.length, url };
}

/** An address as it stands in a sentence, without the sentence's own punctuation. */
function untrailed(url) {
  let end = url.length;
  let spare = url.split(")").length - url.split("(").length; // more closed than opened
  while (end > 0) {
    const last = url[end - 1];
    if (last === ")" && spare > 0) spare -= 1;
    else if (!TRAILING.includes(last)) break;
    end -= 1;
  }
  return url.slice(0, end);
}

/** Where a link may go, { href, host }; null where it may not, or poses as another place. */
export function targetOf(written) {
  if (written.length > ADDRESS || !URL.canParse(written)) return null;
  const { protocol, href, host, pathname, username, password } = new URL(written);
  if (username !== "" || password !== "") return null;
  if (protocol === "mailto:") return pathname.includes("@") ? { href, host: pathname } : null;
  return protocol === "https:" || protocol === "http:" ? { href, host } : null;
}

/** In how many pieces a link is drawn, which may stand on lines of their own; about. */
export function breaks({ href }) {
  return 1 + href.split(/[/?&#]/).length;
}
