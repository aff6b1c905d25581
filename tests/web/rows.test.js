import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { alike, parts, rows, same } from "../../web/js/core/rows.js";

const ADA = { user: "u1", nick: "Ada" };
const DAY = 86_400;
const dayOf = (seconds) => Math.floor(seconds / DAY);
const message = (seq, user, time, more) => ({ type: "message", seq, user, nick: user, time, text: `${seq}`, ...more });
const pending = (id, time) => ({ id, key: "lobby", text: id, time: time * 1000, fate: "sent", code: null });
const shown = (entries, waiting = []) => rows(entries, waiting, ADA, dayOf);
const kinds = (list) => list.map(({ kind, leads }) => (kind === "line" ? (leads ? "leads" : "follows") : kind));

describe("the rows of a log", () => {
  test("of days are others from midnight on", () => {
    const day = (today) => rows([{ type: "message", seq: 1, user: "u2", time: 5, text: "x" }], [], null, () => 0, { today })[0];
    assert.deepEqual([same(day(0), day(0)), same(day(0), day(86_400))], [true, false]);
  });

  test("stand together by author, within five minutes", () => {
    const entries = [message(1, "u2", 0), message(2, "u2", 300), message(3, "u2", 601), message(4, "u1", 602), message(5, "u2", 603)];
    assert.deepEqual(kinds(shown(entries)), ["day", "leads", "follows", "leads", "leads", "leads"]);
  });

  test("stand apart where the clock was set back", () => {
    const entries = [message(1, "u2", 1_000), message(2, "u2", 990), message(3, "u2", 600), message(4, "u2", 601)];
    assert.deepEqual(kinds(shown(entries)), ["day", "leads", "follows", "leads", "follows"]);
  });

  test("are parted by days", () => {
    const entries = [message(1, "u2", DAY - 10), message(2, "u2", DAY + 10)];
    assert.deepEqual(kinds(shown(entries)), ["day", "leads", "day", "leads"]);
  });

  test("tell of topics, and pass over what only changes others", () => {
    const entries = [
      message(1, "u2", 0),
      { type: "reacted", seq: 2, target: 1, user: "u1", time: 1 },
      { type: "unknown", seq: 3 },
      message(4, "u2", 2),
      { type: "topic", seq: 5, user: "u2", nick: "u2", time: 3, text: "tea" },
      message(6, "u2", 4),
    ];
    assert.deepEqual(kinds(shown(entries)), ["day", "leads", "follows", "topic", "leads"]);
  });

  test("end with what is on its way, and a line keeps its key when it comes back", () => {
    const before = shown([message(1, "u2", 0)], [pending("a", 5), pending("b", 6)]);
    const after = shown([message(1, "u2", 0), message(2, "u1", 5, { id: "a" })], [pending("b", 6)]);
    assert.deepEqual(before.map(({ key }) => key), after.map(({ key }) => key));
    assert.deepEqual(before.map(({ fate }) => fate ?? null), [null, null, "sent", "sent"]);
    assert.deepEqual(after.map(({ fate }) => fate ?? null), [null, null, null, "sent"]);
  });

  test("show what is on its way before it is known who the user is", () => {
    const list = rows([], [pending("a", 5), pending("b", 6)], null, dayOf);
    assert.deepEqual(kinds(list), ["day", "leads", "follows"]);
  });

  test("each have a key of their own, also when a clock went back", () => {
    const entries = [message(1, "u2", DAY), message(2, "u1", DAY - 9), message(3, "u2", DAY), message(4, "u1", 9, { id: "x" })];
    const keys = shown(entries, [pending("y", DAY)]).map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
  });

  test("stand in parts, each row in one, and a row stays in its own", () => {
    const entries = Array.from({ length: 200 }, (_, i) => message(i + 1, `u${i % 3}`, i * 100));
    const all = parts(shown(entries, [pending("a", 20_000)]));
    assert.deepEqual(all.flatMap(({ rows: some }) => some), shown(entries, [pending("a", 20_000)]));
    assert.ok(all.length > 3 && all.every(({ key }, i) => i === 0 || key > all[i - 1].key));
    const place = (some, key) => some.find(({ rows: list }) => list.some((row) => row.key === key))?.key;
    const shorter = parts(shown(entries.slice(77)));
    for (const { seq } of entries.slice(77)) assert.equal(place(shorter, `seq:${seq}`), place(all, `seq:${seq}`));
    const back = parts(shown([...entries, message(201, "u1", 20_000, { id: "a" })]));
    assert.equal(place(back, "own:a"), place(all, "own:a"));
  });

  test("of a part are alike until one of them changes", () => {
    const entries = [message(1, "u2", 0), message(2, "u2", 1)];
    const [part] = parts(shown(entries));
    assert.ok(alike(part, parts(shown(entries))[0]));
    assert.ok(!alike(part, parts(shown([entries[0], { ...entries[1], text: "edited" }]))[0]));
    assert.ok(!alike(part, parts(shown([...entries, message(3, "u2", 2)]))[0]));
    assert.ok(!alike(part, parts(shown([entries[0], message(3, "u2", 1)]))[0]));
  });

  test("are the same until what they show changes", () => {
    const entry = message(1, "u2", 0);
    const [, line] = shown([entry]);
    assert.ok(same(line, shown([entry])[1]));
    assert.ok(!same(line, shown([{ ...entry, text: "edited" }])[1]));
    const [, waits] = shown([], [pending("a", 5)]);
    assert.ok(same(waits, shown([], [pending("a", 5)])[1]));
    assert.ok(!same(waits, shown([], [{ ...pending("a", 5), fate: "failed" }])[1]));
    assert.ok(!same(waits, shown([message(1, "u1", 5, { id: "a" })])[1]));
  });
});
