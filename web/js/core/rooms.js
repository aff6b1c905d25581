// The rooms that the page is in, and the one that is shown. Pure; rules as in core/state.js.

import { wantList } from "./listing.js";
import { down } from "./history.js";
import { keyOf, NEVER, newRoom } from "./room.js";
import { alive, ask, change, current, forget, mark, of, put } from "./state.js";
import { SHEETS } from "./names.js";

const ROOMS = 20; // joined at a time; beyond that, the room that was not visited for the longest time is left

export const ROOM_RULES = {
  enter,
  /** The user leaves the room. Unsent messages in it are sent first. */
  leave(turn, { key, now }) {
    const { lobby, pending, changes } = turn.state;
    if (!of(turn, key) || key === keyOf(lobby)) return;
    turn.state.pending = pending.filter((item) => item.key !== key || item.fate !== "failed");
    turn.state.changes = changes.filter((act) => act.key !== key || act.fate !== "failed");
    const seen = new Map(turn.state.seen);
    seen.delete(key); // its messages are not marked as new any more
    Object.assign(turn.state, { seen, sheet: null });
    if (key === turn.state.key) enter(turn, { name: lobby, now });
    change(turn, key, { leaving: true, draft: "", editing: null, replying: null, target: null, removing: null, aside: null });
  },
  /** A dialog opens, or, with null, the open one closes. */
  sheet(turn, { name }) {
    if (turn.state.naming === null) turn.state.sheet = name === null ? null : { name, busy: false, refusal: null };
    if (name === SHEETS.switcher) wantList(turn);
  },
  setTopic(turn, { text }) {
    const { sheet, key } = turn.state;
    const { name, phase, topic } = current(turn.state);
    const wanted = text.replace(/\s+/gu, " ").trim();
    if (sheet?.busy) return;
    if (wanted === topic) turn.state.sheet = null;
    else if (phase !== "here") turn.state.sheet = { ...sheet, refusal: { code: "offline" } };
    else {
      ask(turn, { type: "topic", room: name, text: wanted }, key);
      turn.state.sheet = { ...sheet, busy: true, refusal: null };
    }
  },
};

/** Show the room `name`. */
export function enter(turn, { name, now }) {
  const key = keyOf(name);
  put(turn, turn.state.key, down(current(turn.state)));
  if (!of(turn, key)) put(turn, key, newRoom(name, now));
  change(turn, key, { visitedAt: now, leaving: false });
  if (key !== turn.state.key) mark(turn, of(turn, key), key);
  if (of(turn, key).phase === "refused") change(turn, key, { phase: "away", joinAt: 0 });
  Object.assign(turn.state, { key, following: true, unseen: 0, refusals: 0, panel: false, sheet: null });
  wantList(turn);
  leaveOne(turn);
}

/** Leave the rooms that are to be left and in which nothing waits. */
export function goOut(turn) {
  for (const [key, { leaving }] of turn.state.rooms) if (leaving && !waits(turn, key)) part(turn, key);
}

/** The names of the user's rooms as they are stored: last visited last. */
export function roomNames({ rooms }) {
  const own = [...rooms.values()].filter((room) => !room.leaving && room.visitedAt !== NEVER && room.phase !== "refused");
  return own.sort((a, b) => a.visitedAt - b.visitedAt).map(({ name }) => name);
}

/** If there are too many rooms, leave the one that was not visited for the longest time. */
function leaveOne(turn) {
  const { rooms } = turn.state;
  if (rooms.size <= ROOMS) return;
  const idle = [...rooms].filter(([key, { draft, aside }]) => key !== turn.state.key && draft === "" && aside === null && !waits(turn, key));
  const [key] = idle.sort(([, a], [, b]) => a.visitedAt - b.visitedAt)[0] ?? [];
  if (key !== undefined) part(turn, key);
}

/** Whether the server has not confirmed a message or change of the user in the room. */
function waits({ state: { pending, changes } }, key) {
  return pending.some((item) => item.key === key) || changes.some((act) => act.key === key);
}

function part(turn, key) {
  const { name, phase } = of(turn, key);
  forget(turn, key);
  if (alive(turn.state) && (phase === "here" || phase === "joining")) turn.send.push({ type: "leave", room: name });
}
