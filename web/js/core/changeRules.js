// Changes that the user makes to existing messages: reply, react, edit and delete.
// Pure; rules as in core/state.js.
//
// In a room, `replying` and `editing` are the seq of the message that the composer is about, `removing`
// that of the message whose deletion has to be confirmed. While a message is edited, the draft is its new
// text, and `aside` holds the draft from before. `target` is that message as it was: { time, base, was, gone,
// changed }. `base` is the text that the edit began with, `was` its text on the server. `gone`: the message does not exist
// any more, and the draft becomes a new message; `changed`: somebody has edited it meanwhile.

import { addChange, bySeq, doneChange, dropChange, foreseen, nextChanges, settleChanges, withoutChange } from "./changes.js";
import { entryAt } from "./history.js";
import { lost } from "./room.js";
import { ask, change, current, of, put } from "./state.js";
import { blank } from "./text.js";
import { unsent } from "./unsent.js";

const EMOJI_MOST = 32; // characters (docs/protocol.md)
/** Events of the user; each is about the room that is shown. */
export const CHANGE_RULES = {
  reply(turn, { seq }) {
    const message = standing(current(turn.state), seq);
    if (!message || unsaved(turn)) return;
    release(turn);
    change(turn, turn.state.key, { replying: seq, target: editTarget(message, "") });
  },
  edit(turn, { seq }) {
    const { key, changes: open } = turn.state;
    const message = own(turn, seq);
    if (!message || unsaved(turn)) return;
    release(turn);
    const { text } = foreseen(message, bySeq(open, key).get(seq) ?? [], turn.state.me.user);
    change(turn, key, { editing: seq, removing: null, aside: current(turn.state).draft, draft: text, target: editTarget(message, text) });
  },
  release(turn) {
    release(turn);
  },
  /** A deletion has to be confirmed first. */
  remove(turn, { seq }) {
    if (own(turn, seq)) change(turn, turn.state.key, { removing: seq });
  },
  keep(turn) {
    change(turn, turn.state.key, { removing: null });
  },
  removeNow(turn) {
    const { removing, editing } = current(turn.state);
    if (removing === null) return;
    if (editing === removing) release(turn);
    change(turn, turn.state.key, { removing: null });
    if (own(turn, removing)) beginChange(turn, { seq: removing, type: "delete" });
  },
  /** Add an emoji to a message, or remove it. */
  react(turn, { seq, emoji: written }) {
    const { key, me } = turn.state;
    const message = standing(current(turn.state), seq);
    const there = Object.keys(message?.reactions ?? {}).find((each) => bare(each) === bare(written.trim()));
    const emoji = there ?? written.trim();
    if (!message || emoji === "" || [...emoji].length > EMOJI_MOST || /[\s\p{C}]/u.test(emoji.replace(/\u200c|\u200d|[\u{e0020}-\u{e007f}]/gu, ""))) return;
    const has = () => {
      const { reactions = {} } = foreseen(message, bySeq(turn.state.changes, key).get(seq) ?? [], me.user);
      return Object.hasOwn(reactions, emoji) && reactions[emoji].includes(me.user);
    };
    const on = !has();
    turn.state.changes = withoutChange(turn.state.changes, { key, seq, type: "react", emoji });
    if (has() !== on) beginChange(turn, { seq, type: "react", emoji, on });
  },
  /** Another tab has sent or removed the draft that this tab has as well. */
  draftDone(turn, { key, text }) {
    const room = of(turn, key);
    if (room && text !== "" && unsent(room) === text) change(turn, key, room.aside === null ? { draft: "" } : { aside: "" });
  },
  /** Retry a failed change, or discard it; the text of an edit goes back to the composer. */
  redo(turn, { id }) {
    turn.state.changes = settleChanges(turn.state.changes, (act) => act.id === id, { fate: "queued", code: null, message: null });
  },
  undo(turn, { id }) {
    const act = turn.state.changes.find((each) => each.id === id);
    if (!act || (act.type === "edit" && act.key === turn.state.key && unsaved(turn))) return;
    turn.state.changes = dropChange(turn.state.changes, id);
    if (act.type !== "edit" || act.key !== turn.state.key) return;
    if (!own(turn, act.seq)) orphan(turn, act);
    CHANGE_RULES.edit(turn, act);
    if (current(turn.state).editing === act.seq) change(turn, act.key, { draft: act.text });
  },
};

/** The text of the composer becomes the new text of the edited message. */
export function saveEdit(turn, text) {
  const { key, me } = turn.state;
  const { editing } = current(turn.state);
  release(turn);
  if (blank(text)) {
    CHANGE_RULES.remove(turn, { seq: editing }); // an empty text may mean to delete the message
    return;
  }
  const like = { key, seq: editing, type: "edit" };
  turn.state.changes = withoutChange(turn.state.changes, like);
  const message = own(turn, editing); // undefined if it was unloaded after the edit began
  const now = message && foreseen(message, bySeq(turn.state.changes, key).get(editing) ?? [], me.user);
  if (now?.text !== text) beginChange(turn, { ...like, text });
}

// --- What the server says ------------------------------------------------------------------

/** The request `id`, which was a change, is answered. */
export function acted(turn, id) {
  turn.state.changes = doneChange(turn.state.changes, id);
}

/** A change was refused, temporarily or finally. */
export function refuseChange(turn, { id, code, message, retry_after: after = 1 }, now) {
  const act = turn.state.changes.find(({ asked }) => asked === id);
  if (!act) return;
  const become = (fate) => (turn.state.changes = settleChanges(turn.state.changes, (each) => each === act, { fate, code, message, asked: null }));
  if (code === "rate_limited") {
    become("queued");
    turn.state.changesAt = Math.max(turn.state.changesAt, now + after * 1000);
  } else if (code === "not_joined") {
    become("queued");
    if (of(turn, act.key)?.phase === "here") put(turn, act.key, lost(of(turn, act.key)));
  } else if (code === "not_found") {
    acted(turn, id); // the message is gone: only the text of an edit is left
    if (act.type === "edit") orphan(turn, act);
  } else {
    become("failed");
  }
}

// --- What becomes due ----------------------------------------------------------------------

/** Send the changes that wait, and end those whose message is gone. */
export function sendChanges(turn, now) {
  for (const [key, room] of turn.state.rooms) tidy(turn, key, room);
  if (turn.state.connection.phase !== "connected" || now < turn.state.changesAt) return;
  turn.state.changesAt = 0;
  for (const act of nextChanges(turn.state.changes, ({ key }) => of(turn, key)?.phase === "here")) {
    const { id, key, seq, type, text, emoji, on } = act;
    const asked = ask(turn, { type, room: of(turn, key).name, seq, text, emoji, on }, key);
    turn.state.changes = settleChanges(turn.state.changes, (each) => each.id === id, { fate: "sent", asked });
  }
}

/** A message that was deleted meanwhile can be neither edited, replied to nor deleted. */
function tidy(turn, key, room) {
  if (room.target !== null) track(turn, key, room);
  if (room.removing !== null && entryAt(room, room.removing)?.deleted) change(turn, key, { removing: null });
  for (const act of turn.state.changes) {
    if (act.key !== key || act.type !== "edit" || act.fate !== "failed" || !entryAt(room, act.seq)?.deleted) continue;
    turn.state.changes = dropChange(turn.state.changes, act.id);
    orphan(turn, act);
  }
}

/** Take over what happened to the message that the composer is about. */
function track(turn, key, room) {
  const { editing, replying, draft, target } = room;
  const entry = entryAt(room, editing ?? replying);
  if (target.gone || !entry || turn.state.me === null) return;
  const there = entry.type === "message" && !entry.deleted && entry.time === target.time && (editing === null || entry.user === turn.state.me.user);
  if (!there && blank(draft)) release(turn, key);
  else if (!there) change(turn, key, { target: { ...target, gone: true } });
  else if (editing === null || entry.text === target.was) return;
  else if (entry.text === target.base || draft !== target.base) change(turn, key, { target: { ...target, was: entry.text, changed: entry.text !== target.base } });
  else change(turn, key, { draft: entry.text, target: editTarget(entry, entry.text) });
}

/** The text of an edit, `act`, that has no message any more goes back to the composer. */
function orphan(turn, { key, seq, text }) {
  const room = of(turn, key);
  if (!room) return;
  const target = { time: 0, base: "", was: "", gone: true, changed: false };
  if (room.editing === null) change(turn, key, { editing: seq, replying: null, aside: room.draft, draft: text, target });
  else change(turn, key, { aside: room.aside === "" ? text : `${text}\n${room.aside}` });
}

/** An emoji without variation selectors: for the server both forms are one emoji. */
function bare(emoji) {
  return emoji.normalize("NFC").replace(/[\ufe00-\ufe0f]/gu, "");
}

// --- Small steps ---------------------------------------------------------------------------

/** The message `seq` of a room, unless it is deleted. */
function standing(room, seq) {
  const entry = entryAt(room, seq);
  return entry?.type === "message" && !entry.deleted ? entry : undefined;
}

function own(turn, seq) {
  const message = standing(current(turn.state), seq);
  return message?.user === turn.state.me?.user ? message : undefined;
}

function beginChange(turn, act) {
  turn.state.ids += 1;
  turn.state.changes = addChange(turn.state.changes, { key: turn.state.key, ...act, id: `a${turn.state.ids}` });
}

function editTarget({ time, text }, base) {
  return { time, base, was: text, gone: false, changed: false };
}

/** Whether an edit has text that is not saved, so that no other may take its place; the page then says so. */
function unsaved(turn) {
  const { editing, draft, target } = current(turn.state);
  return (turn.state.unsaved = editing !== null && draft !== target.base && !blank(draft));
}

/** End editing and replying; the draft from before returns. */
export function release(turn, key = turn.state.key) {
  const { editing, draft, aside } = of(turn, key);
  turn.state.unsaved = false;
  change(turn, key, { editing: null, replying: null, target: null, aside: null, draft: editing === null ? draft : aside ?? "" });
}
