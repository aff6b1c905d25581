// The state of the page, and the small steps by which the rules change it. Pure.
//
// A rule is given `turn`, { state, send, socket, calls }: what one event leads to. The rule may set the
// fields of `state`, which is a copy, but changes nothing within them. It puts commands for the server
// into `send`. It sets `socket` to "open", "close" or "drop" when the connection has to be opened or
// ended. What the user is notified of goes into `calls`: see attention.js.

import { returned } from "./changes.js";
import { choices } from "./attention.js";
import * as outbox from "./outbox.js";
import { keyOf, lost, mendDelay, NEVER, newRoom } from "./room.js";
import { DRAFT_MOST } from "./text.js";

const NO_LINE = Object.freeze({ phase: "idle", attempt: 0, retryAt: 0, code: null });

/** The state of a page that opens on the room `name`, with what was kept from earlier. */
export function begin({ identity, drafts, seen, roomNames = [], attention, permission = "denied", name, online, hidden, now }) {
  const state = {
    // phase: "idle" (nobody wants one), "connecting", "greeting", "connected", "waiting", "stopped"
    connection: NO_LINE,
    online,
    hidden,
    identity, // { nick, token }; null before the reader gave a name
    me: null, // { user, nick } as the server knows the reader
    naming: identity ? null : question(""), // the question for a name, while it is open
    lobby: "lobby",
    limits: null,
    rooms: new Map(), // those that the page wants to be in, by key
    key: keyOf(name), // of the room in sight
    listed: [], // the rooms that the server lists
    listing: { id: null, found: [], pages: 1, at: -Infinity }, // how it is asked for: see listing.js
    seen: new Map(seen), // how far rooms were read in this browser, by key
    pending: [],
    changes: [], // what the reader does to messages, as core/changes.js has it
    changesAt: 0, // none is sent before
    slowly: false, // the server found the page too fast
    holdUntil: 0, // no message is sent before
    following: true, // the view is at the newest line, and stays there
    unseen: 0, // lines that came while the reader was reading further up
    away: 0, // lines that came while the page was hidden
    attention: choices(attention), // what the reader is called for, and how
    permission, // for notifications, as the browser has it
    named: false, // whether somebody has named the reader since the page was opened
    activeAt: now, // when the reader moved last
    gone: false, // whether the server has been told that they are away
    clipped: false, // whether of what was pasted only a part was taken
    refusals: 0, // how often sending was asked for in vain
    sheet: null, // the dialog that is open: { name, busy, refusal }
    search: { phase: "idle", query: "", everywhere: false, key: null, id: null, entries: [], more: false, complete: true, next: null, refusal: null },
    panel: false, // whether the side panel is open where it covers the page
    asked: new Map(), // open questions to the server by id: { type, key }
    ids: 0,
    heardAt: now,
    pingedAt: null, // since when an answer is owed that proves the line alive
    doubt: false, // something happened after which the line may be dead unnoticed
    readAt: -Infinity,
  };
  const texts = new Map(drafts);
  for (const key of texts.keys()) state.rooms.set(key, newRoom(key, NEVER));
  roomNames.forEach((place, i) => state.rooms.set(keyOf(place), newRoom(place, i))); // long ago, in their order
  state.rooms.set(state.key, newRoom(name, now));
  for (const [key, draft] of texts) state.rooms.set(key, { ...state.rooms.get(key), draft: draft.slice(0, DRAFT_MOST) });
  return state;
}

/** The room in sight. */
export function current(state) {
  return state.rooms.get(state.key);
}

/** Whether the server may be spoken to. */
export function alive({ connection: { phase } }) {
  return phase === "greeting" || phase === "connected";
}

/** The question for a name; `first` where nothing can be done before it is answered. */
export function question(nick, first = true) {
  return { first, busy: false, refusal: null, nick };
}

// --- Rooms ---------------------------------------------------------------------------------

export function of(turn, key) {
  return turn.state.rooms.get(key);
}

export function put(turn, key, room) {
  if (of(turn, key) !== room) turn.state.rooms = new Map(turn.state.rooms).set(key, room);
}

export function change(turn, key, changes) {
  put(turn, key, { ...of(turn, key), ...changes });
}

export function forget(turn, key) {
  turn.state.rooms = new Map(turn.state.rooms);
  turn.state.rooms.delete(key);
}

/** Let `rule` make something of the room that the event is about, if the page is there. */
export function within(turn, event, rule) {
  const key = keyOf(event.room);
  if (of(turn, key)?.phase === "here") put(turn, key, rule(of(turn, key)));
}

/** Take the server's word for which room `key` is: it may hold names for one that we tell apart. */
export function rekey(turn, key, name) {
  const right = keyOf(name);
  if (key === right || !of(turn, key)) return of(turn, right) ? right : null;
  const room = of(turn, key);
  forget(turn, key);
  if (!of(turn, right)) put(turn, right, room);
  turn.state.pending = turn.state.pending.map((item) => (item.key === key ? { ...item, key: right } : item));
  turn.state.changes = turn.state.changes.map((act) => (act.key === key ? { ...act, key: right } : act));
  if (turn.state.key === key) turn.state.key = right;
  return right;
}

/** Come in again where something was missed; at once, but not round and round. */
export function mend(turn, key, now) {
  const room = of(turn, key);
  turn.send.push({ type: "leave", room: room.name });
  put(turn, key, { ...lost(room), joinAt: now + mendDelay(room), mends: room.mends + 1 });
}

/** What is unread in a room that the reader comes to is marked as new; in one read up to its end nothing is. */
export function mark(turn, { unread, read }, key = turn.state.key) {
  change(turn, key, { mark: unread > 0 && read > 0 ? read : null });
}

// --- The connection ------------------------------------------------------------------------

export function setConnection(turn, connection) {
  Object.assign(turn.state, { connection: { ...NO_LINE, ...connection }, refusals: 0 });
}

/** The connection is gone, with all that was asked on it. */
export function broken(turn, code) {
  const { state } = turn;
  for (const [key, room] of state.rooms) put(turn, key, lost(room));
  const tooBig = (item) => code === 1009 && item.fate === "sent";
  state.pending = outbox.returned(outbox.failAll(state.pending, tooBig, "too_long"));
  state.changes = returned(state.changes);
  const listing = { ...state.listing, id: null, found: [] };
  Object.assign(state, { changesAt: 0, asked: new Map(), pingedAt: null, holdUntil: 0, doubt: false, listing });
  if (state.search.phase === "busy") state.search = { ...state.search, phase: "refused", id: null, refusal: { code: "offline" } };
  if (state.sheet?.busy) state.sheet = { ...state.sheet, busy: false, refusal: { code: "offline" } };
  if (state.naming?.busy && !state.naming.first) {
    state.naming = { ...state.naming, busy: false, refusal: { code: "offline" } };
  }
}

/** Ask the server what will be answered under an id; gives the id. */
export function ask(turn, command, key = null) {
  turn.state.ids += 1;
  const id = `q${turn.state.ids}`;
  turn.state.asked = new Map(turn.state.asked).set(id, { type: command.type, key });
  turn.send.push({ ...command, id });
  return id;
}

/** The question that the answer `id` is to, which is closed by it; undefined if there is none. */
export function answer(turn, id) {
  const asked = turn.state.asked.get(id);
  if (asked) {
    turn.state.asked = new Map(turn.state.asked);
    turn.state.asked.delete(id);
  }
  return asked;
}
