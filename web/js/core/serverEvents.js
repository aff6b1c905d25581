// The rules for events of the server. Pure; rules as in core/state.js.

import { acted, refuseChange } from "./changeRules.js";
import { call, missedCall } from "./attention.js";
import * as outbox from "./outbox.js";
import { newest } from "./log.js";
import { endListing, hearRooms, wantList } from "./listing.js";
import { answered, deepened, refuseHistory } from "./history.js";
import { newsAnswered } from "./news.js";
import { entered, hearsTyping, holed, ignores, keyOf, lost, met, readUpTo, recounted, renamed, replayed, told, withAuthors } from "./room.js";
import { refuseFull } from "./rooms.js";
import { answer, broken, change, setConnection, mark, rejoin, of, put, question, rekey, within } from "./state.js";

const BUSY_WAIT = 1; // seconds before the next try, if the server did not say how long

/** The events of docs/protocol.md that the page uses. */
export const SERVER_EVENTS = {
  welcome(turn, { id, user, nick, token, lobby, limits }) {
    answer(turn, id);
    setConnection(turn, { phase: "connected" });
    const naming = turn.state.naming?.first ? null : turn.state.naming;
    const identity = { nick, token };
    const waiting = keyOf(turn.state.lobby);
    if (keyOf(lobby) !== waiting && of(turn, waiting)?.log.epoch === null) {
      change(turn, rekey(turn, waiting, lobby), { name: lobby }); // the page had to guess the name of the lobby
    }
    Object.assign(turn.state, { me: { ...turn.state.me, user, nick }, identity, naming, lobby, limits, gone: false, blocked: null });
    wantList(turn);
  },
  joined(turn, event) {
    const key = rekey(turn, answer(turn, event.id)?.key, event.room);
    if (key === null) return; // it was left again meanwhile
    const { me, following, seen } = turn.state;
    turn.state.pending = outbox.confirm(turn.state.pending, event.entries, me.user);
    const before = of(turn, key);
    const after = entered(before, event, me, following || key !== turn.state.key, seen.has(key));
    put(turn, key, after);
    if (before.log.epoch === null) wasThere(turn, key, after.unread);
    if (event.recovered && before.log.epoch !== null) callOnce(turn, key, newest(before.log), event);
    else change(turn, key, { missed: null });
    if (key === turn.state.key && after.unread > before.unread) mark(turn, after);
    if (key !== turn.state.key || following || after.sought?.fate === "sought") return; // if a message is sought, it is requested
    if (after.log.first > before.log.first || after.log.numbering !== before.log.numbering) {
      Object.assign(turn.state, { following: true, unseen: 0 }); // what was shown is no longer loaded
    } else {
      turn.state.unseen += Math.max(0, after.unread - before.unread);
    }
  },
  /** A further part of `joined`: no live entry arrives before its end. */
  replay(turn, event, now) {
    const key = keyOf(event.room);
    const { me, following } = turn.state;
    const before = of(turn, key);
    turn.state.pending = outbox.confirm(turn.state.pending, event.entries, me?.user);
    if (before?.phase !== "here" || before.replay === null) return; // it was left, or joined again, meanwhile
    const after = replayed(before, event, me, following || key !== turn.state.key);
    if (after === null) {
      rejoin(turn, key, now);
      return;
    }
    put(turn, key, after);
    if (before.replay.calls) callOnce(turn, key, newest(before.log), event);
    else wasThere(turn, key, after.unread);
    if (key !== turn.state.key || after.unread === before.unread) return;
    mark(turn, after);
    if (!following) turn.state.unseen += after.unread - before.unread;
  },
  message: entry,
  edited: entry,
  deleted: entry,
  reacted: entry,
  topic: entry,
  unknown: entry,
  presence(turn, event) {
    within(turn, event, (room) => met(room, event));
  },
  typing(turn, event, now) {
    const { me } = turn.state;
    if (event.user === me?.user || ignores(me, event.user)) return; // sent in another tab; or not to be seen
    within(turn, event, (room) => hearsTyping(room, event, now));
  },
  /** The user has read the room up to this seq on another device or in another tab. */
  read(turn, { room: name, seq }) {
    const { me, seen, key: here } = turn.state;
    const key = keyOf(name);
    if (of(turn, key)?.phase !== "here") return;
    const room = readUpTo(of(turn, key), seq, me);
    put(turn, key, room);
    if (seen.has(key)) turn.state.seen = new Map(seen).set(key, room.read);
    if (key === here) turn.state.unseen = Math.min(turn.state.unseen, room.unread);
  },
  renamed(turn, event) {
    for (const [key, room] of turn.state.rooms) put(turn, key, renamed(room, event));
    const mine = answer(turn, event.id);
    if (event.user !== turn.state.me?.user) return;
    turn.state.me = { ...turn.state.me, nick: event.nick };
    turn.state.identity = { ...turn.state.identity, nick: event.nick };
    if (mine) turn.state.naming = null;
    else if (turn.state.naming && !turn.state.naming.busy) turn.state.naming = { ...turn.state.naming, nick: event.nick };
  },
  history(turn, event) {
    const key = answer(turn, event.id)?.key;
    if (!of(turn, key)) return;
    change(turn, key, { authors: withAuthors(of(turn, key).authors, event.entries) });
    if (newsAnswered(turn, key, event) || answered(turn, key, event)) return;
    put(turn, key, recounted(deepened(of(turn, key), event), turn.state.me));
  },
  rooms: hearRooms,
  pong(turn, { id }) {
    answer(turn, id);
  },
  ok(turn, { id }) {
    if (answer(turn, id)) acted(turn, id);
  },
  error(turn, event, now) {
    const asked = answer(turn, event.id);
    if (!asked) refuseMessage(turn, event, now);
    else if (Object.hasOwn(REFUSED, asked.type)) REFUSED[asked.type](turn, event, now, asked.key);
  },
};

/** The messages that were unread when the page first joined a room did not arrive since the user left. */
function wasThere(turn, key, unread) {
  const { left } = turn.state;
  if (left !== null) turn.state.left = new Map(left).set(key, unread);
}

/** Notify the user of missed messages: once, when all parts have arrived. */
function callOnce(turn, key, before, event) {
  const { replay, missed } = of(turn, key);
  const last = missedCall(turn, key, before, event, missed);
  if (replay === null && last !== null) turn.calls.push(last);
  change(turn, key, { missed: replay === null ? null : last });
}

/** A live entry of a room. */
function entry(turn, event, now) {
  const { me, following } = turn.state;
  const key = keyOf(event.room);
  const before = of(turn, key);
  // The id of a message is chosen by its sender, and can be anything.
  const asked = event.type === "message" ? undefined : answer(turn, event.id);
  if (asked) acted(turn, event.id);
  if (asked?.type === "topic" && turn.state.sheet?.busy) turn.state.sheet = null;
  turn.state.pending = outbox.confirm(turn.state.pending, [event], me?.user);
  if (before?.phase !== "here") return;
  if (holed(before, event)) {
    rejoin(turn, key, now);
    return;
  }
  const after = told(before, event, me, following || key !== turn.state.key);
  if (after === before) return; // it was known already
  put(turn, key, after);
  if (key === turn.state.key && !following) turn.state.unseen = Math.max(0, turn.state.unseen + after.unread - before.unread);
  if (event.type === "message" && event.user !== me?.user) call(turn, key, event);
}

/** What the form says about a refused `hello`; null if it only has to ask for the password. */
function helloRefusal(code, message, tried, { token }) {
  if (code === "bad_password" && !tried) return token ? { code: "unknown" } : null;
  return { code: code === "rate_limited" ? "tries" : code, message };
}

/** How a refused request is handled. */
export const REFUSED = {
  hello(turn, { code, message }) {
    const { identity, naming } = turn.state;
    const tried = Boolean(naming?.password);
    if (code === "busy" || code === "storage_failed" || (code === "rate_limited" && !tried)) {
      turn.socket = "drop"; // and reconnect later
      return;
    }
    const guarded = code === "bad_password" || Boolean(naming?.guarded);
    turn.state.naming = { ...question(identity.nick, true, guarded), refusal: helloRefusal(code, message, tried, identity) };
    if (code === "bad_password") turn.state.identity = { ...identity, token: null };
    setConnection(turn, { phase: "idle" });
    broken(turn, null);
    turn.socket = "close"; // choosing a name may take longer than the server waits for a hello
  },
  nick(turn, { code, message }) {
    if (turn.state.naming) turn.state.naming = { ...turn.state.naming, busy: false, refusal: { code, message } };
  },
  join(turn, { code, message, retry_after: after }, now, key) {
    if (!of(turn, key)) return;
    if (code === "rate_limited" && after === undefined) {
      refuseFull(turn, key); // without a time to wait: only leaving another room helps
    } else if (code === "rate_limited" || code === "busy" || code === "storage_failed") {
      change(turn, key, { phase: "away", joinAt: now + (after ?? BUSY_WAIT) * 1000 });
    } else if (code === "duplicate_join") {
      rejoin(turn, key, now);
    } else {
      change(turn, key, { phase: "refused", refusal: { code, message } });
      turn.state.pending = outbox.failAll(turn.state.pending, (item) => item.key === key, code, message);
    }
  },
  /** The read mark was not stored; it is sent again later. */
  read(turn, { retry_after: after = BUSY_WAIT }, now, key) {
    if (!of(turn, key)) return;
    change(turn, key, { told: 0 });
    turn.state.readHold = now + after * 1000;
  },
  rooms: endListing,
  history(turn, event, now, key) {
    if (of(turn, key)?.news?.id === event.id) change(turn, key, { news: null });
    refuseHistory(turn, event, now, key);
  },
  edit: refuseChange,
  delete: refuseChange,
  react: refuseChange,
};

/** A message was refused, temporarily or finally. */
function refuseMessage(turn, { id, code, message, retry_after: after = BUSY_WAIT }, now) {
  const { pending, holdUntil } = turn.state;
  const item = pending.find((each) => each.id === id);
  if (!item) return;
  if (code === "rate_limited") {
    turn.state.pending = outbox.queue(pending, id);
    Object.assign(turn.state, { slowly: true, holdUntil: Math.max(holdUntil, now + after * 1000) });
  } else if (code === "not_joined") {
    turn.state.pending = outbox.queue(pending, id);
    if (of(turn, item.key)?.phase === "here") put(turn, item.key, lost(of(turn, item.key)));
  } else {
    turn.state.pending = outbox.fail(pending, id, code, message);
  }
}
