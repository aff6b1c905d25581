// A log against a plain model: whatever is cut, repeated or comes out of order, it holds what the
// room holds, each entry once, as it stands.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { append, at, caughtUp, EMPTY, newest, position, prepend, skips, trim } from "../../web/js/core/log.js";
import { History, writeSomething } from "./model.js";
import { pickOne, seeded } from "./random.js";

function dense(log) {
  log.entries.forEach((entry, i) => assert.equal(entry.seq, log.first + i));
}

/** Whether the log holds just that part of the room, as it stands. */
function agrees(log, history) {
  assert.deepEqual(log.entries.map(told), history.entries.slice(log.first - 1, newest(log)).map(told));
}

/** What matters of an entry: nobody sees what an edit said then, or when a deleted line was edited. */
function told({ type, text, edited, deleted, reactions = {}, ...rest }) {
  if (type !== "message") return { type, ...rest };
  return deleted ? { type, deleted, ...rest } : { type, text, edited, reactions, ...rest };
}

describe("a log, whatever happens on the way", () => {
  for (let seed = 1; seed <= 60; seed++) {
    test(`holds what the room holds (seed ${seed})`, () => {
      const random = seeded(seed);
      let history = new History("lobby");
      let log = EMPTY;
      let wire = []; // live events that have not come yet
      for (let round = 0; round < 300; round++) {
        const roll = random();
        if (roll < 0.55) {
          wire.push(writeSomething(history, random, pickOne));
        } else if (roll < 0.85 && wire.length > 0) {
          const event = wire.shift();
          if (log.epoch === null) continue; // not joined
          if (skips(log, event)) {
            log = caughtUp(log, history.joined(position(log)));
            wire = [];
          } else {
            log = append(log, structuredClone(event));
            if (random() < 0.2) assert.equal(append(log, event), log, "a repeat changes nothing");
          }
        } else if (roll < 0.9) {
          wire = wire.filter(() => random() < 0.7); // some are lost
        } else if (roll < 0.94) {
          wire = []; // the connection is cut, or the server started again, and it comes back
          if (random() < 0.4) history.restart(`r${round}`);
          const options = random() < 0.3 ? { newest: 10, most: 5 } : {};
          log = caughtUp(log, history.joined(position(log), options));
        } else if (roll < 0.98 && log.more) {
          // A page that was read now, or a while ago: then later changes came live meanwhile.
          const page = history.page(log.first, 1 + Math.floor(random() * 30));
          for (let n = random() * 4; n > 1; n--) {
            const event = writeSomething(history, random, pickOne);
            wire.push(event);
            if (!skips(log, event)) log = append(log, wire.pop());
          }
          log = prepend(log, page);
        } else if (roll < 0.99) {
          log = trim(log, Math.floor(random() * 40));
        } else {
          history = new History("lobby", `e${round}`); // the server lost its memory
          wire = [];
          log = caughtUp(log, history.joined(position(log)));
        }
        dense(log);
      }
      log = caughtUp(log, history.joined(position(log)));
      dense(log);
      agrees(log, history);
      while (log.more) log = prepend(log, history.page(log.first, 7));
      agrees(log, history);
      assert.equal(log.first, 1);
      assert.equal(newest(log), history.seq);
    });
  }
});

describe("a log", () => {
  const message = (seq, more) => ({ type: "message", room: "lobby", seq, user: "u1", nick: "Ada", time: seq, text: `${seq}`, ...more });
  const joined = (entries, more) => ({ epoch: "e1", seq: entries.at(-1)?.seq ?? 0, recovered: false, more: false, entries, ...more });
  const log = caughtUp(EMPTY, joined([message(5), message(6), message(7)], { more: true }));

  test("begins where the server begins", () => {
    assert.equal(position(EMPTY), undefined);
    assert.deepEqual(position(log), { epoch: "e1", seq: 7 });
    assert.deepEqual(position(caughtUp(EMPTY, joined([], { seq: 0 }))), { epoch: "e1", seq: 0 });
    assert.deepEqual(position(caughtUp(EMPTY, joined([], { seq: 9 }))), { epoch: "e1", seq: 9 }, "all was trimmed");
  });

  test("takes what was missed, though some of it came twice", () => {
    const after = caughtUp(log, joined([message(7), message(8)], { recovered: true }));
    assert.deepEqual(after.entries.map(({ seq }) => seq), [5, 6, 7, 8]);
    assert.equal(after.more, true);
  });

  test("goes on over a start of the server, and takes its epoch", () => {
    const after = caughtUp(log, joined([message(8)], { recovered: true, epoch: "e2" }));
    assert.deepEqual(after.entries.map(({ seq }) => seq), [5, 6, 7, 8]);
    assert.deepEqual([position(after), after.numbering], [{ epoch: "e2", seq: 8 }, "e1"]);
    const nothing = caughtUp(after, joined([], { seq: 8, recovered: true, epoch: "e3" }));
    assert.deepEqual([position(nothing), nothing.numbering], [{ epoch: "e3", seq: 8 }, "e1"]);
    const tooMuch = caughtUp(nothing, joined([message(2000)], { recovered: false, epoch: "e3" }));
    assert.equal(tooMuch.numbering, "e1", "within one epoch seqs mean the same");
    assert.equal(caughtUp(nothing, joined([message(9)], { recovered: false, epoch: "e4" })).numbering, "e4");
  });

  test("is replaced where the server could not recover, or did not keep its word", () => {
    for (const brought of [
      joined([message(20)], { recovered: false }),
      joined([message(20)], { recovered: true }),
      joined([message(20)], { recovered: true, epoch: "e2" }),
      joined([message(8)], { recovered: false, epoch: "e2" }),
    ]) {
      assert.deepEqual(caughtUp(log, brought).entries, brought.entries);
    }
    const holed = caughtUp(log, joined([message(1), message(2), message(4), message(5)], { recovered: false }));
    assert.deepEqual(holed.entries.map(({ seq }) => seq), [4, 5]);
    assert.equal(holed.more, true, "what lies before the hole can be asked for");
  });

  test("takes nothing that leaves out others", () => {
    assert.equal(skips(log, message(8)), false);
    assert.equal(skips(log, message(9)), true);
    assert.equal(append(log, message(9)), log);
  });

  test("leaves out a page that does not reach up to it", () => {
    for (const seqs of [[1, 2, 3], [2, 3, 4, 5], [1, 2, 4]]) {
      const page = { entries: seqs.map((seq) => message(seq)), more: false };
      assert.equal(prepend(log, page), log);
    }
    assert.deepEqual(prepend(log, { entries: [], more: false }), { ...log, more: false });
    assert.equal(at(prepend(log, { entries: [message(4)], more: false }), 4).text, "4");
  });

  test("lets nothing change what was deleted", () => {
    const change = (type, seq, more) => ({ type, room: "lobby", seq, target: 6, user: "u1", nick: "Ada", time: seq, ...more });
    const gone = append(log, change("deleted", 8));
    const changes = [change("edited", 9, { text: "back" }), change("reacted", 10, { emoji: "👍", on: true }), change("deleted", 11)];
    const { reactions, text, deleted } = at(changes.reduce(append, gone), 6);
    assert.deepEqual({ reactions, text, deleted }, { reactions: undefined, text: undefined, deleted: true });
  });
});
