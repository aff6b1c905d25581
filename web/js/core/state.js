// The state of the page, and small functions with which the rules change it. Pure.
//
// A rule gets `turn`, { state, send, socket, calls }: the result of one event. The rule may set the
// fields of `state`, which is a shallow copy, but must not modify their values. It appends commands for
// the server to `send`, and sets `socket` to "open", "close" or "drop" to open or end the connection.
// Notifications are appended to `calls`: see attention.js.

import { returnedChanges } from "./changes.js";
import { choices } from "./attention.js";
import { settings } from "./settings.js";
import * as outbox from "./outbox.js";
import { keyOf, lost, rejoinDelay, NEVER, newRoom } from "./room.js";
import { DRAFT_MOST } from "./text.js";
import { resumed } from "./unsent.js";

const NO_LINE = Object.freeze({ phase: "idle", attempt: 0, retryAt: 0, code: null });

/** The initial state of a page that opens in the room `name`, with what was stored earlier. */
export function begin({ identity, drafts, purposes = [], seen, roomNames = [], attention, settings: stored = null, permission = "denied", name, online, hidden, focused = true, touch = false, now }) {
  const state = {
    // phase: "idle" (none is wanted), "connecting", "greeting", "connected", "waiting", "stopped"
    connection: NO_LINE,
    online,
    blocked: null, // why the server refuses the connection, as far as it has said: { status, detail }
    hidden,
    focused,
    attended: !hidden && focused, // whether incoming messages count as read: see presence.js
    left: hidden || !focused ? new Map() : null, // the numbers of unread messages when the user left, by room
    identity, // { nick, token }; null before the user has chosen a name
    me: null, // { user, nick } as the server knows the user
    naming: identity ? null : question(""), // the state of the name form, while it is open
    lobby: "lobby",
    limits: null,
    rooms: new Map(), // the rooms that the page is to be in, by key
    key: keyOf(name), // of the room that is shown
    listed: [], // the rooms that the server lists
    listing: { id: null, found: [], pages: 1, at: -Infinity }, // the state of its request: see listing.js
    seen: new Map(seen), // how far the rooms were read in this browser, by key
    pending: [],
    changes: [], // changes of the user to messages: see core/changes.js
    changesAt: 0, // none is sent before this time
    slowly: false, // the server found the page too fast
    holdUntil: 0, // no message is sent before this time
    following: true, // the view is at the newest message, and stays there
    unseen: 0, // messages that arrived while the user was reading further up
    away: 0, // unread messages that arrived since the user left
    attention: choices(attention), // what the user is notified of, and how
    settings: settings(stored), // of the device: see settings.js
    permission, // for notifications, from the browser
    named: false, // whether somebody has mentioned the user since the page was opened
    activeAt: now, // when the user was last active
    gone: false, // whether the server was told that the user is away
    clipped: false, // whether only a part of a pasted text was accepted
    files: false, // whether the last paste or drop had files, which cannot be sent
    touch, // whether there is a touch screen, and no keyboard has been used
    unsaved: false, // whether something else was to be written before an edit was saved
    refusals: 0, // how often sending was refused by the page
    sheet: null, // the open dialog: { name, about, busy, refusal }
    search: { phase: "idle", query: "", by: null, everywhere: false, key: null, id: null, entries: [], more: false, complete: true, next: null, refusal: null },
    panel: false, // whether the side panel is open on a narrow screen
    asked: new Map(), // open requests by id: { type, key }
    ids: 0,
    heardAt: now,
    pingedAt: null, // since when an answer is due that shows that the connection works
    doubt: false, // the connection may be dead without the page knowing
    readAt: -Infinity, // when the last read mark was sent
    readHold: 0, // no read mark is sent before this time
  };
  const texts = new Map(drafts);
  for (const key of texts.keys()) state.rooms.set(key, newRoom(key, NEVER));
  roomNames.forEach((place, i) => state.rooms.set(keyOf(place), newRoom(place, i, true))); // long ago, in their order
  state.rooms.set(state.key, newRoom(name, now, state.rooms.get(state.key)?.followed));
  for (const [key, draft] of texts) state.rooms.set(key, { ...state.rooms.get(key), draft: draft.slice(0, DRAFT_MOST) });
  for (const [key, stored] of purposes) state.rooms.set(key, resumed(state.rooms.get(key) ?? newRoom(key, NEVER), stored));
  return state;
}

/** The room that is shown. */
export function current(state) {
  return state.rooms.get(state.key);
}

/** Whether commands may be sent. */
export function alive({ connection: { phase } }) {
  return phase === "greeting" || phase === "connected";
}

/**
 * The state of the name form; `first` if the user has no name yet, `guarded` if the server requires a
 * password. `password` is the one typed, until the server has accepted or refused it.
 */
export function question(nick, first = true, guarded = false) {
  return { first, busy: false, refusal: null, nick, guarded, password: null };
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

/** Apply `rule` to the room of the event, if it is joined. */
export function within(turn, event, rule) {
  const key = keyOf(event.room);
  if (of(turn, key)?.phase === "here") put(turn, key, rule(of(turn, key)));
}

/** Use the server's name for the room `key`: the server may treat names as one room that the page does not. */
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

/** Join again after missed entries; the first time at once, then with delays. */
export function rejoin(turn, key, now) {
  const room = of(turn, key);
  turn.send.push({ type: "leave", room: room.name });
  put(turn, key, { ...lost(room), joinAt: now + rejoinDelay(room), gaps: room.gaps + 1 });
}

/** Mark the unread messages of a room as new when the user opens it; nothing if all are read. */
export function mark(turn, { unread, read, known }, key = turn.state.key) {
  const mark = unread > 0 && (known || read > 0) ? read : null;
  const news = mark === null ? null : { count: unread, seq: null, time: null, after: read, id: null };
  change(turn, key, { mark, news });
}

// --- The connection ------------------------------------------------------------------------

export function setConnection(turn, connection) {
  Object.assign(turn.state, { connection: { ...NO_LINE, ...connection }, refusals: 0 });
}

/** The connection has ended, and with it all open requests. */
export function broken(turn, code) {
  const { state } = turn;
  for (const [key, room] of state.rooms) put(turn, key, lost(room));
  const tooBig = (item) => code === 1009 && item.fate === "sent";
  state.pending = outbox.returned(outbox.failAll(state.pending, tooBig, "too_long"));
  state.changes = returnedChanges(state.changes);
  const listing = { ...state.listing, id: null, found: [] };
  Object.assign(state, { changesAt: 0, asked: new Map(), pingedAt: null, holdUntil: 0, doubt: false, listing });
  if (state.search.phase === "busy") state.search = { ...state.search, phase: "refused", id: null, refusal: { code: "offline" } };
  if (state.sheet?.busy) state.sheet = { ...state.sheet, busy: false, refusal: { code: "offline" } };
  if (state.naming?.busy && !state.naming.first) {
    state.naming = { ...state.naming, busy: false, refusal: { code: "offline" } };
  }
}

/** Send a command whose answer will have an id; returns the id. */
export function ask(turn, command, key = null) {
  turn.state.ids += 1;
  const id = `q${turn.state.ids}`;
  turn.state.asked = new Map(turn.state.asked).set(id, { type: command.type, key });
  turn.send.push({ ...command, id });
  return id;
}

/** Close the request `id` that was answered, and return it; undefined if there is none. */
export function answer(turn, id) {
  const asked = turn.state.asked.get(id);
  if (asked) {
    turn.state.asked = new Map(turn.state.asked);
    turn.state.asked.delete(id);
  }
  return asked;
}
