// The dialog of keyboard shortcuts.
//
// Down   { sheet, touch, settings }

import { caps, keyGroups } from "../core/keyTable.js";
import { SHEETS } from "../core/names.js";
import { enterBreaks } from "../core/writing.js";
import { copies, write } from "../browser/dom.js";
import { Sheet } from "./sheet.js";

export function KeySheet(element, { word, mac }) {
  const list = element.querySelector(".groups");
  const group = copies("key-group");
  const row = copies("key-row");
  const sheet = Sheet(element, SHEETS.keys);

  let drawn = null; // whether it was drawn for a keyboard whose Enter starts a new line; null if it is to be drawn

  function draw(breaks) {
    drawn = breaks;
    list.replaceChildren(...keyGroups(breaks).map(sectionOf));
  }

  function sectionOf({ group: title, rows }) {
    const section = group();
    write(section.querySelector(".title"), word(title));
    section.querySelector(".rows").append(...rows.map(rowOf));
    return section;
  }

  function rowOf({ keys, does }) {
    const item = row();
    write(item.querySelector(".does"), word(does));
    item.querySelector(".keys").append(
      ...keys.map((way) => {
        const keys = document.createElement("span");
        keys.className = "way";
        keys.append(...caps(way, mac).map(cap));
        return keys;
      }),
    );
    return item;
  }

  return {
    redraw: () => (drawn = null),
    update(state) {
      const open = sheet(state);
      if (open && drawn !== enterBreaks(state)) draw(enterBreaks(state));
      if (open === "opened") element.querySelector(".shut").focus();
    },
  };
}

function cap(name) {
  const key = document.createElement("kbd");
  key.textContent = name;
  return key;
}
