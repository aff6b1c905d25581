// The unread messages that the user finds in a room: how many there are, and where they begin. Pure; rules as in
// core/state.js.
//
// room.news is { count, seq, time, after, id }, or null: `count` messages were unread when the user opened the
// room, and the first of them is the one with this `seq` and `time`; null until it is known. If it is not
// loaded, the entries after `after` are requested; `id` is of the open request.

import { newest } from "./log.js";
import { counts } from "./room.js";
import { ask, change, current, of } from "./state.js";

const NEWS_PAGE = 50; // entries requested at a time; most often the first is the message

export const NEWS_RULES = {
  /** The first new message is in view. */
  newsSeen(turn) {
    change(turn, turn.state.key, { news: null });
  },
};

/** Find the first new message of the current room, in the log or on the server. */
export function findNews(turn) {
  const { key, me } = turn.state;
  const { name, phase, replay, log, news } = current(turn.state);
  if (!news || news.seq !== null || news.id !== null || phase !== "here" || replay !== null) return;
  if (news.after >= log.first - 1) foundNews(turn, key, log.entries, me);
  else change(turn, key, { news: { ...news, id: ask(turn, { type: "history", room: name, after: news.after, limit: NEWS_PAGE }, key) } });
}

/** Use the answer to a request of `findNews`; returns whether it was one. */
export function newsAnswered(turn, key, { id, entries }) {
  const { news } = of(turn, key);
  if (!news || id !== news.id) return false;
  foundNews(turn, key, entries, turn.state.me);
  return true;
}

function foundNews(turn, key, entries, me) {
  const { news, log } = of(turn, key);
  const first = entries.find((entry) => counts(entry, news.after, me));
  const last = entries.at(-1)?.seq ?? newest(log);
  if (first) change(turn, key, { news: { ...news, seq: first.seq, time: first.time, id: null } });
  else change(turn, key, { news: last >= newest(log) ? null : { ...news, after: last, id: null } });
}
