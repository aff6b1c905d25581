// The badge of a room: its number of unread messages.

import { write } from "../browser/dom.js";

/** Show how many messages are unread; with an at sign, how many of them mention the user. */
export function badge(element, { unread = 0, mentions = 0 }, word) {
  element.hidden = unread === 0;
  element.classList.toggle("named", mentions > 0);
  write(element.querySelector(".number"), mentions > 0 ? `@${most(mentions)}` : unread > 0 ? most(unread) : "");
  write(element.querySelector(".spoken"), unreadWords(unread, mentions, word));
}

/** The same in words; "" for nothing. */
export function unreadWords(unread, mentions, word) {
  const words = [unread > 0 && word("rooms.unread", { count: unread }), mentions > 0 && word("rooms.mentions", { count: mentions })];
  return words.filter(Boolean).join(", ");
}

function most(count) {
  return count > 99 ? "99+" : String(count);
}
