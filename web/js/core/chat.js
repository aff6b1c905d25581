// What the page does about what happens. Pure: time, chance and ids come with the events, and what
// is to be done about them is given back.
//
//   step(state, event) -> { state, send, line, calls }      as core/state.js says
//
// RULES lists the events of the page itself; those of the server are in core/heard.js; what becomes
// due by itself is in core/due.js. Each event carries `now`, in milliseconds.

import { ACTING, saveEdit } from "./acting.js";
import { ATTENTION } from "./attention.js";
import { settle } from "./due.js";
import { HEARD } from "./heard.js";
import { wantList } from "./listing.js";
import { inSight, PAST, wantsOlder } from "./past.js";
import * as outbox from "./pending.js";
import { PLACES } from "./places.js";
import { PRESENCE } from "./presence.js";
import { bound, NEVER, newRoom } from "./room.js";
import { SEARCH } from "./search.js";
import { ask, broken, change, current, line, mark, of, put, question } from "./state.js";

const CLIENT = "gochat_py page";
const PAGE = 100; // older entries asked for at a time
const TYPING_EVERY = 3_000;

/** What becomes of `state` by `event`, and what is to be done. */
export function step(state, event) {
  const to = { state: { ...state }, send: [], line: null, calls: [] };
  RULES[event.type](to, event);
  settle(to, event.now);
  return to;
}

const RULES = {
  start(to) {
    if (to.state.identity) to.line = "open";
  },
  tick() {}, // `settle` sees to what is due

  // -- the connection
  connecting(to, { attempt }) {
    line(to, { phase: "connecting", attempt });
  },
  /** `identity` is the newest that this browser keeps: another tab may have changed the name. */
  open(to, { identity, now }) {
    line(to, { phase: "greeting" });
    Object.assign(to.state, { identity: identity ?? to.state.identity, heardAt: now, pingedAt: now });
    const { nick, token } = to.state.identity;
    ask(to, { type: "hello", nick, token: token ?? undefined, client: CLIENT });
  },
  /** `event` is null where the page has no word for what was said; it is a sign of life anyway. */
  heard(to, { event, now }) {
    Object.assign(to.state, { heardAt: now, pingedAt: null });
    if (event && Object.hasOwn(HEARD, event.type)) HEARD[event.type](to, event, now);
  },
  waiting(to, { retryAt, code }) {
    line(to, { phase: "waiting", retryAt, code });
    broken(to, code);
  },
  stopped(to, { code }) {
    line(to, { phase: "stopped", code });
    broken(to, code);
    const { naming } = to.state;
    if (naming?.busy) to.state.naming = { ...naming, busy: false, refusal: { code: "closed" } };
  },

  // -- the browser
  network(to, { online }) {
    Object.assign(to.state, { online, doubt: true });
  },
  /** The page was asleep, with the device or by itself. */
  woke(to) {
    to.state.doubt = true;
  },
  hidden(to) {
    to.state.hidden = true;
  },
  visible(to, { now }) {
    if (current(to.state).unread > 0) mark(to, current(to.state));
    Object.assign(to.state, { hidden: false, away: 0, doubt: true, activeAt: now });
  },
  /** Another tab of this browser has given a name: one that this tab still asks for, or a new one. */
  identity(to, { identity }) {
    const { me, naming, identity: own } = to.state;
    if (me && own?.token && identity?.token === own.token && identity.nick !== own.nick) {
      to.state.identity = { ...own, nick: identity.nick }; // or else the next hello would take it back
    }
    if (!identity?.token || me || !naming || naming.busy) return;
    Object.assign(to.state, { identity, naming: { ...naming, nick: identity.nick, busy: true, refusal: null } });
    to.line = "open";
  },

  // -- the reader's name
  rename(to) {
    to.state.sheet = null;
    to.state.naming = question(to.state.me?.nick ?? to.state.identity.nick, false);
  },
  keepName(to) {
    if (to.state.naming && !to.state.naming.first) to.state.naming = null;
  },
  name(to, { nick }) {
    const { naming, me, identity, connection } = to.state;
    const wanted = nick.slice(0, 300).normalize("NFC").trim(); // the server refuses what is much shorter
    if (wanted === "" || (naming.busy && connection.phase !== "waiting")) return;
    to.state.naming = { ...naming, busy: true, refusal: null, nick: wanted };
    if (naming.first) {
      to.state.identity = { nick: wanted, token: identity?.token ?? null };
      to.line = "open";
    } else if (wanted === me?.nick) {
      to.state.naming = null;
    } else if (connection.phase === "connected") {
      ask(to, { type: "nick", nick: wanted });
    } else {
      to.state.naming = { ...naming, refusal: { code: "offline" }, nick: wanted };
    }
  },

  // -- rooms
  ...PLACES,
  panel(to, { open }) {
    to.state.panel = open;
    if (open) wantList(to);
  },
  follow(to, { following }) {
    Object.assign(to.state, { following, unseen: following ? 0 : to.state.unseen });
    const { log } = current(to.state);
    if (bound(log, following) !== log) change(to, to.state.key, { log: bound(log, following) });
  },
  older(to) {
    const { key } = to.state;
    const room = of(to, key);
    if (!wantsOlder(room)) return;
    const question = { type: "history", room: room.name, before: inSight(room).first, limit: PAGE };
    change(to, key, { older: ask(to, question, key) });
  },

  ...PAST,
  ...SEARCH,
  ...ATTENTION,
  ...PRESENCE,

  // -- messages
  draft(to, { text, now }) {
    const { key } = to.state;
    const { name, phase, typedAt } = of(to, key);
    change(to, key, { draft: text });
    to.state.refusals = 0;
    if (text.trim() === "" || phase !== "here" || now - typedAt < TYPING_EVERY) return;
    to.send.push({ type: "typing", room: name });
    change(to, key, { typedAt: now });
  },
  /** `id` is new in the world. The line stands at once, and is sent when that can be. */
  send(to, { text, id, now }) {
    const { key, connection } = to.state;
    const said = sendable(text);
    const edits = of(to, key).editing !== null;
    if (said.trim() === "" && !edits) return;
    if (connection.phase === "stopped" || of(to, key).phase === "refused" || excess(to.state, said) > 0) {
      to.state.refusals += 1;
      return;
    }
    if (edits) {
      saveEdit(to, said);
      return;
    }
    to.state.pending = outbox.add(to.state.pending, { id, key, text: said, time: now, replyTo: of(to, key).replying });
    change(to, key, { draft: "", replying: null, mark: null });
    Object.assign(to.state, { following: true, unseen: 0, refusals: 0 });
  },
  /** Another page of this browser is gone, and has left these `items` unsent. */
  restored(to, { items }) {
    let found = outbox.restored(items);
    for (const { log } of to.state.rooms.values()) found = outbox.confirm(found, log.entries, to.state.me?.user);
    for (const { key } of found) if (!of(to, key)) put(to, key, newRoom(key, NEVER));
    to.state.pending = outbox.merge(to.state.pending, found);
  },
  again(to, { id }) {
    to.state.pending = outbox.queue(to.state.pending, id);
  },
  takeBack(to, { id }) {
    const item = to.state.pending.find((each) => each.id === id);
    if (!item) return;
    to.state.pending = outbox.drop(to.state.pending, id);
    const field = of(to, item.key).aside === null ? "draft" : "aside"; // the draft may be a message's new text
    const draft = of(to, item.key)[field];
    change(to, item.key, { [field]: draft === "" ? item.text : `${item.text}\n${draft}` });
  },
  ...ACTING,
};

/** How many characters `text` has more than the server takes in one message. */
export function excess(state, text) {
  return Math.max(0, -rest(state, text));
}

/** How many more characters `text` may become; below zero where it has too many. */
export function rest({ limits }, text) {
  return (limits?.max_text_chars ?? 4_000) - [...text].length;
}

/** The text without what the server refuses: control characters, and halves of surrogate pairs. */
export function sendable(text) {
  return text.replace(/\r\n?/g, "\n").replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]|\p{Cs}/gu, "");
}
