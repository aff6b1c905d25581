// Sent messages that the server has not confirmed: a list, in the order of sending. Pure.
//
// An item is { id, key, text, time, replyTo, fate, code, message, sentAt }. `key` is its room's, `replyTo` the
// seq that it replies to, or null. `fate` is "queued" (to be sent as soon as possible), "sent" (on this
// connection, not answered), or "failed" with the server's code and sentence. An item keeps its id, so
// that sending it again does no harm.

export const WINDOW = 8; // in flight at a time, so that refusals for speed never count as flooding

/** The list with `item` at its end. */
export function add(pending, { id, key, text, time, replyTo = null }) {
  return [...pending, { id, key, text, time, replyTo, fate: "queued", code: null, message: null, sentAt: 0 }];
}

/** The list without the items that arrived with `entries`. `user` is their sender. */
export function confirm(pending, entries, user) {
  if (pending.length === 0) return pending;
  const arrived = new Set();
  for (const entry of entries) if (entry.type === "message" && entry.user === user) arrived.add(entry.id);
  const left = pending.filter(({ id }) => !arrived.has(id));
  return left.length === pending.length ? pending : left;
}

/** The list after the connection broke: what was in flight is sent again. */
export function returned(pending) {
  return settle(pending, ({ fate }) => fate === "sent", { fate: "queued" });
}

/** The list after the item `id` was finally refused. */
export function fail(pending, id, code, message = null) {
  return settle(pending, (item) => item.id === id, { fate: "failed", code, message });
}

/** The list after all items for which `meant` is true failed. */
export function failAll(pending, meant, code, message = null) {
  return settle(pending, meant, { fate: "failed", code, message });
}

/** The list with the item `id` queued (again). */
export function queue(pending, id) {
  const alone = pending.some((item) => item.id === id && item.code === "not_found") ? { replyTo: null } : {}; // what it replies to is gone
  return settle(pending, (item) => item.id === id, { fate: "queued", code: null, message: null, ...alone });
}

/** The list without the item `id`. */
export function drop(pending, id) {
  return pending.filter((item) => item.id !== id);
}

/**
 * The items that may be sent now, oldest first; `may` says whether an item's room accepts any. With
 * `slowly`, after the server asked for it, one at a time.
 */
export function next(pending, may, slowly) {
  const free = (slowly ? 1 : WINDOW) - pending.filter(({ fate }) => fate === "sent").length;
  return pending.filter((item) => item.fate === "queued" && may(item)).slice(0, Math.max(0, free));
}

/** The list with the item `id` sent at `now`. */
export function sent(pending, id, now) {
  return settle(pending, (item) => item.id === id, { fate: "sent", sentAt: now });
}

/** The part of the list that is stored; items in flight are stored as queued. */
export function kept(pending) {
  return pending.map(({ sentAt: _, ...item }) => ({ ...item, fate: item.fate === "failed" ? "failed" : "queued" }));
}

/**
 * The list with the items of another tab, `found`, merged by time: the items of each keep their
 * order, whatever the clock did. Known items are not added twice.
 */
export function merge(pending, found) {
  const there = new Set(pending.map(({ id }) => id));
  const left = found.filter(({ id }) => !there.has(id));
  if (left.length === 0) return pending;
  const merged = [];
  for (const item of pending) {
    while (left.length > 0 && left[0].time <= item.time) merged.push(left.shift());
    merged.push(item);
  }
  return [...merged, ...left];
}

/** The list from what was stored; invalid items are ignored. */
export function restored(stored) {
  if (!Array.isArray(stored)) return [];
  const text = (value) => typeof value === "string" && value !== "";
  const sound = stored.filter((item) => text(item?.id) && text(item.key) && text(item.text));
  return sound.map(({ id, key, text, time, replyTo, fate, code, message }) => ({
    id,
    key,
    text,
    time: Number.isFinite(time) ? time : 0,
    replyTo: Number.isSafeInteger(replyTo) ? replyTo : null,
    fate: fate === "failed" ? "failed" : "queued",
    code: typeof code === "string" ? code : null,
    message: typeof message === "string" ? message : null,
    sentAt: 0,
  }));
}

function settle(pending, meant, change) {
  return pending.some(meant) ? pending.map((item) => (meant(item) ? { ...item, ...change } : item)) : pending;
}
