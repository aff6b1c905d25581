import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { asksWhy, comeBack } from "../../web/js/core/reconnect.js";
import { pickOne, seeded } from "./random.js";

describe("coming back", () => {
  test("waits a random time, up to twice as long after each attempt, and 30 s at the most", () => {
    const random = seeded(1);
    for (let round = 0; round < 2_000; round++) {
      const code = pickOne(random, [1001, 1005, 1006, 1011, 1012, 3000, 4999]);
      let attempt = 0;
      for (let failures = 0; failures < 40; failures++) {
        const next = comeBack(code, attempt, random() * 4_000, random);
        assert.ok(next.again);
        assert.equal(next.attempt, failures + 1);
        assert.ok(next.delay >= 0 && next.delay <= Math.min(30_000, 500 * 2 ** failures));
        assert.equal(next.patient, false);
        attempt = next.attempt;
      }
    }
  });

  test("uses the whole range, so that pages do not come back in step", () => {
    assert.equal(comeBack(1006, 3, 0, () => 0).delay, 0);
    assert.equal(comeBack(1006, 3, 0, () => 0.5).delay, 2_000);
    assert.equal(comeBack(1006, 1_000_000, 0, () => 0.5).delay, 15_000);
  });

  test("starts afresh after a connection that held", () => {
    assert.ok(comeBack(1006, 9, 5_000, () => 0.999).delay < 500);
    assert.equal(comeBack(1006, 9, 5_000, () => 0.999).attempt, 1);
    assert.ok(comeBack(1006, 9, 4_999, () => 0.999).delay > 500);
  });

  test("obeys each code as the protocol's table has it", () => {
    const text = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
    const [, table] = /^### Close codes\n([\s\S]*?)\n\n[^|]/m.exec(text);
    const asked = [...table.matchAll(/^\| (\d{4})(?: \*planned\*)? \| .* \| (.*) \|$/gm)].map(([, code, words]) => [Number(code), words]);
    assert.ok(asked.length >= 14);
    const MEANS = {
      no: ({ again }) => !again,
      yes: ({ again, delay }) => again && delay > 0 && delay <= 500,
      "yes, with jitter": ({ again, delay }) => again && delay > 0 && delay <= 500,
      "yes, with growing waits": ({ again, delay, patient }) => again && !patient && delay > 0 && delay <= 500,
      "yes, later": ({ again, delay, patient }) => again && patient && delay >= 10_000,
      "yes, at once": ({ again, delay }) => again && delay === 0,
    };
    for (const [code, words] of asked) assert.ok(MEANS[words](comeBack(code, 0, 60_000, () => 0.5)), `${code}: ${words}`);
  });

  test("does not come back by itself where coming back would end the same way", () => {
    for (const code of [1000, 1003, 1007, 1009, 4000, 4001, 4003]) {
      assert.equal(comeBack(code, 0, 60_000, Math.random).again, false, `${code}`);
    }
  });

  test("comes back after every other code, later and later: whoever sent it, the server may be there", () => {
    const ends = [1000, 1003, 1007, 1009, 4000, 4001, 4003];
    const special = [1013, 4008, 4029];
    for (let code = 1000; code < 5000; code++) {
      if (ends.includes(code) || special.includes(code)) continue;
      const delays = [0, 1, 2, 3, 4, 5, 6, 20].map((attempt) => comeBack(code, attempt, 10, () => 0.9).delay);
      assert.deepEqual(delays, [450, 900, 1_800, 3_600, 7_200, 14_400, 27_000, 27_000], `${code}`);
    }
  });

  test("leaves a full or flooded server alone for a while, network or no network", () => {
    const random = seeded(2);
    for (const code of [1013, 4029]) {
      for (let round = 0; round < 500; round++) {
        const next = comeBack(code, round, random() * 60_000, random);
        assert.ok(next.again && next.patient);
        assert.ok(next.delay >= 10_000 && next.delay <= 30_000);
      }
    }
  });

  test("comes back at once when it was too slow, but not round and round", () => {
    assert.equal(comeBack(4008, 7, 60_000, () => 0.9).delay, 0);
    assert.equal(comeBack(4008, 0, 10, () => 0.9).delay, 0);
    assert.ok(comeBack(4008, 1, 10, () => 0.9).delay > 0);
  });
});

describe("the page asks why it cannot connect", () => {
  const asked = (blocked, most = 100) => Array.from({ length: most }, (_, i) => i + 1).filter((tries) => asksWhy(tries, blocked));

  test("seldom, and never after a connection that was open", () => {
    assert.deepEqual(asked(null), [2, 4, 8, 16, 32, 64]);
    assert.equal(asksWhy(undefined, null), false);
  });

  test("again only if the answer may change by itself", () => {
    assert.deepEqual(asked({ status: 403 }), []);
    assert.deepEqual(asked({ status: 426 }), []);
    assert.deepEqual(asked({ status: 503 }, 10), [2, 4, 8]);
  });
});
