import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { HUES, hue } from "../../web/js/core/avatar.js";
import { memberChoices } from "../../web/js/core/choices.js";
import { people } from "../../web/js/core/completion.js";
import { sharersIn } from "../../web/js/core/finding.js";
import { hueOf, markOf, namesakes, signed } from "../../web/js/core/namesakes.js";
import { newRoom, sharers, withAuthors } from "../../web/js/core/room.js";
import { rows, same } from "../../web/js/core/rows.js";
import { seeded } from "./random.js";

const ME = { user: "me00", nick: "Me" };
const BY = (user, nick, seq = 1) => ({ type: "message", room: "tea", seq, user, nick, time: 60 * seq, text: "x" });

/** Ids of users that have one colour. */
function alike(count) {
  const ids = Array.from({ length: 1_000 }, (_, i) => `user${1_000 + i}`);
  return ids.filter((id) => hue(id, HUES) === hue(ids[0], HUES)).slice(0, count);
}

describe("users of one nick", () => {
  test("have different colours, also if their own are the same, whoever is named first", () => {
    const ids = alike(HUES);
    assert.equal(ids.length, HUES);
    const group = ids.map((user) => ({ user, nick: "Ada" }));
    const found = namesakes(group);
    assert.equal(new Set([...found.values()].map(({ hue }) => hue)).size, HUES);
    assert.deepEqual(new Map([...namesakes(group.toReversed())].sort()), new Map([...found].sort()));
    assert.equal(namesakes(alike(HUES + 3).map((user) => ({ user, nick: "Ada" }))).size, HUES + 3, "more than there are colours");
  });

  test("have marks from the ends of their ids, which others do not have", () => {
    const found = namesakes([{ user: "3f0c77aa11", nick: "Ada" }, { user: "3f0c77bb22", nick: "ADA" }, { user: "99", nick: "Bob" }]);
    assert.deepEqual([markOf("3f0c77aa11", found), markOf("3f0c77bb22", found), markOf("99", found)], ["aa11", "bb22", ""]);
    assert.equal(signed("Ada", "3f0c77aa11", found), "Ada (aa11)");
    assert.equal(signed("Bob", "99", found), "Bob");
    assert.equal(hueOf("99", found), hue("99", HUES));
  });

  test("are compared as mentions are: case and composition make no difference", () => {
    assert.equal(namesakes([{ user: "a", nick: "Zoë" }, { user: "b", nick: "ZOE\u0308" }]).size, 2);
    assert.equal(namesakes([{ user: "a", nick: "Ada" }, { user: "a", nick: "ada" }]).size, 0, "one user who wrote it in two ways");
  });

  test("are told apart in any company", () => {
    const next = seeded(11);
    for (let round = 0; round < 300; round++) {
      const company = Array.from({ length: 1 + Math.floor(next() * 12) }, () => ({
        user: `u${Math.floor(next() * 10_000)}`, nick: ["Ada", "ada", "Bob", "Cyn"][Math.floor(next() * 4)],
      }));
      const found = namesakes(company);
      for (const name of ["ada", "bob", "cyn"]) {
        const users = [...new Set(company.filter(({ nick }) => nick.toLowerCase() === name).map(({ user }) => user))];
        if (users.length > 1) for (const user of users) assert.ok(found.has(user));
      }
    }
  });
});

describe("in a room", () => {
  const [one, two] = alike(2);
  const room = () => ({ ...newRoom("tea", 0), members: new Map([[two, "Ada"], ["u3", "Cyn"]]) });

  test("an author who is gone and a member who has the nick now are told apart, everywhere in the same way", () => {
    const tea = { ...room(), authors: withAuthors(new Map(), [BY(one, "Ada")]) };
    const shared = sharers(tea, ME);
    assert.notEqual(hueOf(one, shared), hueOf(two, shared));
    const state = { rooms: new Map([["tea", tea]]), key: "tea", me: ME, search: { entries: [BY(one, "Ada")] } };
    const [ada] = memberChoices(state, (a, b) => (a < b ? -1 : 1));
    assert.deepEqual([ada.nick, ada.hue, ada.mark], ["Ada", hueOf(two, shared), two.slice(-4)]);
    assert.deepEqual(sharersIn(state).get("tea"), shared);
    assert.deepEqual(people(state, () => 0), ["Ada", "Cyn"]);
  });

  test("a user who changes their nick is no namesake of their own", () => {
    const tea = { ...room(), authors: withAuthors(new Map(), [BY(two, "Ada"), BY(two, "Countess")]) };
    assert.equal(sharers(tea, ME).size, 0);
  });

  test("a message of another user is the same row, and only a new namesake changes it", () => {
    const first = BY(one, "Ada");
    const shown = (tea) => rows([first], [], ME, () => 0, { shared: sharers(tea, ME) })[1];
    const tea = { ...room(), authors: withAuthors(new Map(), [first]) };
    const before = shown(tea);
    const more = { ...tea, authors: withAuthors(tea.authors, [BY("u4", "Dan", 2)]), members: new Map(tea.members).set("u4", "Dan") };
    assert.ok(same(before, shown(more)));
    assert.ok(!same(before, shown({ ...more, members: new Map(more.members).set("u5", "Ada") })));
  });

  test("two members with one nick are one suggestion, which mentions both", () => {
    const tea = { ...room(), members: new Map([[one, "Ada"], [two, "Ada"]]) };
    assert.deepEqual(people({ rooms: new Map([["tea", tea]]), key: "tea", me: ME }, () => 0), ["Ada"]);
  });

  test("as many authors are kept as before, by user and nick", () => {
    const many = Array.from({ length: 5_000 }, (_, i) => BY(`u${i}`, "Ada", i + 1));
    const authors = withAuthors(new Map(), many);
    assert.equal(authors.size, 2_000);
    assert.equal(withAuthors(authors, many.slice(-10)), authors);
    assert.equal(sharers({ ...room(), authors }, ME).size, 2_001);
  });
});
