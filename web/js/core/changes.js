// What the reader does to messages that are there, and has not been confirmed: a list, in the order
// of doing. Pure.
//
// An act is { id, key, seq, type, …, fate, code, asked }: of the message `seq` in the room `key`, a
// "react" with { emoji, on }, an "edit" with { text }, or a "delete". `fate` is "queued", "sent" (as
// the question `asked`), or "failed" with the server's code and sentence. Doing one twice is doing it once, so
// whatever was not answered when a connection broke is simply sent again.

import { changed } from "./log.js";

export const WINDOW = 4; // on the way at a time

const NONE = Object.freeze([]);

/** The list with `act` at its end, in place of one like it that has not gone out. */
export function add(changes, act) {
  return [...changes.filter((each) => !(each.fate !== "sent" && alike(each, act))), { ...act, fate: "queued", code: null, message: null, asked: null }];
}

/** The list without those that are like `act` and have not gone out. */
export function without(changes, act) {
  return changes.filter((each) => each.fate === "sent" || !alike(each, act));
}

/** The list without act `id`. */
export function drop(changes, id) {
  return changes.filter((each) => each.id !== id);
}

/** The list after the question `asked` was answered: the act is done. */
export function done(changes, asked) {
  return changes.filter((each) => each.asked !== asked);
}

/** The list with every act that is `meant` changed. */
export function settle(changes, meant, change) {
  return changes.some(meant) ? changes.map((each) => (meant(each) ? { ...each, ...change } : each)) : changes;
}

/** The list after the connection broke. */
export function returned(changes) {
  return settle(changes, ({ fate }) => fate === "sent", { fate: "queued", asked: null });
}

/** Which acts may be sent now; `may` says whether an act's room takes any. */
export function next(changes, may) {
  const free = WINDOW - changes.filter(({ fate }) => fate === "sent").length;
  return changes.filter((each) => each.fate === "queued" && may(each)).slice(0, Math.max(0, free));
}

/** The acts of the room `key` by the seq that they are about; what is not there has none. */
export function bySeq(changes, key) {
  const found = new Map();
  for (const act of changes) if (act.key === key) found.set(act.seq, [...(found.get(act.seq) ?? NONE), act]);
  return found;
}

/** `message` as it will be once `acts` are done, as far as that may be shown before it is certain. */
export function foreseen(message, changes, user) {
  let seen = message;
  for (const { type, fate, emoji, on, text } of changes) {
    if (fate === "failed") continue;
    if (type === "react") seen = changed(seen, { type: "reacted", emoji, on, user });
    if (type === "edit") seen = changed(seen, { type: "edited", text, time: seen.edited });
  }
  return seen;
}

function alike(a, b) {
  return a.key === b.key && a.seq === b.seq && a.type === b.type && a.emoji === b.emoji;
}
