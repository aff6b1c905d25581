import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { connectionWords, fateWords, hintWords, refusalWords, secondsUntil, sentence, title, typingWords, unreached } from "../../web/js/core/wording.js";
import { searchRefusal, topicRefusal } from "../../web/js/core/refusals.js";
import { Page } from "./page.js";

const LOST = { retryAt: 1, code: 1006 };

describe("what is shown", () => {
  const seen = (page) => connectionWords(page.state).seen;
  const said = (page) => connectionWords(page.state).spoken;
  const hint = (page) => hintWords(page.state).key;

  test("the connection is told as it is", () => {
    const page = new Page();
    assert.deepEqual([seen(page), hint(page)], ["connection.connecting", "hint.connecting"]);
    page.do("open", { identity: null });
    assert.equal(seen(page), "connection.connecting", "nobody has been welcomed yet");
    page.arrive();
    assert.deepEqual([seen(page), hint(page)], ["connection.connected", "hint.ready"]);
    page.do("waiting", LOST);
    assert.deepEqual([seen(page), hint(page)], ["connection.waiting", "hint.waiting"]);
    page.do("network", { online: false });
    assert.deepEqual([seen(page), hint(page)], ["connection.offline", "hint.offline"]);
    page.do("connecting", { attempt: 1 });
    assert.deepEqual([seen(page), hint(page)], ["connection.offline", "hint.offline"], "tried in silence");
    page.do("network", { online: true });
    assert.deepEqual([seen(page), hint(page)], ["connection.again", "hint.waiting"]);
  });

  test("a page that cannot reach the server promises nothing to come", () => {
    const page = new Page();
    assert.equal(unreached(page.state), false);
    page.do("waiting", LOST);
    assert.equal(unreached(page.state), true);
    page.do("connecting", { attempt: 1 });
    assert.equal(unreached(page.state), true);
    page.arrive();
    assert.equal(unreached(page.state), false);
    page.do("stopped", { code: 4003 });
    assert.equal(unreached(page.state), true);
  });

  test("a server on this very machine counts as connected, network or not", () => {
    const page = new Page().arrive();
    page.do("network", { online: false });
    assert.equal(seen(page), "connection.connected");
  });

  test("a server that refuses the page is told by its own words until it lets the page in", () => {
    for (const [status, header, words] of [
      [403, "connection.barred", "hint.barred"],
      [426, "connection.waiting", "hint.proxy"],
      [503, "connection.full", "hint.full"],
    ]) {
      const page = new Page();
      page.do("waiting", LOST);
      page.do("blocked", { status, detail: "Because." });
      assert.deepEqual([seen(page), said(page), hint(page)], [header, words, words]);
      assert.deepEqual(connectionWords(page.state).values, { message: "Because." });
      page.do("connecting", { attempt: 2 });
      assert.deepEqual([seen(page), said(page), hint(page)], ["connection.again", words, words]);
      page.do("network", { online: false });
      assert.deepEqual([seen(page), hint(page)], ["connection.offline", "hint.offline"]);
      page.do("network", { online: true });
      page.arrive();
      assert.deepEqual([seen(page), hint(page)], ["connection.connected", "hint.ready"]);
      page.do("waiting", LOST);
      assert.deepEqual([said(page), hint(page)], ["connection.lost", "hint.waiting"]);
    }
  });

  test("a full server never reads as a lost connection", () => {
    const page = new Page().arrive();
    page.do("waiting", { retryAt: 1, code: 1013 });
    assert.deepEqual([seen(page), said(page), hint(page)], ["connection.full", "hint.full", "hint.full"]);
    page.do("connecting", { attempt: 1 });
    assert.deepEqual([said(page), hint(page)], ["hint.full", "hint.full"]);
  });

  test("an answer that comes when the page is in again is of no use", () => {
    const page = new Page().arrive();
    page.do("blocked", { status: 426, detail: "" });
    page.do("waiting", LOST);
    assert.equal(hint(page), "hint.waiting");
  });

  test("each way to be sent away is told by its own words", () => {
    for (const [code, key] of [
      [1000, "hint.ended"],
      [1003, "hint.misunderstood"],
      [1007, "hint.misunderstood"],
      [1009, "hint.tooBig"],
      [4000, "hint.refused"],
      [4001, "hint.refused"],
      [4003, "hint.removed"],
    ]) {
      const page = new Page().arrive();
      page.do("stopped", { code });
      assert.deepEqual([seen(page), said(page), hint(page)], ["connection.stopped", key, key], `${code}`);
    }
    for (const [code, key] of [[1013, "hint.full"], [4029, "hint.flooding"], [4008, "hint.waiting"]]) {
      const page = new Page().arrive();
      page.do("waiting", { retryAt: 1, code });
      assert.equal(hint(page), key, `${code}`);
    }
  });

  test("what is read out does not count down", () => {
    const page = new Page();
    page.do("waiting", LOST);
    assert.equal(said(page), "connection.lost");
    page.do("connecting", { attempt: 1 });
    assert.equal(said(page), "connection.lost");
  });

  test("a draft that is too long says by how much", () => {
    const page = new Page().arrive();
    page.do("draft", { text: "😀".repeat(403) });
    assert.deepEqual(hintWords(page.state), { key: "hint.tooLong", values: { count: 3 } });
  });

  test("a room that there is not is named", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "nowhere" });
    page.hear({ type: "error", id: page.last("join").id, code: "bad_room", message: "No." });
    assert.deepEqual(hintWords(page.state), { key: "hint.noRoom", values: { room: "nowhere" } });
  });

  test("seconds count down to one, then to nothing", () => {
    assert.deepEqual([5_000, 4_001, 4_000, 1, 0, -9].map((left) => secondsUntil(left, 0)), [
      5, 5, 4, 1, 0, 0,
    ]);
  });

  test("the title says where one is, and first what is unread", () => {
    assert.equal(title("goChat", "tea", 0), "#tea · goChat");
    assert.equal(title("goChat", "tea", 2), "(2) #tea · goChat");
  });

  test("who writes is named, unless they are many", () => {
    assert.equal(typingWords([]), null);
    assert.deepEqual(typingWords(["A"]), { key: "typing.one", values: { one: "A" } });
    assert.deepEqual(typingWords(["A", "B"]), { key: "typing.two", values: { one: "A", two: "B" } });
    assert.deepEqual(typingWords(["A", "B", "C"]), { key: "typing.many" });
  });

  test("a code that the page does not know is told in general words", () => {
    assert.deepEqual(fateWords("busy", "No."), { key: "fate.busy" });
    assert.deepEqual(fateWords("constructor", "No."), { key: "fate.other" });
    assert.deepEqual(refusalWords({ code: "new_code", message: "No." }), { key: "name.other", values: { message: "No." } });
  });
});

describe("a limit", () => {
  const MESSAGE = "There are 100 rooms, as many as there may be; join one of them.";

  test("is told in the server's own sentence, wherever it is met", () => {
    assert.deepEqual(fateWords("limit_reached", MESSAGE), { key: "fate.said", values: { message: MESSAGE } });
    assert.equal(sentence({ code: "limit_reached", message: MESSAGE }), MESSAGE);
    assert.equal(sentence({ code: "busy", message: MESSAGE }), "");
    for (const words of [refusalWords, topicRefusal, searchRefusal]) {
      assert.deepEqual(words({ code: "limit_reached", message: MESSAGE }).values, { message: MESSAGE });
    }
  });

  test("of rooms is told below the composer, and what was written for the room is not sent", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "tea" });
    page.say("hello");
    page.hear({ type: "error", id: page.last("join").id, code: "limit_reached", message: MESSAGE });
    assert.deepEqual(hintWords(page.state), { key: "hint.said", values: { message: MESSAGE } });
    assert.deepEqual(page.state.pending.map(({ fate, code, message }) => [fate, code, message]), [["failed", "limit_reached", MESSAGE]]);
  });
});
