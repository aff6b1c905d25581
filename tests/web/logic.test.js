import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  atBottom,
  comeBack,
  connectionWords,
  hintWords,
  KEEP,
  reduce,
  sayable,
  secondsUntil,
  sends,
  START,
  title,
} from "../../web/js/logic.js";
import { pickOne, seeded } from "./random.js";

/** The state after all of `events`. */
const after = (...events) => events.reduce(reduce, START);
const said = (...texts) => ({
  type: "messages",
  messages: texts.map((text) => ({ text, time: 0 })),
});
const many = (count, from = 0) => said(...Array.from({ length: count }, (_, n) => `${from + n}`));
const CONNECTED = { type: "connected" };
const LOST = { type: "waiting", retryAt: 1, code: 1006 };

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

  test("does not come back by itself where coming back would end the same way", () => {
    for (const code of [1000, 1002, 1003, 1007, 1009, 4000, 4001, 4003]) {
      assert.equal(comeBack(code, 0, 60_000, Math.random).again, false, `${code}`);
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

describe("the log", () => {
  test("keeps lines verbatim, in order, under keys that count up by one", () => {
    const texts = ["a", "", "  b\n\tc ", "<i>", "\u202eabc", "👩‍👩‍👧"];
    const { lines } = after(said(...texts.slice(0, 2)), said(...texts.slice(2)));
    assert.deepEqual(lines.map((line) => line.text), texts);
    assert.deepEqual(lines.map((line) => line.key), [0, 1, 2, 3, 4, 5]);
  });

  test("holds the newest lines, however they arrive", () => {
    const random = seeded(3);
    let state = START;
    let total = 0;
    for (let round = 0; round < 300; round++) {
      const count = Math.floor(random() * 60);
      state = reduce(state, many(count, total));
      total += count;
      assert.equal(state.lines.length, Math.min(total, KEEP));
      assert.equal(state.lines.at(-1)?.text ?? "-1", `${total - 1}`);
      assert.equal(state.lines.at(-1)?.key ?? -1, total - 1);
    }
    assert.ok(total > KEEP);
  });

  test("takes nothing away from who reads further up, until it is twice as long", () => {
    const up = after(many(KEEP), { type: "follow", following: false });
    assert.equal(reduce(up, many(KEEP)).lines.length, 2 * KEEP);
    assert.equal(reduce(up, many(KEEP + 1)).lines.length, 2 * KEEP);
    assert.equal(
      reduce(reduce(up, many(KEEP)), { type: "follow", following: true }).lines.length,
      KEEP,
    );
  });

  test("counts what comes while the reader is further up, until they come down", () => {
    const up = after(said("1"), { type: "follow", following: false }, said("2", "3"), said("4"));
    assert.equal(up.unseen, 3);
    assert.equal(reduce(up, { type: "follow", following: true }).unseen, 0);
    assert.equal(after(said("1", "2")).unseen, 0);
  });

  test("counts what comes while the page is hidden, until it is seen", () => {
    const away = after(said("1"), { type: "hidden" }, said("2", "3"));
    assert.equal(away.unread, 2);
    assert.equal(reduce(away, { type: "visible" }).unread, 0);
    assert.equal(title("goChat", 2), "(2) goChat");
    assert.equal(title("goChat", 0), "goChat");
  });
});

describe("the draft", () => {
  const writes = (text) => ({ type: "draft", text });
  const sent = (text) => ({ type: "sent", text });

  test("stays when the connection goes", () => {
    const state = after(CONNECTED, writes("half a thou"), LOST, { type: "connecting", attempt: 1 });
    assert.equal(state.draft, "half a thou");
    assert.equal(state.returned, false);
  });

  test("is empty once sent", () => {
    assert.equal(after(CONNECTED, writes("a"), sent("a")).draft, "");
  });

  test("gets back what was sent and did not come back before the connection went", () => {
    const state = after(CONNECTED, sent("a"), sent("b"), said("a"), writes("c"), LOST);
    assert.equal(state.draft, "b\nc");
    assert.equal(state.returned, true);
    assert.equal(hintWords(reduce(state, CONNECTED)), "hint.returned");
    assert.equal(reduce(state, sent("b\nc")).returned, false);
    assert.equal(reduce(state, writes("")).returned, false);
  });

  test("does not get back what came back", () => {
    assert.equal(after(CONNECTED, sent("a"), sent("a"), said("a", "x", "a"), LOST).draft, "");
  });

  test("gets a message back that was too big for the server", () => {
    const state = after(CONNECTED, sent("x".repeat(70_000)), { type: "stopped", code: 1009 });
    assert.equal(state.draft.length, 70_000);
    assert.equal(hintWords(state), "hint.tooBig");
  });

  test("insists only until the connection changes", () => {
    const state = after(LOST, { type: "refused" }, { type: "refused" });
    assert.equal(state.refusals, 2);
    assert.equal(reduce(state, CONNECTED).refusals, 0);
  });
});

test("no event changes the state it is given", () => {
  const freeze = (value) => {
    if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
      Object.values(value).forEach(freeze);
      Object.freeze(value);
    }
    return value;
  };
  const random = seeded(4);
  const events = [
    () => CONNECTED,
    () => LOST,
    () => ({ type: "connecting", attempt: 2 }),
    () => ({ type: "stopped", code: 4003 }),
    () => ({ type: "network", online: random() < 0.5 }),
    () => ({ type: pickOne(random, ["hidden", "visible", "refused"]) }),
    () => ({ type: "follow", following: random() < 0.5 }),
    () => ({ type: pickOne(random, ["draft", "sent"]), text: pickOne(random, ["", "a", "b"]) }),
    () => said(...Array.from({ length: random() * 5 }, () => pickOne(random, ["a", "b"]))),
  ];
  let state = START;
  for (let round = 0; round < 3_000; round++) {
    state = freeze(reduce(state, freeze(pickOne(random, events)())));
    assert.ok(state.unanswered.length <= 100);
    assert.ok(state.unseen >= 0 && (state.unseen === 0 || !state.following));
    assert.ok(state.unread === 0 || state.hidden);
    connectionWords(state);
    hintWords(state);
  }
});

describe("what is shown", () => {
  test("the connection is told as it is", () => {
    assert.equal(connectionWords(START).seen, "connection.connecting");
    assert.equal(connectionWords(after(CONNECTED)).seen, "connection.connected");
    assert.equal(connectionWords(after(LOST)).seen, "connection.waiting");
    assert.equal(connectionWords(after({ type: "connecting", attempt: 1 })).seen, "connection.again");
    assert.equal(connectionWords(after({ type: "stopped", code: 1000 })).seen, "connection.stopped");
    assert.equal(
      connectionWords(after(LOST, { type: "network", online: false })).seen,
      "connection.offline",
    );
  });

  test("a server on this very machine counts as connected, network or not", () => {
    const state = after(CONNECTED, { type: "network", online: false });
    assert.equal(connectionWords(state).seen, "connection.connected");
  });

  test("what is read out does not count down", () => {
    assert.equal(connectionWords(after(LOST)).spoken, "connection.lost");
    assert.equal(
      connectionWords(after({ type: "connecting", attempt: 1 })).spoken,
      "connection.lost",
    );
  });

  test("seconds count down to one, then to nothing", () => {
    assert.deepEqual([5_000, 4_001, 4_000, 1, 0, -9].map((left) => secondsUntil(left, 0)), [
      5, 5, 4, 1, 0, 0,
    ]);
  });
});

describe("small rules", () => {
  test("the bottom is the bottom, give or take what zoom makes of it", () => {
    assert.ok(atBottom({ scrollTop: 500, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 499.4, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 0, clientHeight: 300, scrollHeight: 300 }));
    assert.ok(!atBottom({ scrollTop: 480, clientHeight: 300, scrollHeight: 800 }));
  });

  test("Enter sends; with Shift, or while an input method composes, it does not", () => {
    const press = { key: "Enter", shiftKey: false, altKey: false, isComposing: false, keyCode: 13 };
    assert.ok(sends(press));
    assert.ok(!sends({ ...press, shiftKey: true }));
    assert.ok(!sends({ ...press, altKey: true }));
    assert.ok(!sends({ ...press, isComposing: true }));
    assert.ok(!sends({ ...press, keyCode: 229 }));
    assert.ok(!sends({ ...press, key: "a" }));
  });

  test("blanks are nothing to say", () => {
    assert.ok(sayable(" a "));
    for (const text of ["", " ", "\n\n", "\u3000"]) assert.ok(!sayable(text));
  });
});
