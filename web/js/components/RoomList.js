// The rooms that the user follows, and the way to all others.
//
// Down   { rooms, listed, key, … }
// Up     "enter" with the { name } of a room, "sheet" for the room switcher

import { badge, unreadWords } from "./badge.js";
import { clearList, copies, reconcile, tell, write } from "../browser/dom.js";
import { addressOf } from "../core/address.js";
import { followed, roomChoices } from "../core/choices.js";
import { plainClick } from "../core/input.js";
import { SHEETS } from "../core/names.js";

export function RoomList(element, { word, compare, base }) {
  const list = element.querySelector(".rooms");
  const shown = new Map();
  const make = copies("room");
  let key = null;

  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !plainClick(event)) return;
    event.preventDefault();
    tell(element, "enter", { name: link.dataset.room });
  });
  element.querySelector(".find").addEventListener("click", () => tell(element, "sheet", { name: SHEETS.switcher }));

  function update(state) {
    const moved = state.key !== key;
    key = state.key;
    reconcile(list, shown, followed(roomChoices(state, compare)), { make, fill: (item, room) => fill(item, room, state.lobby), same: sameRoom });
    if (moved) list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  function fill(item, choice, lobby) {
    const { room, count, fresh, unread, mentions, joined, here } = choice;
    const link = item.querySelector(".room");
    link.href = new URL(addressOf(room, lobby), base).href;
    link.dataset.room = room;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    write(item.querySelector(".name"), room);
    link.classList.toggle("joined", joined);
    link.classList.toggle("news", fresh);
    write(item.querySelector(".count"), count > 0 && unread === 0 ? String(count) : "");
    item.querySelector(".fresh").hidden = !fresh || unread > 0;
    badge(item.querySelector(".badge"), choice, word);
    const news = unread > 0 ? unreadWords(unread, mentions, word) : fresh && word("rooms.fresh");
    const words = [room, word("rooms.count", { count }), news];
    link.setAttribute("aria-label", words.filter(Boolean).join(", "));
  }

  return { update, redraw: () => clearList(list, shown) };
}

function sameRoom(a, b) {
  const stands = a.room === b.room && a.count === b.count && a.here === b.here && a.joined === b.joined;
  return stands && a.fresh === b.fresh && a.unread === b.unread && a.mentions === b.mentions;
}
