// Completion of @nick and :emoji: in the composer. Pure.
//
// A choice is { mark, label, put }: `mark` is the character of an emoji, `label` the text beside
// it, and `put` replaces what was typed.

import { current } from "./state.js";

const MOST = 8; // a longer list would not be faster than typing
const NICK = 32; // the longest nick, in characters
const LEAST = 2; // letters after a colon: ":)" and ":D" do not begin a name

// The character before a mark that begins a nick or a name: not a letter or digit as in
// a@b.example, 10:30 and http://, except in scripts without spaces.
const BEGINS = /(?<![\w@:./-])([@:])([^@:\n]*)$/u;
const NAME = /^[a-z0-9_+-]*$/i;

const fold = (text) => text.normalize("NFKC").toLowerCase();

/** What is being completed before the caret: { kind: "nick" or "emoji", start, query }, or null. */
export function sought(text, caret) {
  const found = BEGINS.exec(text.slice(0, caret));
  if (!found) return null;
  const [, mark, query] = found;
  const { index: start } = found;
  if (mark === ":") return query.length >= LEAST && NAME.test(query) ? { kind: "emoji", start, query } : null;
  return query.length <= 2 * NICK && !/^\s/.test(query) ? { kind: "nick", start, query } : null;
}

/**
 * The completions of the text before the caret: { start, choices }, or null if there are none.
 * `nicks` are in the order in which they are offered; `emoji` is a Map from names to
 * characters.
 */
export function completions(text, caret, nicks, emoji) {
  const wanted = sought(text, caret);
  if (!wanted) return null;
  const { kind, start, query } = wanted;
  const choices = kind === "nick" ? ofNicks(query, nicks) : ofEmoji(query, emoji);
  return choices.length > 0 ? { start, choices } : null;
}

/** What replaces the text before `caret` that was completed by a choice. */
export function completed(text, caret, { put }) {
  return /^\s/.test(text.slice(caret)) ? put : `${put} `;
}

/** The nicks of the other members, each once: the most recent author first, those without messages by name. */
export function people(state, compare) {
  const { members, log } = current(state);
  const found = new Set();
  for (let i = log.entries.length - 1; i >= 0; i--) {
    const { type, user } = log.entries[i];
    if (type === "message" && members.has(user)) found.add(user);
  }
  const silent = [...members.keys()].filter((user) => !found.has(user));
  silent.sort((a, b) => compare(members.get(a), members.get(b)));
  return [...new Set([...found, ...silent].filter((user) => user !== state.me?.user).map((user) => members.get(user)))];
}

function ofNicks(query, nicks) {
  const wanted = fold(query);
  const begins = (nick) => fold(nick).startsWith(wanted);
  const within = (nick) => fold(nick).split(/[\s_.-]+/).some((part) => part.startsWith(wanted));
  const found = best(nicks, (nick) => (begins(nick) ? 0 : within(nick) ? 1 : 2));
  // A complete name needs no completion, and Enter has to send it.
  if (found.length === 1 && fold(found[0]) === wanted) return [];
  return found.map((nick) => ({ mark: "", label: nick, put: `@${nick}` }));
}

function ofEmoji(query, emoji) {
  const wanted = query.toLowerCase();
  const rank = (name) => {
    if (name.startsWith(wanted)) return name === wanted ? -1 : 0;
    return name.includes(wanted) ? 1 : 2;
  };
  return best([...emoji.keys()], rank).map((name) => ({ mark: emoji.get(name), label: `:${name}:`, put: emoji.get(name) }));
}

/** Those with a rank below 2, the lowest first, otherwise in their order. */
function best(all, rank) {
  const ranked = all.map((each) => [rank(each), each]).filter(([place]) => place < 2);
  return ranked.sort(([a], [b]) => a - b).slice(0, MOST).map(([, each]) => each);
}
