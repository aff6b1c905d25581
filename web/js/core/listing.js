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
export function wantList(to) {
  if (to.state.listing.id === null) to.state.listing = { ...to.state.listing, at: -Infinity };
}

/** When the list is to be asked for. */
export function listAt({ listing: { id, pages, at } }) {
  return id === null ? at + EVERY * pages : Infinity;
}

/** Ask for the list if it is due. */
export function list(to, now) {
  if (now < listAt(to.state)) return;
  to.state.listing = { ...to.state.listing, id: ask(to, { type: "rooms", limit: PAGE }), found: [], pages: 1, at: now };
}

/** Take a page of the list, and ask for the next while there are more. */
export function hearRooms(to, { id, rooms, more }) {
  const { listing } = to.state;
  answer(to, id);
  if (id !== undefined && id !== listing.id) return; // it was asked on another connection
  const found = [...listing.found, ...rooms].slice(0, MOST);
  if (more && rooms.length > 0 && found.length < MOST) {
    const next = ask(to, { type: "rooms", after: rooms.at(-1).room, limit: PAGE });
    to.state.listing = { ...listing, id: next, found, pages: listing.pages + 1 };
  } else {
    to.state.listing = { ...listing, id: null, found: [] };
    to.state.listed = found;
  }
}

/** The server does not tell the rest now: what has come before is the list. */
export function endListing(to) {
  const { listing } = to.state;
  to.state.listing = { ...listing, id: null, found: [] };
  if (listing.found.length > 0) to.state.listed = listing.found;
}
