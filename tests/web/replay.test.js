// What was missed and comes in parts: a `joined` that is partial, and `replay` events.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { choices } from "../../web/js/core/attention.js";
import { current } from "../../web/js/core/state.js";
import { newest, position } from "../../web/js/core/log.js";
import { History } from "./model.js";
import { Page, WELCOME } from "./page.js";

const ALL = { attention: { levels: [["lobby", "all"]], desktop: true, sound: false, offered: true }, permission: "granted" };

/** A page that was in the lobby up to 10 messages, and comes back when there are `count`. */
function back(count, more = {}) {
  const history = new History("lobby");
  const write = (n) => {
    for (let i = 0; i < n; i++) history.write({ type: "message", user: "u2", id: `b${history.seq}`, text: `line ${history.seq + 1}` });
  };
  write(10);
  const page = new Page({ ...ALL, ...more }).arrive(history);
  write(count - 10);
  const comeBack = () => {
    page.do("waiting", { retryAt: page.now + 100, code: 1006 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    return history.parts(page.last("join").since, 20);
  };
  return { page, history, comeBack };
}

const hearJoined = (page, joined) => page.hear({ ...joined, id: page.last("join").id });
const seqs = (page) => current(page.state).log.entries.map(({ seq }) => seq);

test("a kept choice is one", () => assert.equal(choices(ALL.attention).levels.get("lobby"), "all"));

describe("what was missed, in parts", () => {
  test("is in the log as if it had come at once", () => {
    const { page, history, comeBack } = back(75);
    const [joined, ...parts] = comeBack();
    assert.equal(parts.length, 3);
    hearJoined(page, joined);
    for (const part of parts) page.hear(part);
    assert.deepEqual(seqs(page), Array.from({ length: 75 }, (_, i) => i + 1));
    page.hear(history.write({ type: "message", user: "u2", id: "x", text: "live" }));
    assert.equal(newest(current(page.state).log), 76);
    assert.equal(page.sent.filter(({ type }) => type === "leave").length, 0);
  });

  test("goes on where the line broke", () => {
    const { page, comeBack } = back(75);
    const [joined, first] = comeBack();
    hearJoined(page, joined);
    page.hear(first);
    assert.deepEqual(position(current(page.state).log), { epoch: "e1", seq: 50 });
    const [again, ...parts] = comeBack();
    assert.equal(again.entries[0].seq, 51);
    hearJoined(page, again);
    for (const part of parts) page.hear(part);
    assert.deepEqual(seqs(page), Array.from({ length: 75 }, (_, i) => i + 1));
  });

  test("notifies the user once, of the last, when all of it has come", () => {
    const { page, comeBack } = back(75, { hidden: true });
    page.calls.splice(0);
    const [joined, ...parts] = comeBack();
    hearJoined(page, joined);
    page.hear(parts[0]);
    page.hear(parts[1]);
    assert.deepEqual(page.calls, []);
    page.hear(parts[2]);
    assert.deepEqual(page.calls.map(({ seq }) => seq), [75]);
    assert.equal(page.state.away, 65);
  });

  test("calls once also where the line breaks in between", () => {
    const { page, comeBack } = back(75, { hidden: true });
    page.calls.splice(0);
    const [joined, first] = comeBack();
    hearJoined(page, joined);
    page.hear(first);
    const [again, ...parts] = comeBack();
    hearJoined(page, again);
    for (const part of parts) page.hear(part);
    assert.deepEqual(page.calls.map(({ seq }) => seq), [75]);
    assert.equal(page.state.away, 65);
  });

  test("calls for what came before the line broke, where nothing else came", () => {
    const { page, history, comeBack } = back(50, { hidden: true });
    page.calls.splice(0);
    const [joined, last] = comeBack();
    hearJoined(page, joined);
    page.hear({ ...last, end: undefined });
    assert.deepEqual(page.calls, []);
    const [again] = comeBack();
    assert.equal(again.entries.length, 0);
    hearJoined(page, again);
    assert.deepEqual(page.calls.map(({ seq }) => seq), [50]);
    assert.equal(history.seq, 50);
  });

  test("is unread once, and marked as new from where the user had read", () => {
    const { page, comeBack } = back(75);
    const [joined, ...parts] = comeBack();
    hearJoined(page, joined);
    assert.equal(current(page.state).unread, 20);
    page.hear(parts[0]);
    page.hear(parts[1]);
    assert.deepEqual([current(page.state).unread, current(page.state).mark], [60, 10]);
    page.hear(parts[2]);
    assert.deepEqual([current(page.state).unread, current(page.state).mark], [0, 10], "the user sees it now");
    page.pass(5_000);
    assert.equal(page.last("read").seq, 75);
  });

  test("counts as unseen for who reads further up", () => {
    const { page, comeBack } = back(75);
    page.do("follow", { following: false });
    const [joined, ...parts] = comeBack();
    hearJoined(page, joined);
    for (const part of parts) page.hear(part);
    assert.equal(page.state.unseen, 65);
    assert.equal(current(page.state).unread, 65);
  });

  test("shows what was sent before as arrived", () => {
    const { page, history, comeBack } = back(30);
    page.say("mine", "m1");
    history.write({ type: "message", user: "u1", id: "m1", text: "mine" });
    const [joined, ...parts] = comeBack();
    hearJoined(page, joined);
    for (const part of parts) page.hear(part);
    assert.deepEqual(page.fates, []);
    assert.equal(page.texts.filter((text) => text === "mine").length, 1);
  });

  test("with a hole in it is asked for again", () => {
    const { page, comeBack } = back(95);
    const [joined, , second] = comeBack();
    hearJoined(page, joined);
    page.take();
    page.hear(second);
    assert.deepEqual(page.take().filter(({ type }) => type !== "rooms").map(({ type, since }) => [type, since?.seq]), [["leave", undefined], ["join", 30]]);
  });

  test("may be about a room that was left meanwhile, or was never announced", () => {
    const { page, comeBack } = back(75);
    const [joined, first] = comeBack();
    page.hear(first);
    hearJoined(page, { ...joined, partial: undefined });
    const before = seqs(page);
    page.hear({ ...first, room: "tea" });
    page.hear(first);
    assert.deepEqual(seqs(page), before);
  });

  test("says nothing yet about a place that is looked for", () => {
    const { page, comeBack } = back(75);
    const [joined, ...parts] = comeBack();
    page.do("seek", { room: "lobby", seq: 70 });
    hearJoined(page, joined);
    assert.equal(current(page.state).sought.fate, "sought");
    assert.equal(page.last("history"), undefined);
    for (const part of parts) page.hear(part);
    assert.equal(current(page.state).sought.fate, "found");
  });

  test("does not count again what was read on another device", () => {
    const { page, comeBack } = back(75, { hidden: true });
    const [joined, ...parts] = comeBack();
    hearJoined(page, { ...joined, read: 60 });
    for (const part of parts) page.hear(part);
    assert.equal(current(page.state).unread, 15);
  });
});
