import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { LANGUAGES, pick, translator } from "../../web/js/i18n.js";

const WEB = new URL("../../web/", import.meta.url);
const page = readFileSync(new URL("index.html", WEB), "utf8");
const scripts = readdirSync(new URL("js/", WEB))
  .filter((name) => name.endsWith(".js"))
  .map((name) => readFileSync(new URL(`js/${name}`, WEB), "utf8"))
  .join("\n");

/** The keys that the markup names, that scripts spell, and that scripts put together. */
const used = new Set([
  ...[...page.matchAll(/data-word(?:-label|-placeholder)?="([^"]+)"/g)].map((match) => match[1]),
  ...[...scripts.matchAll(/"((?:connection|list|composer|hint)\.[\w.]+)"/g)].map((match) => match[1]),
  ...["connecting", "connected", "stopped"].map((phase) => `connection.${phase}`),
]);

const forms = (entry) => (typeof entry === "string" ? { only: entry } : entry);
const values = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every key that is used has words, and every key that has words is used", () => {
  assert.deepEqual(Object.keys(LANGUAGES.en.words).sort(), [...used].sort());
});

for (const [name, { language, words }] of Object.entries(LANGUAGES)) {
  describe(language, () => {
    test("has the same keys as English", () => {
      assert.deepEqual(Object.keys(words).sort(), Object.keys(LANGUAGES.en.words).sort());
    });

    test("fills in the same values as English", () => {
      for (const [key, entry] of Object.entries(words)) {
        for (const text of Object.values(forms(entry))) {
          assert.notEqual(text.trim(), "", key);
          assert.deepEqual(values(text), values(forms(LANGUAGES.en.words[key]).other ?? LANGUAGES.en.words[key]), key);
        }
      }
    });

    test("has a form for each of its plurals", () => {
      const plurals = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
      for (const [key, entry] of Object.entries(words)) {
        if (typeof entry !== "string") assert.deepEqual(Object.keys(entry).sort(), plurals, key);
      }
    });

    test("gives words for each key", () => {
      const word = translator(name);
      for (const key of Object.keys(words)) {
        assert.doesNotMatch(word(key, { count: 2, seconds: 3 }), /[{}]|undefined/);
      }
      assert.throws(() => word("no.such.key"), /no words for no\.such\.key/);
    });
  });
}

test("Chinese is written with Chinese punctuation", () => {
  for (const entry of Object.values(LANGUAGES.zh.words)) {
    for (const text of Object.values(forms(entry))) {
      assert.doesNotMatch(text, /[\u4e00-\u9fff][,.!?:;]/);
    }
  }
});

test("one is not many", () => {
  const word = translator("en");
  assert.equal(word("list.unseen", { count: 1 }), "1 new message");
  assert.equal(word("list.unseen", { count: 2 }), "2 new messages");
});

test("the first language that the page speaks is taken", () => {
  for (const [languages, expected] of [
    [["zh-CN", "en"], "zh"],
    [["zh-Hans-SG"], "zh"],
    [["ZH"], "zh"],
    [["de-CH", "zh", "en"], "zh"],
    [["en-GB", "zh"], "en"],
    [["ar"], "en"],
    [["zho-x"], "en"],
    [["constructor"], "en"],
    [[], "en"],
  ]) {
    assert.equal(pick(languages), expected, languages.join());
  }
});
