// Texts that are costly for a page which goes back and tries again, and all that the page does with a
// text. `node floods.js CHARACTERS` does everything with every flood of that many characters.

import { pathToFileURL } from "node:url";

import { completions } from "../../web/js/core/completion.js";
import { EMOJI, emojify } from "../../web/js/core/emoji.js";
import { jumps, marked } from "../../web/js/core/finding.js";
import { disguised } from "../../web/js/core/hosts.js";
import { foreign } from "../../web/js/core/links.js";
import { gist, large, hasNames, mentioned, parse, stretches } from "../../web/js/core/markup.js";
import { bookOf } from "../../web/js/core/mentions.js";
import { keyOf, roomName } from "../../web/js/core/room.js";
import { tall } from "../../web/js/core/rows.js";
import { blank, sendable, trimmed } from "../../web/js/core/text.js";

/** Repeated, to the length that is wanted. */
const PARTS = [
  ..."*_`>[](){}:@~#-+=|&?/.,!\\\n\t\r 1aé小👍\u0301\u200d\u202e\u2028\u0e33\u{1f3fb}",
  "**", "__", "~~", "``", "```", "***", "***a", "*a ", "*a* ", "**a** ", "_a_ ", "~~a~~ ", "`a` ", "`a``b", "*a **b _c ~~d ", "*[", "[*", "*a_",
  "> ", ">> ", "> a\n", "> > > a\n", "> a\n\n", "- a\n", "  - a\n", "1. a\n", "> - 1. ", "- a\n\n", "- \n", "```\n", "```\na\n", "``` a\n", " ```\n", "\n> a\nb",
  "http://", "http://a/", "http://a ", "https://)", "http://(a", "http://a?b&c#d ", "mailto:", "mailto:a@b ", "h", "m", "http://小林.", "http://a.",
  "[](", "[](http://", "[x](http://", "[x](http://a(b)", "[a](http://a) ", "[a](http://a/b/c) ", "[[a]", "](h", "[a][b]",
  "a@b.cc ", "a@", "a@b.", "_a@b.cc", "a.b@c:", "www.a.b ", "www.", "www.a.b/(", "\\", "\\*", "\\`", "\\[", "\\@Ada", "~~~", "~~~\n", "~~~~\n~~~\n", "- ```\n", "- ```\n\n", "- ~~~\n  a\n", "``` a `\n", "http://[::1]", "http://a的", "http://a:1", "http://a@", "/@Ada", "a.b/@Ada", "🇺", "1\ufe0f\u20e3", "👩\u200d",
  "@A", "@Ada", "@Ada ", "@@Ada", "@aaaaaaa", ":a", ":a:", ":tea:", ":tea: ", "::", "\u0301\u0316", "a\u0301", "Σ", "İ", " \n",
];

const repeated = (part) => [part, (length) => part.repeat(Math.ceil(length / part.length)).slice(0, length)];
const spaces = (length) => " ".repeat(length);
const letters = (length) => "a".repeat(length);

/** [name, what makes a text of about so many characters]. */
export const FLOODS = [
  ...PARTS.map(repeated),
  ["a fence and spaces", (n) => `\`\`\`${spaces(n)}`],
  ["a fence, spaces, and what is no language", (n) => `\`\`\`${spaces(n)}!`],
  ["a fence, a language, spaces, and more", (n) => `\`\`\`${letters(n / 2)}${spaces(n / 2)}!`],
  ["code that is padded at its start only", (n) => `\` ${letters(n)}\``],
  ["code that is padded at its end only", (n) => `\`${letters(n)} \``],
  ["code of spaces", (n) => `\`${spaces(n)}\``],
  ["an item that never begins", (n) => `-${spaces(n)}`],
  ["an item far in", (n) => `${spaces(n)}- a`],
  ["a quote of spaces", (n) => `>${spaces(n)}`],
  ["a link that never ends", (n) => `[x](http://a${letters(n)}`],
  ["a link of parentheses that never ends", (n) => `[x](http://a${"(b)".repeat(n / 3)}`],
  ["a link and spaces", (n) => `[x](http://a${spaces(n)}`],
  ["brackets within brackets", (n) => `${"[".repeat(n / 2)}${"]".repeat(n / 2)}(http://a)`],
  ["brackets, and links", (n) => `${"[".repeat(n / 2)}${"](http://a)".repeat(n / 22)}`],
  ["an address that ends in parentheses", (n) => `http://a${")".repeat(n)}`],
  ["an address of many parts", (n) => `http://a/${"b/?c&".repeat(n / 5)}`],
  ["an address of a long foreign host", (n) => `http://${Array.from({ length: n }, (_, i) => String.fromCodePoint(0x4e00 + (i % 20_000))).join("")}`],
  ["a fence whose words go on", (n) => `\`\`\`${letters(n)}\na`],
  ["a fence and blank lines", (n) => `\`\`\`${"\n".repeat(n)}`],
  ["a family that grows", (n) => `👩${"\u200d👩".repeat(n / 3)}x`],
  ["an address of a long name", (n) => `${letters(n)}@b.cc`],
  ["an address of a long domain", (n) => `a@${"b.".repeat(n / 2)}cc`],
  ["an address with dots at its end", (n) => `a@b.cc${".".repeat(n)}`],
  ["an emoji of many colours", (n) => `👍${"\u{1f3fb}".repeat(n / 2)}x`],
  ["an emoji, spaces, and a letter", (n) => `👍${spaces(n)}x`],
];

export const BOOK = { book: bookOf(["Ada", "Bob", `${"@".repeat(31)}x`, "a".repeat(32), "小林"]), emoji: EMOJI, disguised };

/** Everything that the page does with a text that somebody wrote. */
export const USES = {
  parse: (text) => parse(text, BOOK),
  gist: (text) => gist(text, text.length),
  hasNames,
  stretches,
  mentioned: (text) => mentioned(text, BOOK.book),
  large: (text) => large(parse(text, BOOK)),
  completions: (text) => completions(text, text.length, ["Ada"], EMOJI),
  emojify,
  marked: (text) => marked(text, `${[...text].slice(0, 199).join("")}b`),
  sendable,
  foreign,
  blank,
  trimmed,
  tall,
  jumps: (text) => jumps([{ key: keyOf("tea"), room: "tea", topic: text.slice(0, 250) }], text),
  roomName,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [, make] of FLOODS) {
    const text = make(Number(process.argv[2]));
    for (const use of Object.values(USES)) use(text);
  }
}
