// Changing the topic of a room, and leaving it. Pure; rules as in core/state.js. Loaded with the room's dialog.

import { addRules } from "./chat.js";
import { keyOf } from "./room.js";
import { enter } from "./rooms.js";
import { ask, change, current, of } from "./state.js";

const RULES = {
  /** The user leaves the room. Unsent messages in it are sent first. */
  leave(turn, { key, now }) {
    const { lobby, pending, changes } = turn.state;
    if (!of(turn, key) || key === keyOf(lobby)) return;
    turn.state.pending = pending.filter((item) => item.key !== key || item.fate !== "failed");
    turn.state.changes = changes.filter((act) => act.key !== key || act.fate !== "failed");
    const seen = new Map(turn.state.seen);
    seen.delete(key); // its messages are not marked as new any more
    Object.assign(turn.state, { seen, sheet: null });
    if (key === turn.state.key) enter(turn, { name: lobby, now });
    change(turn, key, { leaving: true, draft: "", editing: null, replying: null, target: null, removing: null, aside: null });
  },
  setTopic(turn, { text }) {
    const { sheet, key } = turn.state;
    const { name, phase, topic } = current(turn.state);
    const wanted = text.replace(/\s+/gu, " ").trim();
    if (sheet?.busy) return;
    if (wanted === topic) turn.state.sheet = null;
    else if (phase !== "here") turn.state.sheet = { ...sheet, refusal: { code: "offline" } };
    else {
      ask(turn, { type: "topic", room: name, text: wanted }, key);
      turn.state.sheet = { ...sheet, busy: true, refusal: null };
    }
  },
};

function topicRefused(turn, { code, message }) {
  if (turn.state.sheet) turn.state.sheet = { ...turn.state.sheet, busy: false, refusal: { code, message } };
}

addRules(RULES, {}, { topic: topicRefused });
