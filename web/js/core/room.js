// The state of a room, and how events change it. Pure; times are milliseconds.

import { amended, append, at, caughtUp, continued, EMPTY, newest, skips, trim } from "./log.js";
import { mentioned } from "./markup.js";
import { bookOf, fold } from "./mentions.js";
import { namesakes } from "./namesakes.js";

export const KEEP = 2_000; // entries kept while the view follows the newest message
export const SPARE = 200; // dropped so many at a time: each time the browser does a full layout
export const MOST_ENTRIES = 10_000; // entries kept while the user reads further up
export const TYPING_SHOWN = 5_000;
export const FULL = "rooms_full"; // the code of a refusal: the user is in as many rooms as the server allows
export const NEVER = Number.MIN_SAFE_INTEGER; // the time of visit of a room that is only kept because something waits in it

const AUTHORS = 2_000; // authors that are kept; as many as entries
const TYPED = 300; // characters considered of a typed name; NFC of more may take long
const JOINS = "[\\p{sc=Arab}\\p{sc=Syrc}\\p{sc=Mong}\\p{sc=Nkoo}\\p{sc=Mand}\\p{sc=Adlm}\\p{sc=Rohg}]";
const MARK = "(?<=[\\p{L}\\p{M}])(?![\\u034f\\u17b4\\u17b5\\u180b-\\u180f\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}])[\\p{Mn}\\p{Mc}]";
const JOINER = `(?<=\\p{M})\\u200d(?!\\p{M})|(?<=\\p{M})\\u200c(?=\\p{L})|(?<=${JOINS}\\p{M}*)\\u200c(?=${JOINS})`;
/** The pattern of room names; of marks and joiners the server accepts fewer. */
const NAME = new RegExp(`^[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]|${MARK}|${JOINER}){0,63}$`, "u");

/**
 * The form in which room names are compared, as on the server (`room_key` in gochat_py/core/names.py;
 * tests/vectors/rooms.json). If the two have different versions of Unicode, the server
 * decides: `joined` has the room's name.
 */
export function keyOf(name) {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase();
  const folded = withoutCase(withoutCase(name.replace(/[\u200c\u200d]/g, "")));
  return folded.replaceAll("i\u0307", "i").replaceAll("ı", "i");
}

/** Without case and style. JavaScript has no case folding; to upper and lower case, twice, is the same. */
function withoutCase(name) {
  const small = (char) => char.toUpperCase().toLowerCase();
  return [...name.normalize("NFKD")].map((char) => small(small(char)).replaceAll("ς", "σ")).join("").normalize("NFKC");
}

/** The room name in what was typed; null if it is not a valid one. */
export function roomName(typed) {
  const name = typed.slice(0, TYPED).normalize("NFC").trim().replace(/^#/, "").replace(/\s+/g, "-");
  return NAME.test(name) ? name : null;
}

/**
 * A room that the page is to be in. `phase` is "away" (not joined on this connection), "joining",
 * "here", or "refused" with the server's code.
 */
export function newRoom(name, now, followed = false) {
  return {
    name,
    followed, // whether the user has joined the room, now or earlier
    phase: "away",
    refusal: null, // { code, message } from the server
    topic: "",
    log: EMPTY,
    members: new Map(), // nick by user
    authors: new Map(), // { user, nick } of each author by both, who can be mentioned as well
    absent: new Set(), // the members who are away
    memberCount: 0,
    typing: new Map(), // { nick, until } by user
    read: 0, // the seq up to which the user has read
    told: 0, // the same, as the server knows it
    asked: null, // the id of the newest read command
    known: false, // whether the user was in the room before, so that entries that are not loaded are unread
    unread: 0, // messages of others after that
    mentions: 0, // those of them that mention the user
    leaving: false, // to be left as soon as nothing waits in it
    older: null, // the id of the open request for older entries
    newer: null, // that for newer entries, while a past is shown
    past: null, // the log of messages far up, while they are shown: see history.js
    sought: null, // the message to be shown
    draft: "",
    editing: null, // the seq of the message that the draft replaces
    replying: null, // the seq of the message that the draft replies to
    target: null, // that message as it was: see changeRules.js
    removing: null, // the seq of the message whose deletion has to be confirmed
    aside: null, // the draft from before a message was edited
    mark: null, // the seq up to which the user had read when they opened the room; later messages are marked as new
    news: null, // how many messages were new then, and where they begin: see news.js
    place: null, // the first message in view when the user left the room: { seq, top }, null for the newest
    typedAt: -Infinity, // when the others were last told that the user is typing
    visitedAt: now,
    gaps: 0, // gaps since entries last arrived in order
    joinAt: 0, // not joined before this time
    replay: null, // while parts of a join are to come: { calls }, whether they notify the user
    missed: null, // what the user is notified of when all of them have arrived
  };
}

/** The room after `joined`. `me` is { user } of the user, `following` as for `told`; `seen`: the room was open on this device before. */
export function entered(room, event, me, following, seen = false) {
  const log = bound(caughtUp(room.log, event), following);
  const here = log.numbering === room.log.numbering ? room.read : 0; // the server may not have been told yet
  const read = Math.min(Math.max(event.read, here), event.partial ? event.seq : newest(log));
  const known = seen || room.known || read > 0;
  const members = new Map(event.members.map(({ user, nick }) => [user, nick]));
  const authors = withAuthors(room.authors, event.entries);
  const book = bookFor({ members, authors }, me);
  const goesOn = event.recovered && log.numbering === room.log.numbering;
  const past = room.past && goesOn ? amended(room.past, event.entries) : null;
  return {
    ...room,
    name: event.room,
    followed: true,
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
    ...unreadIn(log, read, me, book, known),
    known,
    replay: event.partial ? { calls: event.recovered && room.log.epoch !== null } : null,
  };
}

/** The room with a further part of `joined`; null if entries between are missing. */
export function replayed(room, { entries, end }, me, following) {
  const missed = entries.filter(({ seq }) => seq > newest(room.log));
  const log = continued(room.log, missed);
  if (log === room.log && missed.length > 0) return null;
  const authors = withAuthors(room.authors, missed);
  return {
    ...room,
    log: bound(log, following),
    past: room.past && amended(room.past, missed),
    authors,
    ...unreadIn(log, room.read, me, bookFor({ ...room, authors }, me), room.known),
    replay: end ? null : room.replay,
  };
}

/** What is sought after a join. A message that was unloaded is sought again; with a new numbering none is. */
function again({ sought, log: before }, log, past) {
  if (sought === null || (before.epoch !== null && before.numbering !== log.numbering)) return null;
  const away = sought.fate === "found" && at(past ?? log, sought.seq) === undefined;
  return away ? { ...sought, fate: "sought", id: null, at: 0 } : sought;
}

/** The room after the connection ended, or after leaving it. */
export function lost(room) {
  const phase = room.phase === "refused" && !full(room) ? "refused" : "away";
  const sought = room.sought?.fate === "sought" ? { ...room.sought, id: null } : room.sought;
  return { ...room, phase, typing: new Map(), joinAt: 0, sought, replay: null, news: room.news && { ...room.news, id: null } };
}

/** Whether the room cannot be joined until another one is left. */
export function full({ phase, refusal }) {
  return phase === "refused" && refusal.code === FULL;
}

/** Whether the live `entry` shows that entries were missed. */
export function holed(room, entry) {
  return room.phase === "here" && skips(room.log, entry);
}

/** How long to wait before joining again after a gap: 0 the first time, then growing. */
export function rejoinDelay({ gaps }) {
  return gaps === 0 ? 0 : Math.min(60_000, 1_000 * 2 ** gaps);
}

/** The room with a live entry. `following`: the user is at the newest message, so the log may be shortened. */
export function told(room, entry, me, following) {
  const log = bound(append(room.log, entry), following);
  if (log === room.log) return room;
  const typing = new Map(room.typing);
  if (entry.type === "message") typing.delete(entry.user);
  const authors = withAuthors(room.authors, [entry]);
  const book = bookFor({ ...room, authors }, me);
  const one = counts(entry, room.read, me);
  const recount = entry.target > room.read && entry.type !== "reacted"; // a message was deleted, or says something else
  return {
    ...room,
    log,
    authors,
    past: room.past && amended(room.past, [entry]),
    typing,
    gaps: 0,
    replay: null,
    topic: entry.type === "topic" ? entry.text : room.topic,
    unread: room.unread + (one ? 1 : 0),
    mentions: room.mentions + (one && names(entry, me, book) ? 1 : 0),
    ...(recount ? unreadIn(log, room.read, me, book, room.known) : {}),
  };
}

/** The room after its user has read it up to `seq` at another connection. */
export function readUpTo(room, seq, me) {
  const read = Math.max(room.read, seq);
  return { ...room, read, told: Math.max(room.told, seq), ...unreadIn(room.log, read, me, bookFor(room, me), room.known) };
}

/** The room with its unread messages counted again, after more of its entries were loaded. */
export function recounted(room, me) {
  return room.unread > 0 ? readUpTo(room, 0, me) : room;
}

/**
 * How many messages are unread, and how many of them mention the user. Each unread entry that is not
 * loaded counts as a message; none does in a room where nothing was ever read and that is not `known`.
 */
function unreadIn({ first, entries }, read, me, book, known) {
  const unread = entries.filter((entry) => counts(entry, read, me));
  const unloaded = known || read > 0 ? Math.max(0, first - 1 - read) : 0;
  return { unread: unloaded + unread.length, mentions: unread.filter((entry) => names(entry, me, book)).length };
}

/** The room after members joined and left. */
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

/** The room after a member changed their nick. */
export function renamed(room, { user, nick }) {
  if (!room.members.has(user)) return room;
  return { ...room, members: new Map(room.members).set(user, nick) };
}

/** The room with somebody typing. */
export function hearsTyping(room, { user, nick }, now) {
  return { ...room, typing: new Map(room.typing).set(user, { nick, until: now + TYPING_SHOWN }) };
}

/** The room without those who stopped typing. */
export function quieter(room, now) {
  const typing = [...room.typing].filter(([, { until }]) => until > now);
  return typing.length === room.typing.size ? room : { ...room, typing: new Map(typing) };
}

/** The room with all messages read. */
export function readAll(room) {
  const read = newest(room.log);
  return read === room.read && room.unread === 0 ? room : { ...room, read, unread: 0, mentions: 0 };
}

/** Bound the log. While the user reads further up, more is kept. */
export function bound(log, following) {
  const keep = following ? KEEP : MOST_ENTRIES;
  return log.entries.length > keep + SPARE ? trim(log, keep) : log;
}

/** Whether a message mentions the user; `book` is that of its room. */
export function names({ text = "" }, me, book) {
  return me !== null && mentioned(text, book).has(fold(me.nick));
}

/** `authors` with those of `entries`; the same map if all are in it. The earliest are dropped first. */
export function withAuthors(authors, entries) {
  const fresh = new Map();
  for (const { type, user, nick } of entries) {
    const key = `${user} ${nick}`;
    if (type === "message" && !authors.has(key)) fresh.set(key, { user, nick });
  }
  return fresh.size === 0 ? authors : new Map([...authors, ...fresh].slice(-AUTHORS));
}

const books = new WeakMap(); // the last one for each map of members: to make the tree for many nicks takes long

/** Who can be mentioned in a room: members, authors, and the user. */
export function bookFor({ members, authors }, me) {
  const made = books.get(members);
  if (made?.authors === authors && made.nick === me?.nick) return made.book;
  const people = peopleOf({ members, authors }, me);
  const book = bookOf(people.map(({ nick }) => nick));
  books.set(members, { authors, nick: me?.nick, book, people });
  return book;
}

/** All who are in a room or have written there: [{ user, nick }]. */
export function peopleOf({ members, authors }, me) {
  return [...authors.values(), ...[...members].map(([user, nick]) => ({ user, nick })), ...(me ? [me] : [])];
}

let latest = { key: "", shared: new Map() }; // what was last found, for any room

/** The users of a room whose nick is that of another one, too. It is another object only if anything changed. */
export function sharers(room, me) {
  bookFor(room, me);
  const made = books.get(room.members);
  if (!made.shared) {
    const shared = namesakes(made.people);
    const key = JSON.stringify([...shared]);
    if (key !== latest.key) latest = { key, shared };
    made.shared = latest.shared;
  }
  return made.shared;
}

/** Whether the entry is an unread message of another user, after the seq `read`. */
export function counts(entry, read, me) {
  return entry.type === "message" && entry.seq > read && entry.user !== me?.user && !entry.deleted && !ignores(me, entry.user);
}

/** Whether the user ignores another one, by id. */
export function ignores(me, user) {
  return me !== null && Object.hasOwn(me.ignored ?? {}, user);
}
