import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { EMOJI, emojify } from "../../web/js/core/emoji.js";
import { disguised } from "../../web/js/core/hosts.js";
import { targetOf } from "../../web/js/core/links.js";
import { gist, large, mentioned, parse, plain } from "../../web/js/core/markup.js";
import { bookOf } from "../../web/js/core/mentions.js";
import { pickOne, seeded } from "./random.js";
import { line as treeLine, nodesOf, shape } from "./tree.js";

const TOOLS = { book: bookOf(["Ada", "Bob"]), emoji: EMOJI, disguised };

const line = (text) => treeLine(text, TOOLS);

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
    ["hi @ada, *@Bob*, a@ada.org", "hi mention<Ada>(@ada), em(mention<Bob>(@Bob)), link<mailto:a@ada.org>(a@ada.org)"],
    ["\\:tea: \\@Ada C:\\Ada ¯\\_(ツ)_/¯", ":tea: @Ada C:\\Ada ¯_(ツ)_/¯"],
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
    ["https:// http://? xhttps://a.example", "https:// http://? xhttps://a.example"],
    ["[ ](https://a.example)", "[ ](link<https://a.example/>(https://a.example))"],
    ["https://a.example/\u202egnp.exe", "link<https://a.example/>(https://a.example/)\u202egnp.exe"],
  ];
  for (const [text, wanted] of EXAMPLES) test(JSON.stringify(text), () => assert.equal(line(text), wanted));

  describe("end where a user sees them end", () => {
    const a = "https://a.example";
    const EXAMPLES = [
      [`(${a}/x_(y)_z) [${a}/x[1]] {${a}/{id}}`, [`${a}/x_(y)_z`, `${a}/x[1]`, `${a}/{id}`]],
      [`(${a}/x) [${a}/] {${a}/x}.`, [`${a}/x`, `${a}/`, `${a}/x`]],
      [`${a}/wiki/Foo_ ${a}/__init__`, [`${a}/wiki/Foo_`, `${a}/__init__`]],
      [`_${a}/x_ *${a}/y* ~~${a}/z~~`, [`${a}/x`, `${a}/y`, `${a}/z`]],
      ["http://[::1]:8080/ http://[::1] http://[2001:db8::1]/x", ["http://[::1]:8080/", "http://[::1]", "http://[2001:db8::1]/x"]],
      ...[..."』〉〕»›～｜—”」】）》，。；：！？、】〗〟؟،…"].map((end) => [`${a}/x${end}y`, [`${a}/x`]]),
      ["详见https://example.com的说明 https://example.com:80的 http://localhost的", ["https://example.com", "https://example.com:80", "http://localhost"]],
      ["https://example.comを https://example.com입니다 https://example.comи", ["https://example.com", "https://example.com", "https://example.com"]],
      ["https://例子.测试/路径 https://qq音乐.com", ["https://例子.测试/路径", "https://qq音乐.com"]],
      [`${a}(x) ${a},y ${a}|z ${a}:8080:9`, [a, a, a, `${a}:8080`]],
    ];
    for (const [text, wanted] of EXAMPLES) {
      test(text, () => {
        const links = [...nodesOf(parse(text, TOOLS))].filter(({ kind }) => kind === "link");
        assert.deepEqual(links.map((link) => plain([link])), wanted);
      });
    }
  });

  describe("need no scheme", () => {
    const EXAMPLES = [
      ["see www.example.org/x, WWW.A.B", "see link<http://www.example.org/x>(www.example.org/x), link<http://www.a.b/>(WWW.A.B)"],
      ["www. www.x awww.a.b www.a.", "www. www.x awww.a.b www.a."],
      ["mail ann.b+c@ann.example.", "mail link<mailto:ann.b+c@ann.example>(ann.b+c@ann.example)."],
      ["(a_b@x-y.example) 问ann@ann.example的", "(link<mailto:a_b@x-y.example>(a_b@x-y.example)) 问link<mailto:ann@ann.example>(ann@ann.example)的"],
      ["_ann@ann.example_ `ann@ann.example`", "em(link<mailto:ann@ann.example>(ann@ann.example)) code(ann@ann.example)"],
      ["[ann@ann.example](https://a.example/)", "link<https://a.example/>(ann@ann.example)"],
      ["a@b @b.cc a@b.c a@-b.cc a@b..cc a@b.1 a@b.cc@d.ee", "a@b @b.cc a@b.c a@-b.cc a@b..cc a@b.1 a@b.cc@d.ee"],
      ["git@git.example:x/y.git ssh://git@git.example/x @Ada@social.example", "git@git.example:x/y.git ssh://git@git.example/x @Ada@social.example"],
    ];
    for (const [text, wanted] of EXAMPLES) test(JSON.stringify(text), () => assert.equal(line(text), wanted));
  });

  describe("show where they lead if that is not what they look like", () => {
    const host = (text, tools = TOOLS) => [...nodesOf(parse(text, tools))].find(({ kind }) => kind === "link")?.host;
    const SHOWN = [
      ["https://bank.com\u2044evil.com", /^bank\.xn--comevil-\w+\.com$/],
      ["https://bank.com\u2215evil.com/x", /^bank\.xn--/],
      ["https://bank.com\u29f8evil.com", /^bank\.xn--/],
      ["https://bank.com\u0338evil.com", /^bank\.xn--/],
      ["https://b\u0430nk.example/", /^xn--/], // a Cyrillic а among Latin letters
      ["https://\u0430\u0440\u0440\u04cf\u0435.example", /^xn--/], // nothing but Cyrillic, which looks like "apple"
      ["https://\u03bf\u03bd\u03c1.example", /^xn--/],
      ["https://\u0261oogle.example", /^xn--/], // a letter of the International Phonetic Alphabet
      ["https://bank.com\u30ceevil.com", /^bank\.xn--/], // a Katakana letter that looks like a slash
      ["https://com的说明.cn/", /^xn--/],
      ["https://\uff42ank.example", /^bank\.example$/],
      ["https://bank%2eexample/", /^bank\.example$/],
      ["https://bank.example@evil.example/", /^evil\.example$/],
      ["https://bank.example:x@evil.example/", /^evil\.example$/],
      ["https://bank.example\\@evil.example/", undefined],
      ["http://0x7f.1/", /^127\.0\.0\.1$/],
      ["www.b\u0430nk.example", /^www\.xn--/],
      ["[https://bank.com\u2044evil.com](https://bank.com\u2044evil.com)", /^bank\.xn--/],
    ];
    for (const [text, wanted] of SHOWN) {
      test(text, () => (wanted ? assert.match(host(text) ?? "", wanted) : assert.equal(host(text), null)));
    }

    test("and not where they are", () => {
      for (const name of ["a.example", "A.Example", "例子.测试", "bücher.example", "пример.рф", "παράδειγμα.example", "한국.kr", "ドメイン名.example", "موقع.example", "דוגמה.example", "[::1]:80", "a.example:443", "localhost", "127.0.0.1:80"]) {
        assert.equal(host(`https://${name}/x`), null, name);
      }
    });

    test("and while that is not known, as they are sent", () => {
      assert.equal(host("https://bücher.example", {}), "xn--bcher-kva.example");
      assert.equal(host("https://a.example", {}), null);
    });
  });

  test("with words of their own tell where they go", () => {
    const [{ of: [link] }] = parse("[https://bank.example](https://evil.example/x)");
    assert.equal(link.host, "evil.example");
    assert.equal(plain([link]), "https://bank.example");
  });
});

describe("blocks", () => {
  const EXAMPLES = [
    ["- ```\n  x\n- b", "list(- fence<>(x)|- b)"],
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

  test("has a tree, not deep, with no character that was not typed", () => {
    for (const text of samples()) {
      const tree = parse(text, TOOLS);
      assert.ok(depth(tree) <= 12, text);
      const left = shape(tree).length >= 0 && plain(tree).replaceAll(":tea:", "🍵");
      let at = -1; // every character of the tree stands in the text, in that order
      const whole = text.replaceAll(":tea:", "🍵");
      for (const char of left) {
        if (char === "\n") continue;
        at = whole.indexOf(char, at + 1);
        assert.ok(at >= 0, JSON.stringify([text, left]));
      }
    }
  });

  test("is not deep, however deep its marks are", () => {
    for (const [opens, closes] of [["*a **b ", "b** a* "], ["**a *b _c ~~d ", "d~~ c_ b* a** "], ["> ", ""], ["[", "](https://a.b)"]]) {
      assert.ok(depth(parse(opens.repeat(300) + "x " + closes.repeat(300), TOOLS)) <= 12, opens);
    }
  });

  test("leads to no place but http, https and mailto", () => {
    const check = (node) => {
      if (node.kind === "link") assert.match(node.href, /^(https?:\/\/|mailto:)/);
      for (const each of node.of ?? node.items?.flatMap(({ of }) => of) ?? []) check(each);
    };
    for (const text of samples()) parse(text, TOOLS).forEach(check);
    for (const scheme of ["javascript", "JavaScript", "java\tscript", "data", "blob", "vbscript", " javascript"]) {
      parse(`[x](${scheme}:alert(1)) ${scheme}:alert(1)`).forEach(check);
    }
  });

  test("takes steps that grow with its length, not faster", () => {
    const steps = (text) => {
      const meter = { steps: 0 };
      parse(text, { ...TOOLS, meter });
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

  test("have no letter, digit or colon beside their colons", () => {
    for (const text of ["2001:db8:100:200::1", "x[0:100:5]", "std::fire::x", "a:x:b", "10:100:", ":100:1", "::tea:", ":tea::", "é:tea:", ":tea:ж"]) {
      assert.equal(line(text), text);
      assert.equal(emojify(text), text);
    }
    assert.equal(line("(:tea:) _:tea:_ :tea:! 茶:tea:茶"), "(🍵) em(🍵) 🍵! 茶🍵茶");
  });

  test("alone are large: one to three, as people count them", () => {
    const LARGE = ["👍", "👍👍 👍", " ❤️\n", "🇺🇸", "🇺🇸🇩🇪🇯🇵", "1️⃣", "#⃣", "👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👩🏽‍🚀", "🏳️‍🌈", "🏴‍☠️", "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "✌🏽", "©️", ":tea:"];
    const SMALL = ["", "©", "®", "™", "1", "12", "#", "❤", "👍x", "👍👍👍👍", "🇺", "🇺🇸🇩", "> 👍", "- 👍", "`👍`x", "```\n👍\n```"];
    for (const text of LARGE) assert.ok(large(parse(text, TOOLS)), text);
    for (const text of SMALL) assert.ok(!large(parse(text, TOOLS)), text);
  });

  test("are written by name between colons", () => {
    assert.equal(emojify("a :tea: b :constructor: :+1:"), "a 🍵 b :constructor: 👍");
  });
});

describe("a mention", () => {
  const calls = (text, nicks = ["Ann", "Bob"]) => [...mentioned(text, bookOf(nicks))];

  test("is what is drawn as one, and nothing else", () => {
    for (const text of ["@Ann", "hi @ann!", "**@Ann**", "- @Ann", "> x\n@Ann", "(@Ann)", "@Ann's", "cc @Bob/@Ann".replace("@Bob/", ""), "你好@Ann你好"]) {
      assert.deepEqual(calls(text), ["ann"], text);
    }
    const NOBODY = [
      "`@Ann`", "```\n@Ann\n```", "~~~\n@Ann", "```@Ann\nx\n```", "- ```\n  @Ann\n  ```", "> @Ann said", "> > @Ann", "> - **@Ann**",
      "https://medium.com/@Ann/post", "www.medium.com/@Ann", "medium.com/@Ann", "medium.com/x/@Ann", "[@Ann](https://a.example)", "[x](https://a.example/@Ann)",
      "ann@ann.example", "mailto:x@Ann.example", "ann@Ann", "@Ann@social.example", "\\@Ann", "@Annie", "@Ann_", "@Ann\u0301", "@Anné", "@Annж", "@Ann1",
    ];
    for (const text of NOBODY) assert.deepEqual(calls(text), [], text);
    for (const text of NOBODY) assert.ok(![...nodesOf(parse(text, { book: bookOf(["Ann"]) }))].some(({ kind }) => kind === "mention"), text);
  });

  test("is of the longest nick that is known", () => {
    assert.deepEqual(calls("@Ann Lee, hi", ["Ann", "Ann Lee"]), ["ann lee"]);
    assert.deepEqual(calls("@Ann Leeds", ["Ann", "Ann Lee"]), ["ann"]);
    assert.deepEqual(calls("@李明", ["李", "李明"]), ["李明"]);
    assert.deepEqual(calls("@ก @ก\u0e34", ["ก"]), ["ก"], "a mark belongs to its letter, in any script");
    assert.deepEqual(calls("@ก\u0e34", ["ก"]), []);
    assert.deepEqual(calls("@李明 @李", ["李", "李明"]), ["李明", "李"]);
  });

  test("in any text is drawn if and only if it calls", () => {
    const random = seeded(31);
    const parts = ["@Ann", "@Ann Lee", "@李", "@李明", "`", "```\n", "> ", "\n", " ", "https://a.b/", "x@", ".cc", "[", "](https://a.b)", "*", "\\", "- "];
    const book = bookOf(["Ann", "Ann Lee", "李", "李明"]);
    for (let round = 0; round < 3_000; round++) {
      const text = Array.from({ length: 12 }, () => pickOne(random, parts)).join("");
      const drawn = [...nodesOf(parse(text, { book, emoji: EMOJI, disguised }))].filter(({ kind }) => kind === "mention").map(({ nick }) => nick.toLowerCase());
      assert.deepEqual(calls(text, ["Ann", "Ann Lee", "李", "李明"]), [...new Set(drawn)], text);
    }
  });
});

test("an address with a host outside of ASCII is a link each time", () => {
  const found = new Set(Array.from({ length: 20_000 }, () => targetOf("https://ä.b/§")?.href));
  assert.deepEqual([...found], ["https://xn--4ca.b/%C2%A7"]); // URL.canParse of Node 20 says false after some thousand calls
});
