import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { anyFresh, memberChoices, roomChoices } from "../../web/js/core/choices.js";
import { History } from "./model.js";
import { Page } from "./page.js";

const compare = (a, b) => (a < b ? -1 : 1);

describe("rooms to choose from", () => {
  const list = (...rooms) => ({ type: "rooms", rooms: rooms.map(([room, count, seq]) => ({ room, topic: "", member_count: count, seq })) });
  const choices = (page) => roomChoices(page.state, compare).map(({ room, count, fresh, here }) => [room, count, fresh, here]);

  test("begin with the lobby, and hold what the server lists and where the page is", () => {
    const page = new Page().arrive();
    page.hear(list(["zoo", 3, 9], ["attic", 0, 1], ["lobby", 7, 2]));
    page.do("enter", { name: "mine" });
    assert.deepEqual(choices(page), [["lobby", 1, false, false], ["mine", 0, false, true], ["attic", 0, false, false], ["zoo", 3, false, false]]);
  });

  test("keep what was known of a room while there is no line", () => {
    const history = new History("lobby");
    const page = new Page().arrive(history);
    page.hear({ type: "presence", room: "lobby", joined: [{ user: "u2", nick: "Bob" }], left: [], member_count: 2 });
    page.hear(list(["lobby", 1, 0]));
    page.do("waiting", { retryAt: 1_000, code: 1006 });
    assert.deepEqual(choices(page), [["lobby", 2, false, true]]);
  });

  test("have a dot where something new was said, until it is seen", () => {
    const page = new Page({ seen: [["zoo", 4], ["attic", 1]] }).arrive();
    page.hear(list(["zoo", 3, 9], ["attic", 0, 1], ["never-visited", 1, 5]));
    assert.deepEqual(choices(page).filter(([, , fresh]) => fresh).map(([room]) => room), ["zoo"]);
    assert.equal(anyFresh(page.state), true);
    page.do("enter", { name: "zoo" });
    assert.equal(anyFresh(page.state), false);
    const history = new History("zoo");
    page.hear({ ...history.joined(), id: page.last("join").id });
    page.do("enter", { name: "attic" });
    page.hear(history.write({ type: "message", id: "1", user: "u2", text: "x" }));
    assert.deepEqual(choices(page).filter(([, , fresh]) => fresh).map(([room]) => room), ["zoo"]);
    const own = new Page().arrive();
    own.do("enter", { name: "zoo" });
    own.hear({ type: "message", room: "lobby", seq: 1, id: "1", user: "u1", nick: "Ada", time: 1, text: "from another tab" });
    assert.equal(anyFresh(own.state), false);
  });

  test("people stand in order, the user first", () => {
    const page = new Page().arrive();
    const joined = ["Zoë", "Bob"].map((nick) => ({ user: nick, nick }));
    page.hear({ type: "presence", room: "lobby", joined, left: [], member_count: 3 });
    assert.deepEqual(memberChoices(page.state, compare).map(({ nick, me }) => [nick, me]), [["Ada", true], ["Bob", false], ["Zoë", false]]);
  });
});
