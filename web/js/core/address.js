// The URL of a room on the page. Pure.

import { keyOf } from "./room.js";

/** The room that a URL below `base` names; null for the lobby. */
export function roomAt(address, base) {
  const path = new URL(address, base).pathname;
  const below = new URL("r/", base).pathname;
  if (!path.startsWith(below)) return null;
  try {
    return decodeURIComponent(path.slice(below.length)) || null;
  } catch {
    return null; // not UTF-8; the server has no page for it
  }
}

/** The URL of a room, relative to the page's base. */
export function addressOf(room, lobby) {
  return keyOf(room) === keyOf(lobby) ? "./" : `r/${encodeURIComponent(room)}`;
}
