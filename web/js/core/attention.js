// What the reader is called for, and how. Pure; rules as core/state.js has them.
//
// state.attention is { levels, desktop, sound, offered }, kept on the device: `levels` says by room's
// key whether "all" messages call, or "nothing" does; else those do that name the reader. `desktop`
// and `sound` say how; `offered`, that the question whether to show notifications was answered.
// `permission` is the browser's: "default" (not asked), "granted", or "denied", which stands for
// browsers without notifications as well.

import { bookFor, names } from "./room.js";

export const LEVELS = ["all", "mentions", "nothing"];

/** The reader's choices from what was kept: only what can be one is taken. */
export function choices(stored) {
  const levels = Array.isArray(stored?.levels) ? stored.levels : [];
  const sound = levels.filter((pair) => typeof pair?.[0] === "string" && LEVELS.includes(pair[1]));
  return { levels: new Map(sound), desktop: stored?.desktop === true, sound: stored?.sound === true, offered: stored?.offered === true };
}

/** The reader's choices as they are kept. */
export function keptChoices({ levels, ...rest }) {
  return { ...rest, levels: [...levels] };
}

export function levelOf({ attention }, key) {
  return attention.levels.get(key) ?? "mentions";
}

/** Whether to ask if notifications are wanted: once, after somebody has named the reader. */
export function offers({ attention, permission, named }) {
  return named && permission === "default" && !attention.offered;
}

/** Whether the reader is to be told that something waits: in another room, or anywhere while they were away. */
export function waiting(state) {
  const waits = ([key, { unread }]) => unread > 0 && key !== state.key && levelOf(state, key) !== "nothing";
  return state.away > 0 || [...state.rooms].some(waits);
}

export const ATTENTION_RULES = {
  level(turn, { key, level }) {
    set(turn, { levels: new Map(turn.state.attention.levels).set(key, level) });
  },
  sound(turn, { on }) {
    set(turn, { sound: on });
  },
  desktop(turn, { on }) {
    set(turn, { desktop: on, offered: true });
  },
  notNow(turn) {
    set(turn, { offered: true });
  },
  /** The browser has asked the reader, who wants notifications, or the permission was changed elsewhere. */
  permission(turn, { permission }) {
    turn.state.permission = permission;
    if (permission !== "default") set(turn, { desktop: permission === "granted", offered: true });
  },
};

/** Call the reader for a message of somebody else, if it is one to call for. */
export function call(turn, key, entry) {
  const { attention, permission, hidden, me } = turn.state;
  const level = levelOf(turn.state, key);
  const named = names(entry, me, bookFor(turn.state.rooms.get(key), me));
  if (level === "nothing") return;
  if (named) turn.state.named = true;
  if (hidden) turn.state.away += 1;
  const looks = !hidden && key === turn.state.key;
  if (looks || (level === "mentions" && !named)) return;
  const { room, seq, nick, text = "" } = entry;
  turn.calls.push({ key, room, seq, nick, text, named, shown: attention.desktop && permission === "granted", sound: attention.sound });
}

/**
 * What the reader is to be called for of what was said while there was no connection: the last to call
 * for, or `last`, which is that of earlier parts, null for nothing.
 */
export function missedCall(turn, key, before, { entries }, last) {
  const missed = entries.filter(({ type, seq, user }) => type === "message" && seq > before && user !== turn.state.me.user);
  const calls = turn.calls.length;
  for (const entry of missed) call(turn, key, entry);
  return turn.calls.splice(calls).at(-1) ?? last;
}

function set(turn, changes) {
  turn.state.attention = { ...turn.state.attention, ...changes };
}
