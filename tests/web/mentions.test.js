import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { bookOf, lookUp } from "../../web/js/core/mentions.js";
import { pickOne, seeded } from "./random.js";

const NICKS = ["Ada", "Ada L.", "Bob", "小林", "Élodie", "x"];
const found = (text, nicks = NICKS) => lookUp(text, bookOf(nicks)).map(({ start, end, nick }) => [text.slice(start, end), nick]);

describe("a mention", () => {
  test("is @ and a nick, wherever it stands and however it is spelt", () => {
    assert.deepEqual(found("@Ada"), [["@Ada", "Ada"]]);
    assert.deepEqual(found("tea, @bob? (@ADA)"), [["@bob", "Bob"], ["@ADA", "Ada"]]);
    assert.deepEqual(found("@E\u0301lodie!".normalize("NFC")), [["@Élodie", "Élodie"]]);
  });

  test("is the longest nick that fits", () => {
    assert.deepEqual(found("@Ada L. said so"), [["@Ada L.", "Ada L."]]);
    assert.deepEqual(found("@Ada Lovelace"), [["@Ada", "Ada"]]);
  });

  test("is a whole word", () => {
    assert.deepEqual(found("@Adam @Bobby @Bob_ @x1"), []);
    assert.deepEqual(found("ada@bob.example"), []);
    assert.deepEqual(found("@Bob's"), [["@Bob", "Bob"]]);
  });

  test("needs no spaces where the script has none", () => {
    assert.deepEqual(found("你好@小林今天来吗"), [["@小林", "小林"]]);
  });

  test("is of somebody who is there", () => {
    assert.deepEqual(found("@Cyn @ @@ @"), []);
    assert.deepEqual(found("@Ada", []), []);
    assert.deepEqual(found("@", [""]), []);
  });

  test("never overlaps another, and is where it says, in any text", () => {
    const random = seeded(3);
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: 12 }, () => pickOne(random, ["@", "Ada", " L.", "Bob", " ", "小林", "👍", "x", "\ud83d"])).join("");
      let last = 0;
      for (const { start, end, nick } of lookUp(text, bookOf(NICKS))) {
        assert.ok(start >= last);
        assert.equal(text.slice(start, end).toLowerCase(), `@${nick}`.toLowerCase());
        last = end;
      }
    }
  });
});
