// What the card of a person shows, and who is ignored. Pure; loaded with the card.

import { hueOf, markOf } from "./namesakes.js";
import { ignores, sharers } from "./room.js";
import { current } from "./state.js";

export const MOST_IGNORED = 500; // people; who was ignored first is forgotten first

/**
 * The person that the open dialog is about: { user, nick, mark, hue, own, ignored, presence }, the last one of
 * "here", "away" and "gone", in the room that is shown.
 */
export function cardOf(state) {
  const { sheet: { about: { user, nick } }, me } = state;
  const room = current(state);
  const shared = sharers(room, me);
  const presence = room.members.has(user) ? (room.absent.has(user) ? "away" : "here") : "gone";
  const told = { mark: markOf(user, shared), hue: hueOf(user, shared), own: user === me?.user, ignored: ignores(me, user) };
  return { user, nick: room.members.get(user) ?? nick, ...told, presence };
}

/** Those who are `ignored`, with the person of the card, or without them if they are among them. */
export function ignoring(ignored, { user, nick }) {
  const others = Object.entries(ignored).filter(([each]) => each !== user);
  if (!Object.hasOwn(ignored, user)) others.push([user, nick]);
  return Object.fromEntries(others.slice(-MOST_IGNORED));
}
