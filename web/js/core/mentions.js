// Finds nicks in a text: @ and a nick. markup.js decides which of them are mentions. Pure.
//
// A nick may contain spaces, so the text after the @ is compared with the known nicks: the longest
// match counts, ignoring case, and the word must end there.

const WORD = /[\p{L}\p{N}\p{M}_]/u;
const NEAR = 100; // characters before an @ that are checked for an address
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u; // scripts in which spaces do not end words

/** Whether `char` (one code point; "" for none) continues a word beside it. */
export function wordy(char) {
  return WORD.test(char) && !UNSPACED.test(char);
}

/** The form in which nicks are compared. */
export function fold(nick) {
  return nick.normalize("NFC").toLowerCase();
}

/** `nicks` prepared for many texts. */
export function bookOf(nicks) {
  return { nicks, tree: null }; // the tree is made with the first text that contains an @
}

/**
 * The places where `text` mentions a nick of `book`: [{ start, end, nick }], `start` is that of the at sign.
 * From each @ it follows the tree of nicks, so the number of steps for one @ is at most the
 * length of the longest nick; `meter` counts them.
 */
export function lookUp(text, book, meter = { steps: 0 }) {
  const found = [];
  for (let start = text.indexOf("@"); start >= 0; start = text.indexOf("@", start + 1)) {
    meter.steps += 1;
    if (start < (found.at(-1)?.end ?? 0) || wordy(charBefore(text, start))) continue; // perhaps an e-mail address
    book.tree ??= treeOf(book.nicks);
    let longest;
    let end = start + 1;
    for (let node = book.tree; node && end < text.length; meter.steps += 1) {
      const char = charAt(text, end);
      node = below(node, char);
      end += char.length;
      if (node?.nick !== undefined && !goesOn(text, end)) longest = { start, end, nick: node.nick };
    }
    if (longest) found.push(longest);
  }
  return found;
}

/** The tree of `nicks`: a node is { next: Map from characters to nodes, nick }; `nick` if one ends there. */
function treeOf(nicks) {
  const root = { next: new Map(), nick: undefined };
  for (const nick of nicks) {
    if (nick === "") continue;
    for (const form of ["NFD", "NFC"]) {
      let node = root;
      for (const letter of [...nick.normalize(form)].map(lower).join("")) {
        if (!node.next.has(letter)) node.next.set(letter, { next: new Map(), nick: undefined });
        node = node.next.get(letter);
      }
      node.nick = nick;
    }
  }
  return root;
}

/** The node below `node` for `char`, whose lower case may have several characters. */
function below(node, char) {
  let found = node;
  for (const letter of lower(char)) found = found?.next.get(letter);
  return found;
}

/** One code point in lower case, independent of its position in a word. */
function lower(char) {
  return char === "ς" ? "σ" : char.toLowerCase();
}

/**
 * Whether the @ at index `at` is in the path of an address without a scheme, such as
 * example.org/@ada.
 */
export function inAddress(text, at) {
  if (!/[/=?&]/.test(text.charAt(at - 1))) return false;
  const [before] = text.slice(Math.max(0, at - NEAR), at).split(/\s/).slice(-1);
  return /^[^/]*[a-z\d]\.[a-z]/i.test(before);
}

/** Whether the word before `end` continues there; a combining mark belongs to the character before it. */
function goesOn(text, end) {
  const next = charAt(text, end);
  return /\p{M}/u.test(next) || (wordy(charBefore(text, end)) && wordy(next)) || (next === "@" && wordy(charAt(text, end + 1)));
}

/** The code point at `index`; "" at the end. */
export function charAt(text, index) {
  return index < text.length ? String.fromCodePoint(text.codePointAt(index)) : "";
}

/** The code point before `index`; "" at the start. */
export function charBefore(text, index) {
  const low = index > 1 && /[\udc00-\udfff]/.test(text[index - 1]);
  return index > 0 ? charAt(text, low ? index - 2 : index - 1) : "";
}
