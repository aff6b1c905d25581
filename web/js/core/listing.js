// The server's list of rooms, a page of it at a time. Pure; rules as core/state.js has them.
//
// state.listing is { id, found, pages, at }: `id` is of the question that is open, null for none;
// `found` holds the rooms of the pages that have come; `pages` is how many there were the last time;
// `at` is when the list was asked for. The reader sees state.listed, which is always a whole list.

import { answer, ask } from "./state.js";

const PAGE = 200; // rooms asked for at a time; a server without pages gives all
const MOST = 1_000; // rooms that are listed; who wants another writes its name
const EVERY = 30_000; // how old the list may become while it is in sight, for each page that it takes

/** Ask for the list anew, unless it is on its way. */
export function wantList(turn) {
  if (turn.state.listing.id === null) turn.state.listing = { ...turn.state.listing, at: -Infinity };
}

/** When the list is to be asked for. */
export function listAt({ listing: { id, pages, at } }) {
  return id === null ? at + EVERY * pages : Infinity;
}

/** Ask for the list if it is due. */
export function list(turn, now) {
  if (now < listAt(turn.state)) return;
  turn.state.listing = { ...turn.state.listing, id: ask(turn, { type: "rooms", limit: PAGE }), found: [], pages: 1, at: now };
}

/** Take a page of the list, and ask for the next while there are more. */
export function hearRooms(turn, { id, rooms, more }) {
  const { listing } = turn.state;
  answer(turn, id);
  if (id !== undefined && id !== listing.id) return; // it was asked on another connection
  const found = [...listing.found, ...rooms].slice(0, MOST);
  if (more && rooms.length > 0 && found.length < MOST) {
    const next = ask(turn, { type: "rooms", after: rooms.at(-1).room, limit: PAGE });
    turn.state.listing = { ...listing, id: next, found, pages: listing.pages + 1 };
  } else {
    turn.state.listing = { ...listing, id: null, found: [] };
    turn.state.listed = found;
  }
}

/** The server does not tell the rest now: what has come before is the list. */
export function endListing(turn) {
  const { listing } = turn.state;
  turn.state.listing = { ...listing, id: null, found: [] };
  if (listing.found.length > 0) turn.state.listed = listing.found;
}
