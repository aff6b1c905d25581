// The rooms that the page is in, and the one that is shown. Pure; rules as in core/state.js.

import { wantList } from "./listing.js";
import { down, sought } from "./history.js";
import { FULL, full, keyOf, NEVER, newRoom } from "./room.js";
import { alive, change, current, forget, mark, of, put } from "./state.js";
import { SHEETS } from "./names.js";

export const ROOM_RULES = {
  enter,
  /** A dialog opens, or, with null, the open one closes. `about` is the { user, nick } that it is about. */
  sheet(turn, { name, about }) {
    if (turn.state.naming === null) turn.state.sheet = name === null ? null : { name, about, busy: false, refusal: null };
    if (name === SHEETS.switcher) wantList(turn);
  },
  /** Show a message in any room. */
  seek(turn, { room, seq, place, now }) {
    if (keyOf(room) !== turn.state.key) enter(turn, { name: room, place, now });
    Object.assign(turn.state, { following: false, sheet: null, panel: false });
    change(turn, turn.state.key, { sought: sought(seq) });
  },
};

/** Show the room `name`. */
export function enter(turn, { name, place = null, now }) {
  const key = keyOf(name);
  const other = key !== turn.state.key;
  const back = other ? of(turn, key)?.place ?? null : null; // where the user was in the room that is opened
  put(turn, turn.state.key, down(current(turn.state)));
  if (other) {
    change(turn, turn.state.key, { place: turn.state.following ? null : place });
    forgetRefused(turn, turn.state.key);
  }
  if (!of(turn, key)) put(turn, key, newRoom(name, now));
  change(turn, key, { visitedAt: now, leaving: false, sought: back && sought(back.seq, back.top) });
  if (other) mark(turn, of(turn, key), key);
  if (of(turn, key).phase === "refused") change(turn, key, { phase: "away", joinAt: 0 });
  Object.assign(turn.state, { key, following: back === null, unseen: back === null ? 0 : of(turn, key).unread, refusals: 0, unsaved: false, panel: false, sheet: null });
  wantList(turn);
}

/** Leave the rooms that are to be left and in which nothing waits. */
export function goOut(turn) {
  for (const [key, { leaving }] of turn.state.rooms) if (leaving && !waits(turn, key)) part(turn, key);
}

/**
 * The rooms to join now, as many as the server allows: rooms that the user was in before first; of these
 * the current one, then those with unsent messages, then those visited last. The others wait until a
 * room is left.
 */
export function roomsToJoin(turn, now) {
  const { rooms, key: here, limits } = turn.state;
  const inside = [...rooms.values()].filter(({ phase }) => phase === "here" || phase === "joining").length;
  const places = Math.max(0, (limits.rooms ?? Infinity) - inside);
  const rank = ([key, { visitedAt, followed }]) => (followed ? 4 : 0) + (key === here ? 2 : waits(turn, key) ? 1 : visitedAt / -NEVER);
  const due = [...rooms].filter(([, { phase, joinAt }]) => phase === "away" && joinAt <= now).sort((a, b) => rank(b) - rank(a));
  for (const [key] of due.slice(places)) refuseFull(turn, key);
  const chosen = new Set(due.slice(0, places).map(([key]) => key));
  return [...rooms.keys()].filter((key) => chosen.has(key));
}

/** The user is in as many rooms as the server allows, so this one cannot be joined. */
export function refuseFull(turn, key) {
  change(turn, key, { phase: "refused", refusal: { code: FULL } });
}

/** The names of the user's rooms as they are stored: last visited last. */
export function roomNames({ rooms }) {
  const own = [...rooms.values()].filter((room) => !room.leaving && room.visitedAt !== NEVER && (room.phase !== "refused" || (full(room) && room.followed)));
  return own.sort((a, b) => a.visitedAt - b.visitedAt).map(({ name }) => name);
}

/** Forget a room that could not be joined, unless the user was in it before, or something waits in it. */
function forgetRefused(turn, key) {
  const { draft, aside, followed } = of(turn, key);
  if (full(of(turn, key)) && !followed && draft === "" && aside === null && !waits(turn, key)) forget(turn, key);
}

/** Whether the server has not confirmed a message or change of the user in the room. */
function waits({ state: { pending, changes } }, key) {
  return pending.some((item) => item.key === key) || changes.some((act) => act.key === key);
}

function part(turn, key) {
  const { name, phase } = of(turn, key);
  forget(turn, key);
  if (phase !== "here" && phase !== "joining") return;
  if (alive(turn.state)) turn.send.push({ type: "leave", room: name });
  for (const [other, room] of turn.state.rooms) if (full(room)) change(turn, other, { phase: "away", joinAt: 0 });
}
