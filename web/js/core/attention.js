// What the user is notified of, and how. Pure; rules as in core/state.js.
//
// state.attention is { levels, desktop, sound, offered }, stored on the device. `levels` has a level by
// the room's key: "all" notifies of all messages, "nothing" of none; without one, mentions of the user
// notify. `desktop` and `sound` say how; `offered` says that the user has answered the offer of
// notifications. `permission` is the browser's: "default" (not asked), "granted", or "denied", which also
// stands for browsers without notifications.

import { bookFor, ignores, names } from "./room.js";

export const LEVELS = ["all", "mentions", "nothing"];

/** The choices from what was stored; invalid parts are ignored. */
export function choices(stored) {
  const levels = Array.isArray(stored?.levels) ? stored.levels : [];
  const sound = levels.filter((pair) => typeof pair?.[0] === "string" && LEVELS.includes(pair[1]));
  return { levels: new Map(sound), desktop: stored?.desktop === true, sound: stored?.sound === true, offered: stored?.offered === true };
}

/** The choices in the form in which they are stored. */
export function keptChoices({ levels, ...rest }) {
  return { ...rest, levels: [...levels] };
}

export function levelOf({ attention }, key) {
  return attention.levels.get(key) ?? "mentions";
}

/** Whether to offer notifications: once, after somebody has mentioned the user. */
export function offers({ attention, permission, named }) {
  return named && permission === "default" && !attention.offered;
}

/** Whether something is unread: in another room, or in any room while the user was away. */
export function waiting(state) {
  const waits = ([key, { unread }]) => unread > 0 && key !== state.key && levelOf(state, key) !== "nothing";
  return state.away > 0 || [...state.rooms].some(waits);
}

/** How many unread messages arrived since the user left the page. */
export function arrived({ left, rooms, attention }) {
  let count = 0;
  for (const [key, { unread }] of left === null ? [] : rooms) {
    if (levelOf({ attention }, key) !== "nothing") count += Math.max(0, unread - (left.get(key) ?? 0));
  }
  return count;
}

/** Notify the user of another user's message, if the level of the room says so. */
export function call(turn, key, entry) {
  const { attention, permission, attended, me } = turn.state;
  if (ignores(me, entry.user)) return;
  const level = levelOf(turn.state, key);
  const named = names(entry, me, bookFor(turn.state.rooms.get(key), me));
  if (level === "nothing") return;
  if (named) turn.state.named = true;
  const looks = attended && key === turn.state.key;
  if (looks || (level === "mentions" && !named)) return;
  const { room, seq, time, nick, text = "" } = entry;
  turn.calls.push({ key, room, seq, time, nick, text, named, shown: attention.desktop && permission === "granted", sound: attention.sound });
}

/**
 * What to notify the user of among the messages that were sent while there was no connection: the
 * last such message, or else `last`, that of earlier parts; null for none.
 */
export function missedCall(turn, key, before, { entries }, last) {
  const missed = entries.filter(({ type, seq, user }) => type === "message" && seq > before && user !== turn.state.me.user);
  const calls = turn.calls.length;
  for (const entry of missed) call(turn, key, entry);
  return turn.calls.splice(calls).at(-1) ?? last;
}
