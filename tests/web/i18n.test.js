import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { ago } from "../../web/js/core/ago.js";
import { formats, LANGUAGES, pick, translator } from "../../web/js/i18n/index.js";
import { SAMPLES } from "../../web/js/core/samples.js";
import { OPTIONS } from "../../web/js/core/device.js";
import { fateWords, refusalWords } from "../../web/js/core/wording.js";
import { searchRefusal, topicRefusal } from "../../web/js/core/refusals.js";

/** A language with all of its words, those that come late as well. */
async function whole(load) {
  const { language, words, more } = await load();
  return { language, words: { ...words, ...(await more()).words } };
}

const loaded = Object.entries(LANGUAGES).map(async ([name, load]) => [name, await whole(load)]);
const SPOKEN = Object.fromEntries(await Promise.all(loaded));

const WEB = new URL("../../web/", import.meta.url);
const page = readFileSync(new URL("index.html", WEB), "utf8");
const scripts = readdirSync(new URL("js/", WEB), { recursive: true })
  .filter((name) => name.endsWith(".js") && !name.startsWith("i18n"))
  .map((name) => readFileSync(new URL(`js/${name}`, WEB), "utf8"))
  .join("\n");

const PARTS = "name|panel|settings|rooms|members|header|sheet|switcher|room|topic|search|attention|call|keys|connection|list|markup|act|fate|typing|composer|hint|emoji|writing|person";
const CODES = ["too_long", "busy", "storage_failed", "muted", "bad_room", "not_found", "unheard_of"];
const NAME_CODES = ["nick_taken", "bad_nick", "bad_password", "unknown", "rate_limited", "offline", "closed", "unheard_of"];

/** The keys that the markup names, that scripts spell, and that scripts put together. */
const used = new Set([
  ...[...page.matchAll(/data-word(?:-label|-placeholder)?="([^"]+)"/g)].map((match) => match[1]),
  ...[...scripts.matchAll(new RegExp(`"((?:${PARTS})\\.[\\w.]+)"`, "g"))].map((match) => match[1]),
  ...["connecting", "connected", "stopped", "again", "lost"].map((phase) => `connection.${phase}`),
  ...["title", "about", "enter"].flatMap((part) => [`name.${part}.first`, `name.${part}.again`]),
  "name.about.guarded",
  ...["queued", "sent"].map((fate) => `list.${fate}`),
  ...["react", "reply", "edit", "remove", "copy", "share"].map((tool) => `act.${tool}`),
  ...["react", "edit", "delete"].map((type) => `act.failed.${type}`),
  ...CODES.map((code) => fateWords(code).key),
  fateWords("limit_reached", "No.").key,
  ...["too_long", "bad_field", "rate_limited", "muted", "offline", "unheard_of"].map((code) => topicRefusal({ code }).key),
  ...["offline", "rate_limited", "not_joined", "unheard_of"].map((code) => searchRefusal({ code }).key),
  ...["recent", "faces", "people", "nature", "food", "activities", "travel", "objects", "symbols"].map((group) => `emoji.${group}`),
  ...SAMPLES.flatMap((name) => [`writing.${name}`, `writing.${name}.typed`]),
  ...Object.keys(OPTIONS).flatMap((name) => [`settings.${name}`, ...OPTIONS[name].map((value) => `settings.${name}.${value}`)]),
  ...["here", "away", "gone"].map((presence) => `person.${presence}`),
  ...NAME_CODES.map((code) => refusalWords({ code }).key),
]);

const forms = (entry) => (typeof entry === "string" ? { only: entry } : entry);
const values = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test("every key that is used has words, and every key that has words is used", () => {
  assert.deepEqual(Object.keys(SPOKEN.en.words).sort(), [...used].sort());
});

for (const { language, words } of Object.values(SPOKEN)) {
  describe(language, () => {
    test("has the same keys as English", () => {
      assert.deepEqual(Object.keys(words).sort(), Object.keys(SPOKEN.en.words).sort());
    });

    test("fills in the same values as English", () => {
      for (const [key, entry] of Object.entries(words)) {
        for (const text of Object.values(forms(entry))) {
          assert.notEqual(text.trim(), "", key);
          assert.deepEqual(values(text), values(forms(SPOKEN.en.words[key]).other ?? SPOKEN.en.words[key]), key);
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
      const word = translator({ language, words });
      for (const key of Object.keys(words)) {
        const given = { count: 2, seconds: 3, one: "A", two: "B", nick: "A", room: "r", topic: "t", message: "m", text: "x", emoji: "e", names: "n", time: "0:00", size: "1 kB", drafts: 2, unsent: 3 };
        assert.doesNotMatch(word(key, given), /[{}]|undefined/);
      }
      assert.throws(() => word("no.such.key"), /no words for no\.such\.key/);
    });
  });
}

test("Chinese is written with Chinese punctuation", () => {
  for (const entry of Object.values(SPOKEN.zh.words)) {
    for (const text of Object.values(forms(entry))) {
      assert.doesNotMatch(text, /[\u4e00-\u9fff][,.!?:;]/);
    }
  }
});

test("one is not many", () => {
  const word = translator(SPOKEN.en);
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

describe("times and days", () => {
  const at = (...parts) => new Date(...parts).getTime();
  const now = at(2026, 2, 10, 0, 30);
  const { clock, dayOf, dayWords, compare } = formats(["en-GB"], "en", () => now);

  test("are told as the user tells them", () => {
    assert.equal(clock(at(2026, 2, 9, 14, 5)), "14:05");
    assert.match(formats(["en-US"], "en", () => now).clock(at(2026, 2, 9, 14, 5)), /2:05\sPM/);
  });

  test("of today and yesterday are called so, even for a minute around midnight", () => {
    assert.equal(dayWords(at(2026, 2, 10, 0, 0)), "Today");
    assert.equal(dayWords(at(2026, 2, 9, 23, 59)), "Yesterday");
    assert.match(dayWords(at(2026, 2, 8, 12)), /Sunday.*March.*2026/);
    assert.equal(formats(["zh-CN"], "zh-Hans", () => now).dayWords(now), "今天");
  });

  test("are of one day from midnight to midnight, in the user's own zone", () => {
    assert.equal(dayOf(at(2026, 2, 9, 0, 0) / 1000), dayOf(at(2026, 2, 9, 23, 59) / 1000));
    assert.notEqual(dayOf(at(2026, 2, 9, 23, 59) / 1000), dayOf(now / 1000));
  });

  test("are of the same day whatever was asked before", () => {
    const { dayOf } = formats(["en"], "en", () => 0);
    const hours = Array.from({ length: 400 }, (_, i) => ((i * 7919) % 4_000) * 3_600); // to and fro, over five months
    const days = hours.map((time) => new Date(time * 1000).setHours(0, 0, 0, 0));
    assert.deepEqual(hours.map(dayOf), days);
  });

  test("tell how long ago something was, of one unit", () => {
    const { near } = formats(["en-GB"], "en", () => now);
    const told = [0, 59, 60, 3_599, 3_600, 86_400, 40 * 86_400, 800 * 86_400].map((seconds) => ago(now - seconds * 1000, now, near));
    assert.deepEqual(told, ["now", "59 seconds ago", "1 minute ago", "59 minutes ago", "1 hour ago", "yesterday", "last month", "2 years ago"]);
    assert.equal(ago(now + 5_000, now, near), "now", "a clock that runs behind");
    assert.equal(ago(now - 120_000, now, formats(["zh-CN"], "zh-Hans", () => now).near), "2分钟前");
  });

  test("are in the order of day and month that the user's locale has, in the words of the page", () => {
    const day = (...languages) => formats(languages, "en", () => now).dayWords(at(2026, 1, 3, 12));
    assert.match(day("en-US", "en"), /^Tuesday, February 3, 2026$/);
    assert.match(day("en"), /^Tuesday, February 3, 2026$/);
    for (const languages of [["en-GB", "en"], ["en-AU"], ["de-DE", "en-US"], ["fr"], ["sv-SE"], ["en", "de-DE"], ["hi-IN"]]) {
      assert.match(day(...languages), /^Tuesday,? 3 February,? 2026$/, languages.join());
    }
    assert.match(day("ja-JP"), /^Tuesday, February 3, 2026$/);
    assert.equal(formats(["zh-TW"], "zh-Hans", () => now).dayWords(at(2026, 1, 3, 12)), "2026年2月3日星期二");
  });

  test("names are put in the order of the user's language", () => {
    assert.deepEqual(["room10", "Zoë", "ada", "room9"].sort(compare), ["ada", "room9", "room10", "Zoë"]);
  });
});
