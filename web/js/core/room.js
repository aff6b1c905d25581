// A room as the page knows it, and what events make of it. Pure; times are milliseconds.

import { append, caughtUp, EMPTY, newest, prepend, skips, trim } from "./log.js";

export const KEEP = 2_000; // entries kept while the reader follows
export const SPARE = 200; // dropped so many at a time: each time the browser lays all lines out anew
export const MOST = 10_000; // entries kept for who reads further up
export const TYPING_SHOWN = 5_000;
export const NEVER = -1; // when a room was visited that is only kept for what waits in it

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,63}$/u;

/** What a room's name is compared by. The server's own folding counts where the two differ. */
export function keyOf(name) {
  return name.normalize("NFC").toLowerCase();
}

/** The room name that was meant by what was typed; null where it cannot be one. */
export function roomName(typed) {
  const name = typed.normalize("NFC").trim().replace(/^#/, "").replace(/\s+/g, "-");
  return NAME.test(name) ? name : null;
}

/**
 * A room that the page wants to be in. `phase` is "away" (not joined on this connection), "joining",
 * "here", or "refused" with the server's code.
 */
export function newRoom(name, now) {
  return {
    name,
    phase: "away",
    refusal: null,
    topic: "",
    log: EMPTY,
    members: new Map(), // nick by user
    memberCount: 0,
    typing: new Map(), // { nick, until } by user
    read: 0, // seq up to which the reader has read
    told: 0, // the same as the server knows it
    unread: 0, // messages of others since
    older: null, // the id of the question for older entries, while it is open
    draft: "",
    editing: null, // the seq of the message that the draft is the new text of
    replying: null, // the seq of the one that it answers
    removing: null, // the seq of the one that the reader is asked about
    aside: null, // what the draft was before a message was edited
    mark: null, // the seq up to which the reader had read when they came; what is above it was new
    typedAt: -Infinity, // when the others were last told that the reader writes
    visitedAt: now,
    mends: 0, // holes since entries last came one after the other
    joinAt: 0, // not to be joined before
  };
}

/** The room after `joined`. `me` is { user } of the reader, `following` as for `told`. */
export function entered(room, event, me, following) {
  const log = bound(caughtUp(room.log, event), following);
  const here = event.epoch === room.log.epoch ? room.read : 0; // it may not have been told yet
  const read = Math.min(Math.max(event.read, here), newest(log));
  return {
    ...room,
    name: event.room,
    phase: "here",
    refusal: null,
    topic: event.topic,
    log,
    members: new Map(event.members.map(({ user, nick }) => [user, nick])),
    memberCount: event.member_count,
    typing: new Map(),
    older: null,
    read,
    told: event.read,
    unread: log.entries.filter((entry) => counts(entry, read, me)).length,
  };
}

/** The room after it was lost, with the connection or by leaving it. */
export function lost(room) {
  const phase = room.phase === "refused" ? "refused" : "away";
  return { ...room, phase, typing: new Map(), joinAt: 0 };
}

/** Whether the live `entry` shows that something was missed. */
export function holed(room, entry) {
  return room.phase === "here" && skips(room.log, entry);
}

/** How long to wait before a hole is mended: at once the first time, ever longer if that is in vain. */
export function mendDelay({ mends }) {
  return mends === 0 ? 0 : Math.min(60_000, 1_000 * 2 ** mends);
}

/** The room with a live entry. `following`: nobody reads further up, so the log may be shortened. */
export function told(room, entry, me, following) {
  const log = bound(append(room.log, entry), following);
  if (log === room.log) return room;
  const typing = new Map(room.typing);
  if (entry.type === "message") typing.delete(entry.user);
  return {
    ...room,
    log,
    typing,
    mends: 0,
    topic: entry.type === "topic" ? entry.text : room.topic,
    unread: room.unread + (counts(entry, room.read, me) ? 1 : 0),
  };
}

/** The room with the answer to its question for older entries. */
export function deepened(room, event) {
  if (room.older === null || event.id !== room.older) return room; // it was asked of another log
  return { ...room, older: null, log: prepend(room.log, event) };
}

/** Whether older entries are to be asked for, if the reader comes near the oldest. */
export function wantsOlder(room) {
  return room.phase === "here" && room.older === null && room.log.more && room.log.entries.length < MOST;
}

/** The room after some came and some went. */
export function met(room, { joined, left, member_count: memberCount }) {
  const members = new Map(room.members);
  const typing = new Map(room.typing);
  for (const user of left) {
    members.delete(user);
    typing.delete(user);
  }
  for (const { user, nick } of joined) members.set(user, nick);
  return { ...room, members, typing, memberCount };
}

/** The room after somebody took another nick. */
export function renamed(room, { user, nick }) {
  if (!room.members.has(user)) return room;
  return { ...room, members: new Map(room.members).set(user, nick) };
}

/** The room with somebody writing. */
export function hearsTyping(room, { user, nick }, now) {
  return { ...room, typing: new Map(room.typing).set(user, { nick, until: now + TYPING_SHOWN }) };
}

/** The room without those who have stopped typing. */
export function quieter(room, now) {
  const typing = [...room.typing].filter(([, { until }]) => until > now);
  return typing.length === room.typing.size ? room : { ...room, typing: new Map(typing) };
}

/** The room with all of it read. */
export function readAll(room) {
  const read = newest(room.log);
  return read === room.read && room.unread === 0 ? room : { ...room, read, unread: 0 };
}

/** Bound the log. Who reads further up keeps what they read. */
export function bound(log, following) {
  const keep = following ? KEEP : MOST;
  return log.entries.length > keep + SPARE ? trim(log, keep) : log;
}

function counts(entry, read, me) {
  return entry.type === "message" && entry.seq > read && entry.user !== me?.user;
}
