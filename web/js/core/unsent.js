// What is stored of the user's writing: the draft of each room, and the message that it edits or replies to.
// Pure. `target` is as in core/changeRules.js.

import { DRAFT_MOST } from "./text.js";

/** What is stored of a room's draft. */
export function unsent(room) {
  return (room?.aside ?? room?.draft ?? "").slice(0, DRAFT_MOST);
}

/** What is stored of the drafts of all `rooms`: [[key, text]]. */
export function drafts(rooms) {
  return [...rooms].map(([key, room]) => [key, unsent(room)]).filter(([, text]) => text !== "");
}

/** The drafts that differ from `before`: [[key, text, text before]]. */
export function changedDrafts(before, rooms) {
  const changed = [...new Set([...before.keys(), ...rooms.keys()])].filter((key) => before.get(key) !== rooms.get(key));
  return changed.map((key) => [key, unsent(rooms.get(key)), unsent(before.get(key))]).filter(([, now, was]) => now !== was);
}

/** What is stored of the edits and replies in all `rooms`: [[key, { editing, replying, target, text }]]. */
export function purposes(rooms) {
  const open = [...rooms].filter(([, { target }]) => target !== null);
  return open.map(([key, { editing, replying, target, draft }]) => [key, { editing, replying, target, text: editing === null ? "" : draft.slice(0, DRAFT_MOST) }]);
}

/** `room` with the edit or reply that was `stored`; without it if that cannot be one. */
export function resumed(room, stored) {
  const { editing = null, replying = null, text, target } = stored ?? {};
  const seq = editing ?? replying;
  const sound = Number.isSafeInteger(seq) && typeof text === "string" && Number.isFinite(target?.time);
  if (!sound) return room;
  const { time, base = "", was = "" } = target;
  const about = { time, base: String(base), was: String(was), gone: target.gone === true, changed: target.changed === true };
  if (editing === null) return { ...room, replying, target: about };
  return { ...room, editing, target: about, aside: room.draft, draft: text.slice(0, DRAFT_MOST) };
}
