// A place far up in a room. Its log always reaches to the newest entry; what is looked at further up
// is a second log beside it, `room.past`, without a connection to the first until the reader has read
// so far down that the two meet. So nothing that is said meanwhile can make a hole in either. Pure.
//
// `room.sought` is { seq, fate, id, at } of the place that is to be shown. It is "sought" until it is
// "found" in sight or "missing"; `id` is of the question for what stands around it, null while there
// is none, and none is asked before `at`.
//
// A past is `cut` where the server keeps no longer what came next: then there is no way down but to the
// newest.

import { amended, at, continued, newest, prepend } from "./log.js";
import { MOST } from "./room.js";
import { ask, change, current, of, put } from "./state.js";

const AROUND = 30; // entries asked for on each side of what is sought
const PAGE = 100;

/** The log that the reader looks at. */
export function inSight(room) {
  return room.past ?? room.log;
}

/** What the page knows of this seq, in sight or not; undefined for nothing. */
export function entryAt({ log, past }, seq) {
  return at(log, seq) ?? (past === null ? undefined : at(past, seq));
}

/** A place that is to be shown. */
export function sought(seq) {
  return { seq, fate: "sought", id: null, at: 0 };
}

/** Whether older entries are to be asked for, if the reader comes near the oldest in sight. */
export function wantsOlder(room) {
  const { more, entries } = inSight(room);
  return room.phase === "here" && room.older === null && more && entries.length < MOST;
}

/** The room with the answer to its question for older entries. */
export function deepened(room, event) {
  if (room.older === null || event.id !== room.older) return room; // it was asked of another log
  if (room.past === null) return { ...room, older: null, log: prepend(room.log, event) };
  return { ...room, older: null, past: amended(prepend(room.past, event), room.log.entries) };
}

/** The room with its newest in sight again. What was asked of the past is of no use any more. */
export function down(room) {
  if (room.past !== null) return { ...room, past: null, sought: null, older: null, newer: null };
  return room.sought === null ? room : { ...room, sought: null };
}

export const HISTORY_RULES = {
  /** The reader comes near the end of a past. */
  newer(turn) {
    const { key } = turn.state;
    const { past, newer, phase, name } = of(turn, key);
    if (past === null || past.cut || newer !== null || phase !== "here" || past.entries.length >= MOST) return;
    change(turn, key, { newer: ask(turn, { type: "history", room: name, after: newest(past), limit: PAGE }, key) });
  },
};

/** Find the place that is sought in what is in sight, or ask for what stands around it. */
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

/** When the place that is sought may be asked for; Infinity where it need not be. */
export function lookAt(state) {
  const { sought, phase, replay } = current(state);
  return phase === "here" && replay === null && sought?.fate === "sought" && sought.id === null ? sought.at : Infinity;
}

/** A question for history was refused: for now, or for good. */
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

/** Take the answer to one of the two questions; gives whether it was to one of them. */
export function answered(turn, key, event) {
  const room = of(turn, key);
  if (event.id === room.newer) put(turn, key, meet({ ...room, newer: null, past: continued(room.past, event.entries) }));
  else if (event.id === room.sought?.id) put(turn, key, opened(room, event));
  else return false;
  return true;
}

/** The room with what stands around the place in sight; if that is not there, nothing is moved. */
function opened(room, { entries, more, truncated = false }) {
  const { epoch, numbering } = room.log;
  const empty = { epoch, numbering, first: entries[0]?.seq, entries: [], more, truncated };
  const past = continued(empty, entries);
  if (at(past, room.sought.seq)?.type !== "message") return missed(room);
  return decided(meet({ ...room, older: null, newer: null, past }));
}

/** The room with its place found or missing, if that can be said of what is in sight. */
function decided(room) {
  const entry = room.log.epoch === null ? undefined : at(inSight(room), room.sought.seq);
  if (entry === undefined) return room;
  return entry.type === "message" ? { ...room, sought: { ...room.sought, fate: "found", id: null } } : missed(room);
}

function missed(room) {
  return { ...room, sought: { ...room.sought, fate: "missing", id: null } };
}

/** The room, of one log again where the two have met. What came live is the newer word. */
function meet(room) {
  const { past, log } = room;
  if (newest(past) < log.first - 1) return { ...room, past: amended(past, log.entries) };
  const above = past.entries.filter(({ seq }) => seq < log.first);
  return { ...room, past: null, log: above.length > 0 ? prepend(log, { entries: above, more: past.more, truncated: past.truncated }) : log };
}
