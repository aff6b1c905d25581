// What the user is notified of, and whether the others see that they are there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { choices, keptChoices, offers, waiting } from "../../web/js/core/attention.js";
import { AWAY_AFTER } from "../../web/js/core/presence.js";
import { current } from "../../web/js/core/state.js";
import { memberChoices } from "../../web/js/core/choices.js";
import { History } from "./model.js";
import { Page, WELCOME } from "./page.js";

const say = (history, text, user = "u2") => history.write({ type: "message", id: `${history.seq}`, user, text });

/** A page in the lobby that is in the room `tea` as well, with what was chosen on this device. */
function inTwo(attention = {}, permission = "granted") {
  const page = new Page({ attention: { desktop: true, ...attention }, permission }).arrive();
  const tea = new History("tea");
  const lobby = new History("lobby");
  page.do("enter", { name: "tea" });
  page.hear({ ...tea.joined(), id: page.last("join").id });
  page.do("enter", { name: "lobby" });
  page.take();
  return { page, tea, lobby };
}

const called = (page) => page.calls.splice(0).map(({ room, text }) => [room, text]);

describe("a call", () => {
  test("comes for what names the user, in a room that is not looked at", () => {
    const { page, tea, lobby } = inTwo();
    for (const text of ["hello", "@Ada?"]) page.hear(say(tea, text));
    page.hear(say(tea, "@Ada is me", "u1"));
    page.hear(say(lobby, "@Ada!"));
    assert.deepEqual(called(page), [["tea", "@Ada?"]]);
    page.do("hidden");
    page.hear(say(lobby, "@Ada again"));
    assert.deepEqual(called(page), [["lobby", "@Ada again"]]);
  });

  test("comes for every message, or for none, where that was chosen", () => {
    const { page, tea } = inTwo();
    page.do("level", { key: "tea", level: "all" });
    page.hear(say(tea, "hello"));
    assert.deepEqual(called(page), [["tea", "hello"]]);
    assert.equal(waiting(page.state), true);
    page.do("level", { key: "tea", level: "nothing" });
    page.hear(say(tea, "@Ada"));
    assert.deepEqual(called(page), []);
    assert.equal(waiting(page.state), false);
    page.do("hidden");
    page.hear(say(tea, "@Ada"));
    assert.equal(page.state.away, 0);
  });

  test("says how: as the user chose, and the browser allows", () => {
    for (const [attention, permission, expected] of [
      [{ sound: true }, "granted", [true, true]],
      [{ desktop: false, sound: true }, "granted", [false, true]],
      [{}, "denied", [false, false]],
      [{}, "default", [false, false]],
    ]) {
      const { page, tea } = inTwo(attention, permission);
      page.hear(say(tea, "@Ada"));
      assert.deepEqual([page.calls[0].shown, page.calls[0].sound], expected);
    }
  });

  test("comes once for all that was said while there was no connection, and never for what is old", () => {
    const { page, tea } = inTwo();
    page.do("waiting", { retryAt: 10, code: 1006 });
    for (const text of ["@Ada", "@Ada again", "nothing"]) say(tea, text);
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    const { id, since } = page.sent.findLast(({ type, room }) => type === "join" && room === "tea");
    page.hear({ ...tea.joined(since), id });
    assert.deepEqual(called(page), [["tea", "@Ada again"]]);
    const fresh = new Page({ roomNames: ["tea"] }).arrive();
    assert.deepEqual(fresh.calls, []);
  });
});

describe("notifications", () => {
  test("are offered when somebody has named the user, not before, and once", () => {
    const { page, lobby } = inTwo({ desktop: false }, "default");
    assert.equal(offers(page.state), false);
    page.hear(say(lobby, "hello"));
    assert.equal(offers(page.state), false);
    page.hear(say(lobby, "@Ada"));
    assert.equal(offers(page.state), true);
    page.do("notNow");
    assert.equal(offers(page.state), false);
  });

  test("are not offered where they cannot be, or are there", () => {
    for (const permission of ["denied", "granted"]) {
      const { page, lobby } = inTwo({ desktop: false }, permission);
      page.hear(say(lobby, "@Ada"));
      assert.equal(offers(page.state), false);
    }
  });

  test("are shown from when the user allows them, and not when they refuse", () => {
    for (const [permission, desktop] of [["granted", true], ["denied", false]]) {
      const { page, lobby } = inTwo({ desktop: false }, "default");
      page.hear(say(lobby, "@Ada"));
      page.do("permission", { permission: "default" });
      assert.equal(offers(page.state), true, "a question that was put away is asked again");
      page.do("permission", { permission });
      assert.deepEqual([page.state.attention.desktop, offers(page.state)], [desktop, false]);
    }
  });

  test("stay as they were chosen, whatever else is found on the device", () => {
    const { page } = inTwo();
    page.do("level", { key: "tea", level: "all" });
    page.do("sound", { on: true });
    const kept = JSON.parse(JSON.stringify(keptChoices(page.state.attention)));
    assert.deepEqual(kept, { levels: [["tea", "all"]], desktop: true, sound: true, offered: false });
    assert.deepEqual(keptChoices(choices(kept)), kept);
    for (const broken of [null, 7, [], { levels: "x", sound: 1 }, { levels: [["tea", "loud"], 3, null] }]) {
      assert.deepEqual(choices(broken), { levels: new Map(), desktop: false, sound: false, offered: false });
    }
  });
});

describe("somebody who does not move", () => {
  test("is away after a while, and back when they do", () => {
    const page = new Page().arrive();
    for (let left = AWAY_AFTER; left > 0; left -= 20_000) {
      assert.equal(page.last("away"), undefined);
      page.pass(20_000);
      page.hear({ type: "pong" });
    }
    assert.deepEqual(page.last("away"), { type: "away", away: true });
    page.do("active");
    assert.deepEqual(page.last("away"), { type: "away", away: false });
  });

  test("is back when they look at the page again", () => {
    const page = new Page().arrive();
    page.do("hidden");
    page.pass(AWAY_AFTER);
    page.do("visible");
    assert.deepEqual(page.sent.filter(({ type }) => type === "away").map(({ away }) => away), [true, false]);
  });

  test("is still away on the next connection, and an older server may refuse to hear of it", () => {
    const page = new Page().arrive();
    page.pass(AWAY_AFTER);
    page.hear({ type: "error", code: "unknown_type", message: "No." });
    page.do("waiting", { retryAt: 10, code: 1006 });
    page.take();
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    assert.deepEqual(page.last("away"), { type: "away", away: true });
  });

  test("stands below the others, until they come back or go", () => {
    const compare = (a, b) => (a < b ? -1 : 1);
    const page = new Page().arrive();
    const met = (joined, left = []) => page.hear({ type: "presence", room: "lobby", joined, left, member_count: 3 });
    const shown = () => memberChoices(page.state, compare).map(({ nick, away }) => (away ? `(${nick})` : nick));
    met([{ user: "u2", nick: "Bob", away: true }, { user: "u3", nick: "Cyn" }]);
    assert.deepEqual(shown(), ["Ada", "Cyn", "(Bob)"]);
    met([{ user: "u2", nick: "Bob" }, { user: "u3", nick: "Cyn", away: true }]);
    assert.deepEqual(shown(), ["Ada", "Bob", "(Cyn)"]);
    met([], ["u3"]);
    assert.deepEqual([...current(page.state).absent], []);
  });
});
