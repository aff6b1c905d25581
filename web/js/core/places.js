// Which rooms the page is in, and which is in sight. Pure; rules as core/state.js has them.

import { wantList } from "./listing.js";
import { down } from "./past.js";
import { keyOf, NEVER, newRoom } from "./room.js";
import { alive, ask, change, current, forget, mark, of, put } from "./state.js";

const ROOMS = 20; // joined at a time; beyond, the one not visited for longest is left

export const PLACES = {
  enter,
  /** The reader wants to be in the room no more. What waits in it is sent before; then it is left. */
  leave(to, { key, now }) {
    const { lobby, pending, acts } = to.state;
    if (!of(to, key) || key === keyOf(lobby)) return;
    to.state.pending = pending.filter((item) => item.key !== key || item.fate !== "failed");
    to.state.acts = acts.filter((act) => act.key !== key || act.fate !== "failed");
    const seen = new Map(to.state.seen);
    seen.delete(key); // what is said there is no news any more
    Object.assign(to.state, { seen, sheet: null });
    if (key === to.state.key) enter(to, { name: lobby, now });
    change(to, key, { leaving: true, draft: "", editing: null, replying: null, removing: null, aside: null });
  },
  /** One of the dialogs opens, or, with null, the open one closes. */
  sheet(to, { name }) {
    if (to.state.naming === null) to.state.sheet = name === null ? null : { name, busy: false, refusal: null };
    if (name === "room-switcher") wantList(to);
  },
  setTopic(to, { text }) {
    const { sheet, key } = to.state;
    const { name, phase, topic } = current(to.state);
    const wanted = text.replace(/\s+/gu, " ").trim();
    if (sheet?.busy) return;
    if (wanted === topic) to.state.sheet = null;
    else if (phase !== "here") to.state.sheet = { ...sheet, refusal: { code: "offline" } };
    else {
      ask(to, { type: "topic", room: name, text: wanted }, key);
      to.state.sheet = { ...sheet, busy: true, refusal: null };
    }
  },
};

/** The room `name` comes in sight. */
export function enter(to, { name, now }) {
  const key = keyOf(name);
  put(to, to.state.key, down(current(to.state)));
  if (!of(to, key)) put(to, key, newRoom(name, now));
  change(to, key, { visitedAt: now, leaving: false });
  if (key !== to.state.key) mark(to, of(to, key), key);
  if (of(to, key).phase === "refused") change(to, key, { phase: "away", joinAt: 0 });
  Object.assign(to.state, { key, following: true, unseen: 0, refusals: 0, panel: false, sheet: null });
  wantList(to);
  leaveOne(to);
}

/** Leave the rooms that are to be left, once nothing waits in them. */
export function goOut(to) {
  for (const [key, { leaving }] of to.state.rooms) if (leaving && !waits(to, key)) part(to, key);
}

/** The names of the rooms that the reader is in, as they outlive the page: last visited last. */
export function places({ rooms }) {
  const own = [...rooms.values()].filter((room) => !room.leaving && room.visitedAt !== NEVER && room.phase !== "refused");
  return own.sort((a, b) => a.visitedAt - b.visitedAt).map(({ name }) => name);
}

/** Leave the room not visited for longest, where there are too many. */
function leaveOne(to) {
  const { rooms } = to.state;
  if (rooms.size <= ROOMS) return;
  const idle = [...rooms].filter(([key, { draft, aside }]) => key !== to.state.key && draft === "" && aside === null && !waits(to, key));
  const [key] = idle.sort(([, a], [, b]) => a.visitedAt - b.visitedAt)[0] ?? [];
  if (key !== undefined) part(to, key);
}

/** Whether the reader has said or done something in the room that the server has not confirmed. */
function waits({ state: { pending, acts } }, key) {
  return pending.some((item) => item.key === key) || acts.some((act) => act.key === key);
}

function part(to, key) {
  const { name, phase } = of(to, key);
  forget(to, key);
  if (alive(to.state) && (phase === "here" || phase === "joining")) to.send.push({ type: "leave", room: name });
}
