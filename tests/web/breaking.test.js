// The whole of the rules against a server that keeps docs/protocol.md, and a line that does not hold.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { newest } from "../../web/js/core/log.js";
import { kept } from "../../web/js/core/outbox.js";
import { current } from "../../web/js/core/state.js";
import { History, writeSomething } from "./model.js";
import { Page, WELCOME } from "./page.js";
import { pickOne, seeded } from "./random.js";

/** The model behind a line: what each side says is on its way until the test lets it through. */
class MessageRow {
  up = [];
  down = [];
  rooms = new Set();

  constructor(histories, chance) {
    Object.assign(this, { histories, chance });
  }

  serve({ type, id, room, since, text, before, limit }) {
    const { random } = this.chance;
    const history = room && this.histories.get(room);
    const tell = (event) => this.down.push(id === undefined ? event : { ...event, id });
    if (type === "hello") tell({ ...WELCOME });
    else if (type === "rooms") tell({ type: "rooms", rooms: [] });
    else if (type === "ping") tell({ type: "pong", time: 1 });
    else if (type === "join" && this.rooms.has(room)) tell({ type: "error", code: "duplicate_join", message: "No." });
    else if (type === "join" && random() < 0.1) tell({ type: "error", code: "busy", message: "No." });
    else if (type === "join") {
      this.rooms.add(room);
      const [joined, ...replay] = history.parts(since, 1 + Math.floor(random() * 40), { newest: 20, most: 60 });
      tell(joined);
      this.down.push(...replay);
    } else if (type === "leave") this.rooms.delete(room);
    else if (!this.rooms.has(room)) tell({ type: "error", code: "not_joined", message: "No." });
    else if (type === "history") tell(history.page(before, limit));
    else if (type === "send") {
      const stored = history.entries.find((entry) => entry.type === "message" && entry.user === "u1" && entry.id === id);
      if (stored) this.down.push(structuredClone(stored));
      else if (random() < 0.15) tell({ type: "error", code: "rate_limited", message: "No.", retry_after: 0.1 });
      else if (random() < 0.03) tell({ type: "error", code: "storage_failed", message: "No." });
      else this.live(history.write({ type: "message", id, user: "u1", text }));
    }
  }

  live(event) {
    if (!this.rooms.has(event.room)) return;
    if (this.chance.random() < this.chance.loss) return; // a server that is wrong: the page must see the hole
    this.down.push(structuredClone(event));
    if (this.chance.random() < 0.05) this.down.push(structuredClone(event));
  }
}

describe("a page on a line that breaks, and a server that refuses", () => {
  for (let seed = 1; seed <= 40; seed++) {
    test(`loses nothing and doubles nothing (seed ${seed})`, () => {
      const random = seeded(1_000 + seed);
      const chance = { random, loss: 0.01 };
      const histories = new Map(["lobby", "tea"].map((room) => [room, new History(room)]));
      const said = [];
      let page = new Page();
      let line = null;

      const hangUp = () => {
        if (line === null) return;
        line = null;
        page.do("waiting", { retryAt: page.now + 100, code: 1006 });
      };
      const connect = () => {
        line = new MessageRow(histories, chance);
        page.take();
        page.do("open", { identity: null });
      };
      const turn = () => {
        const before = page.socketCalls.length;
        page.pass(5);
        if (page.socketCalls.slice(before).includes("drop")) line = null;
        if (line === null) page.take();
        else line.up.push(...page.take());
      };

      for (let round = 0; round < 500; round++) {
        const roll = random();
        if (line === null && roll < 0.3) connect();
        else if (roll < 0.3 && line?.up.length > 0) line.serve(line.up.shift());
        else if (roll < 0.6 && line?.down.length > 0) page.hear(line.down.shift());
        else if (roll < 0.7) {
          const text = `mine ${said.length}`;
          said.push([current(page.state).name, text]);
          page.say(text, `s${seed}-${said.length}`);
        } else if (roll < 0.8) {
          const event = writeSomething(pickOne(random, [...histories.values()]), random, pickOne);
          line?.live(event);
        } else if (roll < 0.82) hangUp();
        else if (roll < 0.84) page.do("enter", { name: pickOne(random, ["lobby", "tea"]) });
        else if (roll < 0.86) page.do("older");
        else if (roll < 0.88) page.do("follow", { following: random() < 0.5 });
        else if (roll < 0.89) {
          const name = current(page.state).name; // a reload
          const now = page.now;
          line = null;
          page = new Page({ pending: JSON.parse(JSON.stringify(kept(page.state.pending))), name, now });
        }
        for (const { id, fate } of page.state.pending) if (fate === "failed" && random() < 0.2) page.do("again", { id });
        turn();
      }

      // Calm: what is still to be done gets done.
      chance.loss = 0;
      hangUp();
      connect();
      for (let round = 0; round < 3_000; round++) {
        turn();
        if (line === null) connect();
        else if (line.up.length > 0) line.serve(line.up.shift());
        else if (line.down.length > 0) page.hear(line.down.shift());
        for (const { id, fate } of page.state.pending) if (fate === "failed") page.do("again", { id });
      }

      assert.deepEqual(page.fates, []);
      for (const [room, text] of said) {
        const times = histories.get(room).entries.filter((entry) => entry.user === "u1" && entry.text === text && entry.type === "message");
        const gone = histories.get(room).entries.filter((entry) => entry.type === "message" && (entry.deleted || entry.edited));
        assert.ok(times.length === 1 || (times.length === 0 && gone.length > 0), `${text} is there ${times.length} times`);
      }
      for (const [key, { phase, log, name }] of page.state.rooms) {
        const history = histories.get(key);
        assert.equal(phase, "here");
        assert.equal(newest(log), history.seq, name);
        log.entries.forEach((entry, i) => assert.equal(entry.seq, log.first + i));
        const plain = ({ type, id, seq, text, deleted }) => (type === "message" ? { type, id, seq, text, deleted } : { type, seq });
        assert.deepEqual(log.entries.map(plain), history.between(log.first - 1, history.seq).map(plain));
      }
    });
  }
});
