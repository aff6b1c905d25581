// Everything the page decides: pure functions, without DOM, clock, socket or timer. Times are
// milliseconds; a time of day is milliseconds since 1970.

// --- Coming back ---------------------------------------------------------------------------

const BASE = 500; // the first wait is up to this
const CAP = 30_000; // no wait is longer
const LATER = 10_000; // a full server, or one that was flooded, is left alone at least so long
const LASTED = 5_000; // a connection that held so long was a success: counting starts afresh

/** What each close code asks of the page (docs/protocol.md). Whatever is not here is "jitter". */
const AFTER_CLOSE = {
  1000: "never",
  1002: "never",
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

// --- The state -----------------------------------------------------------------------------

export const KEEP = 2_000; // lines kept while the reader follows
const UNANSWERED = 100; // sent lines remembered until they come back

export const START = Object.freeze({
  connection: Object.freeze({ phase: "connecting", attempt: 0, retryAt: 0, code: null }),
  online: true,
  hidden: false,
  lines: Object.freeze([]), // { key, text, time }; keys count up by one
  following: true, // the view is at the newest line, and stays there
  unseen: 0, // lines that came while the reader was reading further up
  unread: 0, // lines that came while the page was hidden
  draft: "",
  unanswered: Object.freeze([]), // sent, and not yet seen to come back
  returned: false, // the draft holds text whose fate is unknown
  refusals: 0, // how often sending was asked for in vain since the connection last changed
});

/** Each event, and the state it makes of the one before. */
const RULES = {
  connecting: (state, { attempt }) => connection(state, { phase: "connecting", attempt }),
  connected: (state) => connection(state, { phase: "connected" }),
  waiting: (state, { retryAt, code }) =>
    connection(takeBack(state), { phase: "waiting", retryAt, code }),
  stopped: (state, { code }) => connection(takeBack(state), { phase: "stopped", code }),
  network: (state, { online }) => ({ ...state, online }),
  hidden: (state) => ({ ...state, hidden: true }),
  visible: (state) => ({ ...state, hidden: false, unread: 0 }),
  follow: (state, { following }) => trim({ ...state, following, unseen: following ? 0 : state.unseen }),
  messages: (state, { messages }) => addLines(state, messages),
  draft: (state, { text }) => ({ ...state, draft: text, returned: state.returned && text !== "" }),
  sent: (state, { text }) => ({
    ...state,
    draft: "",
    returned: false,
    unanswered: [...state.unanswered, text].slice(-UNANSWERED),
  }),
  refused: (state) => ({ ...state, refusals: state.refusals + 1 }),
};

/** The state after `event`. Neither is changed. */
export function reduce(state, event) {
  return RULES[event.type](state, event);
}

function connection(state, now) {
  return { ...state, refusals: 0, connection: { ...START.connection, ...now } };
}

/** Give the writer back what was sent and never came back: it may be lost. */
function takeBack(state) {
  if (state.unanswered.length === 0) return state;
  const draft = [...state.unanswered, state.draft].filter(Boolean).join("\n");
  return { ...state, draft, unanswered: [], returned: true };
}

function addLines(state, messages) {
  let key = (state.lines.at(-1)?.key ?? -1) + 1;
  const unanswered = [...state.unanswered];
  const added = messages.map(({ text, time }) => {
    const mine = unanswered.indexOf(text);
    if (mine >= 0) unanswered.splice(mine, 1);
    return { key: key++, text, time };
  });
  return trim({
    ...state,
    unanswered,
    lines: [...state.lines, ...added],
    unseen: state.following ? 0 : state.unseen + added.length,
    unread: state.hidden ? state.unread + added.length : 0,
  });
}

/** Bound the log. Who reads further up keeps what they read until it is twice the usual. */
function trim(state) {
  const keep = state.following ? KEEP : 2 * KEEP;
  return state.lines.length > keep ? { ...state, lines: state.lines.slice(-keep) } : state;
}

// --- What is shown -------------------------------------------------------------------------

/** Which words say how the connection is: { seen, spoken } keys, the second without a countdown. */
export function connectionWords({ connection: { phase, attempt }, online }) {
  if (phase === "waiting" && !online) {
    return { seen: "connection.offline", spoken: "connection.offline" };
  }
  if (phase === "waiting") return { seen: "connection.waiting", spoken: "connection.lost" };
  if (phase === "connecting" && attempt > 0) {
    return { seen: "connection.again", spoken: "connection.lost" };
  }
  return { seen: `connection.${phase}`, spoken: `connection.${phase}` };
}

const STOPPED_HINTS = {
  1000: "hint.ended",
  1009: "hint.tooBig",
  4000: "hint.refused",
  4001: "hint.refused",
  4003: "hint.removed",
};
const WAITING_HINTS = { 1013: "hint.full", 4029: "hint.flooding" };

/** Which words below the composer say what can be done now. */
export function hintWords({ connection: { phase, attempt, code }, online, returned }) {
  if (phase === "stopped") return STOPPED_HINTS[code] ?? "hint.misunderstood";
  if (phase === "waiting" && WAITING_HINTS[code]) return WAITING_HINTS[code];
  if (returned) return "hint.returned";
  if (phase === "connected") return "hint.ready";
  if (phase === "connecting" && attempt === 0) return "hint.connecting";
  return online ? "hint.waiting" : "hint.offline";
}

/** Seconds until `then`, counted down to 1; 0 once it has come. */
export function secondsUntil(then, now) {
  return Math.max(0, Math.ceil((then - now) / 1000));
}

/** The window's title; how much is unread stands first, where a narrow tab still shows it. */
export function title(name, unread) {
  return unread > 0 ? `(${unread}) ${name}` : name;
}

// --- Small rules ---------------------------------------------------------------------------

/**
 * goChat's scroll rule asks this before it appends. Zoom makes scroll positions fractions, and
 * part of a line is no more to read, so a few pixels count as the bottom.
 */
export function atBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= 8;
}

/**
 * Whether this key press sends. Enter that picks a candidate in an input method does not: it is
 * marked as composing, or in Safari, which ends the composition first, has the key code 229.
 */
export function sends({ key, shiftKey, altKey, isComposing, keyCode }) {
  return key === "Enter" && !shiftKey && !altKey && !isComposing && keyCode !== 229;
}

/** Whether there is anything to say in `text`. */
export function sayable(text) {
  return text.trim() !== "";
}
