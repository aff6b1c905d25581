// Which keys mean what.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { meaning } from "../../web/js/core/keys.js";
import { caps, keyGroups } from "../../web/js/core/keyTable.js";

const press = (key, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...more });

const KEYS = keyGroups(false);

const WRITING = { writing: true, keyed: true, control: false };
const MESSAGE = { writing: false, keyed: true, control: false }; // that the arrow keys have led to
const CLICKED = { writing: false, keyed: false, control: false }; // a message, or nothing
const WRITE = { type: "write" };

describe("a key press", () => {
  test("with Ctrl, or ⌘ on Apple's keyboards, finds a room, also while something is being written", () => {
    const switcher = { type: "sheet", name: "room-switcher" };
    assert.deepEqual(meaning(press("k", { ctrlKey: true }), WRITING, false), switcher);
    assert.deepEqual(meaning(press("K", { ctrlKey: true }), CLICKED, false), switcher);
    assert.deepEqual(meaning(press("k", { metaKey: true }), WRITING, true), switcher);
    assert.equal(meaning(press("k", { ctrlKey: true }), WRITING, true), null, "there it deletes to the end of the line");
    assert.equal(meaning(press("k", { ctrlKey: true, shiftKey: true }), WRITING, false), null);
  });

  test("with Alt goes from room to room", () => {
    assert.deepEqual(meaning(press("ArrowUp", { altKey: true }), WRITING, false), { type: "neighbour", by: -1, fresh: false });
    assert.deepEqual(meaning(press("ArrowDown", { altKey: true, shiftKey: true }), WRITING, false), { type: "neighbour", by: 1, fresh: true });
    assert.equal(meaning(press("ArrowDown"), CLICKED, false), null);
    assert.equal(meaning(press("ArrowDown", { altKey: true, ctrlKey: true }), CLICKED, false), null);
  });

  test("that writes a letter is a letter where one writes", () => {
    for (const key of ["?", "/", "x", " ", "Enter", "Backspace", "Dead"]) assert.equal(meaning(press(key), WRITING, false), null, key);
  });

  test("is a command where the keyboard brought the focus", () => {
    assert.deepEqual(meaning(press("?", { shiftKey: true }), MESSAGE, false), { type: "sheet", name: "key-sheet" });
    assert.deepEqual(meaning(press("/"), MESSAGE, false), { type: "sheet", name: "search-panel" });
    for (const key of [" ", "Enter", "Backspace", "Delete", "Tab", "F5"]) assert.equal(meaning(press(key), MESSAGE, false), null, key);
  });

  test("is for the message that is written where a pointer brought the focus", () => {
    for (const key of ["x", "/", "?", "+", "é", "ß", "и", "لا", "😀", " ", "Dead", "Backspace", "Delete", "Enter"]) {
      assert.deepEqual(meaning(press(key), CLICKED, false), WRITE, key);
    }
    for (const key of ["Tab", "Escape", "Shift", "F5", "PageDown", "ArrowUp", "Home", "AltGraph", "ContextMenu", "Unidentified"]) {
      assert.equal(meaning(press(key), CLICKED, false), null, key);
    }
  });

  test("that no command takes is for the message that is written, too", () => {
    assert.deepEqual(meaning(press("x"), MESSAGE, false), WRITE);
  });

  test("activates the control that has the focus", () => {
    for (const key of [" ", "Enter"]) assert.equal(meaning(press(key), { ...CLICKED, control: true }, false), null);
    assert.deepEqual(meaning(press("x"), { ...CLICKED, control: true }, false), WRITE);
  });

  test("with Ctrl, Alt or ⌘ is the browser's, but with AltGr it writes", () => {
    for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) assert.equal(meaning(press("c", more), CLICKED, false), null);
    const third = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };
    assert.deepEqual(meaning(press("€", third), CLICKED, false), WRITE);
    assert.deepEqual(meaning(press("å", { altKey: true }), CLICKED, true), WRITE, "the Option key");
  });

  test("of an input method is no command", () => {
    assert.deepEqual(meaning(press("Process", { keyCode: 229 }), MESSAGE, false), WRITE, "the first of a word");
    assert.deepEqual(meaning(press("x", { keyCode: 229 }), CLICKED, false), WRITE);
    assert.equal(meaning(press("?", { isComposing: true, keyCode: 229 }), MESSAGE, false), null, "one that goes on");
    assert.equal(meaning(press("k", { isComposing: true, ctrlKey: true }), CLICKED, false), null);
  });
});

test("key caps are those of the user's keyboard", () => {
  assert.deepEqual(caps("Mod+K", false), ["Ctrl", "K"]);
  assert.deepEqual(caps("Mod+K", true), ["⌘", "K"]);
  assert.deepEqual(caps("Alt+Shift+↑", true), ["⌥", "⇧", "↑"]);
  for (const { keys } of KEYS.flatMap(({ rows }) => rows)) assert.ok(keys.every((way) => caps(way, false).every((cap) => cap !== "")));
});

test("what Enter does is listed as it is", () => {
  const writing = (breaks) => keyGroups(breaks).find(({ group }) => group === "keys.writing").rows.map(({ keys, does }) => [keys[0], does]);
  assert.deepEqual(writing(false).slice(0, 3), [["Enter", "keys.send"], ["Shift+Enter", "keys.newline"], ["Tab", "keys.complete"]]);
  assert.deepEqual(writing(true).slice(0, 3), [["Enter", "keys.newline"], ["Mod+Enter", "keys.send"], ["Tab", "keys.complete"]]);
  assert.equal(writing(true).length, writing(false).length);
});

test("no key stands for two things in one place", () => {
  for (const { rows } of [...KEYS, ...keyGroups(true)]) {
    const ways = rows.flatMap(({ keys }) => keys);
    assert.equal(new Set(ways).size, ways.length);
  }
});
