import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { lastOwn, purpose, purposeWords } from "../../web/js/core/writing.js";
import { current } from "../../web/js/core/state.js";
import { History } from "./model.js";
import { Page } from "./page.js";

function talk() {
  const history = new History("lobby");
  history.write({ type: "message", id: "1", user: "u1", text: "mine" });
  history.write({ type: "message", id: "2", user: "u2", text: "\n  \nfirst\nsecond" });
  history.write({ type: "message", id: "3", user: "u1", text: "also mine" });
  history.write({ type: "deleted", target: 3, user: "u1" });
  history.write({ type: "topic", text: "tea", user: "u1" });
  return new Page().arrive(history);
}

describe("what is being written", () => {
  test("is a message, unless the reader said otherwise", () => {
    const room = current(talk().state);
    assert.deepEqual(purpose(room), { kind: "new" });
    assert.deepEqual(purpose({ ...room, editing: null, replying: null }), { kind: "new" });
    assert.equal(purposeWords(purpose(room)), null);
  });

  test("is an answer, with the first line of what it is to", () => {
    const meant = purpose({ ...current(talk().state), editing: null, replying: 2 });
    assert.deepEqual(meant, { kind: "reply", seq: 2, nick: "Bob", line: "first" });
    assert.deepEqual(purposeWords(meant), { key: "composer.reply", values: { nick: "Bob" } });
  });

  test("shows no more of a long line than is in sight", () => {
    const history = new History("lobby");
    history.write({ type: "message", id: "1", user: "u2", text: "👍".repeat(2_000) });
    const { line } = purpose({ ...current(new Page().arrive(history).state), editing: null, replying: 1 });
    assert.equal(line, "👍".repeat(200));
  });

  test("is an answer to an older message where that is gone, or not there yet", () => {
    for (const seq of [3, 5, 99]) {
      const meant = purpose({ ...current(talk().state), editing: null, replying: seq });
      assert.deepEqual(meant, { kind: "reply", seq, nick: null, line: null });
      assert.deepEqual(purposeWords(meant), { key: "composer.older" });
    }
  });

  test("is the new wording of a message, before anything else", () => {
    const meant = purpose({ ...current(talk().state), editing: 1, replying: 2 });
    assert.deepEqual(meant, { kind: "editing", seq: 1, changed: false });
    assert.deepEqual(purposeWords(meant), { key: "composer.editing" });
  });
});

test("the last message that the reader may change is their own, and not deleted", () => {
  const page = talk();
  assert.equal(lastOwn(page.state), 1);
  assert.equal(lastOwn(new Page().arrive().state), null);
  assert.equal(lastOwn(new Page().state), null, "before anything is known");
});
