import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { hue, HUES, initial } from "../../web/js/core/avatar.js";
import { hardware, plainClick, sends } from "../../web/js/core/input.js";
import { atBottom, nearTop } from "../../web/js/core/scrolling.js";

describe("small rules", () => {
  test("the bottom is the bottom, give or take what zoom makes of it", () => {
    assert.ok(atBottom({ scrollTop: 500, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 499.4, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 0, clientHeight: 300, scrollHeight: 300 }));
    assert.ok(!atBottom({ scrollTop: 480, clientHeight: 300, scrollHeight: 800 }));
  });

  test("Enter sends; with Shift, or while an input method composes, it does not", () => {
    const press = { key: "Enter", shiftKey: false, altKey: false, isComposing: false, keyCode: 13 };
    assert.ok(sends(press));
    assert.ok(!sends({ ...press, shiftKey: true }));
    assert.ok(!sends({ ...press, altKey: true }));
    assert.ok(!sends({ ...press, isComposing: true }));
    assert.ok(!sends({ ...press, keyCode: 229 }));
    assert.ok(!sends({ ...press, key: "a" }));
  });

  test("where Enter starts a new line, it sends with Ctrl or ⌘ only", () => {
    const press = { key: "Enter", shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, isComposing: false, keyCode: 13 };
    assert.ok(!sends(press, true));
    assert.ok(!sends({ ...press, shiftKey: true, ctrlKey: true }, true));
    for (const more of [{ ctrlKey: true }, { metaKey: true }]) {
      assert.ok(sends({ ...press, ...more }, true));
      assert.ok(sends({ ...press, ...more }));
    }
  });

  test("a hardware keyboard shows by keys that a touch keyboard does not have", () => {
    for (const key of ["Tab", "Escape", "ArrowUp", "Control", "Shift"]) assert.ok(hardware({ key, code: key }));
    for (const [key, code] of [["Enter", "Enter"], ["a", "KeyA"], ["Backspace", "Backspace"], ["ArrowLeft", ""], ["Unidentified", ""]]) assert.ok(!hardware({ key, code }), key);
  });

  test("older lines are wanted within a screen of the oldest", () => {
    assert.ok(nearTop({ scrollTop: 600, clientHeight: 600 }));
    assert.ok(!nearTop({ scrollTop: 601, clientHeight: 600 }));
  });

  test("a click that asks for a new tab is the browser's", () => {
    const click = { button: 0, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
    assert.ok(plainClick(click));
    for (const more of [{ button: 1 }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }]) {
      assert.ok(!plainClick({ ...click, ...more }));
    }
  });

  test("somebody's letter is a whole one, and their colour is always the same", () => {
    assert.deepEqual(["ada", "陈", "😀x", "ß"].map(initial), ["A", "陈", "😀", "SS"]);
    const hues = Array.from({ length: 400 }, (_, n) => hue(`user${n}`, HUES));
    assert.deepEqual(new Set(hues), new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    assert.equal(hue("u1", HUES), hue("u1", HUES));
  });
});
