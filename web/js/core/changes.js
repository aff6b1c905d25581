// The changes to existing messages that the user made and the server has not confirmed: a list, in
// their order. Pure.
//
// A change is { id, key, seq, type, …, fate, code, asked }, about the message `seq` in the room `key`: a
// "react" with { emoji, on }, an "edit" with { text }, or a "delete". `fate` is "queued", "sent" (as
// the request `asked`), or "failed" with the server's code and sentence. Changes are idempotent, so all
// that were not answered when a connection broke are sent again.

import { changed } from "./log.js";

export const CHANGES_WINDOW = 4; // in flight at a time

const NONE = Object.freeze([]);

/** The list with `act` at its end; it replaces an equivalent change that is not sent yet. */
export function addChange(changes, act) {
  return [...changes.filter((each) => !(each.fate !== "sent" && alikeChange(each, act))), { ...act, fate: "queued", code: null, message: null, asked: null }];
}

/** The list without changes that are equivalent to `act` and not sent yet. */
export function withoutChange(changes, act) {
  return changes.filter((each) => each.fate === "sent" || !alikeChange(each, act));
}

/** The list without the change `id`. */
export function dropChange(changes, id) {
  return changes.filter((each) => each.id !== id);
}

/** The list after the request `asked` was answered: its change is done. */
export function doneChange(changes, asked) {
  return changes.filter((each) => each.asked !== asked);
}

/** The list with every change for which `meant` is true modified. */
export function settleChanges(changes, meant, change) {
  return changes.some(meant) ? changes.map((each) => (meant(each) ? { ...each, ...change } : each)) : changes;
}

/** The list after the connection broke. */
export function returnedChanges(changes) {
  return settleChanges(changes, ({ fate }) => fate === "sent", { fate: "queued", asked: null });
}

/** The changes that may be sent now; `may` says whether a change's room accepts any. */
export function nextChanges(changes, may) {
  const free = CHANGES_WINDOW - changes.filter(({ fate }) => fate === "sent").length;
  return changes.filter((each) => each.fate === "queued" && may(each)).slice(0, Math.max(0, free));
}

/** The changes of the room `key` by the seq of their message. */
export function bySeq(changes, key) {
  const found = new Map();
  for (const act of changes) if (act.key === key) found.set(act.seq, [...(found.get(act.seq) ?? NONE), act]);
  return found;
}

/** `message` as it will be after `acts`, as far as that may be shown before the server confirms it. */
export function foreseen(message, changes, user) {
  let seen = message;
  for (const { type, fate, emoji, on, text } of changes) {
    if (fate === "failed") continue;
    if (type === "react") seen = changed(seen, { type: "reacted", emoji, on, user });
    if (type === "edit") seen = changed(seen, { type: "edited", text, time: seen.edited });
  }
  return seen;
}

function alikeChange(a, b) {
  return a.key === b.key && a.seq === b.seq && a.type === b.type && a.emoji === b.emoji;
}
