import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EMOJI, emojify } from "../../web/js/core/emoji.js";
import { gist, parse, plain } from "../../web/js/core/markup.js";
import { bookOf } from "../../web/js/core/mentions.js";
import { pickOne, seeded } from "./random.js";

const BOOK = { book: bookOf(["Ada", "Bob"]), emoji: EMOJI };

/** A tree as short text: em(…), link<href>(…), and so on. */
function shape(nodes) {
  return nodes
    .map((node) => {
      if (node.kind === "text") return node.text;
      if (node.kind === "list") return `list(${node.items.map(({ number, level, of }) => `${"»".repeat(level)}${number ?? "-"} ${shape(of)}`).join("|")})`;
      const name = { link: `link<${node.href}>`, mention: `mention<${node.nick}>`, fence: `fence<${node.language}>` }[node.kind] ?? node.kind;
      return `${name}(${node.of ? shape(node.of) : node.text})`;
    })
    .join("");
}

const line = (text) => shape(parse(text, BOOK)).replace(/^paragraph\((.*)\)$/s, "$1");

describe("marks within a line", () => {
  const EXAMPLES = [
    ["plain, as it is\n  with  spaces", "plain, as it is\n  with  spaces"],
    ["**bold** *em* _em_ ~~gone~~ `code`", "strong(bold) em(em) em(em) strike(gone) code(code)"],
    ["***both*** and **bold *em***", "strong(em(both)) and strong(bold em(em))"],
    ["**bold *em** rest*", "strong(bold *em) rest*"],
    ["这是**粗体**文字", "这是strong(粗体)文字"],
    ["2*3*4 snake_case_name __init__ a * b * c", "2*3*4 snake_case_name __init__ a * b * c"],
    ["a *b and *c*", "a *b and em(c)"],
    ["**open\nand** not closed", "**open\nand** not closed"],
    ["**** ~~~ ___", "**** ~~~ ___"],
    ["`a*b*` ``a`b`` `x", "code(a*b*) code(a`b) `x"],
    ["` `` `", "code(``)"],
    [":tea: :nope: 10:30:45 :+1:", "🍵 :nope: 10:30:45 👍"],
    ["`:tea:`", "code(:tea:)"],
    ["hi @ada, *@Bob*, a@ada.org", "hi mention<Ada>(@ada), em(mention<Bob>(@Bob)), a@ada.org"],
    ["<b>&amp;</b>", "<b>&amp;</b>"],
  ];
  for (const [text, wanted] of EXAMPLES) test(JSON.stringify(text), () => assert.equal(line(text), wanted));
});

describe("links", () => {
  const EXAMPLES = [
    ["see https://example.org/a_b_c?d=*e*.", "see link<https://example.org/a_b_c?d=*e>(https://example.org/a_b_c?d=*e)*."],
    ["(https://a.example/x_(y)) ok", "(link<https://a.example/x_(y)>(https://a.example/x_(y))) ok"],
    ["**https://a.example/**", "strong(link<https://a.example/>(https://a.example/))"],
    ["看https://a.example/茶，很好", "看link<https://a.example/%E8%8C%B6>(https://a.example/茶)，很好"],
    ["HTTPS://A.EXAMPLE", "link<https://a.example/>(HTTPS://A.EXAMPLE)"],
    ["mailto:a@b.example mailto:x", "link<mailto:a@b.example>(mailto:a@b.example) mailto:x"],
    ["[the *talk*](https://a.example/x)", "link<https://a.example/x>(the em(talk))"],
    ["[a [b] c](https://a.example)", "link<https://a.example/>(a [b] c)"],
    ["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
    ["[x](data:text/html,x) [x](//evil.example) [x](/r/x)", "[x](data:text/html,x) [x](//evil.example) [x](/r/x)"],
    ["javascript:alert(1) vbscript:x file:///etc", "javascript:alert(1) vbscript:x file:///etc"],
    ["https://bank.example@evil.example/", "https://bank.example@evil.example/"],
    ["https:// http://? xhttps://a.example", "https:// http://? xhttps://a.example"],
    ["[ ](https://a.example)", "[ ](link<https://a.example/>(https://a.example))"],
    ["https://a.example/\u202egnp.exe", "link<https://a.example/>(https://a.example/)\u202egnp.exe"],
  ];
  for (const [text, wanted] of EXAMPLES) test(JSON.stringify(text), () => assert.equal(line(text), wanted));

  test("with words of their own tell where they go", () => {
    const [{ of: [link] }] = parse("[https://bank.example](https://evil.example/x)");
    assert.equal(link.host, "evil.example");
    assert.equal(plain([link]), "https://bank.example");
  });
});

describe("blocks", () => {
  const EXAMPLES = [
    ["```js\nlet *a*;\n\n```\nafter", "fence<js>(let *a*;\n)paragraph(after)"],
    ["before\n\n```\nopen", "paragraph(before)fence<>(open)"],
    ["```not a fence``` x", "paragraph(code(not a fence) x)"],
    ["> one\n>\n> *two*\nthree", "quote(paragraph(one\n\nem(two)))paragraph(three)"],
    ["> a\n> > b", "quote(paragraph(a)quote(paragraph(b)))"],
    [">:( >>> x", "paragraph(>:( >>> x)"],
    ["- a\n  - **b**\n* c\n\nd", "list(- a|»- strong(b)|- c)paragraph(d)"],
    ["1. a\n3. b\n- c", "list(1 a|3 b)list(- c)"],
    ["-a\n1.5 x\n---", "paragraph(-a\n1.5 x\n---)"],
    ["", "paragraph()"],
    ["\n\n", "paragraph(\n\n)"],
  ];
  for (const [text, wanted] of EXAMPLES) test(JSON.stringify(text), () => assert.equal(shape(parse(text)), wanted));
});

describe("a gist", () => {
  test("is one line without marks", () => {
    assert.equal(gist("> quoted\n- **a**\n- b\n\ntea"), "quoted a b tea");
    assert.equal(gist("x".repeat(500), 10), "xxxxxxxxx…");
    assert.equal(gist("👍".repeat(12), 10), `${"👍".repeat(9)}…`);
  });
});

describe("any text", () => {
  const PARTS = ["*", "**", "_", "~~", "`", "``", "```", "[", "](", ")", "https://a.b/", "mailto:", "> ", "- ", "1. ", "\n", " ", "a", "é", "茶", ":tea:", "@Ada", "@", "\u202e", "\u0301", "👍", "\ud83d", "<img onerror=x>", "h", "("];

  const depth = (nodes) => 1 + Math.max(0, ...nodes.map((node) => (node.of ? depth(node.of) : node.items ? 1 + Math.max(...node.items.map(({ of }) => depth(of))) : 0)));

  function* samples() {
    const random = seeded(11);
    for (let round = 0; round < 3_000; round++) {
      yield Array.from({ length: 1 + Math.floor(random() * 40) }, () => pickOne(random, PARTS)).join("");
    }
  }

  test("has a tree, not deep, whose text is the text without its marks", () => {
    for (const text of samples()) {
      const tree = parse(text, BOOK);
      assert.ok(depth(tree) <= 12, text);
      const bare = text.replaceAll(":tea:", "🍵").replace(/^\s*[-*•\d.]+ /gm, "");
      const left = shape(tree).length >= 0 && plain(tree).replaceAll(":tea:", "🍵");
      let at = -1; // every character of the tree stands in the text, in that order
      const whole = text.replaceAll(":tea:", "🍵");
      for (const char of left) {
        if (char === "\n") continue;
        at = whole.indexOf(char, at + 1);
        assert.ok(at >= 0, JSON.stringify([text, left]));
      }
      const kept = (some) => some.replace(/[^茶é👍]/gu, ""); // and what can be no mark is kept
      assert.equal(kept(left), kept(bare.replace(/^ {0,3}```+ *[\w+#.-]* *$/gm, "")), JSON.stringify([text, left]));
    }
  });

  test("is not deep, however deep its marks are", () => {
    for (const [opens, closes] of [["*a **b ", "b** a* "], ["**a *b _c ~~d ", "d~~ c_ b* a** "], ["> ", ""], ["[", "](https://a.b)"]]) {
      assert.ok(depth(parse(opens.repeat(300) + "x " + closes.repeat(300), BOOK)) <= 12, opens);
    }
  });

  test("leads to no place but http, https and mailto", () => {
    const check = (node) => {
      if (node.kind === "link") assert.match(node.href, /^(https?:\/\/|mailto:)/);
      for (const each of node.of ?? node.items?.flatMap(({ of }) => of) ?? []) check(each);
    };
    for (const text of samples()) parse(text, BOOK).forEach(check);
    for (const scheme of ["javascript", "JavaScript", "java\tscript", "data", "blob", "vbscript", " javascript"]) {
      parse(`[x](${scheme}:alert(1)) ${scheme}:alert(1)`).forEach(check);
    }
  });

  test("takes steps that grow with its length, not faster", () => {
    const steps = (text) => {
      const meter = { steps: 0 };
      parse(text, { ...BOOK, meter });
      return meter.steps;
    };
    for (const part of [...PARTS, "*[", "[*", "*a ", "**a _b ~~c ", "*a_", "*a `x` **b `x` ", "[](https://", "](h", "@A", "`a``b", "> > ", "*\n", "> - 1. ", "\n> a\nb", "https://)", ":a", "```\n"]) {
      const short = steps(part.repeat(500));
      assert.ok(steps(part.repeat(4_000)) <= 8 * short + 100, JSON.stringify(part));
      assert.ok(short <= 40 * 500, JSON.stringify([part, short]));
    }
  });
});

describe("emoji", () => {
  test("have names, each one of one character as people count", () => {
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    assert.ok(EMOJI.size >= 300);
    for (const [name, char] of EMOJI) {
      assert.match(name, /^[a-z0-9_+-]{1,40}$/);
      assert.equal([...graphemes.segment(char)].length, 1, name);
      assert.doesNotMatch(char, /[\w:]/, name);
    }
  });

  test("are written by name between colons", () => {
    assert.equal(emojify("a :tea: b :constructor: :+1:"), "a 🍵 b :constructor: 👍");
  });
});
