// Which of several tabs notifies, with the browser's locks and without.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Tabs } from "../../web/js/browser/tabs.js";

const said = (seq, more = {}) => ({ key: "tea", seq, time: 1_000 + seq, named: true, ...more });

/** A browser's profile: the locks and the storage that its tabs share, and a clock. */
function profile({ locks = true } = {}) {
  const held = []; // { name, mode }
  const waiting = [];
  const stored = new Map();
  const timers = [];
  const world = { now: 0, timers, stored, notified: [] };

  function next() {
    for (const each of [...waiting]) {
      const free = held.every((other) => other.name !== each.name || (other.mode === "shared" && each.mode === "shared"));
      if (!free) continue;
      waiting.splice(waiting.indexOf(each), 1);
      held.push(each);
      Promise.resolve(each.run()).then(each.done, each.fail).finally(() => {
        held.splice(held.indexOf(each), 1);
        next();
      });
    }
  }

  const manager = {
    request(name, options, callback) {
      const run = callback ?? options;
      const mode = callback ? options.mode : "exclusive";
      return new Promise((done, fail) => {
        waiting.push({ name, mode, run, done, fail });
        queueMicrotask(next);
      });
    },
    query: async () => ({ held: held.map(({ name, mode }) => ({ name, mode })) }),
  };

  const platform = {
    navigator: locks ? { locks: manager } : {},
    Date: { now: () => world.now },
    setTimeout: (run, delay) => timers.push({ run, at: world.now + delay }),
  };
  world.platform = platform;
  world.area = { get: (id) => stored.get(id) ?? null, put: (id, record) => void stored.set(id, record) };
  world.tabWith = (name, area) => Tabs("http://host/", name, area, ({ key, seq }) => world.notified.push([name, key, seq]), platform);
  world.tab = (name) => world.tabWith(name, world.area);
  /** Let everything happen, and the time pass that is waited for. */
  world.settle = async () => {
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 50; n++) await null;
      if (timers.length === 0) continue;
      const { run, at } = timers.sort((a, b) => a.at - b.at).shift();
      world.now = Math.max(world.now, at);
      run();
    }
  };
  return world;
}

for (const locks of [true, false]) {
  describe(locks ? "tabs with locks" : "tabs without locks", () => {
    test("notify once of each message", async () => {
      const world = profile({ locks });
      const tabs = ["a", "b", "c"].map(world.tab);
      for (const seq of [1, 2, 3]) {
        for (const tab of tabs) tab.call(said(seq));
        await world.settle();
      }
      assert.deepEqual(world.notified.map(([, , seq]) => seq), [1, 2, 3]);
    });

    test("do not notify while one of them shows the room with the focus", async () => {
      const world = profile({ locks });
      const [a, b, c] = ["a", "b", "c"].map(world.tab);
      c.show("tea");
      await world.settle();
      world.now += 60_000; // for a minute nothing happened
      c.show("tea"); // the page is updated as it shows the message
      for (const tab of [a, b]) tab.call(said(1));
      await world.settle();
      assert.deepEqual(world.notified, []);
      for (const tab of [a, b, c]) tab.call(said(1, { key: "lobby" }));
      await world.settle();
      assert.deepEqual(world.notified.map(([, key]) => key), ["lobby"], "another room does");
    });

    test("notify again once none shows the room", async () => {
      for (const next of [null, "lobby"]) {
        const world = profile({ locks });
        const [a, b] = ["a", "b"].map(world.tab);
        b.show("tea");
        await world.settle();
        b.show(next);
        await world.settle();
        a.call(said(1));
        await world.settle();
        assert.deepEqual(world.notified, [["a", "tea", 1]]);
      }
    });

    test("notify of a room that counts anew, as a server does that lost its data", async () => {
      const world = profile({ locks });
      const a = world.tab("a");
      a.call(said(9));
      await world.settle();
      a.call(said(1, { time: 2_000 }));
      await world.settle();
      assert.deepEqual(world.notified.map(([, , seq]) => seq), [9, 1]);
    });

    test("notify of the newest of many messages in a room, and rather of a mention", async () => {
      const world = profile({ locks });
      const a = world.tab("a");
      a.call(said(1, { key: "lobby" }));
      for (let seq = 1; seq <= 500; seq++) a.call(said(seq, { named: seq === 300 }));
      await world.settle();
      assert.deepEqual(world.notified, [["a", "lobby", 1], ["a", "tea", 300]]);
    });

    test("remember a bounded number of rooms", async () => {
      const world = profile({ locks });
      const a = world.tab("a");
      for (let n = 0; n < 120; n++) {
        a.call(said(1, { key: `room${n}` }));
        await world.settle();
      }
      assert.equal(world.stored.get("notified").length, 100);
    });

    test("notify each by itself where nothing can be stored", async () => {
      const world = profile({ locks });
      world.area.put = () => {}; // as storage.js does it
      world.tab("a").call(said(1));
      await world.settle();
      assert.equal(world.notified.length, 1);
    });
  });
}

describe("tabs with locks, each of which reads what another stored only later", () => {
  test("notify once of each message", async () => {
    const world = profile();
    const own = () => {
      const stored = new Map();
      return { get: (id) => stored.get(id) ?? null, put: (id, record) => void stored.set(id, record) };
    };
    const tabs = ["a", "b", "c"].map((name) => world.tabWith(name, own()));
    for (const seq of [1, 2, 3]) {
      for (const key of ["tea", "lobby"]) for (const tab of tabs) tab.call(said(seq, { key }));
      await world.settle();
    }
    const seqs = (room) => world.notified.filter(([, key]) => key === room).map(([, , seq]) => seq);
    assert.deepEqual([seqs("tea"), seqs("lobby")], [[1, 2, 3], [1, 2, 3]]);
  });

  test("hold one lock for each of at most 100 rooms", async () => {
    const world = profile();
    const tab = world.tab("a");
    for (let n = 0; n < 250; n++) {
      tab.call(said(1, { key: `r${n % 125}`, time: 1_000 + n }));
      await world.settle();
    }
    assert.equal((await world.platform.navigator.locks.query()).held.length, 100);
  });
});
