// Which keys mean what.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { meaning } from "../../web/js/core/keys.js";
import { caps, KEYS } from "../../web/js/core/keyTable.js";

const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more });

describe("a key press", () => {
  test("with Ctrl, or ⌘ on Apple's keyboards, finds a room, also while something is being written", () => {
    const switcher = { type: "sheet", name: "room-switcher" };
    assert.deepEqual(meaning(press("k", { ctrlKey: true }), true, false), switcher);
    assert.deepEqual(meaning(press("K", { ctrlKey: true }), false, false), switcher);
    assert.deepEqual(meaning(press("k", { metaKey: true }), true, true), switcher);
    assert.equal(meaning(press("k", { ctrlKey: true }), true, true), null, "there it deletes to the end of the line");
    assert.equal(meaning(press("k", { ctrlKey: true, shiftKey: true }), true, false), null);
  });

  test("with Alt goes from room to room", () => {
    assert.deepEqual(meaning(press("ArrowUp", { altKey: true }), true, false), { type: "neighbour", by: -1, fresh: false });
    assert.deepEqual(meaning(press("ArrowDown", { altKey: true, shiftKey: true }), true, false), { type: "neighbour", by: 1, fresh: true });
    assert.equal(meaning(press("ArrowDown"), false, false), null);
    assert.equal(meaning(press("ArrowDown", { altKey: true, ctrlKey: true }), false, false), null);
  });

  test("that writes a letter is a letter where one writes", () => {
    assert.deepEqual(meaning(press("?", { shiftKey: true }), false, false), { type: "sheet", name: "key-sheet" });
    assert.deepEqual(meaning(press("/"), false, false), { type: "sheet", name: "search-panel" });
    for (const key of ["?", "/"]) assert.equal(meaning(press(key), true, false), null);
    assert.equal(meaning(press("?", { isComposing: true }), false, false), null);
    assert.equal(meaning(press("x"), false, false), null);
  });
});

test("key caps are those of the reader's keyboard", () => {
  assert.deepEqual(caps("Mod+K", false), ["Ctrl", "K"]);
  assert.deepEqual(caps("Mod+K", true), ["⌘", "K"]);
  assert.deepEqual(caps("Alt+Shift+↑", true), ["⌥", "⇧", "↑"]);
  for (const { keys } of KEYS.flatMap(({ rows }) => rows)) assert.ok(keys.every((way) => caps(way, false).every((cap) => cap !== "")));
});

test("no key stands for two things in one place", () => {
  for (const { rows } of KEYS) {
    const ways = rows.flatMap(({ keys }) => keys);
    assert.equal(new Set(ways).size, ways.length);
  }
});
