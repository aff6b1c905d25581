// Small decisions: when to come back, which words to show, what a key press or an address means.
// Pure functions; times are milliseconds. (What happens to the state is in core/.)

import { excess, rest } from "./core/chat.js";
import { keyOf, NEVER } from "./core/room.js";
import { current } from "./core/state.js";

export { current };

export const HUES = 8; // colours for people

// --- Coming back ---------------------------------------------------------------------------

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

// --- What is shown -------------------------------------------------------------------------

/**
 * Which words say how the connection is: { seen, spoken } keys, the second without a countdown, but
 * with the reason of an end, which is seen below the composer. A device that is offline tries on, for
 * the server may be on it; that is not worth a word each time.
 */
export function connectionWords({ connection: { phase, attempt, code }, online }) {
  if ((phase === "waiting" || phase === "connecting") && !online) {
    return { seen: "connection.offline", spoken: "connection.offline" };
  }
  if (phase === "waiting") return { seen: "connection.waiting", spoken: "connection.lost" };
  const again = attempt > 0 ? "again" : "connecting";
  const spoken = attempt > 0 ? "lost" : "connecting";
  if (phase === "stopped") return { seen: "connection.stopped", spoken: stoppedWords(code) };
  if (phase === "connected") return { seen: "connection.connected", spoken: "connection.connected" };
  return { seen: `connection.${again}`, spoken: `connection.${spoken}` };
}

/** Whether there is no connection, and one was tried for in vain or is not tried for any more. */
export function unreached({ connection: { phase, attempt } }) {
  return phase === "waiting" || phase === "stopped" || (phase === "connecting" && attempt > 0);
}

const STOPPED_HINTS = {
  1000: "hint.ended",
  1009: "hint.tooBig",
  4000: "hint.refused",
  4001: "hint.refused",
  4003: "hint.removed",
};
const NEAR = 200; // characters before the most that a message takes, from where they are counted
const WAITING_HINTS = { 1013: "hint.full", 4029: "hint.flooding" };

/** Which words say why the connection was ended for good. */
export function stoppedWords(code) {
  return STOPPED_HINTS[code] ?? "hint.misunderstood";
}

/** Which words below the composer say what can be done now: { key, values }. */
export function hintWords(state) {
  const { connection: { phase, attempt, code }, online } = state;
  const room = current(state);
  const over = excess(state, room.draft);
  if (phase === "stopped") return { key: stoppedWords(code) };
  if (room.phase === "refused") {
    const message = sentence(room.refusal);
    return message === "" ? { key: "hint.noRoom", values: { room: room.name } } : { key: "hint.said", values: { message } };
  }
  if (over > 0) return { key: "hint.tooLong", values: { count: over } };
  if (phase === "waiting" && WAITING_HINTS[code]) return { key: WAITING_HINTS[code] };
  if (phase === "connected") {
    const left = rest(state, room.draft);
    if (left <= NEAR) return { key: "hint.left", values: { count: left } };
    return { key: Number.isInteger(room.editing) ? "hint.saves" : "hint.ready" };
  }
  if (!online) return { key: "hint.offline" };
  if (phase === "waiting") return { key: "hint.waiting" };
  return { key: attempt > 0 ? "hint.waiting" : "hint.connecting" };
}

const FATES = ["too_long", "busy", "storage_failed", "muted", "bad_room"];

/** Codes of which only the server's sentence says of what there are too many. */
const SAID = ["limit_reached"];

/** Which words say why a message was not sent: { key, values }. */
export function fateWords(code, message) {
  if (SAID.includes(code) && message) return { key: "fate.said", values: { message } };
  return { key: FATES.includes(code) ? `fate.${code}` : "fate.other" };
}

/** The server's sentence on an act that failed, where the page has no words for it; "" where it has. */
export function sentence({ code, message }) {
  return SAID.includes(code) && message ? message : "";
}

const NAME_REFUSALS = ["nick_taken", "bad_nick", "bad_password", "rate_limited", "offline", "closed"];

/** Which words say why a name cannot be had: { key, values }. */
export function refusalWords({ code, message }) {
  if (NAME_REFUSALS.includes(code)) return { key: `name.${code}` };
  return { key: "name.other", values: { message: message ?? code } };
}

const TOPIC_REFUSALS = ["too_long", "bad_field", "rate_limited", "muted", "offline"];

/** Which words say why a topic was not set: { key, values }. */
export function topicRefusal({ code, message }) {
  if (TOPIC_REFUSALS.includes(code)) return { key: `topic.${code}` };
  return { key: "topic.other", values: { message: message ?? code } };
}

/** Which words say why nothing was searched: { key, values }. */
export function searchRefusal({ code, message }) {
  if (["offline", "rate_limited", "not_joined"].includes(code)) return { key: `search.${code}` };
  return { key: "search.other", values: { message: message ?? code } };
}

/** Which words say who is writing, of these nicks: { key, values }; null for nobody. */
export function typingWords(nicks) {
  const [one, two] = nicks;
  if (nicks.length === 0) return null;
  if (nicks.length === 1) return { key: "typing.one", values: { one } };
  if (nicks.length === 2) return { key: "typing.two", values: { one, two } };
  return { key: "typing.many" };
}

/** Seconds until `then`, counted down to 1; 0 once it has come. */
export function secondsUntil(then, now) {
  return Math.max(0, Math.ceil((then - now) / 1000));
}

/** The window's title; how much is unread stands first, where a narrow tab still shows it. */
export function title(name, room, unread) {
  const place = `#${room} · ${name}`;
  return unread > 0 ? `(${unread}) ${place}` : place;
}

/**
 * The rooms to choose from: [{ key, room, topic, count, fresh, unread, mentions, joined, visitedAt,
 * here }], the lobby first, then those the reader is in, then the others that the server lists, each
 * by name. `fresh`: there is something new; how much is known only of those they are in. `compare`
 * orders names.
 */
export function roomChoices(state, compare) {
  const choices = choicesOf(state, ordered(state.listed, compare));
  const first = choices.get(keyOf(state.lobby));
  choices.delete(first.key);
  const joined = [...choices.values()].filter((choice) => choice.joined);
  const others = [...choices.values()].filter((choice) => !choice.joined);
  return [first, ...joined.sort((a, b) => compare(a.room, b.room)), ...others];
}

const sorted = new WeakMap(); // each list of the server's is put in order once: there may be a thousand rooms

function ordered(listed, compare) {
  if (!sorted.has(listed)) sorted.set(listed, [...listed].sort((a, b) => compare(a.room, b.room)));
  return sorted.get(listed);
}

/** The rooms to choose from by key; those that are only in `listed` in its order. */
function choicesOf({ lobby, rooms, seen, key: here }, listed) {
  const choices = new Map();
  const OTHER = { count: 0, topic: "", fresh: false, unread: 0, mentions: 0, joined: false, visitedAt: NEVER };
  const add = (key, room, more) => choices.set(key, { ...OTHER, ...more, key, room, here: key === here });
  add(keyOf(lobby), lobby, {});
  for (const { room, topic, member_count: count, seq } of listed) {
    const key = keyOf(room);
    add(key, room, { topic, count, fresh: seen.has(key) && seq > seen.get(key) });
  }
  for (const [key, { name, phase, topic, memberCount, unread, mentions, visitedAt, leaving }] of rooms) {
    if (leaving || (visitedAt === NEVER && phase !== "here")) continue;
    const inside = phase === "here";
    const before = choices.get(key);
    const news = key === here ? {} : { unread, mentions, fresh: unread > 0 || (!inside && before?.fresh === true) };
    // What was known when the line broke is newer than the server's list, which is asked for now and then.
    const about = inside || memberCount > 0 ? { count: memberCount, topic } : { count: before?.count ?? 0, topic: before?.topic ?? "" };
    add(key, name, { ...about, joined: true, visitedAt, ...news });
  }
  return choices;
}

/**
 * The room `by` places further down in `choices`, round the end, among those the reader is in;
 * null where there is no other. With `fresh`, the next that has something new.
 */
export function neighbour(choices, by, fresh) {
  const here = choices.findIndex((choice) => choice.here);
  for (let n = 1; n < choices.length; n++) {
    const choice = choices.at((here + by * n) % choices.length);
    if (fresh ? choice.fresh : choice.joined) return choice;
  }
  return null;
}

/** Whether any room but the one in sight has something new. */
export function anyFresh(state) {
  return [...choicesOf(state, state.listed).values()].some(({ fresh }) => fresh);
}

/** Who is here: [{ key, nick, me, away }] by user, the reader first, those away last, else by nick. */
export function memberChoices(state, compare) {
  const { members, absent } = current(state);
  const all = [...members].map(([key, nick]) => ({ key, nick, me: key === state.me?.user, away: absent.has(key) }));
  return all.sort((a, b) => b.me - a.me || a.away - b.away || compare(a.nick, b.nick));
}

// --- Addresses -----------------------------------------------------------------------------

/** The room that an address below `base` is of; null for the lobby. */
export function roomAt(address, base) {
  const path = new URL(address, base).pathname;
  const below = new URL("r/", base).pathname;
  if (!path.startsWith(below)) return null;
  try {
    return decodeURIComponent(path.slice(below.length)) || null;
  } catch {
    return null; // not UTF-8; the server has no page there
  }
}

/** The address of a room, below the page's base. */
export function addressOf(room, lobby) {
  return keyOf(room) === keyOf(lobby) ? "./" : `r/${encodeURIComponent(room)}`;
}

// --- Small rules ---------------------------------------------------------------------------

/**
 * goChat's scroll rule asks this before it appends. Zoom makes scroll positions fractions, and
 * part of a line is no more to read, so a few pixels count as the bottom.
 */
export function atBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= 8;
}

/** Whether the reader is so near the newest line in sight that newer ones are wanted, if there are. */
export function nearBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= clientHeight;
}

/** Whether the reader is so near the oldest line that older ones are wanted: within a screen. */
export function nearTop({ scrollTop, clientHeight }) {
  return scrollTop <= clientHeight;
}

/**
 * Whether this key press sends. Enter that picks a candidate in an input method does not: it is
 * marked as composing, or in Safari, which ends the composition first, has the key code 229.
 */
export function sends(event) {
  return event.key === "Enter" && !event.shiftKey && !event.altKey && !inputMethod(event);
}

/** Whether this key press is for an input method. */
export function inputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === 229;
}

/** Whether this key is pressed by itself. */
export function plainKey({ ctrlKey, metaKey, shiftKey, altKey }) {
  return !ctrlKey && !metaKey && !shiftKey && !altKey;
}

/** Whether this click is to be followed by the page itself, not by a new tab or window. */
export function plain({ button, ctrlKey, metaKey, shiftKey, altKey }) {
  return button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;
}

/** The letter that stands for somebody. */
export function initial(nick) {
  return [...nick][0].toUpperCase();
}

/** One of `count` colours for somebody, always the same: FNV-1a over the user's id. */
export function hue(user, count) {
  let hash = 0x811c9dc5;
  for (const char of user) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return (hash >>> 0) % count;
}
