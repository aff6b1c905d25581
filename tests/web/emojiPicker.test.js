import assert from "node:assert/strict";
import { test } from "node:test";

import { EMOJI } from "../../web/js/core/emoji.js";
import { emojiGroups, emojiMove, emojiName, knownEmoji, RECENT, usedEmoji } from "../../web/js/core/emojiPicker.js";
import { words as english } from "../../web/js/i18n/enMore.js";

const found = (typed) => emojiGroups(typed, []).flatMap(({ items }) => items.map(({ emoji }) => emoji));

test("every emoji that has a name is in one group, once, and each group has a title", () => {
  const groups = emojiGroups("", []);
  assert.equal(groups.length, 8);
  assert.deepEqual(new Set(found("")), new Set(EMOJI.values()));
  assert.equal(found("").length, new Set(EMOJI.values()).size);
  for (const { group, items } of groups) assert.ok(items.length > 10 && Object.hasOwn(english, `emoji.${group}`), group);
});

test("emoji are found by any part of a name, the nearest first", () => {
  assert.equal(found("tea")[0], "🍵");
  assert.equal(found(":Rocket:")[0], "🚀");
  assert.equal(found("christmas tree")[0], "🎄");
  assert.ok(found("heart").indexOf("❤️") === 0 && found("heart").includes("💔"));
  assert.deepEqual(found("🍵"), ["🍵"]);
  assert.deepEqual(found("no such thing"), []);
  assert.deepEqual(found("  ").length, found("").length);
  assert.equal(emojiName({ names: ["+1", "thumbsup"] }), "+1, thumbsup");
});

test("the emoji used last come first, as many as are kept", () => {
  let recent = [];
  for (const emoji of found("").slice(0, RECENT + 5)) recent = usedEmoji(recent, emoji);
  assert.equal(recent.length, RECENT);
  const [, second] = recent;
  assert.equal(usedEmoji(recent, second)[0], second);
  assert.equal(usedEmoji(recent, second).length, RECENT);
  assert.deepEqual(emojiGroups("", recent)[0].items.map(({ emoji }) => emoji), recent);
});

test("what is stored and is no emoji is dropped", () => {
  for (const stored of [null, 5, "🍵", {}, [null, 5, "tea", "<b>"]]) assert.deepEqual(knownEmoji(stored), []);
  assert.deepEqual(knownEmoji(["🍵", "x", "🍵"]), ["🍵"]);
  assert.equal(knownEmoji(found("")).length, RECENT);
});

test("the arrow keys move as the rows are seen", () => {
  const places = [[0, 0], [40, 0], [80, 0], [0, 60], [40, 60], [0, 100]].map(([left, top]) => ({ left, top }));
  const move = (index, key, rtl) => emojiMove(places, index, key, rtl);
  assert.deepEqual([move(0, "ArrowRight"), move(2, "ArrowRight"), move(0, "ArrowLeft"), move(5, "ArrowRight")], [1, 3, 0, 5]);
  assert.deepEqual([move(1, "ArrowRight", true), move(1, "ArrowLeft", true)], [0, 2]);
  assert.deepEqual([move(1, "ArrowDown"), move(2, "ArrowDown"), move(4, "ArrowDown"), move(5, "ArrowDown")], [4, 4, 5, 5]);
  assert.deepEqual([move(5, "ArrowUp"), move(4, "ArrowUp"), move(0, "ArrowUp")], [3, 1, -1]);
  assert.deepEqual([move(3, "Home"), move(3, "End"), move(3, "x")], [0, 5, null]);
});
