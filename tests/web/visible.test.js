// Nothing that was typed disappears, and nothing of it becomes markup of the page's own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { disguised } from "../../web/js/core/hosts.js";
import { parse, plain } from "../../web/js/core/markup.js";
import { bookOf } from "../../web/js/core/mentions.js";
import { pickOne, seeded } from "./random.js";
import { nodesOf, shown } from "./tree.js";

const TOOLS = { book: bookOf(["Ada", "Bob", "茶茶"]), disguised };
const MARKS = ["*", "**", "***", "_", "~~", "~~~", "~~~~", "`", "``", "```", "````", "[", "]", "](", "(", ")", "> ", ">", "- ", "• ", "1. ", "12. ", "\\", "\\*", "\\`", "  ", "    ", "\n", "\n", "\n\n", " "];
const WORDS = ["é", "茶", "ж", "👍", "§", "ß! ", "ñ?", "“ü”", "'", ",", ";", "&amp;", "<ø onerror=ö>", "@Ada", "@茶茶", "@", ":", "www.", "www.ä.", "https://", "https://ä.b/", "https://[::1]/", "mailto:", "é@", "a@b.cc", "@b.cc", "h", "m", "w", "\u202e", "e\u0301"];

/** What can be no mark, and stands in no address in another form: whatever else is there, these characters are shown. */
const kept = (text) => text.normalize("NFC").replace(/[^é茶ж👍§ß!ñ?“”ü',;&<>øö=]/gu, "").replace(/>/g, "");

function* samples(rounds, seed) {
  const random = seeded(seed);
  for (let round = 0; round < rounds; round++) {
    const marks = random();
    yield Array.from({ length: 1 + Math.floor(random() * 30) }, () => pickOne(random, random() < marks ? MARKS : WORDS)).join("");
  }
}

describe("of any text", () => {
  test("every visible character that is no mark is shown, in its order", () => {
    for (const text of samples(10_000, 21)) assert.equal(kept(shown(parse(text, TOOLS))), kept(text), JSON.stringify(text));
  });

  test("no character is shown that was not typed, but a link's own address", () => {
    for (const text of samples(5_000, 22)) {
      const rest = [...text];
      for (const char of plain(parse(text, TOOLS))) {
        if (char === "\n") continue; // between the items of a list
        const at = rest.indexOf(char);
        assert.ok(at >= 0, JSON.stringify([text, char]));
        rest.splice(at, 1);
      }
    }
  });

  test("a tree has nodes of a few kinds, with text in them and no markup", () => {
    const KINDS = {
      paragraph: ["of"], quote: ["of"], list: ["ordered", "items"], fence: ["text", "info"],
      text: ["text"], strong: ["of"], em: ["of"], strike: ["of"], code: ["text"], link: ["href", "host", "of"], mention: ["text", "nick"],
    };
    for (const text of samples(5_000, 23)) {
      for (const node of nodesOf(parse(text, TOOLS))) {
        const { kind, ...rest } = node;
        assert.deepEqual(Object.keys(rest).sort(), [...KINDS[kind]].sort());
        if (kind === "link") assert.match(node.href, /^(https?:\/\/|mailto:)[^<>"\s]*$/);
      }
    }
  });
});

test("plain text is itself, and stays so", () => {
  const random = seeded(24);
  const parts = ["tea", "é", "茶", "👍", " ", "  ", ", ", ". ", "! ", "\n", "\n\n", "(b)", "don't", "50 %", "a/b", "x = y", "#", "{}", "|", "<b>", "&amp;", "10:30", "C:\\dir", "snake_case", "2*3"];
  for (let round = 0; round < 3_000; round++) {
    const text = `x${Array.from({ length: 20 }, () => pickOne(random, parts)).join("")}x`;
    const once = plain(parse(text));
    assert.equal(once, text);
    assert.equal(plain(parse(once)), once);
  }
});
