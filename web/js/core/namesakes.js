// Users of a room who have, or had, the same nick: a mark and a colour of their own tell them apart. Pure.
//
// The server lets only one user have a nick at a time, but a nick becomes free again, and entries keep
// the nick and the id of their author.

import { HUES, hue } from "./avatar.js";
import { fold } from "./mentions.js";

const SHORT = 4; // characters of an id in a mark

/** @typedef {Map<string, { hue: number, mark: string }>} Namesakes by the id of the user */

/**
 * The users of whom another one has the same nick: { hue, mark }. `people` are [{ user, nick }]. Their
 * colours are different, as long as there are as many, and do not depend on the order of `people`.
 *
 * @returns {Namesakes}
 */
export function namesakes(people) {
  const users = new Map(); // by nick
  for (const { user, nick } of people) {
    const key = fold(nick);
    users.set(key, (users.get(key) ?? new Set()).add(user));
  }
  const found = new Map();
  for (const group of users.values()) {
    const taken = new Set();
    if (group.size === 1) continue;
    for (const user of [...group].sort()) {
      let own = hueOf(user, found);
      while (taken.has(own) && taken.size < HUES) own = (own + 1) % HUES;
      taken.add(own);
      found.set(user, { hue: own, mark: user.slice(-SHORT) });
    }
  }
  return found;
}

/** The colour of a user. */
export function hueOf(user, shared) {
  return shared.get(user)?.hue ?? hue(user, HUES);
}

/** The mark of a user; "" for one who needs none. */
export function markOf(user, shared) {
  return shared.get(user)?.mark ?? "";
}

/** The nick of a user as text, with the mark. */
export function signed(nick, user, shared) {
  const mark = markOf(user, shared);
  return mark === "" ? nick : `${nick} (${mark})`;
}
