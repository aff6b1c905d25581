// What the reader does to messages that are there: reply, react, edit and delete.
// Pure; rules as core/state.js has them.
//
// Of a room, `replying` and `editing` are the seq that the composer is about, `removing` the one that
// is asked about before it is deleted. While one is edited, the draft is its text, and what was being
// written waits in `aside`.

import * as acts from "./acts.js";
import { entryAt } from "./past.js";
import { lost } from "./room.js";
import { ask, change, current, of, put } from "./state.js";

const EMOJI_MOST = 32; // characters (docs/protocol.md)

/** What the reader does; each is about the room in sight. */
export const ACTING = {
  reply(to, { seq }) {
    if (!standing(current(to.state), seq)) return;
    release(to);
    change(to, to.state.key, { replying: seq });
  },
  edit(to, { seq }) {
    const { key, acts: open } = to.state;
    const message = own(to, seq);
    if (!message) return;
    release(to);
    const { text } = acts.foreseen(message, acts.bySeq(open, key).get(seq) ?? [], to.state.me.user);
    change(to, key, { editing: seq, removing: null, aside: current(to.state).draft, draft: text });
  },
  release(to) {
    release(to);
  },
  /** Nothing is deleted before the reader was asked. */
  remove(to, { seq }) {
    if (own(to, seq)) change(to, to.state.key, { removing: seq });
  },
  keep(to) {
    change(to, to.state.key, { removing: null });
  },
  removeNow(to) {
    const { removing, editing } = current(to.state);
    if (removing === null) return;
    if (editing === removing) release(to);
    change(to, to.state.key, { removing: null });
    if (own(to, removing)) begin(to, { seq: removing, type: "delete" });
  },
  /** Put an emoji to a message, or take it away again. */
  react(to, { seq, emoji: written }) {
    const { key, me } = to.state;
    const message = standing(current(to.state), seq);
    const there = Object.keys(message?.reactions ?? {}).find((each) => bare(each) === bare(written.trim()));
    const emoji = there ?? written.trim();
    if (!message || emoji === "" || [...emoji].length > EMOJI_MOST || /[\s\p{C}]/u.test(emoji.replace(/[\u200c\u200d\u{e0020}-\u{e007f}]/gu, ""))) return;
    const has = () => {
      const { reactions = {} } = acts.foreseen(message, acts.bySeq(to.state.acts, key).get(seq) ?? [], me.user);
      return Object.hasOwn(reactions, emoji) && reactions[emoji].includes(me.user);
    };
    const on = !has();
    to.state.acts = acts.without(to.state.acts, { key, seq, type: "react", emoji });
    if (has() !== on) begin(to, { seq, type: "react", emoji, on });
  },
  /** Another tab has sent, or taken away, what was being written here as well. */
  draftDone(to, { key, text }) {
    const room = of(to, key);
    if (room && text !== "" && unsent(room) === text) change(to, key, room.aside === null ? { draft: "" } : { aside: "" });
  },
  /** Try again what was refused, or give it up; the text of an edit goes back to where it was written. */
  redo(to, { id }) {
    to.state.acts = acts.settle(to.state.acts, (act) => act.id === id, { fate: "queued", code: null, message: null });
  },
  undo(to, { id }) {
    const act = to.state.acts.find((each) => each.id === id);
    if (!act) return;
    to.state.acts = acts.drop(to.state.acts, id);
    if (act.type !== "edit" || act.key !== to.state.key) return;
    ACTING.edit(to, act);
    if (current(to.state).editing === act.seq) change(to, act.key, { draft: act.text });
  },
};

/** What the composer gave becomes the new text of the message that is edited. */
export function saveEdit(to, text) {
  const { key, me } = to.state;
  const { editing } = current(to.state);
  release(to);
  if (text.trim() === "") {
    ACTING.remove(to, { seq: editing }); // to take all of it away is to delete it, perhaps
    return;
  }
  const like = { key, seq: editing, type: "edit" };
  to.state.acts = acts.without(to.state.acts, like);
  const message = own(to, editing); // undefined where it went out of sight since it was taken up
  const now = message && acts.foreseen(message, acts.bySeq(to.state.acts, key).get(editing) ?? [], me.user);
  if (now?.text !== text) begin(to, { ...like, text });
}

/** What of a room's writing outlives the page. */
function unsent(room) {
  return room?.aside ?? room?.draft ?? "";
}

/** What outlives the page, of all `rooms`: [[key, text]]. */
export function drafts(rooms) {
  return [...rooms].map(([key, room]) => [key, unsent(room)]).filter(([, text]) => text !== "");
}

/** What of it is not as it was `before`: [[key, text, text before]]. */
export function changedDrafts(before, rooms) {
  const changed = [...new Set([...before.keys(), ...rooms.keys()])].filter((key) => before.get(key) !== rooms.get(key));
  return changed.map((key) => [key, unsent(rooms.get(key)), unsent(before.get(key))]).filter(([, now, was]) => now !== was);
}

// --- What the server says ------------------------------------------------------------------

/** The question `id`, which was an act, is answered. */
export function acted(to, id) {
  to.state.acts = acts.done(to.state.acts, id);
}

/** An act was refused: for now, or for good. */
export function refuseAct(to, { id, code, message, retry_after: after = 1 }, now) {
  const act = to.state.acts.find(({ asked }) => asked === id);
  if (!act) return;
  const become = (fate) => (to.state.acts = acts.settle(to.state.acts, (each) => each === act, { fate, code, message, asked: null }));
  if (code === "rate_limited") {
    become("queued");
    to.state.actAt = Math.max(to.state.actAt, now + after * 1000);
  } else if (code === "not_joined") {
    become("queued");
    if (of(to, act.key)?.phase === "here") put(to, act.key, lost(of(to, act.key)));
  } else if (code === "not_found") {
    acted(to, id); // it is gone: there is nothing left to do
  } else {
    become("failed");
  }
}

// --- What becomes due ----------------------------------------------------------------------

/** Send what is to be sent, let go of what is gone. */
export function settleActs(to, now) {
  for (const [key, room] of to.state.rooms) tidy(to, key, room);
  if (to.state.connection.phase !== "connected" || now < to.state.actAt) return;
  to.state.actAt = 0;
  for (const act of acts.next(to.state.acts, ({ key }) => of(to, key)?.phase === "here")) {
    const { id, key, seq, type, text, emoji, on } = act;
    const asked = ask(to, { type, room: of(to, key).name, seq, text, emoji, on }, key);
    to.state.acts = acts.settle(to.state.acts, (each) => each.id === id, { fate: "sent", asked });
  }
}

/** A message that was deleted meanwhile can be neither edited, answered nor deleted. */
function tidy(to, key, room) {
  const gone = (seq) => seq !== null && entryAt(room, seq)?.deleted === true;
  if (gone(room.editing) || gone(room.replying)) release(to, key);
  if (gone(room.removing)) change(to, key, { removing: null });
}

/** An emoji without what only chooses how it looks: to the server both are one. */
function bare(emoji) {
  return emoji.normalize("NFC").replace(/[\ufe00-\ufe0f]/g, "");
}

// --- Small steps ---------------------------------------------------------------------------

/** The message `seq` of a room, unless it was deleted. */
function standing(room, seq) {
  const entry = entryAt(room, seq);
  return entry?.type === "message" && !entry.deleted ? entry : undefined;
}

function own(to, seq) {
  const message = standing(current(to.state), seq);
  return message?.user === to.state.me?.user ? message : undefined;
}

function begin(to, act) {
  to.state.ids += 1;
  to.state.acts = acts.add(to.state.acts, { key: to.state.key, ...act, id: `a${to.state.ids}` });
}

/** End editing and replying; what was being written before comes back. */
function release(to, key = to.state.key) {
  const { editing, draft, aside } = of(to, key);
  change(to, key, { editing: null, replying: null, aside: null, draft: editing === null ? draft : aside ?? "" });
}
