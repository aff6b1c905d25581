// What counts as read, and whom that is told: the server, other tabs, other devices.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { AWAY_AFTER } from "../../web/js/core/presence.js";
import { current } from "../../web/js/core/state.js";
import { roomChoices } from "../../web/js/core/choices.js";
import { History } from "./model.js";
import { Page, WELCOME } from "./page.js";

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const said = (history, text, user = "u2") => history.write({ type: "message", id: `${history.seq}`, user, text });
const unread = (page, key) => roomChoices(page.state, compare).find((each) => each.key === key).unread;
const reads = (page) => page.take().filter(({ type }) => type === "read").map(({ room, seq }) => [room, seq]);

/** A page in the lobby that is in the room `tea` as well. */
function inTwo(kept = {}) {
  const page = new Page({ attention: { desktop: true }, permission: "granted", ...kept }).arrive();
  const [lobby, tea] = [new History("lobby"), new History("tea")];
  page.do("enter", { name: "tea" });
  page.hear({ ...tea.joined(), id: page.last("join").id });
  page.now += 1;
  page.do("enter", { name: "lobby" });
  page.take();
  return { page, lobby, tea };
}

describe("a window that is visible", () => {
  test("but has not the focus reads nothing, and calls", () => {
    const { page, lobby } = inTwo();
    page.do("blur");
    page.hear(said(lobby, "@Ada, are you there?"));
    page.pass(20_000);
    assert.deepEqual([reads(page), current(page.state).unread, page.state.away], [[], 1, 1]);
    assert.equal(page.calls.length, 1);
    page.do("focus");
    assert.deepEqual([current(page.state).unread, page.state.away], [0, 0]);
    assert.deepEqual(reads(page), [["lobby", 1]]);
  });

  test("and opened without the focus reads nothing before it has it", () => {
    const page = new Page({ focused: false }).arrive();
    page.hear(said(new History("lobby"), "hello"));
    page.pass(10_000);
    assert.deepEqual([reads(page), current(page.state).unread], [[], 1]);
    page.do("focus");
    assert.deepEqual(reads(page), [["lobby", 1]]);
  });

  test("and gets visible without the focus reads nothing", () => {
    const { page, lobby } = inTwo();
    page.do("hidden");
    page.hear(said(lobby, "hello"));
    page.do("visible", { focused: false });
    page.pass(10_000);
    assert.deepEqual([reads(page), page.state.away], [[], 1]);
  });

  test("and has the focus reads nothing once nobody has moved for long, and calls", () => {
    const { page, lobby } = inTwo();
    page.now += AWAY_AFTER + 1;
    page.do("tick");
    page.hear(said(lobby, "@Ada, are you there?"));
    page.pass(10_000);
    assert.deepEqual([reads(page), current(page.state).unread, page.calls.length], [[], 1, 1]);
    page.do("active");
    assert.deepEqual([reads(page), current(page.state).unread], [[["lobby", 1]], 0]);
  });

  test("marks as new what came meanwhile when the user is back", () => {
    for (const [go, come] of [["blur", "focus"], ["hidden", "visible"]]) {
      const { page, lobby } = inTwo();
      page.hear(said(lobby, "read"));
      page.do(go);
      page.hear(said(lobby, "not read"));
      page.do(come);
      assert.equal(current(page.state).mark, 1, go);
    }
  });
});

describe("what was read at another device or in another tab", () => {
  test("is unread here no more", () => {
    const { page, tea } = inTwo();
    for (const text of ["one", "@Ada", "three"]) page.hear(said(tea, text));
    assert.equal(unread(page, "tea"), 3);
    page.hear({ type: "read", room: "tea", seq: 2 });
    assert.deepEqual([unread(page, "tea"), page.state.rooms.get("tea").mentions], [1, 0]);
    page.hear({ type: "read", room: "tea", seq: 1 });
    assert.equal(unread(page, "tea"), 1, "it never goes back");
    page.hear({ type: "read", room: "tea", seq: 3 });
    assert.equal(unread(page, "tea"), 0);
    page.do("enter", { name: "tea" });
    page.pass(10_000);
    assert.deepEqual(reads(page), [], "the server knows it");
  });

  test("takes the number from the title, and stands in for having been read here", () => {
    const { page, lobby } = inTwo();
    page.do("blur");
    page.hear(said(lobby, "one"));
    page.hear(said(lobby, "two"));
    assert.equal(page.state.away, 2);
    page.hear({ type: "read", room: "lobby", seq: 2 });
    assert.deepEqual([page.state.away, current(page.state).unread, page.state.seen.get("lobby")], [0, 0, 2]);
  });

  test("is not counted beside the button to the newest", () => {
    const { page, lobby } = inTwo();
    page.do("follow", { following: false });
    for (const text of ["one", "two"]) page.hear(said(lobby, text));
    page.hear({ type: "read", room: "lobby", seq: 1 });
    assert.equal(page.state.unseen, 1);
  });

  test("in a room that one is not in is ignored", () => {
    const { page } = inTwo();
    const before = page.state.rooms;
    page.hear({ type: "read", room: "elsewhere", seq: 2 });
    assert.equal(page.state.rooms, before);
  });
});

describe("the server", () => {
  test("is told at once of what was read in a room that the user leaves", () => {
    const { page, lobby } = inTwo();
    page.hear(said(lobby, "one"));
    page.pass(100);
    page.hear(said(lobby, "two"));
    assert.deepEqual(reads(page), [["lobby", 1]]);
    page.do("enter", { name: "tea" });
    assert.deepEqual(reads(page), [["lobby", 2]]);
  });

  test("is told at once when the page is hidden, or loses the focus", () => {
    for (const go of ["hidden", "blur"]) {
      const { page, lobby } = inTwo();
      page.hear(said(lobby, "one"));
      page.hear(said(lobby, "two"));
      page.take();
      page.do(go);
      assert.deepEqual(reads(page), [["lobby", 2]], go);
    }
  });

  test("is told after the line was broken what it was not told before", () => {
    const { page, lobby, tea } = inTwo();
    page.hear(said(lobby, "one"));
    page.hear(said(lobby, "two"));
    page.do("waiting", { retryAt: 10, code: 1006 });
    page.do("enter", { name: "tea" });
    page.do("open", { identity: null });
    page.hear({ type: "welcome", id: page.last("hello").id, protocol: 1, server: "", user: "u1", nick: "Ada", token: "t", time: 0, limits: page.state.limits, ping_period: 9, lobby: "lobby" });
    for (const history of [lobby, tea]) {
      const { id, since } = page.sent.findLast(({ type, room }) => type === "join" && room === history.room);
      page.hear({ ...history.joined(since), read: history === lobby ? 1 : 0, id });
    }
    assert.deepEqual(reads(page).at(-1), ["lobby", 2]);
  });

  test("is told again what it would not store, after the time that it names", () => {
    const { page, lobby } = inTwo();
    page.hear(said(lobby, "one"));
    const { id } = page.last("read");
    page.take();
    page.hear({ type: "error", id, code: "rate_limited", message: "No.", retry_after: 5 });
    page.pass(4_900);
    assert.deepEqual(reads(page), []);
    page.pass(200);
    assert.deepEqual(reads(page), [["lobby", 1]]);
  });

  test("is asked no more at a time than there are rooms, however long one reads", () => {
    const { page, lobby } = inTwo();
    const before = page.state.asked.size;
    for (let n = 0; n < 50; n++) {
      page.hear(said(lobby, `${n}`));
      page.pass(3_000);
      page.do("active");
    }
    assert.ok(page.state.asked.size <= before + 2);
  });
});

describe("a message that is deleted", () => {
  test("is unread no more, and names nobody", () => {
    const { page, tea } = inTwo();
    for (const text of ["one", "@Ada", "three"]) page.hear(said(tea, text));
    page.hear(tea.write({ type: "deleted", target: 2, user: "u2" }));
    assert.deepEqual([unread(page, "tea"), page.state.rooms.get("tea").mentions], [2, 0]);
    page.hear(tea.write({ type: "deleted", target: 2, user: "u2" }));
    assert.equal(unread(page, "tea"), 2, "once");
  });

  test("is unread no more in the room in sight either: in the title, and beside the button", () => {
    const { page, lobby } = inTwo();
    page.do("blur");
    page.hear(said(lobby, "one"));
    page.hear(lobby.write({ type: "deleted", target: 1, user: "u2" }));
    assert.equal(page.state.away, 0);
    page.do("focus");
    page.do("follow", { following: false });
    page.hear(said(lobby, "three"));
    page.hear(lobby.write({ type: "deleted", target: 3, user: "u2" }));
    assert.equal(page.state.unseen, 0);
  });

  test("that was read changes nothing", () => {
    const { page, tea } = inTwo();
    page.hear(said(tea, "one"));
    page.hear({ type: "read", room: "tea", seq: 1 });
    page.hear(said(tea, "two"));
    page.hear(tea.write({ type: "deleted", target: 1, user: "u2" }));
    assert.equal(unread(page, "tea"), 1);
  });

  test("while there was no connection is not counted when it is back", () => {
    const { page, tea } = inTwo();
    page.hear(said(tea, "one"));
    page.do("waiting", { retryAt: 10, code: 1006 });
    tea.write({ type: "deleted", target: 1, user: "u2" });
    said(tea, "two");
    page.do("open", { identity: null });
    page.hear({ type: "welcome", id: page.last("hello").id, protocol: 1, server: "", user: "u1", nick: "Ada", token: "t", time: 0, limits: page.state.limits, ping_period: 9, lobby: "lobby" });
    const { id, since } = page.sent.findLast(({ type, room }) => type === "join" && room === "tea");
    page.hear({ ...tea.joined(since), id });
    assert.equal(unread(page, "tea"), 1);
  });
});

test("a message that is edited names whom its new text names", () => {
  const { page, tea } = inTwo();
  page.hear(said(tea, "@Ada"));
  page.hear(tea.write({ type: "edited", target: 1, user: "u2", text: "nobody" }));
  assert.deepEqual([unread(page, "tea"), page.state.rooms.get("tea").mentions], [1, 0]);
});

describe("the number of unread messages", () => {
  /** A page that is in the room `tea` with `total` messages, of which it was told the newest 50. */
  function inTea(total, read, kept = {}) {
    const page = new Page({ roomNames: ["tea"], ...kept });
    const tea = new History("tea");
    for (let n = 0; n < total; n++) said(tea, `${n}`);
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    for (const command of page.sent.filter(({ type }) => type === "join")) {
      const history = command.room === "tea" ? tea : new History("lobby");
      page.hear({ ...history.joined(), read: history === tea ? read : 0, id: command.id });
    }
    page.take();
    return { page, tea };
  }

  test("is not bounded by what is loaded", () => {
    const { page, tea } = inTea(250, 50);
    assert.equal(page.state.rooms.get("tea").log.entries.length, 50);
    assert.equal(unread(page, "tea"), 200);
    page.hear(said(tea, "one more"));
    assert.equal(unread(page, "tea"), 201);
    page.hear({ type: "read", room: "tea", seq: 100 });
    assert.equal(unread(page, "tea"), 151);
    page.hear({ type: "read", room: "tea", seq: 240 });
    assert.equal(unread(page, "tea"), 11);
  });

  test("does not take for news what was said before the user was in the room", () => {
    assert.equal(unread(inTea(250, 0).page, "tea"), 50, "as many as are loaded");
    assert.equal(unread(inTea(250, 0, { seen: [["tea", 0]] }).page, "tea"), 250, "they were there before anything was said");
  });

  test("leads to the first new message, also if it is not loaded", () => {
    const { page, tea } = inTea(250, 50);
    page.do("enter", { name: "tea" });
    assert.deepEqual([current(page.state).mark, current(page.state).news.count, current(page.state).news.seq], [50, 200, null]);
    const { id, after, limit } = page.last("history");
    assert.equal(after, 50);
    page.hear({ type: "history", id, room: "tea", more: true, entries: tea.entries.slice(after, after + limit) });
    const { seq, time } = current(page.state).news;
    assert.deepEqual([seq, time], [51, tea.entries[50].time]);
    page.do("seek", { room: "tea", seq });
    const around = page.last("history");
    const start = Math.max(0, around.before - 1 - around.limit);
    page.hear({ type: "history", id: around.id, room: "tea", more: true, entries: tea.entries.slice(start, around.before - 1) });
    assert.equal(current(page.state).sought.fate, "found");
    page.do("newsSeen");
    assert.equal(current(page.state).news, null);
  });

  test("leads past what is no message of others", () => {
    const page = new Page({ roomNames: ["tea"] });
    const tea = new History("tea");
    for (let n = 0; n < 10; n++) said(tea, `${n}`);
    for (let n = 0; n < 70; n++) tea.write({ type: "reacted", target: 1, emoji: "🍵", on: n % 2 === 0, user: "u3" });
    for (let n = 0; n < 60; n++) said(tea, `new ${n}`);
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    for (const { room, id } of page.sent.filter(({ type }) => type === "join")) {
      page.hear(room === "tea" ? { ...tea.joined(), read: 10, id } : { ...new History("lobby").joined(), id });
    }
    page.do("enter", { name: "tea" });
    for (let n = 0; n < 5 && current(page.state).news.seq === null; n++) {
      const { id, after, limit } = page.last("history");
      page.hear({ type: "history", id, room: "tea", more: true, entries: tea.entries.slice(after, after + limit) });
    }
    assert.equal(current(page.state).news.seq, 81);
  });

  test("is known from the log where that holds the first new message", () => {
    const { page } = inTea(60, 40);
    page.do("enter", { name: "tea" });
    assert.deepEqual([current(page.state).news.count, current(page.state).news.seq], [20, 41]);
    assert.equal(page.last("history"), undefined);
  });

  test("offers no way to what is no longer stored", () => {
    const { page } = inTea(250, 50);
    page.do("enter", { name: "tea" });
    page.hear({ type: "error", id: page.last("history").id, code: "history_truncated", message: "No." });
    assert.equal(current(page.state).news, null);
  });
});

describe("the place in a room", () => {
  const place = { seq: 30, top: 12 };

  function back() {
    const { page, lobby, tea } = inTwo();
    for (let n = 0; n < 60; n++) page.hear(said(lobby, `${n}`));
    page.do("follow", { following: false });
    page.do("enter", { name: "tea", place });
    assert.equal(page.state.following, true, "another room is at its newest message");
    return { page, lobby, tea };
  }

  test("is shown again when the user comes back", () => {
    const { page } = back();
    page.do("enter", { name: "lobby", place: null });
    const { sought } = current(page.state);
    assert.deepEqual([page.state.following, sought.seq, sought.top, sought.fate], [false, 30, 12, "found"]);
  });

  test("is shown with the number of messages that came meanwhile, which are not read yet", () => {
    const { page, lobby } = back();
    for (let n = 0; n < 3; n++) page.hear(said(lobby, `new ${n}`));
    page.do("enter", { name: "lobby", place: null });
    assert.deepEqual([page.state.unseen, current(page.state).unread, current(page.state).mark], [3, 3, 60]);
    page.do("follow", { following: true });
    assert.equal(current(page.state).unread, 0);
  });

  test("is the newest message if the user was there", () => {
    const { page } = back();
    page.do("enter", { name: "lobby", place: null });
    page.do("follow", { following: true });
    page.do("enter", { name: "tea", place });
    page.do("enter", { name: "lobby", place: null });
    assert.deepEqual([page.state.following, current(page.state).sought], [true, null]);
  });

  test("is the newest message, without a word, if it is no longer stored", () => {
    const { page } = back();
    page.do("enter", { name: "tea" });
    page.do("enter", { name: "lobby" });
    page.do("follow", { following: false });
    page.do("enter", { name: "tea", place: { seq: 999, top: 0 } });
    page.do("enter", { name: "lobby" });
    assert.deepEqual([page.state.following, current(page.state).sought], [true, null]);
  });
});
