// What waits to be sent outlives the page: in the browser's simple storage here; in IndexedDB, and
// with the browser's own locks, in tests/browser/test_offline.py.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { kept, merge, restored } from "../../web/js/core/outbox.js";
import { PendingStore } from "../../web/js/browser/pendingStore.js";
import { Storage } from "../../web/js/browser/storage.js";
import { History } from "./model.js";
import { Page } from "./page.js";
import { seeded } from "./random.js";

const item = (id, time = 0, more = {}) => ({ id, key: "lobby", text: `text ${id}`, time, fate: "queued", code: null, ...more });
const ids = (items) => items.map(({ id }) => id);

/** A browser whose tabs can be closed; `locks` says whether it has any. */
class Browser {
  local = {};
  locks = new Set();

  constructor({ locks = true } = {}) {
    this.hasLocks = locks;
    Object.defineProperties(this.local, {
      getItem: { value: (key) => this.local[key] ?? null },
      setItem: { value: (key, value) => (this.local[key] = value) },
      removeItem: { value: (key) => delete this.local[key] },
    });
  }

  /** A tab: its shelf, what it was given to take over, and how it is closed. */
  async tab(name, platform = {}) {
    const mine = new Set();
    const locks = {
      request: async (lock, run) => (this.locks.add(lock), mine.add(lock), run()),
      query: async () => ({ held: [...this.locks].map((lock) => ({ name: lock })) }),
    };
    const navigator = this.hasLocks ? { locks } : {};
    const found = [];
    const area = Storage("http://host/", { localStorage: this.local }).area;
    const pendingStore = PendingStore("http://host/", name, area, (items) => found.push(...items), { navigator, ...platform });
    await pendingStore.adopt();
    return { ...pendingStore, found, close: () => mine.forEach((lock) => this.locks.delete(lock)) };
  }
}

describe("what waits to be sent", () => {
  test("is found by the next page, in order, whatever the clock did", async () => {
    const browser = new Browser();
    const first = await browser.tab("a");
    first.keep([item("z", 50)]);
    first.keep([item("z", 50), item("y", 40), item("x", 60, { fate: "failed", code: "busy" })]);
    first.close();
    const { found } = await browser.tab("b");
    assert.deepEqual(ids(found), ["z", "y", "x"]);
    const { key, text, time, fate, code } = restored(found)[2];
    assert.deepEqual({ id: "x", key, text, time, fate, code }, item("x", 60, { fate: "failed", code: "busy" }));
  });

  test("is gone once it has come back", async () => {
    const browser = new Browser();
    const first = await browser.tab("a");
    first.keep([item("1"), item("2")]);
    first.keep([item("2")]);
    first.close();
    const second = await browser.tab("b");
    assert.deepEqual(ids(second.found), ["2"]);
    second.keep([]);
    second.close();
    assert.deepEqual((await browser.tab("c")).found, []);
    assert.deepEqual(Object.keys(browser.local), []);
  });

  test("belongs to its tab as long as that lives, and then to one other", async () => {
    const browser = new Browser();
    const [a, b, c] = [await browser.tab("a"), await browser.tab("b"), await browser.tab("c")];
    a.keep([item("1")]);
    await b.adopt();
    assert.deepEqual(b.found, []);
    a.close();
    await b.adopt();
    await b.adopt();
    await c.adopt();
    assert.deepEqual([ids(b.found), c.found], [["1"], []]);
    b.keep([item("1"), item("2")]);
    b.close();
    await c.adopt();
    assert.deepEqual(ids(c.found), ["1", "2"]);
  });

  test("is taken by everybody where tabs cannot tell who lives", async () => {
    const browser = new Browser({ locks: false });
    const a = await browser.tab("a");
    a.keep([item("1")]);
    assert.deepEqual(ids((await browser.tab("b")).found), ["1"]);
  });

  test("is told apart from what is broken, or not ours", async () => {
    const browser = new Browser();
    for (const [n, text] of ["", "{", "null", "5", '"x"', "[]", "{}", '{"id":5}', '{"id":"a","tab":{}}'].entries()) {
      browser.local[`gochat http://host/ message ${n}`] = text;
    }
    browser.local["gochat http://host/ messages"] = '{"id":"b"}';
    browser.local["gochat http://host/a/ message c"] = '{"id":"c"}';
    const { found } = await browser.tab("a");
    assert.deepEqual(ids(found), ["a"]);
    assert.deepEqual(restored(found), []);
  });

  test("is kept simply where IndexedDB is refused", async () => {
    const refusals = {
      throwing: { open() { throw new Error("forbidden"); } },
      failing: { open() { const request = {}; queueMicrotask(() => request.onerror({ preventDefault() {} })); return request; } },
    };
    for (const indexedDB of Object.values(refusals)) {
      const browser = new Browser();
      const a = await browser.tab("a", { indexedDB });
      a.keep([item("1")]);
      a.close();
      assert.deepEqual(ids((await browser.tab("b", { indexedDB })).found), ["1"]);
    }
  });

  test("moves to simple storage where IndexedDB fails later", async () => {
    const database = { addEventListener() {}, transaction() { throw new Error("closed"); } };
    const open = () => { const request = { result: database }; queueMicrotask(() => request.onsuccess()); return request; };
    const browser = new Browser();
    const a = await browser.tab("a", { indexedDB: { open } });
    a.keep([item("1")]);
    a.close();
    assert.deepEqual(ids((await browser.tab("b")).found), ["1"]);
  });

  test("is given up in silence where nothing can be kept", async () => {
    const platform = { get localStorage() { throw new Error("forbidden"); } };
    const pendingStore = PendingStore("http://host/", "a", Storage("http://host/", platform).area, assert.fail, {});
    pendingStore.keep([item("1")]);
    pendingStore.keep([]);
    await pendingStore.adopt();
  });
});

describe("two lists of what waits", () => {
  test("become one by time, each in its own order, nothing twice", () => {
    const random = seeded(3);
    for (let round = 0; round < 500; round++) {
      const all = Array.from({ length: 8 }, (_, n) => item(String(n), Math.floor(random() * 6)));
      const [mine, found] = [all.filter(() => random() < 0.6), all.filter(() => random() < 0.6)];
      const merged = ids(merge(mine, found));
      assert.deepEqual([...merged].sort(), [...new Set(ids([...mine, ...found]))].sort());
      assert.deepEqual(merged.filter((id) => ids(mine).includes(id)), ids(mine));
      const added = ids(found).filter((id) => !ids(mine).includes(id));
      assert.deepEqual(merged.filter((id) => added.includes(id)), added);
    }
    assert.deepEqual(ids(merge([item("a", 1), item("c", 3)], [item("b", 2), item("d", 4)])), ["a", "b", "c", "d"]);
  });
});

describe("what an earlier page has left", () => {
  test("is sent after what was written before it, once", () => {
    const page = new Page({ pending: [item("1", -5)] });
    page.say("new");
    page.do("restored", { items: [item("1", -5), item("0", -9)] });
    page.arrive();
    assert.deepEqual(page.fates.map(([text]) => text), ["text 0", "text 1", "new"]);
  });

  test("is not sent again where the room shows it", () => {
    const history = new History("lobby");
    history.write({ type: "message", id: "1", user: "u1", text: "x" });
    history.write({ type: "message", id: "2", user: "u2", text: "of another" });
    const page = new Page().arrive(history);
    page.do("restored", { items: [item("1"), item("2")] });
    assert.deepEqual(page.take().map(({ id }) => id), ["2"]);
  });

  test("waits in its own room, which is entered for that", () => {
    const page = new Page().arrive();
    page.do("restored", { items: [item("1", 0, { key: "tea" })] });
    assert.equal(page.last("join").room, "tea");
  });

  test("is nothing where it cannot be ours", () => {
    const page = new Page().arrive();
    for (const items of [null, 5, [null], [{ id: "1" }], [{ id: "", key: "a", text: "x" }, { id: 5, key: "a", text: "x" }]]) {
      page.do("restored", { items });
    }
    assert.deepEqual([page.state.pending, page.sent], [[], []]);
  });

  test("waits, though it was on its way; and failed where it had", () => {
    const page = new Page().arrive();
    page.say("on its way");
    const fates = kept([...page.state.pending, item("f", 0, { fate: "failed", code: "busy" })]).map(({ fate, code }) => [fate, code]);
    assert.deepEqual(fates, [["queued", null], ["failed", "busy"]]);
    assert.equal(restored([item("1", 0, { fate: "sent" })])[0].fate, "queued");
  });
});
