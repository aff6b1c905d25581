// Which texts the page shows: keys of js/i18n, with values. Pure; times are milliseconds.

import { excess, longest, rest } from "./chat.js";
import { full } from "./room.js";
import { current } from "./state.js";
import { enterBreaks } from "./writing.js";

/** What the header and the composer say, by the status that the server gives to the connection. */
const BLOCKED = {
  403: ["connection.barred", "hint.barred"],
  426: ["connection.waiting", "hint.proxy"],
  503: ["connection.full", "hint.full"],
};

/** Why there is no connection, if the server has said it: { seen, key, values }; else null. */
function blockedWords({ connection: { phase, attempt }, blocked }) {
  const [seen, key] = BLOCKED[blocked?.status] ?? [];
  const without = phase === "waiting" || (phase === "connecting" && attempt > 0);
  return key && without ? { seen, key, values: { message: blocked.detail } } : null;
}

/**
 * The texts for the state of the connection: { seen, spoken, values }, the first two as keys; `spoken` has no countdown, but
 * the reason of an end, which is shown below the composer. While the device is offline the page still
 * tries, since the server may be on this device; these tries are not shown.
 */
export function connectionWords(state) {
  const { connection: { phase, attempt, code }, online } = state;
  const words = blockedWords(state);
  if ((phase === "waiting" || phase === "connecting") && !online) {
    return { seen: "connection.offline", spoken: "connection.offline" };
  }
  if (words) return { seen: phase === "waiting" ? words.seen : "connection.again", spoken: words.key, values: words.values };
  if (phase === "waiting") return { seen: "connection.waiting", spoken: "connection.lost" };
  const again = attempt > 0 ? "again" : "connecting";
  const spoken = attempt > 0 ? "lost" : "connecting";
  if (phase === "stopped") return { seen: "connection.stopped", spoken: stoppedWords(code) };
  if (phase === "connected") return { seen: "connection.connected", spoken: "connection.connected" };
  return { seen: `connection.${again}`, spoken: `connection.${spoken}` };
}

/** Whether there is no connection, and a try has failed or none will be made. */
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
const NEAR_LIMIT = 200; // characters left from which they are counted
const FLOODED = 4029;

/** The text for why the connection was finally closed. */
export function stoppedWords(code) {
  return STOPPED_HINTS[code] ?? "hint.misunderstood";
}

/** The text below the composer that says what can be done now: { key, values }. */
export function hintWords(state) {
  const { connection: { phase, attempt, code }, online } = state;
  const room = current(state);
  const over = excess(state, room.draft);
  if (phase === "stopped") return { key: stoppedWords(code) };
  if (room.phase === "refused") {
    if (full(room)) return { key: "hint.roomsFull", values: { count: state.limits.rooms ?? [...state.rooms.values()].filter(({ phase }) => phase === "here").length } };
    const message = sentence(room.refusal);
    return message === "" ? { key: "hint.noRoom", values: { room: room.name } } : { key: "hint.said", values: { message } };
  }
  if (state.unsaved) return { key: "hint.unsaved" };
  if (state.files) return { key: "hint.files" };
  if (state.clipped) return { key: "hint.clipped", values: { count: longest(state) } };
  if (over > 0) return { key: "hint.tooLong", values: { count: over } };
  if (phase === "waiting" && code === FLOODED) return { key: "hint.flooding" };
  if (phase === "connected") {
    const left = rest(state, room.draft);
    if (left <= NEAR_LIMIT) return { key: "hint.left", values: { count: left } };
    if (enterBreaks(state)) return { key: "hint.breaks" };
    return { key: Number.isInteger(room.editing) && !room.target?.gone ? "hint.saves" : "hint.ready" };
  }
  if (!online) return { key: "hint.offline" };
  const words = blockedWords(state);
  if (words) return words;
  if (phase === "waiting") return { key: "hint.waiting" };
  return { key: attempt > 0 ? "hint.waiting" : "hint.connecting" };
}

const FATES = ["too_long", "busy", "storage_failed", "muted", "bad_room", "not_found"];

/** Codes for which only the server's sentence says which limit was reached. */
const SAID = ["limit_reached"];

/** The text for why a message was not sent: { key, values }. */
export function fateWords(code, message) {
  if (SAID.includes(code) && message) return { key: "fate.said", values: { message } };
  return { key: FATES.includes(code) ? `fate.${code}` : "fate.other" };
}

/** The server's sentence on a failed change, if the page has no text for it; else "". */
export function sentence({ code, message }) {
  return SAID.includes(code) && message ? message : "";
}

const NAME_REFUSALS = ["nick_taken", "bad_nick", "bad_password", "unknown", "rate_limited", "offline", "closed"];

/** The text for why a name was refused: { key, values }. */
export function refusalWords({ code, message }) {
  if (NAME_REFUSALS.includes(code)) return { key: `name.${code}` };
  return { key: "name.other", values: { message: message ?? code } };
}

/** The text for who is typing, of these nicks: { key, values }; null for nobody. */
export function typingWords(nicks) {
  const [one, two] = nicks;
  if (nicks.length === 0) return null;
  if (nicks.length === 1) return { key: "typing.one", values: { one } };
  if (nicks.length === 2) return { key: "typing.two", values: { one, two } };
  return { key: "typing.many" };
}

/** Seconds until `then`, rounded up; 0 after it. */
export function secondsUntil(then, now) {
  return Math.max(0, Math.ceil((then - now) / 1000));
}

/** The window's title; the number of unread messages comes first, where a narrow tab still shows it. */
export function title(name, room, unread) {
  const place = `#${room} · ${name}`;
  return unread > 0 ? `(${unread}) ${place}` : place;
}
