// The entries of a room, in the order of seq. Pure.
//
// A log is { epoch, numbering, first, entries, more, truncated }: entries of all kinds, oldest first,
// without gaps or duplicates, entries[i].seq === first + i. Messages are in their present state. `more`
// says that the server has older entries, `truncated` that older ones are no longer stored. `epoch` is that
// of the newest `joined`: it changes with each start of the server, and is part of the position. `numbering`
// stays the same as long as seqs mean the same entries. A log whose epoch is null has no data yet.

export const EMPTY = Object.freeze({ epoch: null, numbering: null, first: 1, entries: Object.freeze([]), more: false, truncated: false });

/** The seq of the newest entry; 0 if there never was one. */
export function newest(log) {
  return log.first + log.entries.length - 1;
}

/** The position to resume from, as `since` of a join; undefined if nothing is known. */
export function position(log) {
  return log.epoch === null ? undefined : { epoch: log.epoch, seq: newest(log) };
}

/** The entry of this seq; undefined if it is not in the log. */
export function at(log, seq) {
  return log.entries[seq - log.first];
}

/**
 * The log after `joined`: missed entries are appended; if the server could not recover exactly
 * those, all entries are replaced.
 */
export function caughtUp(log, { epoch, seq, recovered, more, truncated = false, entries }) {
  const missed = entries.filter((entry) => entry.seq > newest(log));
  const goesOn = recovered && log.epoch !== null && follows(missed, newest(log));
  if (goesOn) return { ...extend(log, missed), epoch };
  const start = entries.findLastIndex((entry, i) => i > 0 && entry.seq !== entries[i - 1].seq + 1);
  const whole = entries.slice(Math.max(0, start)); // entries before a gap are requested as history
  const first = whole.length > 0 ? whole[0].seq : seq + 1;
  const numbering = epoch === log.epoch ? log.numbering : epoch;
  return extend({ epoch, numbering, first, entries: [], more: more || whole.length < entries.length, truncated }, whole);
}

/** Whether entries are missing before the live `entry`: they must be requested, together with it. */
export function skips(log, entry) {
  return entry.seq > newest(log) + 1;
}

/** The log with the live `entry`; a known entry changes nothing. */
export function append(log, entry) {
  return entry.seq === newest(log) + 1 ? extend(log, [entry]) : log;
}

/** The log with a page of older entries; a page that does not touch it is ignored. */
export function prepend(log, { entries, more, truncated = false }) {
  if (entries.length === 0) return { ...log, more, truncated };
  if (!follows(entries, entries[0].seq - 1) || entries.at(-1).seq !== log.first - 1) return log;
  const page = extend({ ...log, first: entries[0].seq, entries: [] }, entries).entries;
  // The page may be older than live changes that arrived before it.
  for (const entry of log.entries) apply(page, entries[0].seq, entry);
  return { ...log, first: entries[0].seq, entries: [...page, ...log.entries], more, truncated };
}

/** The log with the changes that `entries`, which come after it, make in it. */
export function amended(log, entries) {
  const changes = entries.filter(({ target }) => at(log, target) !== undefined);
  if (changes.length === 0) return log;
  const now = [...log.entries];
  for (const change of changes) apply(now, log.first, change);
  return { ...log, entries: now };
}

/** The log with a page of newer entries; a page that does not touch its end is ignored. */
export function continued(log, entries) {
  return follows(entries, newest(log)) ? extend(log, entries) : log;
}

/** The log with the newest `keep` entries. */
export function trim(log, keep) {
  const spare = log.entries.length - keep;
  if (spare <= 0) return log;
  return { ...log, first: log.first + spare, entries: log.entries.slice(spare), more: true };
}

/** Whether `entries` follow the seq `before` without gaps. */
function follows(entries, before) {
  return entries.every((entry, i) => entry.seq === before + 1 + i);
}

function extend(log, added) {
  if (added.length === 0) return log;
  const entries = [...log.entries];
  for (const entry of added) {
    entries.push(entry);
    apply(entries, log.first, entry);
  }
  return { ...log, entries };
}

/** Apply `change` to its target in `entries`; idempotent. */
function apply(entries, first, change) {
  const target = entries[change.target - first];
  if (target?.type === "message") entries[change.target - first] = changed(target, change);
}

/** `message` after `change`, an entry about it. */
export function changed(message, change) {
  if (message.deleted) return message;
  if (change.type === "deleted") {
    const { text: _, reactions: __, ...rest } = message;
    return { ...rest, deleted: true };
  }
  if (change.type === "edited") {
    return change.text === undefined ? message : { ...message, text: change.text, edited: change.time };
  }
  return change.type === "reacted" ? reacted(message, change) : message;
}

function reacted(message, { emoji, user, on }) {
  const before = message.reactions ?? {};
  const users = Object.hasOwn(before, emoji) ? before[emoji] : []; // any text can be an emoji here, also the name of a property of objects
  if (users.includes(user) === on) return message;
  const { [emoji]: _, ...others } = before;
  const now = on ? [...users, user] : users.filter((each) => each !== user);
  const reactions = on && users.length === 0 ? { ...others, [emoji]: now } : { ...before, [emoji]: now };
  return { ...message, reactions: now.length > 0 ? reactions : others };
}
