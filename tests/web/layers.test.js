import assert from "node:assert/strict";
import { test } from "node:test";

import { Layers } from "../../web/js/browser/layers.js";
import { historyStep, openLayers } from "../../web/js/core/layers.js";
import { pickOne, seeded } from "./random.js";

/** A browser's history: `back` and `forward` are what its user does, `settle` lets all movements happen. */
class Browser {
  entries = [{ state: null, url: "/" }];
  at = 0;
  moves = [];
  history = {
    browser: this,
    get state() {
      return structuredClone(this.browser.entries[this.browser.at].state);
    },
    pushState: (state, _, url = this.url) => this.entries.splice(++this.at, Infinity, { state, url }),
    replaceState: (state, _, url = this.url) => (this.entries[this.at] = { state, url }),
    go: (by) => this.moves.push(by),
  };
  location = {
    browser: this,
    get pathname() {
      return this.browser.url.replace(/#.*/, "");
    },
  };

  get url() {
    return this.entries[this.at].url;
  }

  addEventListener(_, popped) {
    this.popped = popped;
  }

  back = () => this.moves.push(-1);
  forward = () => this.moves.push(1);

  settle() {
    while (this.moves.length > 0) {
      const to = this.at + this.moves.shift();
      if (to < 0 || to >= this.entries.length) continue;
      this.at = to;
      this.popped();
    }
  }
}

/** A page with rooms and layers, as main.js joins them to the history. */
class Page {
  room = "/";
  open = 0;

  constructor(browser = new Browser()) {
    this.browser = browser;
    this.layers = Layers(this.#popped, () => this.show(), browser);
    this.show();
  }

  #popped = (layer) => {
    const { pathname } = this.browser.location;
    if (pathname !== this.room) Object.assign(this, { room: pathname, open: 0 });
    else this.open = Math.min(this.open, layer);
    this.show();
  };

  show() {
    this.layers.follow(this.open, this.room, true);
  }

  have(open) {
    this.open = open;
    this.show();
  }

  enter(room) {
    if (room !== this.room) this.layers.travelled();
    Object.assign(this, { room, open: 0 });
    this.show();
  }

  back() {
    this.browser.back();
    this.browser.settle();
    return [this.room, this.open];
  }
}

test("what is open is closed from the top", () => {
  const closed = { panel: false, sheet: null, naming: null };
  assert.deepEqual(openLayers(closed), []);
  assert.deepEqual(openLayers({ ...closed, naming: { first: true } }), [], "without a name there is nothing below");
  const panel = { type: "panel", open: false };
  assert.deepEqual(openLayers({ ...closed, panel: true, sheet: { name: "key-sheet" } }), [panel, { type: "sheet", name: null }]);
  assert.deepEqual(openLayers({ ...closed, panel: true, naming: { first: false } }), [panel, { type: "keepName" }]);
});

test("Back closes the topmost layer, then the one below, then leads to the room before", () => {
  const page = new Page();
  page.enter("/r/tea");
  page.have(1);
  page.have(2);
  assert.deepEqual(page.back(), ["/r/tea", 1]);
  assert.deepEqual(page.back(), ["/r/tea", 0]);
  assert.deepEqual(page.back(), ["/", 0]);
});

test("a layer that is closed otherwise leaves nothing to go back to, and Forward does not open it", () => {
  const page = new Page();
  page.enter("/r/tea");
  page.have(1);
  page.have(0);
  page.browser.settle();
  page.browser.forward();
  page.browser.settle();
  assert.deepEqual([page.room, page.open, page.browser.at], ["/r/tea", 0, 1]);
  assert.deepEqual(page.back(), ["/", 0]);
});

test("a room that is opened from layers takes their place", () => {
  for (const open of [1, 2]) {
    const page = new Page();
    page.have(1);
    page.have(open);
    page.enter("/r/tea");
    page.browser.settle();
    assert.deepEqual(page.browser.entries.slice(0, page.browser.at + 1).map(({ url }) => url), ["/", "/r/tea"]);
    assert.deepEqual(page.back(), ["/", 0]);
  }
});

test("a layer that is opened while another one is still being closed has an entry", () => {
  const page = new Page();
  page.have(1);
  page.have(0);
  page.have(1);
  page.browser.settle();
  assert.deepEqual([page.browser.entries.length, page.browser.at, page.open], [2, 1, 1]);
  assert.deepEqual(page.back(), ["/", 0]);
});

test("a page that is loaded again has no layers, and no entries of them below it", () => {
  const { browser } = new Page();
  const page = new Page(browser);
  page.have(1);
  page.have(2);
  const again = new Page(browser);
  browser.settle();
  assert.deepEqual([browser.at, again.open], [0, 0]);
});

test("a layer keeps the fragment of the URL, a room replaces it", () => {
  const page = new Page();
  page.browser.entries[0].url = "/#m-5";
  page.have(1);
  assert.equal(page.browser.url, "/#m-5");
  page.enter("/r/tea");
  assert.equal(page.browser.url, "/r/tea");
});

test("the name of a room is spelled as the server does, in the entry of a layer, too", () => {
  const steps = [historyStep({ layer: 0, at: "/r/Tea" }, { open: 0, place: "/r/tea", fresh: false }), historyStep({ layer: 1, at: "/r/Tea" }, { open: 1, place: "/r/tea", fresh: false })];
  assert.deepEqual(steps, [{ how: "replace", layer: 0 }, { how: "replace", layer: 1 }]);
});

test("whatever is opened, closed and travelled, the history agrees with the page, and Back never does nothing", () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = seeded(seed);
    const page = new Page();
    for (let n = 0; n < 30; n++) {
      const acts = [
        () => page.have(Math.min(3, page.open + 1)),
        () => page.have(Math.max(0, page.open - 1)),
        () => page.have(0),
        () => page.enter(pickOne(random, ["/", "/r/tea", "/r/den"])),
        page.browser.back,
        page.browser.forward,
        () => page.browser.settle(),
      ];
      pickOne(random, acts)();
    }
    page.browser.settle();
    const { browser } = page;
    assert.equal(browser.location.pathname, page.room, `seed ${seed}`);
    assert.equal(browser.history.state?.layer ?? 0, page.open, `seed ${seed}`);
    for (const before = browser.at; browser.at > 0; ) {
      const was = [page.room, page.open];
      assert.notDeepEqual(page.back(), was, `seed ${seed}, from ${before}`);
    }
  }
});
