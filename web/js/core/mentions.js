// Who is spoken to in a text: @ and a nick. Pure.
//
// A nick may have spaces, so what follows the @ is compared with the nicks that there are: the
// longest that fits counts, in any case, and it must not go on as a word.

const WORD = /[\p{L}\p{N}_]/u;
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u; // here no space ends a word

/** Whether `char` (one code point; "" for none) goes on with a word that stands beside it. */
export function wordy(char) {
  return WORD.test(char) && !UNSPACED.test(char);
}

/** What nicks are compared by. */
export function fold(nick) {
  return nick.normalize("NFC").toLowerCase();
}

/** `nicks` made ready for many texts. */
export function bookOf(nicks) {
  return { nicks, tree: null }; // the tree is made with the first text that has an @
}

/**
 * Where `text` speaks to somebody of `book`: [{ start, end, nick }], `start` is that of the at sign. After
 * one it goes down the tree of nicks as far as the text does, so it takes at most as many steps for
 * each at sign as the longest nick has characters; `meter` counts them.
 */
export function lookUp(text, book, meter = { steps: 0 }) {
  const found = [];
  for (let start = text.indexOf("@"); start >= 0; start = text.indexOf("@", start + 1)) {
    meter.steps += 1;
    if (start < (found.at(-1)?.end ?? 0) || wordy(before(text, start))) continue; // an address, perhaps
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

/** The tree of `nicks`: a node is { next: Map of nodes by letter, nick }; `nick` if one ends there. */
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

/** The node below `node` for `char`, whose small form may have several letters. */
function below(node, char) {
  let found = node;
  for (const letter of lower(char)) found = found?.next.get(letter);
  return found;
}

/** One code point in lower case, wherever in a word it stands. */
function lower(char) {
  return char === "ς" ? "σ" : char.toLowerCase();
}

/** Where `text` speaks to one of `nicks`: [{ start, end, nick }]. */
export function mentions(text, nicks) {
  return text.includes("@") ? lookUp(text, bookOf(nicks)) : [];
}

function goesOn(text, end) {
  return wordy(text.slice(end - 1, end)) && wordy(charAt(text, end));
}

function charAt(text, index) {
  return index < text.length ? String.fromCodePoint(text.codePointAt(index)) : "";
}

function before(text, index) {
  const low = index > 1 && /[\udc00-\udfff]/.test(text[index - 1]);
  return index > 0 ? charAt(text, low ? index - 2 : index - 1) : "";
}
