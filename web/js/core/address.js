// The address of a room on the page. Pure.

import { keyOf } from "./room.js";

/** The room that an address below `base` is of; null for the lobby. */
export function roomAt(address, base) {
  const path = new URL(address, base).pathname;
  const below = new URL("r/", base).pathname;
  if (!path.startsWith(below)) return null;
  try {
    return decodeURIComponent(path.slice(below.length)) || null;
  } catch {
    return null; // not UTF-8; the server has no page there
  }
}

/** The address of a room, below the page's base. */
export function addressOf(room, lobby) {
  return keyOf(room) === keyOf(lobby) ? "./" : `r/${encodeURIComponent(room)}`;
}
