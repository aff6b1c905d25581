import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { longest } from "../../web/js/core/chat.js";
import { drafts } from "../../web/js/core/unsent.js";
import { withAuthors } from "../../web/js/core/room.js";
import { tall } from "../../web/js/core/rows.js";
import { current } from "../../web/js/core/state.js";
import { blank, DRAFT_MOST, trimmed } from "../../web/js/core/text.js";
import { hintWords } from "../../web/js/core/wording.js";
import { History } from "./model.js";
import { Page } from "./page.js";

const INVISIBLE = [" ", "\t", "\n", "\u00a0", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200d", "\u200e", "\u2028", "\u202e", "\u2060", "\u2064", "\u2800", "\u3000", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\u{e0020}", "\u{e0100}", "\u{1d173}"];

describe("a message of which nothing can be seen", () => {
  test("is blank, and not sent; the draft stays", () => {
    for (const char of INVISIBLE) {
      assert.ok(blank(char.repeat(3)), JSON.stringify(char));
      const page = new Page().arrive();
      page.do("draft", { text: char });
      page.say(char.repeat(2));
      assert.deepEqual([page.fates, page.take(), current(page.state).draft], [[], [], char]);
    }
    for (const text of ["a", "\u200ba", ".", "👍", "\u0301", "\u2801", "茶"]) assert.ok(!blank(text), JSON.stringify(text));
  });

  test("as the new text of a message asks whether to delete it", () => {
    const history = new History("lobby");
    history.write({ type: "message", id: "x", user: "u1", text: "old" });
    const page = new Page().arrive(history);
    page.do("edit", { seq: 1 });
    page.say("\u200b\u3164");
    assert.equal(current(page.state).removing, 1);
  });
});

test("the blank ends of a message are not sent, but the indentation of its first line is", () => {
  assert.equal(trimmed("\n \n  a\n\n b \n \n\n"), "  a\n\n b");
  assert.equal(trimmed(`hi${"\n".repeat(3_990)}`), "hi");
  assert.equal(trimmed("a"), "a");
  assert.equal(trimmed(" \n "), "");
  const page = new Page().arrive();
  page.say("hi\n\n\n");
  assert.equal(page.last("send").text, "hi");
});

describe("what is pasted", () => {
  test("as far as it was taken is said, until something else is written", () => {
    const page = new Page().arrive();
    page.do("draft", { text: "x".repeat(300), clipped: true });
    assert.deepEqual(hintWords(page.state), { key: "hint.clipped", values: { count: longest(page.state) } });
    page.do("draft", { text: "x" });
    assert.equal(hintWords(page.state).key, "hint.ready");
  });

  test("has a bound beyond what a message may have, and a draft in the storage has one, too", () => {
    assert.equal(longest({ limits: null }), 16_000);
    assert.equal(longest({ limits: { max_text_chars: 20_000 } }), 40_000);
    assert.equal(longest({ limits: { max_text_chars: 1_000_000 } }), DRAFT_MOST);
    const page = new Page({ drafts: [["lobby", "x".repeat(1_000_000)]] });
    assert.equal(current(page.state).draft.length, DRAFT_MOST, "one from an earlier version");
    page.do("draft", { text: "y".repeat(1_000_000) });
    assert.deepEqual(drafts(page.state.rooms).map(([key, text]) => [key, text.length]), [["lobby", DRAFT_MOST]]);
  });
});

test("a message that takes more than about thirty lines is tall", () => {
  for (const text of [`hi${"\n".repeat(40)}x`, "x".repeat(75 * 31), "茶".repeat(40 * 31), "x\n".repeat(31)]) assert.ok(tall(text));
  for (const text of ["", "x", "x\n".repeat(29), "x".repeat(75 * 29), "茶".repeat(36 * 29), "o" + "\u0301\u0323".repeat(2_000), "👍".repeat(36 * 29)]) assert.ok(!tall(text));
});

describe("who is mentioned in a room", () => {
  const say = (history, text, user = "u2") => history.write({ type: "message", id: `${history.seq}`, user, text });

  /** A page whose user is `nick`, in the lobby and in `tea`, of which it reads the first. */
  function inTwo(nick) {
    const page = new Page({ identity: { nick, token: "t1" }, attention: { desktop: true }, permission: "granted" });
    const tea = new History("tea");
    page.arrive(new History("lobby"), { nick });
    page.do("enter", { name: "tea" });
    page.hear({ ...tea.joined(), id: page.last("join").id });
    page.do("enter", { name: "lobby" });
    return { page, tea, counts: () => [page.state.rooms.get("tea").unread, page.state.rooms.get("tea").mentions, page.calls.splice(0).length] };
  }

  test("counts, badges and notifications agree with what is drawn", () => {
    const { page, tea, counts } = inTwo("Ann");
    for (const text of ["`@Ann`", "```\n@Ann\n```", "> @Ann said", "https://medium.com/@Ann/post", "ann@ann.example"]) page.hear(say(tea, text));
    assert.deepEqual(counts(), [5, 0, 0]);
    page.hear(say(tea, "and @Ann?"));
    assert.deepEqual(counts(), [6, 1, 1]);
  });

  test("is the longest nick of whoever is here or has written", () => {
    const { page, tea, counts } = inTwo("Ann");
    page.hear({ type: "presence", room: "tea", joined: [{ user: "u7", nick: "Ann Lee" }], left: [], member_count: 3 });
    page.hear(say(tea, "@Ann Lee, hi"));
    assert.deepEqual(counts(), [1, 0, 0]);
    page.hear({ type: "presence", room: "tea", joined: [], left: ["u7"], member_count: 2 });
    page.hear(say(tea, "@Ann Lee, hi"));
    assert.deepEqual(counts(), [2, 1, 1], "who is gone and has never written is not known");
    page.hear(say(tea, "tea?", "Ann Lee"));
    page.hear(say(tea, "@Ann Lee, hi"));
    assert.deepEqual(counts(), [4, 1, 0]);
  });

  test("of a catch-up is decided with the nicks that it brings", () => {
    const page = new Page({ identity: { nick: "李", token: "t1" }, hidden: true });
    const tea = new History("lobby");
    say(tea, "早", "李明");
    say(tea, "@李明 早");
    say(tea, "@李 早");
    page.arrive(tea, { nick: "李" });
    assert.equal(current(page.state).mentions, 1);
  });

  test("nicks of those who have written have a bound", () => {
    const entries = Array.from({ length: 5_000 }, (_, i) => ({ type: "message", user: "u1", nick: `n${i}` }));
    const kept = withAuthors(new Map(), entries);
    assert.equal(kept.size, 2_000);
    assert.ok(kept.has("u1 n4999") && !kept.has("u1 n0"));
    assert.equal(withAuthors(kept, entries.slice(-10)), kept);
  });
});
