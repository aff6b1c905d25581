import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { changedDrafts, drafts, purposes } from "../../web/js/core/unsent.js";
import { foreseen } from "../../web/js/core/changes.js";
import { rows } from "../../web/js/core/rows.js";
import { current } from "../../web/js/core/state.js";
import { hintWords } from "../../web/js/core/wording.js";
import { purpose, purposeWords } from "../../web/js/core/writing.js";
import { History } from "./model.js";
import { Page } from "./page.js";
import { pickOne, seeded } from "./random.js";

const dayOf = () => 0;

/** A room in which Bob (1), Ada (2) and Bob (3) have spoken, and Ada's page in it. */
function opened(more = {}) {
  const history = new History("lobby");
  for (const user of ["u2", "u1", "u2"]) history.write({ type: "message", id: `m${history.seq}`, user, text: `text ${history.seq + 1}` });
  return { history, page: new Page(more).arrive(history) };
}

const room = (page) => current(page.state);
const changes = (page) => page.state.changes.map(({ type, seq, fate }) => `${type} ${seq} ${fate}`);

/** What the page shows of the message `seq`. */
function shown(page, seq) {
  const { log, mark, editing, replying, removing } = room(page);
  const about = { key: "lobby", mark, editing, replying, removing, changes: page.state.changes };
  return rows(log.entries, page.state.pending, page.state.me, dayOf, about).find((row) => row.kind === "line" && row.seq === seq);
}

describe("a reaction", () => {
  test("goes out at once, and is taken away by doing the same again", () => {
    const { history, page } = opened();
    page.do("react", { seq: 1, emoji: " 🍵" });
    const [{ id, ...command }] = page.take();
    assert.deepEqual(command, { type: "react", room: "lobby", seq: 1, emoji: "🍵", on: true });
    page.hear({ ...history.write({ type: "reacted", target: 1, user: "u1", emoji: "🍵", on: true }), id });
    assert.deepEqual(changes(page), []);
    page.do("react", { seq: 1, emoji: "🍵" });
    assert.equal(page.last("react").on, false);
  });

  test("is the one that is there, however it was typed", () => {
    const { history, page } = opened();
    page.hear(history.write({ type: "reacted", target: 1, user: "u2", emoji: "❤️", on: true }));
    page.do("react", { seq: 1, emoji: "❤" });
    const [{ id, emoji, on }] = page.take();
    assert.deepEqual([emoji, on], ["❤️", true]);
    page.hear({ ...history.write({ type: "reacted", target: 1, user: "u1", emoji, on }), id });
    page.do("react", { seq: 1, emoji: "❤" });
    assert.deepEqual([page.last("react").emoji, page.last("react").on], ["❤️", false]);
  });

  test("that was thought better of before it went out never goes out", () => {
    const { page } = opened();
    page.do("waiting", { retryAt: 1e9, code: 1006 });
    page.do("react", { seq: 1, emoji: "👍" });
    page.do("react", { seq: 1, emoji: "👍" });
    assert.deepEqual(changes(page), []);
    page.do("react", { seq: 1, emoji: "👍" });
    assert.deepEqual(changes(page), ["react 1 queued"]);
  });

  test("changed its mind while it was on its way, and the last word counts", () => {
    const { page } = opened();
    for (let i = 0; i < 3; i++) page.do("react", { seq: 1, emoji: "👍" });
    assert.deepEqual(page.sent.map(({ on }) => on), [true, false, true]);
  });

  test("is one emoji of a message that is there", () => {
    const { history, page } = opened();
    page.hear(history.write({ type: "deleted", target: 3, user: "u2" }));
    for (const [seq, emoji] of [[1, ""], [1, "  "], [1, "two words"], [1, "x".repeat(33)], [1, "a\u202eb"], [3, "👍"], [4, "👍"], [99, "👍"]]) {
      page.do("react", { seq, emoji });
    }
    assert.deepEqual([page.sent, changes(page)], [[], []]);
    page.do("react", { seq: 1, emoji: " 👩‍💻 " });
    assert.equal(page.last("react").emoji, "👩‍💻");
  });

  test("that was never there is answered by ok, which ends it", () => {
    const { page } = opened();
    page.do("react", { seq: 1, emoji: "👍" });
    page.hear({ type: "ok", id: page.last("react").id });
    assert.deepEqual(changes(page), []);
  });
});

describe("a reaction too many", () => {
  test("is taken back, and the reason stands at the message", () => {
    const { page } = opened();
    const seen = () => foreseen(room(page).log.entries[0], page.state.changes, "u1").reactions;
    page.do("react", { seq: 1, emoji: "🍵" });
    assert.deepEqual(seen(), { "🍵": ["u1"] });
    page.hear({ type: "error", id: page.last("react").id, code: "limit_reached", message: "A message has at most 20 emoji." });
    assert.equal(seen(), undefined);
    const [{ id, fate, message }] = page.state.changes;
    assert.deepEqual([fate, message], ["failed", "A message has at most 20 emoji."]);
    page.do("undo", { id });
    assert.deepEqual(page.state.changes, []);
  });
});

describe("editing", () => {
  test("puts the text where it is written, and the draft aside until it is done", () => {
    const { page } = opened();
    page.do("draft", { text: "half a thought" });
    page.take();
    page.do("edit", { seq: 2 });
    assert.deepEqual([room(page).draft, room(page).editing, room(page).aside], ["text 2", 2, "half a thought"]);
    page.say("better");
    assert.deepEqual(page.take().map(({ id: _, ...rest }) => rest), [{ type: "edit", room: "lobby", seq: 2, text: "better" }]);
    assert.deepEqual([room(page).draft, room(page).editing, room(page).aside], ["half a thought", null, null]);
    assert.deepEqual(page.state.pending, []);
    assert.equal(shown(page, 2).changes[0].text, "better");
  });

  test("given up, changes nothing", () => {
    const { page } = opened();
    page.do("draft", { text: "mine" });
    page.do("edit", { seq: 2 });
    page.do("draft", { text: "other" });
    page.do("release");
    assert.deepEqual([room(page).draft, room(page).editing, changes(page)], ["mine", null, []]);
  });

  test("that is not saved is not lost to another edit or a reply: the page says what to do first", () => {
    const { history, page } = opened();
    const hint = () => hintWords(page.state).key;
    page.hear(history.write({ type: "message", id: "x", user: "u1", text: "another" }));
    page.do("edit", { seq: 2 });
    page.do("draft", { text: "better" });
    for (const [type, seq] of [["edit", 4], ["edit", 2], ["reply", 1]]) {
      page.do(type, { seq });
      assert.deepEqual([room(page).editing, room(page).draft, hint()], [2, "better", "hint.unsaved"], type);
    }
    page.do("draft", { text: "better still" });
    assert.equal(hint(), "hint.saves");
    page.do("edit", { seq: 4 });
    page.do("release");
    assert.equal(hint(), "hint.ready");
    page.do("edit", { seq: 4 });
    page.do("edit", { seq: 2 });
    assert.deepEqual([room(page).editing, room(page).draft], [2, "text 2"], "what was not changed is not kept");
    page.do("draft", { text: " " });
    page.do("edit", { seq: 4 });
    assert.equal(room(page).editing, 4);
  });

  test("that is not saved is not lost to one that was refused, and that one is not either", () => {
    const { history, page } = opened();
    page.hear(history.write({ type: "message", id: "x", user: "u1", text: "another" }));
    page.do("edit", { seq: 2 });
    page.say("too bold");
    page.hear({ type: "error", id: page.last("edit").id, code: "muted", message: "No." });
    const [{ id }] = page.state.changes;
    page.do("edit", { seq: 4 });
    page.do("draft", { text: "better" });
    page.do("undo", { id });
    assert.deepEqual([room(page).editing, room(page).draft, page.state.changes.length], [4, "better", 1]);
    page.do("release");
    page.do("undo", { id });
    assert.deepEqual([room(page).editing, room(page).draft, page.state.changes.length], [2, "too bold", 0]);
  });

  test("is for one's own messages that stand", () => {
    const { history, page } = opened();
    page.hear(history.write({ type: "message", id: "x", user: "u1", text: "soon gone" }));
    page.hear(history.write({ type: "deleted", target: 4, user: "u1" }));
    for (const seq of [1, 4, 5, 77]) {
      page.do("edit", { seq });
      page.do("remove", { seq });
    }
    assert.deepEqual([room(page).editing, room(page).removing], [null, null]);
  });

  test("without a change sends nothing; one of all the text asks whether to delete", () => {
    const { page } = opened();
    page.do("edit", { seq: 2 });
    page.say("text 2");
    assert.deepEqual([page.sent, room(page).editing], [[], null]);
    page.do("edit", { seq: 2 });
    page.say("  ");
    assert.deepEqual([page.sent, room(page).editing, room(page).removing], [[], null, 2]);
  });

  const words = (page) => purposeWords(purpose(room(page)))?.key ?? null;

  test("keeps the text when the message is deleted elsewhere: it becomes a new message, or is discarded", () => {
    for (const ends of ["say", "release"]) {
      const { history, page } = opened();
      page.do("draft", { text: "before" });
      page.do("edit", { seq: 2 });
      page.do("draft", { text: "text 2, with much more" });
      page.hear(history.write({ type: "deleted", target: 2, user: "u1" }));
      assert.deepEqual([room(page).draft, words(page), hintWords(page.state).key], ["text 2, with much more", "composer.gone", "hint.ready"]);
      page.take();
      if (ends === "say") page.say("text 2, with more", "new");
      else page.do("release");
      const sent = page.take().map(({ type, text, reply_to: target }) => [type, text, target]);
      assert.deepEqual(sent, ends === "say" ? [["send", "text 2, with more", undefined]] : []);
      assert.deepEqual([room(page).draft, words(page)], ["before", null]);
    }
  });

  test("of nothing but blanks ends with the message", () => {
    const { history, page } = opened();
    page.do("edit", { seq: 2 });
    page.do("draft", { text: " " });
    page.hear(history.write({ type: "deleted", target: 2, user: "u1" }));
    assert.deepEqual([room(page).editing, room(page).draft], [null, ""]);
  });

  test("keeps the text when the message is deleted while another room is shown, or there is no connection", () => {
    for (const absent of ["room", "connection"]) {
      const { history, page } = opened();
      page.do("edit", { seq: 2 });
      page.do("draft", { text: "better" });
      if (absent === "room") page.do("enter", { name: "tea" });
      else page.do("waiting", { retryAt: 1e9, code: 1006 });
      const deleted = history.write({ type: "deleted", target: 2, user: "u1" });
      if (absent === "room") page.hear(deleted);
      else page.arrive(history);
      page.do("enter", { name: "lobby" });
      assert.deepEqual([room(page).draft, words(page)], ["better", "composer.gone"], absent);
    }
  });

  test("that was saved before the deletion was known gives the text back", () => {
    for (const busy of [false, true]) {
      const { page } = opened();
      page.do("draft", { text: "before" });
      page.do("edit", { seq: 2 });
      page.say("better");
      const { id } = page.last("edit");
      if (busy) page.do("edit", { seq: 2 });
      page.hear({ type: "error", id, code: "not_found", message: "No." });
      assert.deepEqual(changes(page), []);
      if (busy) assert.equal(room(page).aside, "better\nbefore");
      else assert.deepEqual([room(page).draft, room(page).aside, words(page)], ["better", "before", "composer.gone"]);
    }
  });

  test("that failed gives the text back when the message is deleted", () => {
    const { history, page } = opened();
    page.do("edit", { seq: 2 });
    page.say("better");
    page.hear({ type: "error", id: page.last("edit").id, code: "muted", message: "No." });
    page.hear(history.write({ type: "deleted", target: 2, user: "u1" }));
    assert.deepEqual([changes(page), room(page).draft, words(page)], [[], "better", "composer.gone"]);
  });

  test("says that the message was changed elsewhere; a text that nobody touched follows", () => {
    const { history, page } = opened();
    page.do("edit", { seq: 2 });
    page.hear(history.write({ type: "edited", target: 2, user: "u1", text: "from the phone" }));
    assert.deepEqual([room(page).draft, words(page)], ["from the phone", "composer.editing"]);
    page.do("draft", { text: "from the phone and here" });
    page.hear(history.write({ type: "edited", target: 2, user: "u1", text: "from the phone again" }));
    assert.deepEqual([room(page).draft, words(page)], ["from the phone and here", "composer.changed"]);
    page.say("both");
    assert.equal(page.last("edit").text, "both");
  });

  test("again, of what is on its way, is not said to be changed elsewhere", () => {
    const { history, page } = opened();
    page.do("edit", { seq: 2 });
    page.say("better");
    const { id } = page.last("edit");
    page.do("edit", { seq: 2 });
    page.do("draft", { text: "better still" });
    page.hear({ ...history.write({ type: "edited", target: 2, user: "u1", text: "better" }), id });
    assert.deepEqual([room(page).draft, words(page)], ["better still", "composer.editing"]);
  });

  test("goes on after a reload, with the draft from before", () => {
    const { history, page } = opened();
    page.do("draft", { text: "before" });
    page.do("edit", { seq: 2 });
    page.do("draft", { text: "better" });
    const stored = JSON.parse(JSON.stringify(purposes(page.state.rooms)));
    const again = new Page({ drafts: drafts(page.state.rooms), purposes: stored });
    assert.deepEqual([room(again).draft, words(again)], ["better", "composer.editing"]);
    again.arrive(history);
    again.say("better still");
    assert.deepEqual([again.last("edit").text, room(again).draft], ["better still", "before"]);
    assert.deepEqual(purposes(again.state.rooms), []);
  });

  test("of a message that is gone, or is somebody else's, after the reload keeps the text", () => {
    for (const seq of [1, 3, 5]) {
      const { history, page } = opened();
      history.write({ type: "message", id: "m5", user: "u1", text: "mine" });
      history.write({ type: "message", id: "m6", user: "u1", text: "mine, too" });
      page.do("edit", { seq: 2 });
      const [[key, stored]] = purposes(page.state.rooms);
      const again = new Page({ purposes: [[key, { ...stored, editing: seq }]] }).arrive(history);
      assert.deepEqual([room(again).draft, words(again)], ["text 2", "composer.gone"], String(seq));
    }
  });

  test("takes only what can be one from the device", () => {
    const target = { time: 1, base: "", was: "" };
    for (const stored of [null, 5, {}, { editing: 2 }, { editing: "2", text: "x", target }, { editing: 2, text: 5, target }, { editing: 2, text: "x", target: null }]) {
      const page = new Page({ purposes: [["lobby", stored]] });
      assert.deepEqual([room(page).draft, words(page)], ["", null], JSON.stringify(stored));
    }
    const page = new Page({ purposes: [["lobby", { editing: 2, text: "x".repeat(100_000), target }]] });
    assert.equal(room(page).draft.length, 65_536);
  });

  test("refused leaves the text to try again, or to write on with", () => {
    const { page } = opened();
    page.do("edit", { seq: 2 });
    page.say("better");
    page.hear({ type: "error", id: page.last("edit").id, code: "muted", message: "No." });
    assert.deepEqual(changes(page), ["edit 2 failed"]);
    page.take();
    page.do("redo", { id: page.state.changes[0].id });
    assert.equal(page.last("edit").text, "better");
    page.hear({ type: "error", id: page.last("edit").id, code: "muted", message: "No." });
    page.do("undo", { id: page.state.changes[0].id });
    assert.deepEqual([changes(page), room(page).editing, room(page).draft], [[], 2, "better"]);
  });

  test("a line taken back meanwhile joins what was set aside", () => {
    const { page } = opened();
    page.say("never sent");
    page.hear({ type: "error", id: page.state.pending[0].id, code: "muted", message: "No." });
    page.do("edit", { seq: 2 });
    page.do("takeBack", { id: page.state.pending[0].id });
    assert.deepEqual([room(page).draft, room(page).aside], ["text 2", "never sent"]);
  });
});

describe("what outlives the page of what is written", () => {
  test("is the draft, and while a message is edited what was set aside", () => {
    const { page } = opened();
    page.do("draft", { text: "half a thought" });
    const before = page.state.rooms;
    page.do("edit", { seq: 2 });
    assert.deepEqual(drafts(page.state.rooms), [["lobby", "half a thought"]]);
    assert.deepEqual(changedDrafts(before, page.state.rooms), []);
    page.do("release");
    page.say("said");
    assert.deepEqual(drafts(page.state.rooms), []);
    assert.deepEqual(changedDrafts(before, page.state.rooms), [["lobby", "", "half a thought"]]);
  });

  test("goes when another tab is done with it, unless it is another text by now", () => {
    const { page } = opened();
    page.do("draft", { text: "one" });
    page.do("draftDone", { key: "lobby", text: "two" });
    page.do("draftDone", { key: "tea", text: "one" });
    assert.equal(room(page).draft, "one");
    page.do("edit", { seq: 2 });
    page.do("draftDone", { key: "lobby", text: "one" });
    assert.deepEqual([room(page).draft, room(page).aside], ["text 2", ""]);
    page.do("release");
    assert.equal(room(page).draft, "");
  });
});

describe("deleting", () => {
  test("asks first", () => {
    const { history, page } = opened();
    page.do("removeNow");
    page.do("remove", { seq: 2 });
    page.do("keep");
    page.do("removeNow");
    assert.deepEqual(page.sent, []);
    page.do("remove", { seq: 2 });
    page.do("removeNow");
    const { id, ...command } = page.last("delete");
    assert.deepEqual(command, { type: "delete", room: "lobby", seq: 2 });
    page.hear({ ...history.write({ type: "deleted", target: 2, user: "u1" }), id });
    assert.deepEqual([changes(page), room(page).removing], [[], null]);
  });

  test("what is gone already is done", () => {
    const { page } = opened();
    page.do("remove", { seq: 2 });
    page.do("removeNow");
    page.hear({ type: "error", id: page.last("delete").id, code: "not_found", message: "No." });
    assert.deepEqual(changes(page), []);
  });
});

describe("a reply", () => {
  test("says what it answers, also when it is sent again", () => {
    const { page } = opened();
    page.do("reply", { seq: 1 });
    page.say("yes");
    assert.equal(page.last("send").reply_to, 1);
    assert.equal(room(page).replying, null);
    page.do("waiting", { retryAt: 1e9, code: 1006 });
    assert.equal(page.state.pending[0].replyTo, 1);
    assert.equal(shown(page, undefined).quoted.text, "text 1");
  });

  test("is not to a message that is gone, and is not an edit", () => {
    const { history, page } = opened();
    page.do("edit", { seq: 2 });
    page.do("reply", { seq: 1 });
    assert.deepEqual([room(page).editing, room(page).replying, room(page).draft], [null, 1, ""]);
    page.hear(history.write({ type: "deleted", target: 1, user: "u2" }));
    assert.equal(room(page).replying, null, "nothing was written");
    page.do("reply", { seq: 1 });
    assert.equal(room(page).replying, null);
  });

  test("whose message is deleted meanwhile says so, and is sent as a new message", () => {
    const { history, page } = opened();
    page.do("reply", { seq: 1 });
    page.do("draft", { text: "yes" });
    page.hear(history.write({ type: "deleted", target: 1, user: "u2" }));
    assert.deepEqual([room(page).draft, purposeWords(purpose(room(page))).key], ["yes", "composer.unanswered"]);
    page.say("yes");
    assert.deepEqual([page.last("send").text, page.last("send").reply_to], ["yes", undefined]);
    assert.deepEqual(purpose(room(page)), { kind: "new" });
  });

  test("that was on its way is sent as a new message when it is tried again", () => {
    const { page } = opened();
    page.do("reply", { seq: 1 });
    page.say("yes");
    page.hear({ type: "error", id: "id-yes", code: "not_found", message: "No." });
    page.do("again", { id: "id-yes" });
    assert.deepEqual([page.last("send").text, page.last("send").reply_to], ["yes", undefined]);
  });

  test("goes on after a reload", () => {
    const { history, page } = opened();
    page.do("reply", { seq: 1 });
    page.do("draft", { text: "yes" });
    const again = new Page({ drafts: drafts(page.state.rooms), purposes: purposes(page.state.rooms) }).arrive(history);
    again.say("yes");
    assert.equal(again.last("send").reply_to, 1);
  });

  test("to one that is not loaded says so", () => {
    const { history, page } = opened();
    page.hear(history.write({ type: "message", id: "r", user: "u2", text: "re", reply_to: 2 }));
    assert.equal(shown(page, 4).quoted.text, "text 2");
    const list = rows(room(page).log.entries.slice(2), [], page.state.me, dayOf);
    assert.equal(list.find(({ seq }) => seq === 4).quoted, null);
    assert.equal(list.find(({ seq }) => seq === 3).quoted, undefined);
  });
});

describe("acts", () => {
  test("that were not answered when the connection broke are done again in the room", () => {
    const { history, page } = opened();
    page.do("react", { seq: 1, emoji: "👍" });
    page.do("remove", { seq: 2 });
    page.do("removeNow");
    page.do("waiting", { retryAt: 1e9, code: 1006 });
    assert.deepEqual(changes(page), ["react 1 queued", "delete 2 queued"]);
    page.take();
    page.arrive(history);
    assert.deepEqual(changes(page), ["react 1 sent", "delete 2 sent"]);
  });

  test("wait when the server asks for it, and only then", () => {
    const { page } = opened();
    page.do("react", { seq: 1, emoji: "👍" });
    page.hear({ type: "error", id: page.last("react").id, code: "rate_limited", message: "No.", retry_after: 2 });
    page.take();
    page.pass(1_900);
    assert.equal(page.last("react"), undefined);
    page.pass(200);
    assert.equal(page.last("react").emoji, "👍");
  });

  test("of others, and messages with any id, answer nothing", () => {
    const { history, page } = opened();
    page.do("react", { seq: 1, emoji: "👍" });
    const { id } = page.last("react");
    page.hear({ ...history.write({ type: "message", user: "u2", text: "sly" }), id });
    assert.deepEqual(changes(page), ["react 1 sent"]);
    page.hear({ ...history.write({ type: "reacted", target: 1, user: "u1", emoji: "👍", on: true }), id });
    assert.deepEqual(changes(page), []);
  });

  test("are few on the way at a time", () => {
    const { page } = opened();
    for (const emoji of ["a", "b", "c", "d", "e", "f"]) page.do("react", { seq: 1, emoji });
    assert.equal(page.sent.length, 4);
  });

  test("end in what was last wanted, whatever is lost on the way", () => {
    const random = seeded(5);
    for (let round = 0; round < 200; round++) {
      const { history, page } = opened();
      let wanted = false;
      const answerAll = () => {
        for (const { id, type, seq: target, emoji, on } of page.take().filter(({ type }) => type === "react")) {
          page.hear({ ...history.write({ type: `${type}ed`, target, emoji, on, user: "u1" }), id });
        }
      };
      for (let move = 0; move < 12; move++) {
        const choice = pickOne(random, ["react", "react", "answer", "break"]);
        if (choice === "react") {
          wanted = !wanted;
          page.do("react", { seq: 1, emoji: "👍" });
        } else if (choice === "answer") {
          answerAll();
        } else {
          page.do("waiting", { retryAt: 1e9, code: 1006 });
          page.sent.splice(0);
          page.do("open", { identity: null });
          page.hear({ type: "welcome", protocol: 1, server: "m", user: "u1", nick: "Ada", token: "t1", time: 0, limits: page.state.limits, ping_period: 25, lobby: "lobby", id: page.last("hello").id });
          page.hear({ ...history.joined(page.last("join").since), id: page.last("join").id });
        }
      }
      for (let i = 0; i < 3; i++) answerAll();
      assert.deepEqual(changes(page), []);
      assert.equal(history.entries[0].reactions?.["👍"]?.includes("u1") ?? false, wanted);
      assert.equal(room(page).log.entries[0].reactions?.["👍"]?.includes("u1") ?? false, wanted);
    }
  });
});

describe("the mark of what is new", () => {
  const kinds = (page) => {
    const { log, mark } = room(page);
    return rows(log.entries, [], page.state.me, dayOf, { key: page.state.key, mark }).map(({ kind, seq }) => seq ?? kind);
  };

  test("stands above the first message that came while the user was away", () => {
    const { history, page } = opened();
    page.do("hidden");
    page.hear(history.write({ type: "reacted", target: 1, user: "u2", emoji: "👍", on: true }));
    page.hear(history.write({ type: "message", id: "n", user: "u2", text: "new" }));
    page.do("visible");
    assert.deepEqual(kinds(page), ["day", 1, 2, 3, "new", 5]);
    page.do("hidden");
    page.do("visible");
    assert.ok(kinds(page).includes("new"), "looking away for a moment does not take it away");
    page.say("seen");
    assert.ok(!kinds(page).includes("new"));
  });

  test("is where the server remembers that the user had read to", () => {
    const history = new History("lobby");
    for (let n = 0; n < 4; n++) history.write({ type: "message", id: `m${n}`, user: "u2", text: `${n}` });
    const page = new Page();
    const joined = history.joined.bind(history);
    history.joined = (since) => ({ ...joined(since), read: 2 });
    page.arrive(history);
    assert.deepEqual(kinds(page), ["day", 1, 2, "new", 3, 4]);
  });

  test("is not in a room that is new altogether, nor over one's own", () => {
    const { history, page } = opened();
    assert.ok(!kinds(page).includes("new"));
    page.do("hidden");
    page.hear(history.write({ type: "message", id: "n", user: "u1", text: "from another tab" }));
    page.do("visible");
    assert.ok(!kinds(page).includes("new"));
  });

  test("is of each visit to a room", () => {
    const { history, page } = opened();
    page.do("enter", { name: "tea" });
    page.hear(history.write({ type: "message", id: "n", user: "u2", text: "new" }));
    page.do("enter", { name: "lobby" });
    assert.deepEqual(kinds(page), ["day", 1, 2, 3, "new", 4]);
    page.do("enter", { name: "tea" });
    page.do("enter", { name: "lobby" });
    page.hear(history.write({ type: "message", id: "o", user: "u2", text: "while one looks" }));
    assert.ok(!kinds(page).includes("new"));
  });
});
