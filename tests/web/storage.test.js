import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Storage } from "../../web/js/browser/storage.js";

/** A browser's two storages: objects whose own properties are what is kept. */
function platform() {
  const area = () => {
    const kept = {};
    return Object.defineProperties(kept, {
      getItem: { value: (key) => kept[key] ?? null, writable: true },
      setItem: { value: (key, value) => (kept[key] = value), writable: true },
      removeItem: { value: (key) => delete kept[key] },
    });
  };
  return { localStorage: area(), sessionStorage: area() };
}

describe("what outlives the page", () => {
  test("is found again, each in its place", () => {
    const browser = platform();
    const storage = Storage("http://host/", browser);
    storage.save("identity", { nick: "Ada", token: "t" });
    storage.save("seen", [["tea", 7]]);
    const later = Storage("http://host/", browser);
    assert.deepEqual(later.identity(), { nick: "Ada", token: "t" });
    assert.deepEqual(later.seen(), [["tea", 7]]);
  });

  test("belongs to one server, also where two share an origin", () => {
    const browser = platform();
    Storage("http://host/a/", browser).save("identity", { nick: "Ada", token: "t" });
    assert.equal(Storage("http://host/b/", browser).identity(), null);
  });

  test("is nothing where the browser forbids it, or it is full", () => {
    const forbidding = { get localStorage() { throw new Error("forbidden"); }, get sessionStorage() { throw new Error("forbidden"); } };
    const full = { ...platform() };
    full.localStorage.setItem = full.sessionStorage.setItem = () => { throw new Error("full"); };
    for (const browser of [forbidding, full, {}]) {
      const storage = Storage("http://host/", browser);
      storage.save("identity", { nick: "Ada", token: "t" });
      assert.deepEqual([storage.identity(), storage.drafts(), storage.seen()], [null, [], []]);
    }
  });

  test("is not believed where it cannot be ours", () => {
    for (const text of ["", "{", "null", "5", '"x"', "[]", "[null]", "[5]", "{}", '{"nick":5}', '[["a"]]', '[["a",{}]]']) {
      const browser = platform();
      for (const area of Object.values(browser)) area.getItem = () => text;
      const storage = Storage("http://host/", browser);
      assert.equal(storage.identity(), null);
      assert.deepEqual([storage.drafts(), storage.seen()], [[], []]);
    }
  });

  test("that another tab has named the reader is noticed", () => {
    const storage = Storage("http://host/", platform());
    assert.ok(storage.isIdentity({ key: "gochat http://host/ identity" }));
    assert.ok(!storage.isIdentity({ key: "gochat http://host/ seen" }));
  });
});

describe("a draft", () => {
  test("is found again by its room, also when the browser was closed", () => {
    const browser = platform();
    Storage("http://host/", browser).saveDrafts([["tea", "half a", ""], ["lobby", "x", ""], ["lobby", "", "x"]]);
    const { localStorage } = browser;
    assert.deepEqual(Storage("http://host/", { ...platform(), localStorage }).drafts(), [["tea", "half a"]]);
    assert.deepEqual(Storage("http://host/a/", browser).drafts(), []);
  });

  test("is not written over by another tab, which writes elsewhere or has another in this room", () => {
    const browser = platform();
    const { localStorage } = browser;
    const [first, second] = [Storage("http://host/", browser), Storage("http://host/", { ...platform(), localStorage })];
    first.saveDrafts([["tea", "first", ""]]);
    first.save("drafts", [["tea", "first"]]);
    second.saveDrafts([["lobby", "elsewhere", ""], ["tea", "second", "first"]]);
    assert.deepEqual(new Map(first.drafts()), new Map([["lobby", "elsewhere"], ["tea", "first"]]));
    first.saveDrafts([["tea", "", "first"]]);
    assert.deepEqual(new Map(second.drafts()), new Map([["lobby", "elsewhere"], ["tea", "second"]]));
  });

  test("that another tab has done with is told by the browser", () => {
    const storage = Storage("http://host/", platform());
    const event = { key: "gochat http://host/ draft tea", oldValue: '"half a"', newValue: null };
    assert.deepEqual(storage.doneDraft(event), { key: "tea", text: "half a" });
    for (const other of [{ newValue: '"half a t"' }, { key: "gochat http://host/ seen" }, { key: null }, { key: "gochat http://host/a/ draft tea" }]) {
      assert.equal(storage.doneDraft({ ...event, ...other }), null);
    }
  });
});
