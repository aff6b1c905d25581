// The rules of the page: how the state changes with each event. Pure: time, randomness and ids are
// part of the events, and effects are returned as data.
//
//   step(state, event) -> { state, send, socket, calls }      as in core/state.js
//
// RULES has the events of the page itself, core/serverEvents.js those of the server; core/timers.js does what
// becomes due. Each event has `now`, in milliseconds.

import { CHANGE_RULES, release, saveEdit } from "./changeRules.js";
import { doDue } from "./timers.js";
import { REFUSED, SERVER_EVENTS } from "./serverEvents.js";
import { wantList } from "./listing.js";
import { inSight, HISTORY_RULES, wantsOlder } from "./history.js";
import * as outbox from "./outbox.js";
import { ROOM_RULES } from "./rooms.js";
import { attend, PRESENCE_RULES } from "./presence.js";
import { bound, NEVER, newRoom, readUpTo } from "./room.js";
import { NEWS_RULES } from "./news.js";
import { SETTING_RULES } from "./settings.js";
import { blank, DRAFT_MOST, sendable, trimmed } from "./text.js";
import { alive, ask, broken, change, current, setConnection, of, put, question } from "./state.js";

const CLIENT = "gochat_py page";
const OLDER_PAGE = 100; // older entries requested at a time
const TYPING_EVERY = 3_000;
const SERVER_FULL = 1013; // the close code of a full server

/** The state after `event`, and the effects. */
export function step(state, event) {
  const turn = { state: { ...state }, send: [], socket: null, calls: [] };
  attend(turn, event.now);
  RULES[event.type](turn, event);
  applyIgnored(turn);
  doDue(turn, event.now);
  return turn;
}

/** Who is ignored may have changed: then what is unread is counted again. */
function applyIgnored(turn) {
  const { me, settings: { ignored }, rooms } = turn.state;
  if (me === null || me.ignored === ignored) return;
  turn.state.me = { ...me, ignored };
  for (const [key, room] of rooms) put(turn, key, readUpTo(room, 0, turn.state.me));
}

/**
 * Add the rules of a part of the page that is loaded later: for events of the page, for those of the server, and for
 * refused requests. Until then none of these can happen.
 */
export function addRules(rules, events, refused) {
  Object.assign(RULES, rules);
  Object.assign(SERVER_EVENTS, events);
  Object.assign(REFUSED, refused);
}

const RULES = {
  start(turn) {
    if (turn.state.identity) turn.socket = "open";
  },
  tick() {}, // due work is done after each event

  // -- the connection
  connecting(turn, { attempt }) {
    setConnection(turn, { phase: "connecting", attempt });
  },
  /** `identity` is the newest one stored in this browser: another tab may have changed the name. */
  open(turn, { identity, now }) {
    setConnection(turn, { phase: "greeting" });
    Object.assign(turn.state, { identity: identity ?? turn.state.identity, heardAt: now, pingedAt: now });
    const { nick, token } = turn.state.identity;
    const password = turn.state.naming?.password || undefined;
    ask(turn, { type: "hello", nick, token: token ?? undefined, password, client: CLIENT });
  },
  /** `event` is null if the page does not know it; any text shows that the connection works. */
  heard(turn, { event, now }) {
    Object.assign(turn.state, { heardAt: now, pingedAt: null });
    if (event && Object.hasOwn(SERVER_EVENTS, event.type)) SERVER_EVENTS[event.type](turn, event, now);
  },
  waiting(turn, { retryAt, code }) {
    setConnection(turn, { phase: "waiting", retryAt, code });
    if (code === SERVER_FULL) turn.state.blocked = { status: 503, detail: "" };
    broken(turn, code);
  },
  /** The server has said why there is no connection. */
  blocked(turn, { status, detail }) {
    if (!alive(turn.state)) turn.state.blocked = { status, detail };
  },
  stopped(turn, { code }) {
    setConnection(turn, { phase: "stopped", code });
    broken(turn, code);
    const { naming } = turn.state;
    if (naming?.busy) turn.state.naming = { ...naming, busy: false, refusal: { code: "closed" } };
  },

  // -- the browser
  network(turn, { online }) {
    Object.assign(turn.state, { online, doubt: true });
  },
  /** The page was suspended, alone or with the device. */
  woke(turn) {
    turn.state.doubt = true;
  },
  /** Another tab of this browser has set a name: the first one, or a new one. */
  identity(turn, { identity }) {
    const { me, naming, identity: own } = turn.state;
    if (me && own?.token && identity?.token === own.token && identity.nick !== own.nick) {
      turn.state.identity = { ...own, nick: identity.nick }; // or else the next hello would change it back
    }
    if (!identity?.token || me || !naming || naming.busy) return;
    Object.assign(turn.state, { identity, naming: { ...naming, nick: identity.nick, busy: true, refusal: null } });
    turn.socket = "open";
  },

  // -- the user's name
  rename(turn) {
    turn.state.sheet = null;
    turn.state.naming = question(turn.state.me?.nick ?? turn.state.identity.nick, false);
  },
  keepName(turn) {
    if (turn.state.naming && !turn.state.naming.first) turn.state.naming = null;
  },
  name(turn, { nick, password = "" }) {
    const { naming, me, identity, connection } = turn.state;
    const wanted = nick.slice(0, 300).normalize("NFC").trim(); // the server refuses names much shorter than that
    if (wanted === "" || (naming.busy && connection.phase !== "waiting")) return;
    turn.state.naming = { ...naming, busy: true, refusal: null, nick: wanted, password: naming.guarded ? password : null };
    if (naming.first) {
      turn.state.identity = { nick: wanted, token: identity?.token ?? null };
      turn.socket = "open";
    } else if (wanted === me?.nick) {
      turn.state.naming = null;
    } else if (connection.phase === "connected") {
      ask(turn, { type: "nick", nick: wanted });
    } else {
      turn.state.naming = { ...naming, refusal: { code: "offline" }, nick: wanted };
    }
  },

  // -- rooms
  ...ROOM_RULES,
  panel(turn, { open }) {
    turn.state.panel = open;
    if (open) wantList(turn);
  },
  follow(turn, { following }) {
    Object.assign(turn.state, { following, unseen: following ? 0 : turn.state.unseen });
    const { log } = current(turn.state);
    if (bound(log, following) !== log) change(turn, turn.state.key, { log: bound(log, following) });
  },
  older(turn) {
    const { key } = turn.state;
    const room = of(turn, key);
    if (!wantsOlder(room)) return;
    const question = { type: "history", room: room.name, before: inSight(room).first, limit: OLDER_PAGE };
    change(turn, key, { older: ask(turn, question, key) });
  },

  ...HISTORY_RULES,
  ...NEWS_RULES,
  ...PRESENCE_RULES,
  ...SETTING_RULES,

  // -- messages
  touch(turn, { on }) {
    turn.state.touch = on;
  },
  draft(turn, { text, clipped = false, files = false, now }) {
    const { key } = turn.state;
    const { name, phase, typedAt } = of(turn, key);
    change(turn, key, { draft: text });
    Object.assign(turn.state, { refusals: 0, unsaved: false, clipped, files });
    if (blank(text) || phase !== "here" || now - typedAt < TYPING_EVERY) return;
    turn.send.push({ type: "typing", room: name });
    change(turn, key, { typedAt: now });
  },
  /** `id` is unique. The message is shown at once, and sent as soon as possible. */
  send(turn, { text, id, now }) {
    const { key, connection } = turn.state;
    const said = trimmed(sendable(text));
    const { editing, replying, target } = of(turn, key);
    const edits = editing !== null && !target.gone;
    if (blank(said) && !edits) return;
    if (connection.phase === "stopped" || of(turn, key).phase === "refused" || excess(turn.state, said) > 0) {
      turn.state.refusals += 1;
      return;
    }
    if (edits) {
      saveEdit(turn, said);
      return;
    }
    turn.state.pending = outbox.add(turn.state.pending, { id, key, text: said, time: now, replyTo: target?.gone ? null : replying });
    change(turn, key, { draft: "", mark: null });
    release(turn); // the draft from before an edit returns
    Object.assign(turn.state, { following: true, unseen: 0, refusals: 0, clipped: false, files: false });
  },
  /** Another tab of this browser was closed, and left these `items` unsent. */
  restored(turn, { items }) {
    let found = outbox.restored(items);
    for (const { log } of turn.state.rooms.values()) found = outbox.confirm(found, log.entries, turn.state.me?.user);
    for (const { key } of found) if (!of(turn, key)) put(turn, key, newRoom(key, NEVER));
    turn.state.pending = outbox.merge(turn.state.pending, found);
  },
  again(turn, { id }) {
    turn.state.pending = outbox.queue(turn.state.pending, id);
  },
  takeBack(turn, { id }) {
    const item = turn.state.pending.find((each) => each.id === id);
    if (!item) return;
    turn.state.pending = outbox.drop(turn.state.pending, id);
    const field = of(turn, item.key).aside === null ? "draft" : "aside"; // the draft may be the new text of a message
    const draft = of(turn, item.key)[field];
    change(turn, item.key, { [field]: draft === "" ? item.text : `${item.text}\n${draft}` });
  },
  ...CHANGE_RULES,
};

/** By how many characters `text` exceeds the server's limit for a message. */
export function excess(state, text) {
  return Math.max(0, -rest(state, text));
}

/** How many characters may be added to `text`; negative if it is too long. */
export function rest({ limits }, text) {
  return (limits?.max_text_chars ?? 4_000) - [...text].length;
}

/** The limit of a draft, in UTF-16 code units: enough to find in a long text the part to send. */
export function longest({ limits }) {
  return Math.min(DRAFT_MOST, Math.max(16_000, 2 * (limits?.max_text_chars ?? 4_000)));
}
