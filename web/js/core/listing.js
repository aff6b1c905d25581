// The server's list of rooms, requested page by page. Pure; rules as in core/state.js.
//
// state.listing is { id, found, pages, at }: `id` is the id of the open request, null for none;
// `found` has the rooms of the pages that have arrived; `pages` is the number of pages last time;
// `at` is when the list was requested. The user sees state.listed, which is always a complete list.

import { answer, ask } from "./state.js";

const PAGE = 200; // rooms requested at a time; a server without pages sends all
export const MOST = 1_000; // rooms that are listed; for others, the user types the name
const EVERY = 30_000; // the greatest age of the list while it is shown, for each of its pages

/** Request the list, unless a request is open. */
export function wantList(turn) {
  if (turn.state.listing.id === null) turn.state.listing = { ...turn.state.listing, at: -Infinity };
}

/** When the list is to be requested. */
export function listAt({ listing: { id, pages, at } }) {
  return id === null ? at + EVERY * pages : Infinity;
}

/** Request the list if it is due. */
export function list(turn, now) {
  if (now < listAt(turn.state)) return;
  turn.state.listing = { ...turn.state.listing, id: ask(turn, { type: "rooms", limit: PAGE }), found: [], pages: 1, at: now };
}

/** Handle a page of the list, and request the next if there are more. */
export function hearRooms(turn, { id, rooms, more }) {
  const { listing } = turn.state;
  answer(turn, id);
  if (id !== undefined && id !== listing.id) return; // a request of another connection
  const found = [...listing.found, ...rooms].slice(0, MOST);
  if (more && rooms.length > 0 && found.length < MOST) {
    const next = ask(turn, { type: "rooms", after: rooms.at(-1).room, limit: PAGE });
    turn.state.listing = { ...listing, id: next, found, pages: listing.pages + 1 };
  } else {
    turn.state.listing = { ...listing, id: null, found: [] };
    turn.state.listed = found;
  }
}

/** The server refuses the rest for now: the pages that have arrived are the list. */
export function endListing(turn) {
  const { listing } = turn.state;
  turn.state.listing = { ...listing, id: null, found: [] };
  if (listing.found.length > 0) turn.state.listed = listing.found;
}
