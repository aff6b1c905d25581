// A room as the page knows it, and what events make of it. Pure; times are milliseconds.

import { amended, append, at, caughtUp, continued, EMPTY, newest, skips, trim } from "./log.js";
import { mentioned } from "./markup.js";
import { bookOf, fold } from "./mentions.js";

export const KEEP = 2_000; // entries kept while the reader follows
export const SPARE = 200; // dropped so many at a time: each time the browser lays all lines out anew
export const MOST = 10_000; // entries kept for who reads further up
export const TYPING_SHOWN = 5_000;
export const NEVER = Number.MIN_SAFE_INTEGER; // when a room was visited that is only kept for what waits in it

const AUTHORS = 2_000; // nicks kept of those who have written; as many as the entries that are kept
const TYPED = 300; // characters looked at where a name is typed; putting more into NFC may take long
const JOINS = "[\\p{sc=Arab}\\p{sc=Syrc}\\p{sc=Mong}\\p{sc=Nkoo}\\p{sc=Mand}\\p{sc=Adlm}\\p{sc=Rohg}]";
const MARK = "(?<=[\\p{L}\\p{M}])(?![\\u034f\\u17b4\\u17b5\\u180b-\\u180f\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}])[\\p{Mn}\\p{Mc}]";
const JOINER = `(?<=\\p{M})\\u200d(?!\\p{M})|(?<=\\p{M})\\u200c(?=\\p{L})|(?<=${JOINS}\\p{M}*)\\u200c(?=${JOINS})`;
/** What a room may be called; of marks and joiners the server takes less. */
const NAME = new RegExp(`^[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]|${MARK}|${JOINER}){0,63}$`, "u");

/**
 * What a room's name is compared by, as the server does it (`room_key` in gochat_py/core/names.py;
 * tests/vectors/rooms.json). Where the two have different versions of Unicode, the server's word
 * counts: `joined` says what a room is called.
 */
export function keyOf(name) {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  const folded = withoutCase(withoutCase(name.replace(/[\u200c\u200d]/g, "")));
  return folded.replaceAll("i\u0307", "i").replaceAll("ı", "i");
}

/** Without case and style. There is no case folding here, but to capitals and back, twice, is the same. */
function withoutCase(name) {
  const small = (char) => char.toUpperCase().toLowerCase();
  return [...name.normalize("NFKD")].map((char) => small(small(char)).replaceAll("ς", "σ")).join("").normalize("NFKC");
}

/** The room name that was meant by what was typed; null where it cannot be one. */
export function roomName(typed) {
  const name = typed.slice(0, TYPED).normalize("NFC").trim().replace(/^#/, "").replace(/\s+/g, "-");
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
    refusal: null, // { code, message } from the server
    topic: "",
    log: EMPTY,
    members: new Map(), // nick by user
    authors: new Set(), // the nicks of those who have written, who may be mentioned as well
    absent: new Set(), // the users among them who are away
    memberCount: 0,
    typing: new Map(), // { nick, until } by user
    read: 0, // seq up to which the reader has read
    told: 0, // the same as the server knows it
    unread: 0, // messages of others since
    mentions: 0, // those of them that name the reader
    leaving: false, // to be left as soon as nothing waits in it
    older: null, // the id of the question for older entries, while it is open
    newer: null, // that for newer ones, where a past is in sight
    past: null, // the log of a place further up, while that is in sight: see history.js
    sought: null, // the place that is to be shown
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
    replay: null, // while parts of what was joined are to come: { calls }, whether they notify the user
    missed: null, // what the reader will be called for when all of them have come
  };
}

/** The room after `joined`. `me` is { user } of the reader, `following` as for `told`. */
export function entered(room, event, me, following) {
  const log = bound(caughtUp(room.log, event), following);
  const here = log.numbering === room.log.numbering ? room.read : 0; // it may not have been told yet
  const read = Math.min(Math.max(event.read, here), event.partial ? event.seq : newest(log));
  const members = new Map(event.members.map(({ user, nick }) => [user, nick]));
  const authors = withAuthors(room.authors, event.entries);
  const book = bookFor({ members, authors }, me);
  const goesOn = event.recovered && log.numbering === room.log.numbering;
  const past = room.past && goesOn ? amended(room.past, event.entries) : null;
  return {
    ...room,
    name: event.room,
    phase: "here",
    refusal: null,
    topic: event.topic,
    log,
    members,
    authors,
    absent: new Set(event.members.filter(({ away }) => away === true).map(({ user }) => user)),
    memberCount: event.member_count,
    typing: new Map(),
    older: null,
    newer: null,
    past,
    sought: again(room, log, past),
    read,
    told: event.read,
    unread: log.entries.filter((entry) => counts(entry, read, me)).length,
    mentions: log.entries.filter((entry) => counts(entry, read, me) && names(entry, me, book)).length,
    replay: event.partial ? { calls: event.recovered && room.log.epoch !== null } : null,
  };
}

/** The room with more of what `joined` began to bring; null where something between is missing. */
export function replayed(room, { entries, end }, me, following) {
  const missed = entries.filter(({ seq }) => seq > newest(room.log));
  const log = continued(room.log, missed);
  if (log === room.log && missed.length > 0) return null;
  const unread = missed.filter((entry) => counts(entry, room.read, me));
  const authors = withAuthors(room.authors, missed);
  const book = bookFor({ ...room, authors }, me);
  return {
    ...room,
    log: bound(log, following),
    past: room.past && amended(room.past, missed),
    authors,
    unread: room.unread + unread.length,
    mentions: room.mentions + unread.filter((entry) => names(entry, me, book)).length,
    replay: end ? null : room.replay,
  };
}

/** What is sought after a join. A place that went out of sight is; in a new numbering there is none. */
function again({ sought, log: before }, log, past) {
  if (sought === null || (before.epoch !== null && before.numbering !== log.numbering)) return null;
  const away = sought.fate === "found" && at(past ?? log, sought.seq) === undefined;
  return away ? { ...sought, fate: "sought", id: null, at: 0 } : sought;
}

/** The room after it was lost, with the connection or by leaving it. */
export function lost(room) {
  const phase = room.phase === "refused" ? "refused" : "away";
  const sought = room.sought?.fate === "sought" ? { ...room.sought, id: null } : room.sought;
  return { ...room, phase, typing: new Map(), joinAt: 0, sought, replay: null };
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
  const authors = withAuthors(room.authors, [entry]);
  return {
    ...room,
    log,
    authors,
    past: room.past && amended(room.past, [entry]),
    typing,
    mends: 0,
    replay: null,
    topic: entry.type === "topic" ? entry.text : room.topic,
    unread: room.unread + (counts(entry, room.read, me) ? 1 : 0),
    mentions: room.mentions + (counts(entry, room.read, me) && names(entry, me, bookFor({ ...room, authors }, me)) ? 1 : 0),
  };
}

/** The room after some came and some went. */
export function met(room, { joined, left, member_count: memberCount }) {
  const members = new Map(room.members);
  const typing = new Map(room.typing);
  const absent = new Set(room.absent);
  for (const user of left) {
    absent.delete(user);
    members.delete(user);
    typing.delete(user);
  }
  for (const { user, nick, away } of joined) {
    members.set(user, nick);
    if (away === true) absent.add(user);
    else absent.delete(user);
  }
  return { ...room, members, absent, typing, memberCount };
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
  return read === room.read && room.unread === 0 ? room : { ...room, read, unread: 0, mentions: 0 };
}

/** Bound the log. Who reads further up keeps what they read. */
export function bound(log, following) {
  const keep = following ? KEEP : MOST;
  return log.entries.length > keep + SPARE ? trim(log, keep) : log;
}

/** Whether a message mentions the user of this page; `book` is that of its room. */
export function names({ text = "" }, me, book) {
  return me !== null && mentioned(text, book).has(fold(me.nick));
}

/** `authors` with those of `entries`; the same set where they are all in it. Those who wrote first go first. */
export function withAuthors(authors, entries) {
  const fresh = new Set(entries.filter(({ type, nick }) => type === "message" && !authors.has(nick)).map(({ nick }) => nick));
  return fresh.size === 0 ? authors : new Set([...authors, ...fresh].slice(-AUTHORS));
}

const books = new WeakMap(); // by what they were made of last: a tree of many nicks takes long

/** Who may be mentioned in a room: whoever is here, has written, or is the user of this page. */
export function bookFor({ members, authors }, me) {
  const made = books.get(members);
  if (made?.authors === authors && made.nick === me?.nick) return made.book;
  const book = bookOf([...authors, ...members.values(), ...(me ? [me.nick] : [])]);
  books.set(members, { authors, nick: me?.nick, book });
  return book;
}

function counts(entry, read, me) {
  return entry.type === "message" && entry.seq > read && entry.user !== me?.user;
}
