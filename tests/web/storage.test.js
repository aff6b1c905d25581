import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Storage } from "../../web/js/storage.js";

/** A browser's two storages, as Maps. */
function platform() {
  const area = () => {
    const kept = new Map();
    return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  };
  return { localStorage: area(), sessionStorage: area() };
}

describe("what outlives the page", () => {
  test("is found again, each in its place", () => {
    const browser = platform();
    const storage = Storage("http://host/", browser);
    storage.save("identity", { nick: "Ada", token: "t" });
    storage.save("drafts", [["tea", "half a"]]);
    storage.save("seen", [["tea", 7]]);
    const later = Storage("http://host/", browser);
    assert.deepEqual(later.identity(), { nick: "Ada", token: "t" });
    assert.deepEqual([later.drafts(), later.seen()], [[["tea", "half a"]], [["tea", 7]]]);
    assert.deepEqual([browser.localStorage.kept.size, browser.sessionStorage.kept.size], [2, 1]);
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
