// Reading far up in a room. The room's log always reaches to the newest entry. Older messages that are
// shown are a second log beside it, `room.past`, which becomes one with the first when the user has read
// on so far that they touch. So live messages cannot leave a gap in either of them. Pure.
//
// `room.sought` is { seq, fate, id, at } of the message to be shown. `fate` is "sought", then "found"
// (displayed) or "missing"; `id` is the id of the request for the entries around it, null if there is
// none, and none is sent before `at`.
//
// A past is `cut` if the server no longer stores the entries after it: then the only way down is to the
// newest entry.

import { amended, at, continued, newest, prepend } from "./log.js";
import { MOST_ENTRIES } from "./room.js";
import { ask, change, current, of, put } from "./state.js";

const AROUND = 30; // entries requested on each side of the message
const NEWER_PAGE = 100;

/** The log that is displayed. */
export function inSight(room) {
  return room.past ?? room.log;
}

/** The entry of this seq, displayed or not; undefined if it is not loaded. */
export function entryAt({ log, past }, seq) {
  return at(log, seq) ?? (past === null ? undefined : at(past, seq));
}

/** A message to be shown; if the user was there before, `top` is its distance from the top of the view, in pixels. */
export function sought(seq, top = null) {
  return { seq, top, fate: "sought", id: null, at: 0 };
}

/** Whether to request older entries when the user scrolls near the oldest one. */
export function wantsOlder(room) {
  const { more, entries } = inSight(room);
  return room.phase === "here" && room.older === null && more && entries.length < MOST_ENTRIES;
}

/** The room with the answer to its request for older entries. */
export function deepened(room, event) {
  if (room.older === null || event.id !== room.older) return room; // it was a request for another log
  if (room.past === null) return { ...room, older: null, log: prepend(room.log, event) };
  return { ...room, older: null, past: amended(prepend(room.past, event), room.log.entries) };
}

/** The room with its newest entry shown again. Answers to requests for the past are ignored. */
export function down(room) {
  if (room.past !== null) return { ...room, past: null, sought: null, older: null, newer: null };
  return room.sought === null ? room : { ...room, sought: null };
}

export const HISTORY_RULES = {
  /** The user scrolls near the end of a past. */
  newer(turn) {
    const { key } = turn.state;
    const { past, newer, phase, name } = of(turn, key);
    if (past === null || past.cut || newer !== null || phase !== "here" || past.entries.length >= MOST_ENTRIES) return;
    change(turn, key, { newer: ask(turn, { type: "history", room: name, after: newest(past), limit: NEWER_PAGE }, key) });
  },
};

/** Find the message that is sought among the loaded ones, or request the entries around it. */
export function look(turn, now) {
  const { key } = turn.state;
  const room = current(turn.state);
  const { sought, phase, name, log, replay } = room;
  if (sought?.fate !== "sought" || replay !== null) return;
  const settled = decided(room);
  if (settled !== room || phase !== "here") {
    put(turn, key, phase === "refused" ? missed(room) : settled);
  } else if (sought.seq > newest(log)) {
    put(turn, key, missed(room));
  } else if (sought.id === null && now >= sought.at) {
    const id = ask(turn, { type: "history", room: name, before: sought.seq + AROUND + 1, limit: 2 * AROUND }, key);
    change(turn, key, { sought: { ...sought, id } });
  }
}

/** If the place where the user was is no longer stored, show the newest messages, without a word. */
export function leavePlace(turn) {
  const { sought } = current(turn.state);
  if (sought?.fate !== "missing" || sought.top === null) return;
  change(turn, turn.state.key, { sought: null });
  Object.assign(turn.state, { following: true, unseen: 0 });
}

/** When the message that is sought may be requested; Infinity if it need not be. */
export function lookAt(state) {
  const { sought, phase, replay } = current(state);
  return phase === "here" && replay === null && sought?.fate === "sought" && sought.id === null ? sought.at : Infinity;
}

/** A request for history was refused, temporarily or finally. */
export function refuseHistory(turn, { id, code, retry_after: after = 1 }, now, key) {
  const room = of(turn, key);
  if (!room) return;
  if (id === room.older) change(turn, key, { older: null });
  else if (id === room.newer) change(turn, key, { newer: null, past: code === "history_truncated" ? { ...room.past, cut: true } : room.past });
  else if (id === room.sought?.id) {
    const later = code === "rate_limited" || code === "busy" || code === "storage_failed";
    put(turn, key, later ? { ...room, sought: { ...room.sought, id: null, at: now + after * 1000 } } : missed(room));
  }
}

/** Handle the answer to one of the two requests; returns whether it was one of theirs. */
export function answered(turn, key, event) {
  const room = of(turn, key);
  if (event.id === room.newer) put(turn, key, meet({ ...room, newer: null, past: continued(room.past, event.entries) }));
  else if (event.id === room.sought?.id) put(turn, key, opened(room, event));
  else return false;
  return true;
}

/** The room with the entries around the sought message; if it is not among them, nothing changes. */
function opened(room, { entries, more, truncated = false }) {
  const { epoch, numbering } = room.log;
  const empty = { epoch, numbering, first: entries[0]?.seq, entries: [], more, truncated };
  const past = continued(empty, entries);
  if (at(past, room.sought.seq)?.type !== "message") return missed(room);
  return decided(meet({ ...room, older: null, newer: null, past }));
}

/** The room with its sought message marked as found or missing, if that is known. */
function decided(room) {
  const entry = room.log.epoch === null ? undefined : at(inSight(room), room.sought.seq);
  if (entry === undefined) return room;
  return entry.type === "message" ? { ...room, sought: { ...room.sought, fate: "found", id: null } } : missed(room);
}

function missed(room) {
  return { ...room, sought: { ...room.sought, fate: "missing", id: null } };
}

/** The room with both logs joined if they touch. Live entries are newer. */
function meet(room) {
  const { past, log } = room;
  if (newest(past) < log.first - 1) return { ...room, past: amended(past, log.entries) };
  const above = past.entries.filter(({ seq }) => seq < log.first);
  return { ...room, past: null, log: above.length > 0 ? prepend(log, { entries: above, more: past.more, truncated: past.truncated }) : log };
}
