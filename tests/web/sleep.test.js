import assert from "node:assert/strict";
import { test } from "node:test";

import { watchSleep } from "../../web/js/browser/sleep.js";
import { Page } from "./page.js";

/** A page whose clock and beats the test makes. */
function beats() {
  const browser = { time: 0, hiddenNow: false, run: null, delay: 0, woken: 0 };
  watchSleep(() => (browser.woken += 1), {
    now: () => browser.time,
    hidden: () => browser.hiddenNow,
    setInterval: (run, delay) => Object.assign(browser, { run, delay }),
  });
  browser.beat = (after = browser.delay) => {
    browser.time += after;
    browser.run();
    return browser.woken;
  };
  return browser;
}

test("a page that slept is woken once, one that was only slow is not", () => {
  const page = beats();
  assert.equal(page.beat(), 0);
  assert.equal(page.beat(2 * page.delay), 0);
  assert.equal(page.beat(8 * 3_600_000), 1);
  assert.equal(page.beat(), 1);
  assert.equal(page.beat(-3_600_000), 1, "a clock set back is no sleep");
  assert.equal(page.beat(), 1);
});

test("a hidden page is left to its slow beats", () => {
  const page = beats();
  page.hiddenNow = true;
  assert.equal(page.beat(60_000), 0);
  page.hiddenNow = false;
  assert.equal(page.beat(), 0);
});

test("a page that was woken asks whether its line lives, and drops one that does not say so", () => {
  const page = new Page().arrive();
  page.do("woke");
  assert.deepEqual(page.take().map(({ type }) => type), ["ping"]);
  page.pass(3_999);
  assert.deepEqual(page.socketCalls, ["open"]);
  page.pass(1);
  assert.deepEqual(page.socketCalls, ["open", "drop"]);
});
