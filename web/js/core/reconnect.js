// Whether and when to come back after a connection ended. Pure; times are milliseconds.

const BASE = 500; // the first wait is up to this
const CAP = 30_000; // no wait is longer
const LATER = 10_000; // a full server, or one that was flooded, is left alone at least so long
const LASTED = 5_000; // a connection that held so long was a success: counting starts afresh

/**
 * What each close code asks of the page (docs/protocol.md). Whatever is not here is "jitter": come
 * back, with growing waits. That is also right for 1002 and 1006, which proxies cause.
 */
const AFTER_CLOSE = {
  1000: "never",
  1003: "never",
  1007: "never",
  1009: "never",
  1013: "later",
  4000: "never",
  4001: "never",
  4003: "never",
  4008: "at once",
  4029: "later",
};

/**
 * Whether and when to come back after a connection ended.
 *
 * `attempt` counts the connections tried since the last that held, `held` is how long this one
 * was open (0 if it never was), `random` gives a number in [0, 1). Full jitter, so that a
 * thousand pages do not come back to a restarted server in step.
 *
 * Gives { again, delay, attempt, patient }; `patient` means that only the reader may shorten the
 * wait, not a network that came back.
 */
export function comeBack(code, attempt, held, random) {
  const asked = AFTER_CLOSE[code] ?? "jitter";
  const tried = held >= LASTED ? 0 : attempt;
  if (asked === "never") return { again: false, delay: 0, attempt: 0, patient: true };
  const next = { again: true, attempt: tried + 1, patient: asked === "later" };
  if (asked === "later") return { ...next, delay: LATER + random() * (CAP - LATER) };
  // At once, but not round and round: one that did not hold waits like any other.
  if (asked === "at once" && tried === 0) return { ...next, delay: 0 };
  return { ...next, delay: random() * Math.min(CAP, BASE * 2 ** Math.min(tried, 16)) };
}
