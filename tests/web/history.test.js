// A place far up in a room, and the way back down; searching, which leads there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { newest } from "../../web/js/core/log.js";
import { inSight } from "../../web/js/core/history.js";
import { current } from "../../web/js/core/state.js";
import { lastOwn, purpose } from "../../web/js/core/writing.js";
import { History, writeSomething } from "./model.js";
import { Page, WELCOME } from "./page.js";
import { pickOne, seeded } from "./random.js";

const say = (history, text) => history.write({ type: "message", id: `${history.seq}`, user: "u2", text });

/** A lobby with `count` messages, of which the page has the newest 50. */
function long(count = 500) {
  const history = new History("lobby");
  for (let n = 1; n <= count; n++) say(history, `line ${n}`);
  return { history, page: new Page().arrive(history) };
}

/** What the server says to a question for history. */
function answerTo(history, { id, before, after, limit }) {
  const last = after === undefined ? before - 1 : Math.min(history.seq, after + limit);
  const start = after === undefined ? Math.max(0, last - limit) : after;
  const more = after === undefined ? start > 0 : last < history.seq;
  return { type: "history", id, room: history.room, entries: history.between(start, last), more };
}

const answer = (page, history, question = page.last("history")) => page.hear(answerTo(history, question));
/** What is shown of entries: nobody sees what an edit said then, or when a deleted line was edited. */
const seen = (entries) => entries.map(({ text, edited, reactions = {}, ...rest }) => (rest.deleted || rest.type === "edited" ? rest : { text, edited, reactions, ...rest }));
const span = (log) => [log.first, newest(log)];

describe("a place that is sought", () => {
  test("far up comes with what stands around it, beside the log", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    assert.equal(page.state.following, false);
    const { id, ...question } = page.last("history");
    assert.deepEqual(question, { type: "history", room: "lobby", before: 131, limit: 60 });
    answer(page, history, { id, ...question });
    assert.deepEqual(span(inSight(current(page.state))), [71, 130]);
    assert.deepEqual(span(current(page.state).log), [451, 500]);
    page.take();
    page.do("tick");
    assert.deepEqual(page.take(), [], "it is asked for once");
  });

  test("that is there needs no question", () => {
    const { page } = long();
    page.do("seek", { room: "lobby", seq: 460 });
    assert.equal(page.last("history"), undefined);
    assert.deepEqual([current(page.state).past, current(page.state).sought.seq], [null, 460]);
  });

  test("just above the log becomes a part of it", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 430 });
    answer(page, history);
    assert.equal(current(page.state).past, null);
    assert.deepEqual(span(current(page.state).log), [401, 500]);
  });

  test("is found once it is in sight, and missing where it is no message or never was", () => {
    const fate = (page) => current(page.state).sought.fate;
    const { history, page } = long();
    page.hear(history.write({ type: "topic", user: "u2", text: "tea" }));
    for (const [seq, wanted] of [[460, "found"], [501, "missing"], [502, "missing"]]) {
      page.do("seek", { room: "lobby", seq });
      assert.equal(fate(page), wanted, `${seq}`);
    }
    assert.equal(page.last("history"), undefined);
    page.do("seek", { room: "lobby", seq: 0 });
    assert.equal(fate(page), "sought");
    answer(page, history);
    assert.equal(fate(page), "missing");
    assert.equal(current(page.state).past, null, "nothing is moved");
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    assert.equal(fate(page), "found");
    page.do("follow", { following: true });
    assert.equal(current(page.state).sought, null);
  });

  test("waits when the server asks for it, and is missing when it refuses", () => {
    const { page } = long();
    page.do("seek", { room: "lobby", seq: 5 });
    page.hear({ type: "error", id: page.take()[0].id, code: "rate_limited", message: "No.", retry_after: 1 });
    assert.equal(page.last("history"), undefined);
    page.pass(1_100);
    page.hear({ type: "error", id: page.take()[0].id, code: "history_truncated", message: "No." });
    assert.equal(current(page.state).sought.fate, "missing");
  });

  test("before the room is entered is looked for then, and shown instead of the newest", () => {
    const { history } = long(200);
    for (const [seq, asks] of [[190, false], [20, true]]) {
      const page = new Page();
      page.do("seek", { room: "lobby", seq });
      page.do("open", { identity: null });
      page.hear({ ...WELCOME, id: page.last("hello").id });
      page.hear({ ...history.joined(), id: page.last("join").id });
      if (asks) answer(page, history);
      assert.deepEqual([current(page.state).sought.fate, page.state.following], ["found", false]);
    }
  });

  test("stays in sight over another connection, and is none any more in a new numbering", () => {
    const { history, page } = long();
    const back = (other, more) => {
      page.do("waiting", { retryAt: 9, code: 1006 });
      page.do("open", { identity: null });
      page.hear({ ...WELCOME, id: page.last("hello").id });
      const { id, since } = page.last("join");
      page.hear({ ...other.joined(since), ...more, id });
    };
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    const { sought } = current(page.state);
    back(history);
    assert.equal(current(page.state).sought, sought);
    for (let n = 0; n < 1_100; n++) say(history, "much");
    const newer = history.joined();
    back(history, { ...newer, recovered: false });
    assert.deepEqual([current(page.state).past, current(page.state).sought.fate], [null, "sought"]);
    answer(page, history);
    assert.deepEqual([current(page.state).sought.fate, ...span(inSight(current(page.state)))], ["found", 71, 130]);
    back(history, { ...newer, recovered: false, epoch: "another" });
    assert.deepEqual([current(page.state).past, current(page.state).sought, page.state.following], [null, null, true]);
  });

  test("stays in sight when the server was started again, and nothing was lost", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    const before = current(page.state);
    history.restart("e2");
    say(history, "said meanwhile");
    page.do("waiting", { retryAt: 9, code: 1006 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    const { id, since } = page.last("join");
    assert.equal(since.epoch, "e1");
    page.hear({ ...history.joined(since), id });
    const after = current(page.state);
    assert.deepEqual([after.sought, span(inSight(after))], [before.sought, span(inSight(before))]);
    assert.deepEqual([after.log.epoch, after.log.first], ["e2", before.log.first]);
    assert.deepEqual([after.unread, page.state.following], [before.unread + 1, false]);
  });

  test("in another room leads there, also where the page was not in it", () => {
    const { page } = long();
    const tea = new History("tea");
    for (let n = 0; n < 300; n++) say(tea, "x");
    page.do("seek", { room: "tea", seq: 9 });
    page.hear({ ...tea.joined(), id: page.last("join").id });
    answer(page, tea);
    assert.deepEqual([page.state.key, ...span(inSight(current(page.state)))], ["tea", 1, 39]);
  });

  test("is let go by going to the newest, by writing, and by leaving the room", () => {
    for (const [event, detail] of [["follow", { following: true }], ["send", { text: "x", id: "x" }]]) {
      const { history, page } = long();
      page.do("seek", { room: "lobby", seq: 100 });
      answer(page, history);
      page.do(event, detail);
      const { past, sought, log } = current(page.state);
      assert.deepEqual([past, sought, page.state.following, newest(log)], [null, null, true, 500]);
    }
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    page.do("enter", { name: "tea" });
    page.do("enter", { name: "lobby" });
    assert.deepEqual([current(page.state).past, current(page.state).sought], [null, null]);
  });

  test("whose answer comes after it was let go is not shown", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    const question = page.last("history");
    page.do("follow", { following: true });
    answer(page, history, question);
    assert.equal(current(page.state).past, null);
  });

  test("is asked for again on the next connection", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    page.do("waiting", { retryAt: 9, code: 1006 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    const { id, since } = page.last("join");
    page.hear({ ...history.joined(since), id });
    answer(page, history);
    assert.deepEqual(span(inSight(current(page.state))), [71, 130]);
  });
});

describe("while a past is in sight", () => {
  test("what is said goes into the log, uncounted as read, and what it changes is seen", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    page.hear(say(history, "news"));
    page.hear(history.write({ type: "edited", target: 100, user: "u2", text: "better" }));
    const room = current(page.state);
    assert.deepEqual([newest(room.log), room.read, page.state.unseen], [502, 500, 1]);
    assert.equal(room.past.entries.find(({ seq }) => seq === 100).text, "better");
    page.do("follow", { following: true });
    assert.deepEqual([current(page.state).read, page.state.unseen], [502, 0]);
  });

  test("its messages can be answered and changed, and a change is sent though they went out of sight", () => {
    const { history } = long(90);
    history.write({ type: "message", id: "mine", user: "u1", text: "mine" });
    for (let n = 0; n < 400; n++) say(history, "later");
    const page = new Page().arrive(history);
    page.do("seek", { room: "lobby", seq: 91 });
    answer(page, history);
    assert.equal(lastOwn(page.state), 91);
    page.do("react", { seq: 80, emoji: "🍵" });
    assert.equal(page.last("react").seq, 80);
    page.do("reply", { seq: 81 });
    assert.equal(purpose(current(page.state)).line, "line 81");
    page.do("edit", { seq: 91 });
    assert.equal(current(page.state).draft, "mine");
    page.do("follow", { following: true });
    page.do("send", { text: "better", id: "x" });
    assert.deepEqual([page.last("edit").seq, page.last("edit").text, page.last("send")], [91, "better", undefined]);
  });

  test("pages above and below are asked for one at a time", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 200 });
    answer(page, history);
    page.take();
    for (const type of ["newer", "newer", "older", "older"]) page.do(type);
    const asked = page.take();
    assert.deepEqual(asked.map(({ before, after }) => before ?? after), [230, 171]);
    for (const question of asked) answer(page, history, question);
    assert.deepEqual(span(current(page.state).past), [71, 330]);
  });

  test("reading on leads down to the newest, without a hole", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    for (let n = 0; n < 9 && current(page.state).past; n++) {
      page.do("newer");
      page.hear(say(history, "meanwhile"));
      answer(page, history);
    }
    assert.equal(current(page.state).past, null);
    assert.deepEqual(current(page.state).log.entries, history.entries.slice(70));
  });

  test("whatever happens, both logs are as the server has them", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const { history, page } = long(300);
      const open = [];
      const changes = {
        write: () => page.hear(writeSomething(history, random, pickOne)),
        change: () => page.hear(history.write({ type: "edited", target: 1 + Math.floor(random() * 300), user: "u2", text: `${random()}` })),
        seek: () => page.do("seek", { room: "lobby", seq: 1 + Math.floor(random() * history.seq) }),
        older: () => page.do("older"),
        newer: () => page.do("newer"),
        down: () => page.do("follow", { following: true }),
        arrive: () => open.length > 0 && page.hear(open.shift()),
      };
      for (let n = 0; n < 120; n++) {
        changes[pickOne(random, ["write", "change", "seek", "older", "newer", "newer", "arrive", "arrive", "arrive", random() < 0.1 ? "down" : "newer"])]();
        // An answer is made when the question comes, and may be on its way for long.
        for (const question of page.take()) if (question.type === "history") open.push(answerTo(history, question));
        const { log, past } = current(page.state);
        assert.equal(newest(log), history.seq, `seed ${seed}`);
        for (const { first, entries } of [log, past].filter(Boolean)) {
          assert.deepEqual(seen(entries), seen(history.entries.slice(first - 1, first - 1 + entries.length)), `seed ${seed}`);
        }
        assert.ok(past === null || newest(past) < log.first - 1, "two that meet are one");
      }
    }
  });
});

describe("what is kept no longer", () => {
  test("is said to be gone above the oldest that there is", () => {
    const { history, page } = long();
    page.do("older");
    const { id } = page.last("history");
    assert.equal(inSight(current(page.state)).truncated, false);
    page.hear({ type: "history", id, room: "lobby", entries: [], more: false, truncated: true });
    const { more, truncated } = current(page.state).log;
    assert.deepEqual([more, truncated], [false, true]);
    page.take();
    page.do("older");
    assert.deepEqual(page.take(), [], "there is nothing to ask for");
    page.hear(say(history, "next"));
    assert.equal(current(page.state).log.truncated, true);
  });

  test("is said so by the answer to a join, too", () => {
    const history = new History("lobby");
    for (let n = 0; n < 5; n++) say(history, `line ${n}`);
    const page = new Page();
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    page.hear({ ...history.joined(), id: page.last("join").id, truncated: true });
    assert.equal(current(page.state).log.truncated, true);
  });

  test("ends the way down, without a jump and without asking again", () => {
    const { history, page } = long();
    page.do("seek", { room: "lobby", seq: 100 });
    answer(page, history);
    page.do("newer");
    const question = page.last("history");
    assert.equal(question.after, 130);
    page.hear({ type: "error", id: question.id, code: "history_truncated", message: "Gone." });
    const { past, newer } = current(page.state);
    assert.deepEqual([span(past), past.cut, newer], [[71, 130], true, null]);
    page.take();
    page.do("newer");
    assert.deepEqual(page.take(), []);
    page.do("follow", { following: true });
    assert.equal(current(page.state).past, null);
  });
});

describe("a search", () => {
  const found = (page, seqs, next, complete = true) => ({ type: "results", id: page.last("search").id, entries: seqs.map((seq) => ({ type: "message", room: "lobby", seq, id: "x", user: "u2", nick: "Bob", time: 1, text: "tea" })), more: next !== undefined, complete, next });

  test("asks in the room in sight, and goes on above the oldest that was found", () => {
    const { page } = long(5);
    page.do("find", { query: "  tea ", everywhere: false });
    const { id: _, ...command } = page.last("search");
    assert.deepEqual(command, { type: "search", query: "tea", room: "lobby", limit: 30 });
    page.hear(found(page, [5, 3], "1.1-3"));
    page.do("findMore");
    assert.equal(page.last("search").next, "1.1-3");
    page.do("findMore");
    page.hear(found(page, [1]));
    page.do("findMore");
    assert.deepEqual(page.state.search.entries.map(({ seq }) => seq), [5, 3, 1]);
    assert.equal(page.sent.filter(({ type }) => type === "search").length, 2);
  });

  test("asks everywhere without naming a room, and goes on like that", () => {
    const { page } = long(5);
    page.do("find", { query: "tea", everywhere: true });
    assert.equal(page.last("search").room, undefined);
    page.hear(found(page, [5], "1.1-3.2-9"));
    page.do("findMore");
    const { id: _, ...command } = page.last("search");
    assert.deepEqual(command, { type: "search", query: "tea", next: "1.1-3.2-9", limit: 30 });
    page.hear(found(page, [1]));
    assert.deepEqual(page.state.search.entries.map(({ seq }) => seq), [5, 1]);
  });

  test("goes on above the oldest that was found where the server says no place", () => {
    const { page } = long(5);
    page.do("find", { query: "tea", everywhere: false });
    page.hear({ ...found(page, [5, 3]), more: true });
    page.do("findMore");
    assert.equal(page.last("search").before, 3);
    page.hear({ ...found(page, []), more: true });
    page.do("find", { query: "tea", everywhere: true });
    page.hear({ ...found(page, [5]), more: true });
    page.take();
    page.do("findMore");
    assert.deepEqual(page.take(), []);
  });

  test("for which there was no time goes on from there, though nothing was found yet", () => {
    const { page } = long(5);
    page.do("find", { query: "tea", everywhere: false });
    page.hear(found(page, [], "1.1-3", false));
    assert.deepEqual([page.state.search.phase, page.state.search.more, page.state.search.complete], ["done", true, false]);
    page.do("findMore");
    assert.equal(page.last("search").next, "1.1-3");
    page.hear(found(page, [2]));
    assert.deepEqual([page.state.search.more, page.state.search.complete], [false, true]);
    assert.deepEqual(page.state.search.entries.map(({ seq }) => seq), [2]);
  });

  test("that was asked again shows only what was asked for last", () => {
    const { page } = long(5);
    page.do("find", { query: "tea", everywhere: false });
    const late = found(page, [5], "1.1-5");
    page.do("find", { query: "coffee", everywhere: false });
    page.hear(late);
    assert.deepEqual([page.state.search.phase, page.state.search.entries], ["busy", []]);
    page.do("find", { query: " ", everywhere: false });
    assert.equal(page.state.search.phase, "idle");
  });

  test("that cannot be made says why", () => {
    const { page } = long(5);
    page.do("find", { query: "tea", everywhere: false });
    page.hear({ type: "error", id: page.last("search").id, code: "rate_limited", message: "No." });
    assert.deepEqual([page.state.search.phase, page.state.search.refusal.code], ["refused", "rate_limited"]);
    page.do("find", { query: "tea", everywhere: false });
    page.do("waiting", { retryAt: 9, code: 1006 });
    assert.equal(page.state.search.refusal.code, "offline");
    page.do("find", { query: "tea", everywhere: false });
    assert.equal(page.state.search.refusal.code, "offline");
  });
});
