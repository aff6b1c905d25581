// The dialog of keyboard shortcuts.
//
// Down   { sheet }

import { caps, KEYS } from "../core/keyTable.js";
import { SHEETS } from "../core/names.js";
import { copies, write } from "../browser/dom.js";
import { Sheet } from "./sheet.js";

export function KeySheet(element, { word, mac }) {
  const list = element.querySelector(".groups");
  const group = copies("key-group");
  const row = copies("key-row");
  const sheet = Sheet(element, SHEETS.keys);

  redraw();

  function redraw() {
    list.replaceChildren(...KEYS.map(sectionOf));
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
    redraw,
    update(state) {
      if (sheet(state) === "opened") element.querySelector(".shut").focus();
    },
  };
}

function cap(name) {
  const key = document.createElement("kbd");
  key.textContent = name;
  return key;
}
