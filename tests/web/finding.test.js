// Finding a room by a few letters, and marking what was searched for.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { jumps, marked } from "../../web/js/core/finding.js";
import { neighbour } from "../../web/js/core/choices.js";
import { pickOne, seeded } from "./random.js";

const room = (name, more = {}) => ({ key: name.toLowerCase(), room: name, topic: "", unread: 0, mentions: 0, fresh: false, joined: true, visitedAt: 0, here: false, ...more });
const SAME = { topic: "", fresh: false, unread: 0, mentions: 0, joined: false, visitedAt: 0, here: false };

test("as many rooms are offered as are asked for, and a new one besides", () => {
  const many = Array.from({ length: 70 }, (_, n) => ({ ...SAME, key: `r${n}`, room: `r${n}` }));
  assert.equal(jumps(many, "").length, 50);
  assert.equal(jumps(many, "", 60).length, 60);
  assert.equal(jumps(many, "r", 60).length, 61);
  assert.equal(jumps(many, "", 100).length, 70);
});

const named = (found) => found.map((choice) => (choice.create ? `+${choice.room}` : choice.room));

describe("the room that is meant", () => {
  test("is, with nothing written, one that wants attention, then one visited not long ago", () => {
    const choices = [
      room("lobby", { here: true, visitedAt: 9 }),
      room("elsewhere", { joined: false }),
      room("old", { visitedAt: 1 }),
      room("recent", { visitedAt: 5 }),
      room("new", { fresh: true, unread: 2 }),
      room("called", { fresh: true, unread: 1, mentions: 1 }),
    ];
    assert.deepEqual(named(jumps(choices, "")), ["called", "new", "recent", "old", "lobby", "elsewhere"]);
    assert.deepEqual(named(jumps(choices, " # ")), named(jumps(choices, "")));
  });

  test("is the one whose name is nearest to what was written", () => {
    const choices = ["steam", "green-tea", "teapot", "tea", "coffee"].map((name) => room(name));
    choices.push(room("drinks", { topic: "Tea, mostly" }));
    assert.deepEqual(named(jumps(choices, "TEA")), ["tea", "teapot", "green-tea", "steam", "drinks"]);
  });

  test("can be made where there is none of that name, and only where that can be a name", () => {
    const choices = [room("tea"), room("大厅")];
    assert.deepEqual(named(jumps(choices, "te")), ["tea", "+te"]);
    assert.deepEqual(named(jumps(choices, "#Tea ")), ["tea"]);
    assert.deepEqual(named(jumps(choices, "my room")), ["+my-room"]);
    assert.deepEqual(named(jumps(choices, "大")), ["大厅", "+大"]);
    assert.deepEqual(named(jumps(choices, "?!")), []);
  });

  test("is found whatever is written", () => {
    const random = seeded(4);
    const choices = ["a-b", "(x)", "tea.[1]"].map((name) => room(name));
    for (let n = 0; n < 500; n++) {
      const typed = Array.from({ length: 4 }, () => pickOne(random, [..."a-b()[].*+?\\^$|/ #\u{1f600}"])).join("");
      assert.ok(Array.isArray(jumps(choices, typed)), typed);
    }
  });

  test("comes up or down the list, round its end, past those one is not in", () => {
    const choices = [room("a", { here: true }), room("b", { joined: false }), room("c", { fresh: true }), room("d")];
    assert.equal(neighbour(choices, 1, false).room, "c");
    assert.equal(neighbour(choices, -1, false).room, "d");
    assert.equal(neighbour(choices, -1, true).room, "c");
    assert.equal(neighbour(choices.slice(0, 2), 1, false), null);
    assert.equal(neighbour([room("a", { here: true })], 1, true), null);
  });
});

describe("what was found", () => {
  const show = (text, query) => marked(text, query).map((piece) => (piece.found ? `[${piece.text}]` : piece.text)).join("");

  test("is marked literally, in any case, as often as it is there", () => {
    assert.equal(show("Tea, tea and TEA.", "tea"), "[Tea], [tea] and [TEA].");
    assert.equal(show("a.c abc", "a.c"), "[a.c] abc");
    assert.equal(show("a-b", "-"), "a[-]b");
    assert.equal(show("你好，你好", "你好"), "[你好]，[你好]");
    assert.equal(show("nothing", "tea"), "nothing");
    assert.equal(show("anything", ""), "anything");
  });

  test("stands in sight in a long text, of which no character is cut in halves", () => {
    const shown = show(`${"😀".repeat(400)}needle${"😀".repeat(400)}`, "needle");
    assert.match(shown, /^…😀+\[needle\]😀+…$/u);
    assert.ok(shown.length < 260);
  });

  test("is always the whole text, or a piece of it", () => {
    const random = seeded(5);
    for (let n = 0; n < 300; n++) {
      const text = Array.from({ length: Math.floor(random() * 600) }, () => pickOne(random, [..."ab .\u{1f600}İß"])).join("");
      const query = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pickOne(random, [..."ab .\u{1f600}İß"])).join("");
      const shown = marked(text, query).map((piece) => piece.text).join("");
      assert.ok(text.includes(shown.replace(/^…|…$/g, "")));
      assert.ok(marked(text, query).every((piece) => piece.text !== "" && piece.text.isWellFormed()));
    }
  });
});
