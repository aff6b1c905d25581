// The rooms and members that the page lists, in their order. Pure.

import { hueOf, markOf } from "./namesakes.js";
import { keyOf, NEVER, sharers } from "./room.js";
import { current } from "./state.js";

/**
 * The rooms to choose from: [{ key, room, topic, count, fresh, unread, mentions, joined, visitedAt,
 * here }]: first the lobby, then the rooms that the user is in, then the others that the server lists,
 * each group by name. `fresh` says that there are new messages; their number is known only for joined
 * rooms. `compare` orders names.
 */
export function roomChoices(state, compare) {
  const choices = choicesOf(state, ordered(state.listed, compare));
  const first = choices.get(keyOf(state.lobby));
  choices.delete(first.key);
  const joined = [...choices.values()].filter((choice) => choice.joined);
  const others = [...choices.values()].filter((choice) => !choice.joined);
  return [first, ...joined.sort((a, b) => compare(a.room, b.room)), ...others];
}

/** Those of `choices` that the side panel lists: the lobby, and what the user is in or has read before. */
export function followed(choices) {
  return choices.filter(({ joined, here, fresh }, i) => i === 0 || joined || here || fresh);
}

const sorted = new WeakMap(); // each list of the server is sorted only once: it may have a thousand rooms

function ordered(listed, compare) {
  if (!sorted.has(listed)) sorted.set(listed, [...listed].sort((a, b) => compare(a.room, b.room)));
  return sorted.get(listed);
}

/** The rooms by key; those that are only in `listed` in its order. */
function choicesOf({ lobby, rooms, seen, key: here }, listed) {
  const choices = new Map();
  const OTHER = { count: 0, topic: "", fresh: false, unread: 0, mentions: 0, joined: false, visitedAt: NEVER };
  const add = (key, room, more) => choices.set(key, { ...OTHER, ...more, key, room, here: key === here });
  add(keyOf(lobby), lobby, {});
  for (const { room, topic, member_count: count, seq } of listed) {
    const key = keyOf(room);
    add(key, room, { topic, count, fresh: seen.has(key) && seq > seen.get(key) });
  }
  for (const [key, { name, phase, topic, memberCount, unread, mentions, visitedAt, leaving }] of rooms) {
    if (leaving || (visitedAt === NEVER && phase !== "here")) continue;
    const inside = phase === "here";
    const before = choices.get(key);
    const news = key === here ? {} : { unread, mentions, fresh: unread > 0 || (!inside && before?.fresh === true) };
    // While disconnected, the page's own numbers are newer than the server's list.
    const about = inside || memberCount > 0 ? { count: memberCount, topic } : { count: before?.count ?? 0, topic: before?.topic ?? "" };
    add(key, name, { ...about, joined: true, visitedAt, ...news });
  }
  return choices;
}

/**
 * The room `by` places below in `choices`, cyclically, among the rooms that the user is in; null if
 * there is no other. With `fresh`, the next one with new messages.
 */
export function neighbour(choices, by, fresh) {
  const here = choices.findIndex((choice) => choice.here);
  for (let n = 1; n < choices.length; n++) {
    const choice = choices.at((here + by * n) % choices.length);
    if (fresh ? choice.fresh : choice.joined) return choice;
  }
  return null;
}

/** Whether any other room has new messages. */
export function anyFresh(state) {
  return [...choicesOf(state, state.listed).values()].some(({ fresh }) => fresh);
}

/** The members: [{ key, nick, me, away, hue, mark }], the user first, absent members last, otherwise by nick. */
export function memberChoices(state, compare) {
  const room = current(state);
  const shared = sharers(room, state.me);
  const all = [...room.members].map(([key, nick]) => {
    const told = { nick, hue: hueOf(key, shared), mark: markOf(key, shared) };
    return { key, ...told, me: key === state.me?.user, away: room.absent.has(key) };
  });
  return all.sort((a, b) => Number(b.me) - Number(a.me) || Number(a.away) - Number(b.away) || compare(a.nick, b.nick));
}
