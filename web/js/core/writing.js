// What the words in the composer are to become: a message, an answer to one, or its new wording. Pure.

import { entryAt, inSight } from "./history.js";
import { current } from "./state.js";

const LINE = 200; // characters of what is answered; no more are in sight, and a browser lays out all

/**
 * What is being written: { kind: "new" }, { kind: "editing", seq } or { kind: "reply", seq, nick,
 * line }. `nick` and `line`, the first line of what is answered, are null where the page does not
 * have that message.
 */
export function purpose(room) {
  const { editing, replying } = room;
  if (Number.isInteger(editing)) return { kind: "editing", seq: editing };
  if (!Number.isInteger(replying)) return { kind: "new" };
  const message = entryAt(room, replying);
  const there = message?.type === "message" && !message.deleted && typeof message.text === "string";
  const line = there ? message.text.split("\n").find((each) => each.trim() !== "") ?? "" : null;
  return { kind: "reply", seq: replying, nick: there ? message.nick : null, line: line && [...line.slice(0, 2 * LINE)].slice(0, LINE).join("") };
}

/** The seq of the last message in sight that the reader may still change; null if there is none. */
export function lastOwn(state) {
  const { entries } = inSight(current(state));
  const own = (entry) => entry.type === "message" && entry.user === state.me?.user && !entry.deleted;
  return entries.findLast(own)?.seq ?? null;
}

/**
 * Which words say what is being written: { key, values }; null for nothing but a message.
 *
 * @param {{ kind: string, nick?: string | null }} purpose
 */
export function purposeWords({ kind, nick }) {
  if (kind === "new") return null;
  if (kind === "editing") return { key: "composer.editing" };
  return nick === null ? { key: "composer.older" } : { key: "composer.reply", values: { nick } };
}
