// What is done when its time has come: joining, sending, telling what was read, checking the
// connection. Pure.

import { bytes, encode } from "./wire.js";
import { sendChanges } from "./changeRules.js";
import { list, listAt } from "./listing.js";
import { position } from "./log.js";
import * as outbox from "./outbox.js";
import { down, leavePlace, look, lookAt } from "./history.js";
import { findNews } from "./news.js";
import { arrived } from "./attention.js";
import { goOut, roomsToJoin } from "./rooms.js";
import { attend, awayAt, tellAway } from "./presence.js";
import { quieter, readAll } from "./room.js";
import { alive, answer, ask, change, current, of, put } from "./state.js";

const READ_EVERY = 2_000;
const QUIET = 25_000; // a connection that was silent for so long is checked
const UNANSWERED = 3_000; // so is one that was silent for so long while an answer is due
const PONG_WAIT = 4_000; // a connection that does not answer the check in time is dropped
const WELCOME_WAIT = 10_000;

/** Do what is due at `now`, after each event. */
export function doDue(turn, now) {
  const { state } = turn;
  attend(turn, now);
  put(turn, state.key, quieter(current(state), now));
  const { phase, replay } = current(state);
  if (state.attended && state.following && phase === "here" && replay === null) see(turn);
  state.away = arrived(state);
  if (state.following) put(turn, state.key, down(current(state)));
  if (alive(state)) watch(turn, now);
  state.doubt = false;
  goOut(turn);
  sendChanges(turn, now);
  findNews(turn);
  look(turn, now);
  leavePlace(turn);
  if (state.connection.phase !== "connected") return;
  for (const key of roomsToJoin(turn, now)) join(turn, key);
  tellAway(turn, now);
  pump(turn, now);
  for (const [key, room] of state.rooms) if (readDue(state, key, room) <= now) tellRead(turn, key, now);
  if (!state.hidden) list(turn, now);
}

/** When `doDue` has to run next; Infinity for never. */
export function wakeAt(state) {
  const due = [];
  for (const { until } of current(state).typing.values()) due.push(until);
  if (state.attended) due.push(awayAt(state));
  if (alive(state)) {
    if (state.pingedAt !== null) due.push(state.pingedAt + patience(state));
    else if (state.connection.phase === "connected") due.push(doubtAt(state));
  }
  if (state.connection.phase === "connected") {
    if (state.holdUntil > 0) due.push(state.holdUntil);
    if (state.changesAt > 0) due.push(state.changesAt);
    due.push(lookAt(state));
    for (const { phase, joinAt } of state.rooms.values()) if (phase === "away") due.push(joinAt);
    if (!state.gone) due.push(awayAt(state));
    for (const [key, room] of state.rooms) due.push(readDue(state, key, room));
    if (!state.hidden) due.push(listAt(state));
  }
  return Math.min(...due);
}

// --- The connection ------------------------------------------------------------------------

/** Check a connection that may be dead; drop one that does not answer. */
function watch(turn, now) {
  const { state } = turn;
  if (state.pingedAt !== null) {
    if (now - state.pingedAt >= patience(state)) turn.socket = "drop";
  } else if (state.connection.phase === "connected" && (state.doubt || now >= doubtAt(state))) {
    ask(turn, { type: "ping" });
    state.pingedAt = now;
  }
}

/** When the connection has been silent for so long that it is checked. */
function doubtAt({ heardAt, hidden, pending }) {
  const sentAt = pending.filter(({ fate }) => fate === "sent").map((item) => item.sentAt);
  const owed = sentAt.length > 0 ? Math.max(heardAt, Math.min(...sentAt)) + UNANSWERED : Infinity;
  return Math.min(owed, hidden ? Infinity : heardAt + QUIET);
}

function patience({ connection: { phase } }) {
  return phase === "greeting" ? WELCOME_WAIT : PONG_WAIT;
}

// --- Rooms and messages --------------------------------------------------------------------

function join(turn, key) {
  const { name, log } = of(turn, key);
  change(turn, key, { phase: "joining" });
  ask(turn, { type: "join", room: name, since: position(log) }, key);
}

/** Send the waiting messages that may be sent. */
function pump(turn, now) {
  const { state } = turn;
  if (now < state.holdUntil) return;
  state.holdUntil = 0;
  const here = ({ key }) => of(turn, key)?.phase === "here";
  for (const { id, key, text, replyTo } of outbox.next(state.pending, here, state.slowly)) {
    const command = { type: "send", id, room: of(turn, key).name, text, reply_to: replyTo ?? undefined };
    if (bytes(encode(command)) > state.limits.max_message_bytes) {
      state.pending = outbox.fail(state.pending, id, "too_long"); // it would end the connection
    } else {
      turn.send.push(command);
      state.pending = outbox.sent(state.pending, id, now);
    }
  }
  if (!state.pending.some(({ fate }) => fate === "queued")) state.slowly = false;
}

/** The user sees everything in the room. */
function see(turn) {
  const { key, seen } = turn.state;
  put(turn, key, readAll(of(turn, key)));
  const { read } = of(turn, key);
  if (seen.get(key) !== read) turn.state.seen = new Map(seen).set(key, read);
}

/** When the server is to be told how far a room was read: at once where the user has left it. */
function readDue({ key: here, attended, readAt, readHold }, key, { phase, read, told }) {
  if (phase !== "here" || read <= told) return Infinity;
  return key === here && attended ? Math.max(readHold, readAt + READ_EVERY) : readHold;
}

/** Only a refusal is answered, so of each room the newest question alone is remembered. */
function tellRead(turn, key, now) {
  const { name, read, asked } = of(turn, key);
  answer(turn, asked);
  change(turn, key, { told: read, asked: ask(turn, { type: "read", room: name, seq: read }, key) });
  turn.state.readAt = now;
}
