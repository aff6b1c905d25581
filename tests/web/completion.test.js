import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { completed, completions, people, sought } from "../../web/js/core/completion.js";
import { History } from "./model.js";
import { Page } from "./page.js";

const EMOJI = new Map([["smile", "😄"], ["smiley", "😃"], ["sweat_smile", "😅"], ["tada", "🎉"], ["+1", "👍"]]);
const NICKS = ["Bob", "Bobby", "Ada Lovelace", "小林", "Ünal", "d'Arc"];

const offer = (text, caret = text.length) => completions(text, caret, NICKS, EMOJI)?.choices.map(({ label }) => label) ?? [];

describe("what is looked for", () => {
  test("begins with a mark that stands by itself", () => {
    for (const text of ["@b", "hello @b", "(@b", "line\n@b", "„@b", "你好@b", "é @b"]) assert.equal(sought(text, text.length)?.kind, "nick", text);
    for (const text of ["ada@b", "ada.@b", "@@b", "http://@b", "1@b", "a_@b", "", "b", "@ b", "@b\n"]) assert.equal(sought(text, text.length), null, text);
  });

  test("is a name of an emoji from two letters on", () => {
    assert.deepEqual(sought("so :ta", 6), { kind: "emoji", start: 3, query: "ta" });
    for (const text of [":", ":D", ":)", ":t ", "10:30", "http://x", "a:tada", ":ta da", ":小林"]) assert.equal(sought(text, text.length), null, text);
  });

  test("ends where the caret is", () => {
    assert.deepEqual(sought("@bob and @ada", 3), { kind: "nick", start: 0, query: "bo" });
    assert.equal(sought("@bob", 0), null);
  });
});

describe("what is offered", () => {
  test("are nicks that begin so, then those with a part that does, whatever the case", () => {
    assert.deepEqual(offer("@b"), ["Bob", "Bobby"]);
    assert.deepEqual(offer("@LOVE"), ["Ada Lovelace"]);
    assert.deepEqual(offer("@ada l"), ["Ada Lovelace"], "a nick may have a space in it");
    assert.deepEqual(offer("@小"), ["小林"]);
    assert.deepEqual(offer("@u\u0308"), ["Ünal"], "however it is composed");
    assert.deepEqual(offer("@"), NICKS);
    assert.deepEqual(offer("@x"), []);
    assert.deepEqual(offer("@Bob said"), []);
  });

  test("is nothing for a nick that stands there in full, so that Enter sends", () => {
    assert.deepEqual(offer("@bobby"), []);
    assert.deepEqual(offer("@bob"), ["Bob", "Bobby"], "but it may go on");
  });

  test("are emoji by name, the whole name first", () => {
    assert.deepEqual(offer(":smi"), ["smile", "smiley", "sweat_smile"].map((name) => `:${name}:`));
    assert.deepEqual(offer(":SMILEY")[0], ":smiley:");
    assert.deepEqual(completions(":tad", 4, [], EMOJI).choices, [{ mark: "🎉", label: ":tada:", put: "🎉" }]);
    assert.deepEqual(offer(":constructor"), []);
  });

  test("is never a long list", () => {
    const many = Array.from({ length: 500 }, (_, n) => `bob${n}`);
    assert.equal(completions("@bob", 4, many, EMOJI).choices.length, 8);
  });
});

describe("what is taken", () => {
  const take = (text, caret = text.length) => {
    const { start, choices } = completions(text, caret, NICKS, EMOJI);
    return `${text.slice(0, start)}${completed(text, caret, choices[0])}|${text.slice(caret)}`;
  };

  test("takes the place of what was typed, and a space follows", () => {
    assert.equal(take("hi @b"), "hi @Bob |");
    assert.equal(take(":tada"), "🎉 |");
    assert.equal(take("hi @b there", 5), "hi @Bob| there");
    assert.equal(take("hi @bthere", 5), "hi @Bob |there");
  });
});

test("who spoke last comes first, who is silent by name, who is gone and the user not at all", () => {
  const history = new History("lobby");
  for (const user of ["u2", "u3", "u9", "u1", "u2"]) history.write({ type: "message", id: `${user}`, text: "x", user });
  const page = new Page().arrive(history);
  const joined = [["u2", "Bob"], ["u3", "Cyn"], ["u4", "Zoe"], ["u5", "Dan"]].map(([user, nick]) => ({ user, nick }));
  page.hear({ type: "presence", room: "lobby", joined, left: [], member_count: 5 });
  assert.deepEqual(people(page.state, (a, b) => (a < b ? -1 : 1)), ["Bob", "Cyn", "Dan", "Zoe"]);
});
