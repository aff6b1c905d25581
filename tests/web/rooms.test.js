// Which rooms the page is in, what is unread there, and what they are about.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { roomNames } from "../../web/js/core/rooms.js";
import { current } from "../../web/js/core/state.js";
import { roomChoices } from "../../web/js/core/choices.js";
import { History } from "./model.js";
import { hintWords } from "../../web/js/core/wording.js";
import { Page, WELCOME } from "./page.js";

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const said = (history, text, user = "u2") => history.write({ type: "message", id: `${history.seq}`, user, text });
const choice = (page, key) => roomChoices(page.state, compare).find((each) => each.key === key);

/** A page in the lobby that is in the room `tea` as well. */
function inTwo() {
  const page = new Page().arrive();
  const tea = new History("tea");
  page.do("enter", { name: "tea" });
  page.hear({ ...tea.joined(), id: page.last("join").id });
  page.now += 1;
  page.do("enter", { name: "lobby" });
  page.take();
  return { page, tea };
}

describe("a room that one is in", () => {
  test("counts what is unread, and what of it names the user", () => {
    const { page, tea } = inTwo();
    for (const text of ["hello", "@ada?", "mail@adam", "really, @Ada!"]) page.hear(said(tea, text));
    page.hear(said(tea, "@Ada is me", "u1"));
    const { unread, mentions, fresh } = choice(page, "tea");
    assert.deepEqual([unread, mentions, fresh], [4, 2, true]);
    page.do("enter", { name: "tea" });
    assert.deepEqual([choice(page, "tea").unread, choice(page, "tea").mentions], [0, 0]);
  });

  test("counts what was said while there was no connection", () => {
    const { page, tea } = inTwo();
    page.do("waiting", { retryAt: 10, code: 1006 });
    said(tea, "one");
    said(tea, "@Ada");
    page.do("open", { identity: null });
    page.hear({ type: "welcome", id: page.last("hello").id, protocol: 1, server: "", user: "u1", nick: "Ada", token: "t", time: 0, limits: page.state.limits, ping_period: 9, lobby: "lobby" });
    const { id, since } = page.sent.findLast(({ type, room }) => type === "join" && room === "tea");
    page.hear({ ...tea.joined(since), id });
    assert.deepEqual([choice(page, "tea").unread, choice(page, "tea").mentions], [2, 1]);
  });

  test("is come back to after a reload, with the one visited last at the end", () => {
    const { page } = inTwo();
    assert.deepEqual(roomNames(page.state), ["tea", "lobby"]);
    const again = new Page({ roomNames: roomNames(page.state), name: "lobby" });
    again.arrive();
    assert.deepEqual([...again.state.rooms.keys()].sort(), ["lobby", "tea"]);
    assert.equal(again.state.rooms.get("tea").phase, "joining");
  });
});

describe("as many rooms as the server allows", () => {
  const WELCOME_5 = { limits: { ...WELCOME.limits, rooms: 5 } };
  const joined = (page) => [...page.state.rooms].filter(([, { phase }]) => phase === "here").map(([key]) => key);
  const enter = (page, name) => {
    page.pass(1);
    page.do("enter", { name });
    const { id, room } = page.last("join");
    if (room === name) page.hear({ ...new History(name).joined(), id });
  };

  test("are followed, be it fifty, and none is left by itself", () => {
    const page = new Page().arrive();
    for (let n = 1; n < 50; n++) enter(page, `room${n}`);
    assert.equal(joined(page).length, 50);
    assert.deepEqual(page.sent.filter(({ type }) => type === "leave"), []);
    assert.equal(roomNames(page.state).length, 50);
  });

  test("are not left for one more, which is refused with a sentence and not asked for", () => {
    const page = new Page().arrive(undefined, WELCOME_5);
    for (let n = 1; n < 5; n++) enter(page, `room${n}`);
    page.take();
    page.do("enter", { name: "more" });
    page.pass(20_000);
    assert.deepEqual(page.sent.filter(({ type }) => type === "join" || type === "leave"), []);
    assert.deepEqual(hintWords(page.state), { key: "hint.roomsFull", values: { count: 5 } });
    page.say("kept");
    assert.deepEqual([page.state.pending, page.state.refusals], [[], 1]);
    page.do("enter", { name: "room1" });
    assert.deepEqual([page.state.rooms.has("more"), joined(page).length], [false, 5], "what was only looked at is not kept");
  });

  test("leave a place when one is left, and the next is joined", () => {
    const page = new Page().arrive(undefined, WELCOME_5);
    for (let n = 1; n < 5; n++) enter(page, `room${n}`);
    page.do("enter", { name: "more" });
    page.do("leave", { key: "room2" });
    assert.equal(page.last("join").room, "more");
    page.hear({ ...new History("more").joined(), id: page.last("join").id });
    assert.equal(hintWords(page.state).key, "hint.ready");
    assert.deepEqual(roomNames(page.state), ["lobby", "room1", "room3", "room4", "more"]);
  });

  test("are joined by how lately they were visited where the server allows fewer than before, and none vanishes", () => {
    const names = Array.from({ length: 8 }, (_, n) => `room${n}`);
    const page = new Page({ roomNames: [...names, "lobby"], now: 100 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, ...WELCOME_5, id: page.last("hello").id });
    assert.deepEqual(page.sent.filter(({ type }) => type === "join").map(({ room }) => room), ["room4", "room5", "room6", "room7", "lobby"]);
    assert.deepEqual(roomNames(page.state), [...names, "lobby"]);
    assert.equal(choice(page, "room0").joined, true);
    page.do("enter", { name: "room0" });
    assert.equal(hintWords(page.state).key, "hint.roomsFull");
    page.do("enter", { name: "lobby" });
    assert.equal(roomNames(page.state).length, 9);
  });

  test("are joined before one that is opened by its address only: none is muted for it", () => {
    const page = new Page({ roomNames: ["room0", "room1"], name: "more", now: 100 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, limits: { ...WELCOME.limits, rooms: 2 }, id: page.last("hello").id });
    assert.deepEqual(page.sent.filter(({ type }) => type === "join").map(({ room }) => room), ["room0", "room1"]);
    assert.equal(hintWords(page.state).key, "hint.roomsFull");
  });

  test("are known only by its refusal where an older server does not tell how many: it is not asked again and again", () => {
    const page = new Page().arrive(undefined, { limits: { ...WELCOME.limits, rooms: undefined } });
    page.do("enter", { name: "more" });
    page.hear({ type: "error", id: page.last("join").id, code: "rate_limited", message: "You are in 1 rooms; leave one to join another." });
    page.take();
    page.pass(20_000);
    assert.deepEqual(page.sent.filter(({ type }) => type === "join"), []);
    assert.equal(hintWords(page.state).key, "hint.roomsFull");
  });

  test("come before others when something waits to be sent there", () => {
    const pending = [{ id: "p", key: "room0", text: "waits", time: 1 }];
    const page = new Page({ roomNames: ["lobby", "room0", "room1", "room2"], pending });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, limits: { ...WELCOME.limits, rooms: 2 }, id: page.last("hello").id });
    assert.deepEqual(page.sent.filter(({ type }) => type === "join").map(({ room }) => room), ["lobby", "room0"]);
  });

  test("are not too many for long: a message that waits in one more is neither lost nor failed", () => {
    const pending = [{ id: "p", key: "room0", text: "waits", time: 1 }, { id: "q", key: "room1", text: "waits", time: 2 }];
    const page = new Page({ roomNames: ["room0", "room1"], pending });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, limits: { ...WELCOME.limits, rooms: 2 }, id: page.last("hello").id });
    assert.deepEqual(page.fates, [["waits", "queued"], ["waits", "queued"]]);
  });
});

describe("leaving a room", () => {
  test("leads to the lobby, and what is said there is no news any more", () => {
    const { page } = inTwo();
    page.do("enter", { name: "tea" });
    page.do("leave", { key: "tea" });
    assert.equal(page.state.key, "lobby");
    assert.deepEqual(page.take().filter(({ type }) => type === "leave"), [{ type: "leave", room: "tea" }]);
    page.hear({ type: "rooms", rooms: [{ room: "tea", topic: "", member_count: 1, seq: 50 }] });
    assert.deepEqual([choice(page, "tea").joined, choice(page, "tea").fresh], [false, false]);
    assert.deepEqual(roomNames(page.state), ["lobby"]);
  });

  test("waits until what was written there is sent", () => {
    const { page, tea } = inTwo();
    page.do("enter", { name: "tea" });
    page.say("last words");
    page.do("leave", { key: "tea" });
    assert.equal(choice(page, "tea"), undefined);
    assert.equal(page.last("leave"), undefined);
    page.hear(tea.write({ type: "message", id: "id-last words", user: "u1", text: "last words" }));
    assert.deepEqual(page.last("leave"), { type: "leave", room: "tea" });
    assert.equal(page.state.rooms.has("tea"), false);
  });

  test("waits until what was done there is done, and gives up what was refused", () => {
    const { page, tea } = inTwo();
    tea.write({ type: "message", id: "m", user: "u2", text: "hello" });
    page.do("enter", { name: "tea" });
    page.hear(tea.entries.at(-1));
    const { seq } = tea;
    for (const emoji of ["🍵", "🫖"]) page.do("react", { seq, emoji });
    const [first, second] = page.take().filter(({ type }) => type === "react");
    page.hear({ type: "error", id: first.id, code: "muted", message: "No." });
    page.do("leave", { key: "tea" });
    assert.equal(page.last("leave"), undefined);
    page.hear({ ...tea.write({ type: "reacted", target: seq, emoji: "🫖", on: true, user: "u1" }), id: second.id });
    assert.deepEqual(page.last("leave"), { type: "leave", room: "tea" });
    assert.deepEqual(page.state.changes, []);
  });

  test("is taken back by entering it again", () => {
    const { page } = inTwo();
    page.do("enter", { name: "tea" });
    page.say("wait");
    page.do("leave", { key: "tea" });
    page.do("enter", { name: "tea" });
    assert.equal(current(page.state).leaving, false);
    assert.equal(page.last("leave"), undefined);
  });

  test("is not for the lobby", () => {
    const { page } = inTwo();
    page.do("leave", { key: "lobby" });
    assert.deepEqual([page.state.key, page.state.rooms.has("lobby")], ["lobby", true]);
  });

  test("works without a connection", () => {
    const { page } = inTwo();
    page.do("waiting", { retryAt: 10, code: 1006 });
    page.do("leave", { key: "tea" });
    assert.equal(page.state.rooms.has("tea"), false);
    assert.deepEqual(page.take(), []);
  });
});

describe("a topic", () => {
  const open = () => {
    const { page } = inTwo();
    page.do("sheet", { name: "room-sheet" });
    return page;
  };

  test("is set in one line, and the dialog closes when it is", () => {
    const page = open();
    page.do("setTopic", { text: " All\nabout  tea " });
    const { id, ...command } = page.last("topic");
    assert.deepEqual(command, { type: "topic", room: "lobby", text: "All about tea" });
    page.do("setTopic", { text: "twice" });
    assert.equal(page.last("topic").id, id, "one at a time");
    page.hear({ type: "topic", id, room: "lobby", seq: 1, user: "u1", nick: "Ada", time: 1, text: "All about tea" });
    assert.deepEqual([page.state.sheet, current(page.state).topic], [null, "All about tea"]);
  });

  test("that is refused, or cannot be sent, stays to be written again", () => {
    const page = open();
    page.do("setTopic", { text: "x" });
    page.hear({ type: "error", id: page.last("topic").id, code: "muted", message: "No." });
    assert.deepEqual([page.state.sheet.busy, page.state.sheet.refusal.code], [false, "muted"]);
    page.do("setTopic", { text: "x" });
    page.do("waiting", { retryAt: 10, code: 1006 });
    assert.deepEqual([page.state.sheet.busy, page.state.sheet.refusal.code], [false, "offline"]);
    page.do("setTopic", { text: "x" });
    assert.equal(page.state.sheet.refusal.code, "offline");
  });

  test("that is as before is nobody's news", () => {
    const page = open();
    page.do("setTopic", { text: "  " });
    assert.deepEqual([page.state.sheet, page.last("topic")], [null, undefined]);
  });
});
