// The card of a person, what they said, and those whom the user ignores.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { cardOf, ignoring, MOST_IGNORED } from "../../web/js/core/person.js";
import { current } from "../../web/js/core/state.js";
import { rows } from "../../web/js/core/rows.js";
import { settings } from "../../web/js/core/settings.js";
import { enterBreaks } from "../../web/js/core/writing.js";
import { History } from "./model.js";
import { Page } from "./page.js";

const say = (history, text, user, more = {}) => history.write({ type: "message", id: `${history.seq}`, user, text, ...more });

/** A page in the lobby that is in the room `tea` as well. */
function inTwo(kept = {}) {
  const page = new Page({ attention: { desktop: true, levels: [["tea", "all"]] }, permission: "granted", ...kept }).arrive();
  const tea = new History("tea");
  page.do("enter", { name: "tea" });
  page.hear({ ...tea.joined(), id: page.last("join").id });
  page.do("enter", { name: "lobby" });
  page.take();
  page.calls.length = 0;
  return { page, tea };
}

const ignore = (page, user, nick = "Bob") => page.do("setting", { name: "ignored", value: ignoring(page.state.settings.ignored, { user, nick }) });
const unread = (page) => page.state.rooms.get("tea").unread;

describe("somebody who is ignored", () => {
  test("is not counted, calls nobody and is not seen typing; until no longer ignored", () => {
    const { page, tea } = inTwo();
    page.hear(say(tea, "one", "u2"));
    page.hear(say(tea, "two", "u3"));
    assert.deepEqual([unread(page), page.calls.length], [2, 2]);
    ignore(page, "u2");
    assert.equal(unread(page), 1);
    page.hear(say(tea, "@Ada", "u2"));
    page.hear({ type: "typing", room: "tea", user: "u2", nick: "Bob" });
    assert.deepEqual([unread(page), page.calls.length, page.state.rooms.get("tea").typing.size], [1, 2, 0]);
    page.hear({ type: "typing", room: "tea", user: "u3", nick: "Cyn" });
    assert.equal(page.state.rooms.get("tea").typing.size, 1);
    ignore(page, "u2");
    assert.equal(unread(page), 3);
  });

  test("is so in all tabs, and after a reload", () => {
    const { page, tea } = inTwo({ settings: { ignored: { u2: "Bob" } } });
    page.hear(say(tea, "one", "u2"));
    assert.equal(unread(page), 0);
    page.do("stored", { settings: {}, attention: null });
    assert.equal(unread(page), 1);
    page.do("stored", { settings: { ignored: { u2: "Bob" } }, attention: null });
    assert.equal(unread(page), 0);
  });

  test("has rows that say so in place of messages and quotes, and keep their keys", () => {
    const me = { user: "u1", nick: "Ada", ignored: { u2: "Bob" } };
    const entries = [
      { type: "message", seq: 1, user: "u2", nick: "Bob", time: 1, text: "secret", reactions: { "👍": ["u3"] } },
      { type: "message", seq: 2, user: "u3", nick: "Cyn", time: 2, text: "no", reply_to: 1 },
    ];
    const lines = (who) => rows(entries, [], who, () => 0).filter(({ kind }) => kind === "line");
    const [hidden, answer] = lines(me);
    assert.deepEqual([hidden.message.ignored, hidden.message.deleted, hidden.message.reactions], [true, true, {}]);
    assert.equal(answer.quoted.ignored, true);
    assert.equal(answer.message, entries[1]);
    assert.equal(lines(me)[0].message, hidden.message, "the same object, so the row is not drawn again");
    assert.equal(lines({ ...me, ignored: {} })[0].message, entries[0]);
    assert.equal(hidden.key, lines({ ...me, ignored: {} })[0].key);
  });

  test("is one of at most 500, and the first is forgotten first", () => {
    let ignored = {};
    for (let n = 0; n < MOST_IGNORED + 3; n++) ignored = ignoring(ignored, { user: `u${n}`, nick: "N" });
    assert.equal(Object.keys(ignored).length, MOST_IGNORED);
    assert.ok(!Object.hasOwn(ignored, "u2") && Object.hasOwn(ignored, "u3"));
  });

  test("is nobody where what is stored is no list, whatever an id is", () => {
    for (const stored of [null, {}, { ignored: null }, { ignored: "no" }, { ignored: 7 }]) {
      const { page, tea } = inTwo({ settings: stored });
      for (const user of ["constructor", "toString", "__proto__", "length"]) page.hear(say(tea, "x", user, { nick: "Odd" }));
      assert.equal(unread(page), 4, JSON.stringify(stored));
      assert.ok(typeof settings(stored).ignored === "object");
    }
  });
});

describe("the card of a person", () => {
  const about = (user, nick) => ({ name: "person-card", about: { user, nick } });

  test("says who they are now, and whether they are here", () => {
    const page = new Page().arrive();
    page.hear({ type: "presence", room: "lobby", joined: [{ user: "u2", nick: "Bob" }, { user: "u3", nick: "Cyn", away: true }], left: [], member_count: 3 });
    const card = (user, nick) => {
      page.do("sheet", about(user, nick));
      return cardOf(page.state);
    };
    assert.deepEqual([card("u2", "Bobby").nick, card("u2", "Bobby").presence], ["Bob", "here"]);
    assert.deepEqual([card("u3", "Cyn").presence, card("u9", "Dan").presence, card("u9", "Dan").nick], ["away", "gone", "Dan"]);
    assert.deepEqual([card("u2", "Bob").own, card("u1", "Ada").own], [false, true]);
    ignore(page, "u2");
    assert.deepEqual([card("u2", "Bob").ignored, card("u3", "Cyn").ignored], [true, false]);
  });

  test("leads to what they said, with or without a text, until all are searched again", () => {
    const page = new Page().arrive();
    const by = { user: "u2", nick: "Bob" };
    page.do("find", { query: "", by, everywhere: false });
    const { id, ...asked } = page.last("search");
    assert.deepEqual(asked, { type: "search", query: "", user: "u2", room: "lobby", limit: 30 });
    page.hear({ type: "results", id, entries: [{ type: "message", room: "lobby", seq: 1, user: "u2", nick: "Bob", time: 1, text: "tea" }], more: false, complete: true });
    assert.deepEqual([page.state.search.phase, page.state.search.entries.length, page.state.search.by], ["done", 1, by]);
    page.do("find", { query: "tea", by, everywhere: true });
    assert.deepEqual([page.last("search").query, page.last("search").user], ["tea", "u2"]);
    page.take();
    page.do("find", { query: "", everywhere: false });
    assert.deepEqual([page.state.search.phase, page.state.search.by], ["idle", null]);
  });
});

test("Enter sends or starts a new line as the user chose, or as the device is used", () => {
  const breaks = (enter, touch) => enterBreaks({ settings: settings({ enter }), touch });
  assert.deepEqual([breaks("system", true), breaks("system", false)], [true, false]);
  assert.deepEqual([breaks("send", true), breaks("send", false)], [false, false]);
  assert.deepEqual([breaks("break", true), breaks("break", false)], [true, true]);
  assert.deepEqual([breaks("odd", true), breaks("odd", false)], [true, false]);
  const page = new Page().arrive();
  page.do("setting", { name: "enter", value: "break" });
  assert.ok(enterBreaks(page.state));
  assert.ok(current(page.state));
});
