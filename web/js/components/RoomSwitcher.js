// Switching to a room by typing a few letters of its name: a field, and the matching rooms below it.
//
// Down   { sheet, rooms, listed, … }
// Up     "enter" with the { name } of a room

import { badge } from "./badge.js";
import { jumps, SHOWN } from "../core/finding.js";
import { MOST } from "../core/listing.js";
import { clearList, copies, reconcile, tell, write } from "../browser/dom.js";
import { roomChoices } from "../core/choices.js";
import { SHEETS } from "../core/names.js";
import { Sheet } from "./sheet.js";

export function RoomSwitcher(element, { word, compare }) {
  const field = element.querySelector(".field");
  const list = element.querySelector(".choices");
  const none = element.querySelector(".none");
  const shown = new Map();
  const make = copies("choice");
  const sheet = Sheet(element, SHEETS.switcher);
  const more = element.querySelector(".more");
  let choices = [];
  let most = SHOWN; // how many choices are offered
  let marked = null; // the key of the choice that Enter selects
  let latest;

  field.addEventListener("input", () => {
    marked = null;
    most = SHOWN;
    draw();
    list.scrollTop = 0;
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) move(step);
    else if (event.key === "Enter") take(marked);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", ({ target }) => {
    const option = target.closest(".choice");
    if (option) take(option.dataset.key);
  });

  more.addEventListener("click", () => {
    const [next] = extend();
    marked = next?.key ?? marked;
    draw();
    field.focus(); // the arrow keys go on from the first new choice
  });

  /** Offer more choices; gives those that are new. */
  function extend() {
    const before = new Set(choices.map(({ key }) => key));
    most += SHOWN;
    draw();
    return choices.filter(({ key }) => !before.has(key));
  }

  function move(step) {
    const end = choices.at(-1)?.key === marked;
    if (step > 0 && end && !more.hidden) extend();
    const to = choices.findIndex(({ key }) => key === marked) + step;
    const around = Math.abs(step) === 1 ? (to + choices.length) % choices.length : to;
    marked = choices[Math.min(Math.max(around, 0), choices.length - 1)]?.key ?? null;
    draw();
    list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  function take(key) {
    const choice = choices.find((each) => each.key === key);
    if (choice) tell(element, "enter", { name: choice.room });
  }

  function update(state) {
    latest = state;
    const open = sheet(state);
    if (open === "opened") {
      field.value = "";
      most = SHOWN;
      marked = null;
      field.focus();
    }
    if (open) draw();
  }

  function draw() {
    const found = jumps(roomChoices(latest, compare), field.value, most + 1);
    const rooms = found.filter(({ create }) => !create);
    more.hidden = rooms.length <= most;
    choices = [...rooms.slice(0, most), ...found.filter(({ create }) => create)];
    if (!choices.some(({ key }) => key === marked)) marked = choices[0]?.key ?? null;
    const rows = choices.map((choice) => ({ ...choice, chosen: choice.key === marked }));
    reconcile(list, shown, rows, { make, fill, same });
    const chosen = list.querySelector("[aria-selected=true]");
    if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
    else field.removeAttribute("aria-activedescendant");
    const bounded = latest.listed.length >= MOST && more.hidden && field.value === "";
    write(none, choices.length === 0 ? word("rooms.badName") : bounded ? word("switcher.most", { count: MOST }) : "");
  }

  function fill(option, choice) {
    const { key, room, topic = "", count = 0, create, chosen, here } = choice;
    option.id = `choice-${key}`;
    option.dataset.key = key;
    option.setAttribute("aria-selected", String(chosen));
    option.classList.toggle("create", create === true);
    write(option.querySelector(".name"), create ? word("switcher.create", { room }) : room);
    write(option.querySelector(".topic"), topic);
    write(option.querySelector(".here"), here ? word("switcher.here") : count > 0 ? word("rooms.count", { count }) : "");
    badge(option.querySelector(".badge"), choice, word);
  }

  return { update, redraw: () => clearList(list, shown) };
}

function same(a, b) {
  const stands = a.chosen === b.chosen && a.here === b.here && a.count === b.count && a.room === b.room && a.topic === b.topic;
  return stands && a.unread === b.unread && a.mentions === b.mentions;
}
