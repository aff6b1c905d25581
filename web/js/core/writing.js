// What the text in the composer will be: a message, a reply, or an edit. Pure.

import { entryAt, inSight } from "./history.js";
import { signed } from "./namesakes.js";
import { sharers } from "./room.js";
import { current } from "./state.js";

const LINE = 200; // characters of the quoted line; no more are visible, and the browser lays out all of them

/** Whether Enter starts a new line: where the user chose that, or on a touch screen without a keyboard. */
export function enterBreaks({ settings: { enter }, touch }) {
  return enter === "break" || (enter !== "send" && touch);
}

/**
 * What is being written: { kind: "new" }, { kind: "editing", seq, changed }, { kind: "reply", seq, nick,
 * line }, or { kind: "orphan", seq, edited }, if the message to edit or to reply to is gone. `nick` and `line`, the first line of the message that is replied to, are null if that
 * message is not loaded.
 */
export function purpose(room, me = null) {
  const { editing, replying, target } = room;
  const edited = Number.isInteger(editing);
  if (target?.gone) return { kind: "orphan", seq: editing ?? replying, edited };
  if (edited) return { kind: "editing", seq: editing, changed: target?.changed === true };
  if (!Number.isInteger(replying)) return { kind: "new" };
  const message = entryAt(room, replying);
  const there = message?.type === "message" && !message.deleted && typeof message.text === "string";
  const line = there ? message.text.split("\n").find((each) => each.trim() !== "") ?? "" : null;
  return { kind: "reply", seq: replying, nick: there ? signed(message.nick, message.user, sharers(room, me)) : null, line: line && [...line.slice(0, 2 * LINE)].slice(0, LINE).join("") };
}

/** The seq of the user's last displayed message that can be edited; null if there is none. */
export function lastOwn(state) {
  const { entries } = inSight(current(state));
  const own = (entry) => entry.type === "message" && entry.user === state.me?.user && !entry.deleted;
  return entries.findLast(own)?.seq ?? null;
}

/**
 * The text that says what is being written: { key, values }; null for an ordinary message.
 *
 * @param {{ kind: string, nick?: string | null, changed?: boolean, edited?: boolean }} purpose
 */
export function purposeWords({ kind, nick, changed, edited }) {
  if (kind === "new") return null;
  if (kind === "orphan") return { key: edited ? "composer.gone" : "composer.unanswered" };
  if (kind === "editing") return { key: changed ? "composer.changed" : "composer.editing" };
  return nick === null ? { key: "composer.older" } : { key: "composer.reply", values: { nick } };
}
