import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parse, plain, stretches } from "../../web/js/core/markup.js";
import { bookOf, lookUp } from "../../web/js/core/mentions.js";
import { BOOK, FLOODS } from "./floods.js";
import { pickOne, seeded } from "./random.js";

const within = (node) => node.of ?? node.items?.flatMap(({ of }) => of) ?? [];
const count = (nodes) => nodes.reduce((sum, node) => sum + 1 + (node.items?.length ?? 0) + count(within(node)), 0);
const depth = (nodes) => 1 + Math.max(0, ...nodes.map((node) => depth(within(node))));

describe("a flood", () => {
  test("is drawn with a bounded number of nodes, not deep, and none of its letters is lost", () => {
    for (const [name, make] of FLOODS) {
      for (const length of [4_000, 65_536]) {
        const text = make(length);
        const tree = parse(text, BOOK);
        assert.ok(count(tree) <= 4_100, `${name}: ${count(tree)}`);
        assert.ok(depth(tree) <= 12, name);
        const kept = (some) => some.replace(/[^é小👍]/gu, "").length;
        if (!name.includes("//")) assert.equal(kept(plain(tree)), kept(text), name);
      }
    }
  });

  test("takes steps that grow with its length, not faster", () => {
    const steps = (text) => {
      const meter = { steps: 0 };
      parse(text, { ...BOOK, meter });
      return meter.steps;
    };
    for (const [name, make] of FLOODS) {
      const short = steps(make(4_000));
      assert.ok(short <= 40 * 4_000, `${name}: ${short}`);
      assert.ok(steps(make(65_536)) <= 16.6 * short + 1_000, `${name}: ${short}, ${steps(make(65_536))}`);
    }
  });
});

test("what is left of a message with more marks than are drawn is text as it was written", () => {
  assert.equal(plain(parse("*a* ".repeat(2_000))).slice(-12), "*a* *a* *a* ");
  assert.equal(plain(parse("- a\n".repeat(2_000))).slice(-8), "- a\n- a\n");
  assert.equal(plain(parse("> a\n\n".repeat(2_000))).slice(-5), "> a\n\n");
});

test("an address that nobody would follow is text", () => {
  assert.equal(parse(`http://a.example/${"a".repeat(2_000)}`)[0].of[0].kind, "link");
  assert.equal(parse(`http://a.example/${"a".repeat(2_100)}`)[0].of[0].kind, "text");
});

describe("a long word", () => {
  test("is drawn in stretches, without a change to the text", () => {
    const random = seeded(5);
    for (let round = 0; round < 300; round++) {
      const parts = Array.from({ length: 40 }, () => pickOne(random, ["a", "小", "👍", "e\u0301", "👩\u200d🚀", "👍\u{1f3fb}", " ", "\n"]).repeat(Math.floor(random() * 200)));
      const found = stretches(parts.join(""));
      assert.equal(found.join(""), parts.join(""));
      for (const each of found) {
        assert.ok(each.isWellFormed());
        assert.ok(each.split(/[ \n]/).every((word) => word.length <= 1_000));
        assert.doesNotMatch(each, /^(?:\u0301|\u200d|\u{1f3fb})|\u200d$/u);
      }
    }
  });

  test("of nothing but marks is cut all the same, between characters", () => {
    for (const mark of ["\u0301", "\u{e0100}", "\u200d"]) {
      const found = stretches(mark.repeat(5_000));
      assert.ok(found.every((each) => each.length <= 1_001 && each.isWellFormed()));
    }
  });

  test("is left alone where it is none", () => {
    assert.deepEqual(stretches(""), [""]);
    assert.deepEqual(stretches("tea ".repeat(500)), ["tea ".repeat(500)]);
  });
});

describe("looking for nicks", () => {
  test("takes at most as many steps for an @ as the longest nick has letters", () => {
    const meter = { steps: 0 };
    lookUp("@".repeat(1_000), bookOf([`${"@".repeat(31)}x`, "Ada"]), meter);
    assert.ok(meter.steps <= 34 * 1_000, String(meter.steps));
  });

  test("finds them in any case, composed or not", () => {
    const found = (text, nick) => lookUp(text, bookOf([nick])).length;
    assert.equal(found("@E\u0301LODIE!", "Élodie"), 1);
    assert.equal(found("@ÉLODIE", "E\u0301lodie"), 1);
    assert.equal(found("@ΟΔΥΣΣΕΥΣ", "Οδυσσεύς".normalize("NFD").replace("\u0301", "")), 1);
    assert.equal(found("@i\u0307nci", "İnci"), 1);
  });
});
