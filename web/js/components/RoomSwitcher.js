// Switching to a room by typing a few letters of its name: a field, and the matching rooms below it.
//
// Down   { sheet, rooms, listed, … }
// Up     "enter" with the { name } of a room

import { badge } from "./badge.js";
import { jumps } from "../core/finding.js";
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
  let choices = [];
  let marked = null; // the key of the choice that Enter selects
  let latest;

  field.addEventListener("input", () => {
    marked = null;
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

  function move(step) {
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
      marked = null;
      field.focus();
    }
    if (open) draw();
  }

  function draw() {
    choices = jumps(roomChoices(latest, compare), field.value);
    if (!choices.some(({ key }) => key === marked)) marked = choices[0]?.key ?? null;
    const rows = choices.map((choice) => ({ ...choice, chosen: choice.key === marked }));
    reconcile(list, shown, rows, { make, fill, same });
    const chosen = list.querySelector("[aria-selected=true]");
    if (chosen) field.setAttribute("aria-activedescendant", chosen.id);
    else field.removeAttribute("aria-activedescendant");
    write(none, choices.length === 0 ? word("rooms.badName") : "");
  }

  function fill(option, choice) {
    const { key, room, topic = "", create, chosen, here } = choice;
    option.id = `choice-${key}`;
    option.dataset.key = key;
    option.setAttribute("aria-selected", String(chosen));
    option.classList.toggle("create", create === true);
    write(option.querySelector(".name"), create ? word("switcher.create", { room }) : room);
    write(option.querySelector(".topic"), topic);
    write(option.querySelector(".here"), here ? word("switcher.here") : "");
    badge(option.querySelector(".badge"), choice, word);
  }

  return { update, redraw: () => clearList(list, shown) };
}

function same(a, b) {
  const stands = a.chosen === b.chosen && a.here === b.here && a.room === b.room && a.topic === b.topic;
  return stands && a.unread === b.unread && a.mentions === b.mentions;
}
