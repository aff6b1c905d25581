// A place far up in a room. Its log always reaches to the newest entry; what is looked at further up
// is a second log beside it, `room.past`, without a connection to the first until the reader has read
// so far down that the two meet. So nothing that is said meanwhile can make a hole in either. Pure.
//
// `room.sought` is { seq, id, answered } of the place that is to be shown: `id` is of the question
// for what stands around it, null where none was needed yet.

import { amended, at, continued, newest, prepend } from "./log.js";
import { MOST } from "./room.js";
import { ask, change, current, of, put } from "./state.js";

const AROUND = 30; // entries asked for on each side of what is sought
const PAGE = 100;

/** The log that the reader looks at. */
export function inSight(room) {
  return room.past ?? room.log;
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

export const PAST = {
  /** The reader comes near the end of a past. */
  newer(to) {
    const { key } = to.state;
    const { past, newer, phase, name } = of(to, key);
    if (past === null || newer !== null || phase !== "here" || past.entries.length >= MOST) return;
    change(to, key, { newer: ask(to, { type: "history", room: name, after: newest(past), limit: PAGE }, key) });
  },
};

/** Ask for what stands around the place that is sought, unless it is there. */
export function seek(to) {
  const { key } = to.state;
  const { sought, phase, name } = current(to.state);
  if (sought === null || sought.id !== null || phase !== "here" || at(inSight(current(to.state)), sought.seq)) return;
  const id = ask(to, { type: "history", room: name, before: sought.seq + AROUND + 1, limit: 2 * AROUND }, key);
  change(to, key, { sought: { ...sought, id } });
}

/** Take the answer to one of the two questions; gives whether it was to one of them. */
export function answered(to, key, event) {
  const room = of(to, key);
  if (event.id === room.newer) put(to, key, meet({ ...room, newer: null, past: continued(room.past, event.entries) }));
  else if (event.id === room.sought?.id) put(to, key, opened(room, event));
  else return false;
  return true;
}

function opened(room, { entries, more }) {
  const sought = { ...room.sought, answered: true };
  if (entries.length === 0) return { ...room, sought };
  const empty = { epoch: room.log.epoch, first: entries[0].seq, entries: [], more };
  return meet({ ...room, sought, older: null, newer: null, past: continued(empty, entries) });
}

/** The room, of one log again where the two have met. What came live is the newer word. */
function meet(room) {
  const { past, log } = room;
  if (newest(past) < log.first - 1) return { ...room, past: amended(past, log.entries) };
  const above = past.entries.filter(({ seq }) => seq < log.first);
  return { ...room, past: null, log: above.length > 0 ? prepend(log, { entries: above, more: past.more }) : log };
}
