// The rows of the message list for a log, each with a stable key. Pure.
//
//   { key, part, kind: "day", time, today }
//   { key, part, kind: "new" }
//   { key, part, kind: "topic", entry, shared }
//   { key, part, kind: "line", message, seq, own, leads, fate, code, why, quoted, changes, focus, shared }
//
// A line `leads` if its author or its time has to be shown. `fate` is null for a message that the server has
// confirmed, else that of core/outbox.js, with the server's `code` and sentence, `why`, if it failed. `quoted` is the
// message that it replies to: null if that is not loaded, undefined if there is none. `changes` are those of core/changes.js
// about it. `focus` is "editing", "replying" or "removing" if the composer or a question is about it, or null. A line of
// the user's own keeps its key when it is confirmed. `shared` are those of core/namesakes.js. `part` increases down the list:
// rows of one part are adjacent.

import { bySeq } from "./changes.js";
import { ignores } from "./room.js";

const TOGETHER = 5 * 60; // seconds within which the messages of one author have one heading
const PART = 40; // entries
const TALL = 30; // lines from which a message is folded; css/message-list.css shows 24 of them
const WIDE = 75; // characters in a line; a Chinese character counts as two
const NO_WIDTH = /[\p{M}\p{Cf}\udc00-\udfff]/u; // combining marks, format characters, and the second half of a surrogate pair
const NO_CHANGES = Object.freeze([]);

const hidden = new WeakMap(); // the messages that are not shown, by the real ones

/** A message as the user sees it: that of one whom they ignore is like a deleted one, but `ignored`. */
function asShown(message, me) {
  if (!message || !ignores(me, message.user)) return message;
  if (!hidden.has(message)) hidden.set(message, { ...message, deleted: true, ignored: true, reactions: {} });
  return hidden.get(message);
}

/**
 * The rows for `entries` and, below them, `pending` items. `me` is { user, nick } of the user;
 * `dayOf` returns the day of a time in seconds. `about` has more of the room's state: { key,
 * mark, editing, replying, removing, today, shared }, and `changes`; at midnight `today` is another day.
 *
 * @param {any} about
 */
export function rows(entries, pending, me, dayOf, about = {}) {
  const { key: room, changes = NO_CHANGES, mark = null, today, shared } = about;
  const open = bySeq(changes, room);
  const first = entries[0]?.seq;
  const found = [];
  let day = null;
  let before = null; // the line above, if the next one may share its heading
  let part = 0;
  let marked = mark === null || mark < first - 1; // the last message that was read is not loaded

  function begin(key, time) {
    const then = dayOf(time);
    if (then === day) return;
    day = then;
    before = null;
    found.push({ key: `day:${key}`, part, kind: "day", time, today });
  }

  function line(key, message, own, fate, code, why) {
    begin(key, message.time);
    if (!marked && message.seq > mark && !own) {
      marked = true;
      before = null;
      found.push({ key: "new", part, kind: "new" });
    }
    const { seq, reply_to: target } = message;
    const quoted = target === undefined ? undefined : entries[target - first] ?? null;
    const leads = before === null || before.user !== message.user || Math.abs(message.time - before.time) > TOGETHER || target !== undefined;
    before = message;
    found.push({
      key, part, kind: "line", message: asShown(message, me), seq, own, leads, fate, code, why, quoted: asShown(quoted, me),
      changes: open.get(seq) ?? NO_CHANGES, focus: focusIn(seq, about), shared,
    });
  }

  for (const entry of entries) {
    part = Math.floor(entry.seq / PART);
    if (entry.type === "message") {
      const own = entry.user === me?.user;
      const key = own && entry.id !== undefined ? `own:${entry.id}` : `seq:${entry.seq}`;
      line(key, entry, own, null, null);
    } else if (entry.type === "topic") {
      begin(`seq:${entry.seq}`, entry.time);
      before = null;
      found.push({ key: `seq:${entry.seq}`, part, kind: "topic", entry, shared });
    }
  }
  for (const [i, { id, text, time, replyTo, fate, code, message: why }] of pending.entries()) {
    part = Math.floor(((entries.at(-1)?.seq ?? 0) + 1 + i) / PART); // where it will probably be
    const message = { user: me?.user, nick: me?.nick ?? "", time: time / 1000, text };
    if (typeof replyTo === "number") message.reply_to = replyTo;
    line(`own:${id}`, message, true, fate, code, why);
  }
  return found;
}

function focusIn(seq, { editing, replying, removing }) {
  if (seq === undefined) return null;
  if (seq === removing) return "removing";
  if (seq === editing) return "editing";
  return seq === replying ? "replying" : null;
}

/** `list` divided into parts: [{ key, rows }]. */
export function parts(list) {
  const found = [];
  for (const row of list) {
    if (found.at(-1)?.key !== row.part) found.push({ key: row.part, rows: [] });
    found.at(-1).rows.push(row);
  }
  return found;
}

/** Whether two parts with one key look the same. */
export function alike(a, b) {
  return a.rows.length === b.rows.length && a.rows.every((row, i) => row.key === b.rows[i].key && same(row, b.rows[i]));
}

/** Whether two rows with one key look the same. Entries, pending items and changes are immutable. */
export function same(a, b) {
  if (a.kind !== "line") return a.entry === b.entry && a.time === b.time && a.today === b.today && a.shared === b.shared;
  const said = a.message === b.message || (a.fate !== null && b.fate !== null);
  const stands = a.leads === b.leads && a.fate === b.fate && a.code === b.code && a.why === b.why && a.focus === b.focus && a.quoted === b.quoted && a.shared === b.shared;
  return said && stands && a.changes.length === b.changes.length && a.changes.every((act, i) => act === b.changes[i]);
}

/** Whether `text` has so many lines that it is folded; an estimate, made without layout. */
export function tall(text) {
  let lines = 1;
  let width = 0;
  for (let at = 0; at < text.length && lines <= TALL; at++) {
    if (text[at] >= "\u0300" && NO_WIDTH.test(text[at])) continue;
    if (text[at] !== "\n" && width < WIDE) width += text[at] >= "\u1100" ? 2 : 1;
    else {
      lines += 1;
      width = 0;
    }
  }
  return lines > TALL;
}
