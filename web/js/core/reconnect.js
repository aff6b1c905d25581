// Whether and when to reconnect after a connection ended. Pure; times are milliseconds.

const BASE = 500; // the greatest first delay
const CAP = 30_000; // the greatest delay
const LATER = 10_000; // the least delay for a server that is full or was flooded
const LASTED = 5_000; // a connection that lasted so long counts as successful: the delays start again

/**
 * What each close code asks of the page (docs/protocol.md). All others are "jitter":
 * reconnect with growing delays. That is also right for 1002 and 1006, which proxies cause.
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
 * Whether the page asks the server why a connection could not be opened, after so many `tries`: at
 * the 2nd, 4th, 8th, …, and after an answer (`blocked`) only if that may change by itself.
 */
export function asksWhy(tries, blocked) {
  return tries > 1 && (tries & (tries - 1)) === 0 && (blocked === null || blocked.status === 503);
}

/**
 * Whether and when to reconnect after a connection ended.
 *
 * `attempt` counts the connections tried since the last successful one, `held` is how long this one
 * was open (0 if it never was), `random` returns a number in [0, 1). Full jitter, so that a
 * thousand pages do not reconnect to a restarted server at the same time.
 *
 * Returns { again, delay, attempt, patient }; `patient` means that only the user may shorten the
 * delay, not a network that returned.
 */
export function comeBack(code, attempt, held, random) {
  const asked = AFTER_CLOSE[code] ?? "jitter";
  const tried = held >= LASTED ? 0 : attempt;
  if (asked === "never") return { again: false, delay: 0, attempt: 0, patient: true };
  const next = { again: true, attempt: tried + 1, patient: asked === "later" };
  if (asked === "later") return { ...next, delay: LATER + random() * (CAP - LATER) };
  // At once, but not in a loop: after a connection that did not last, the delay is as usual.
  if (asked === "at once" && tried === 0) return { ...next, delay: 0 };
  return { ...next, delay: random() * Math.min(CAP, BASE * 2 ** Math.min(tried, 16)) };
}
