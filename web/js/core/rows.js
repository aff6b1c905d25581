// What the message list shows of a log: rows, each with a key that it keeps. Pure.
//
//   { key, kind: "day", time }
//   { key, kind: "topic", entry }
//   { key, kind: "line", message, own, leads, fate, code }
//
// A line `leads` where its author or its time has to be said anew. `fate` is null for what has come
// back, else that of core/pending.js. A line of the reader's own keeps its key when it comes back.

const TOGETHER = 5 * 60; // seconds within which lines of one author stand under one heading

/**
 * The rows for `entries` and, below them, `pending` items. `me` is { user, nick } of the reader;
 * `dayOf` names the day of a time in seconds.
 */
export function rows(entries, pending, me, dayOf) {
  const found = [];
  let day = null;
  let before = null; // the line above, where one can stand under its heading

  function begin(key, time) {
    const today = dayOf(time);
    if (today === day) return;
    day = today;
    before = null;
    found.push({ key: `day:${key}`, kind: "day", time });
  }

  function line(key, message, own, fate, code) {
    begin(key, message.time);
    const leads = before === null || before.user !== message.user || message.time - before.time > TOGETHER;
    before = message;
    found.push({ key, kind: "line", message, own, leads, fate, code });
  }

  for (const entry of entries) {
    if (entry.type === "message") {
      const own = entry.user === me?.user;
      const key = own && entry.id !== undefined ? `own:${entry.id}` : `seq:${entry.seq}`;
      line(key, entry, own, null, null);
    } else if (entry.type === "topic") {
      begin(`seq:${entry.seq}`, entry.time);
      before = null;
      found.push({ key: `seq:${entry.seq}`, kind: "topic", entry });
    }
  }
  for (const { id, text, time, fate, code } of pending) {
    line(`own:${id}`, { user: me?.user, nick: me?.nick ?? "", time: time / 1000, text }, true, fate, code);
  }
  return found;
}

/** Whether two rows of one key look the same. Entries and pending texts never change. */
export function same(a, b) {
  const said = a.message === b.message || (a.fate !== null && b.fate !== null);
  const stands = a.leads === b.leads && a.fate === b.fate && a.code === b.code && a.time === b.time;
  return said && stands && a.entry === b.entry;
}
