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
  const book = { names: new Map(), longest: 0 };
  for (const nick of nicks) {
    if (nick === "") continue;
    book.names.set(fold(nick), nick);
    book.longest = Math.max(book.longest, nick.length);
  }
  return book;
}

/** Where `text` speaks to somebody of `book`: [{ start, end, nick }], `start` is that of the @. */
export function lookUp(text, book) {
  const found = [];
  for (let start = text.indexOf("@"); start >= 0; start = text.indexOf("@", start + 1)) {
    if (start < (found.at(-1)?.end ?? 0) || wordy(before(text, start))) continue; // an address, perhaps
    for (let end = Math.min(text.length, start + 1 + book.longest); end > start + 1; end--) {
      const nick = book.names.get(fold(text.slice(start + 1, end)));
      if (nick === undefined || goesOn(text, end)) continue;
      found.push({ start, end, nick });
      break;
    }
  }
  return found;
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
