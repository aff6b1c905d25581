// What the page does about what the server says. Pure; rules as core/state.js has them.

import { acted, refuseAct } from "./acting.js";
import { call, missedCall } from "./attention.js";
import * as outbox from "./pending.js";
import { newest } from "./log.js";
import { endListing, hearRooms, wantList } from "./listing.js";
import { answered, deepened, refuseHistory } from "./past.js";
import { entered, hearsTyping, holed, keyOf, lost, met, renamed, replayed, told } from "./room.js";
import { found, notFound } from "./search.js";
import { answer, broken, change, line, mark, mend, of, put, question, rekey, within } from "./state.js";

const BUSY_WAIT = 1; // seconds before asking again, where the server did not say how long

/** Each event of docs/protocol.md that the page has a use for. */
export const HEARD = {
  welcome(to, { id, user, nick, token, lobby, limits }) {
    answer(to, id);
    line(to, { phase: "connected" });
    const naming = to.state.naming?.first ? null : to.state.naming;
    const identity = { nick, token };
    const waiting = keyOf(to.state.lobby);
    if (keyOf(lobby) !== waiting && of(to, waiting)?.log.epoch === null) {
      change(to, rekey(to, waiting, lobby), { name: lobby }); // the page had to guess what it is called
    }
    Object.assign(to.state, { me: { user, nick }, identity, naming, lobby, limits, gone: false });
    wantList(to);
  },
  joined(to, event) {
    const key = rekey(to, answer(to, event.id)?.key, event.room);
    if (key === null) return; // left again meanwhile
    const { me, following } = to.state;
    to.state.pending = outbox.confirm(to.state.pending, event.entries, me.user);
    const before = of(to, key);
    const after = entered(before, event, me, following || key !== to.state.key);
    put(to, key, after);
    if (event.recovered && before.log.epoch !== null) callOnce(to, key, newest(before.log), event);
    else change(to, key, { missed: null });
    if (key === to.state.key && after.unread > before.unread) mark(to, after);
    if (key !== to.state.key || following || after.sought?.fate === "sought") return; // what is sought is asked for
    if (after.log.first > before.log.first || after.log.numbering !== before.log.numbering) {
      Object.assign(to.state, { following: true, unseen: 0 }); // what was read is gone
    } else {
      to.state.unseen += Math.max(0, after.unread - before.unread);
    }
  },
  /** More of what `joined` began to bring: nothing live comes before its end. */
  replay(to, event, now) {
    const key = keyOf(event.room);
    const { me, following } = to.state;
    const before = of(to, key);
    to.state.pending = outbox.confirm(to.state.pending, event.entries, me?.user);
    if (before?.phase !== "here" || before.replay === null) return; // left, or joined again, meanwhile
    const after = replayed(before, event, me, following || key !== to.state.key);
    if (after === null) {
      mend(to, key, now);
      return;
    }
    put(to, key, after);
    if (before.replay.calls) callOnce(to, key, newest(before.log), event);
    if (key !== to.state.key || after.unread === before.unread) return;
    mark(to, after);
    if (!following) to.state.unseen += after.unread - before.unread;
  },
  message: entry,
  edited: entry,
  deleted: entry,
  reacted: entry,
  topic: entry,
  unknown: entry,
  presence(to, event) {
    within(to, event, (room) => met(room, event));
  },
  typing(to, event, now) {
    if (event.user === to.state.me?.user) return; // in another tab
    within(to, event, (room) => hearsTyping(room, event, now));
  },
  renamed(to, event) {
    for (const [key, room] of to.state.rooms) put(to, key, renamed(room, event));
    const mine = answer(to, event.id);
    if (event.user !== to.state.me?.user) return;
    to.state.me = { user: event.user, nick: event.nick };
    to.state.identity = { ...to.state.identity, nick: event.nick };
    if (mine) to.state.naming = null;
  },
  history(to, event) {
    const key = answer(to, event.id)?.key;
    if (of(to, key) && !answered(to, key, event)) put(to, key, deepened(of(to, key), event));
  },
  results: found,
  rooms: hearRooms,
  pong(to, { id }) {
    answer(to, id);
  },
  ok(to, { id }) {
    if (answer(to, id)) acted(to, id);
  },
  error(to, event, now) {
    const asked = answer(to, event.id);
    if (!asked) refuseMessage(to, event, now);
    else if (Object.hasOwn(REFUSED, asked.type)) REFUSED[asked.type](to, event, now, asked.key);
  },
};

/** Call the reader for what was missed: once, when all of it has come. */
function callOnce(to, key, before, event) {
  const { replay, missed } = of(to, key);
  const last = missedCall(to, key, before, event, missed);
  if (replay === null && last !== null) to.calls.push(last);
  change(to, key, { missed: replay === null ? null : last });
}

/** An entry of a room, live. */
function entry(to, event, now) {
  const { me, following } = to.state;
  const key = keyOf(event.room);
  const before = of(to, key);
  // The id of a message is its sender's own, and may be anything.
  const asked = event.type === "message" ? undefined : answer(to, event.id);
  if (asked) acted(to, event.id);
  if (asked?.type === "topic" && to.state.sheet?.busy) to.state.sheet = null;
  to.state.pending = outbox.confirm(to.state.pending, [event], me?.user);
  if (before?.phase !== "here") return;
  if (holed(before, event)) {
    mend(to, key, now);
    return;
  }
  const after = told(before, event, me, following || key !== to.state.key);
  if (after === before) return; // it was there already
  put(to, key, after);
  if (event.type !== "message" || event.user === me?.user) return;
  call(to, key, event);
  if (key === to.state.key && !following) to.state.unseen += 1;
}

/** What is done about a question that was refused. */
const REFUSED = {
  hello(to, { code, message }) {
    const { identity } = to.state;
    if (code === "busy" || code === "storage_failed" || code === "rate_limited") {
      to.line = "drop"; // and come back after a while
      return;
    }
    if (code === "bad_password") {
      if (!identity.token) return; // the server has a password; the connection ends, and says so
      to.state.identity = { ...identity, token: null };
    }
    to.state.naming = { ...question(identity.nick), refusal: { code, message } };
    line(to, { phase: "idle" });
    broken(to, null);
    to.line = "close"; // thinking of a name may take longer than the server waits for a hello
  },
  nick(to, { code, message }) {
    if (to.state.naming) to.state.naming = { ...to.state.naming, busy: false, refusal: { code, message } };
  },
  join(to, { code, message, retry_after: after = BUSY_WAIT }, now, key) {
    if (!of(to, key)) return;
    if (code === "rate_limited" || code === "busy" || code === "storage_failed") {
      change(to, key, { phase: "away", joinAt: now + after * 1000 });
    } else if (code === "duplicate_join") {
      mend(to, key, now);
    } else {
      change(to, key, { phase: "refused", refusal: { code, message } });
      to.state.pending = outbox.failAll(to.state.pending, (item) => item.key === key, code, message);
    }
  },
  topic(to, { code, message }) {
    if (to.state.sheet) to.state.sheet = { ...to.state.sheet, busy: false, refusal: { code, message } };
  },
  search: notFound,
  rooms: endListing,
  history: refuseHistory,
  edit: refuseAct,
  delete: refuseAct,
  react: refuseAct,
};

/** A message was refused: for now, or for good. */
function refuseMessage(to, { id, code, message, retry_after: after = BUSY_WAIT }, now) {
  const { pending, holdUntil } = to.state;
  const item = pending.find((each) => each.id === id);
  if (!item) return;
  if (code === "rate_limited") {
    to.state.pending = outbox.queue(pending, id);
    Object.assign(to.state, { slowly: true, holdUntil: Math.max(holdUntil, now + after * 1000) });
  } else if (code === "not_joined") {
    to.state.pending = outbox.queue(pending, id);
    if (of(to, item.key)?.phase === "here") put(to, item.key, lost(of(to, item.key)));
  } else {
    to.state.pending = outbox.fail(pending, id, code, message);
  }
}
