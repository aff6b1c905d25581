// The dialogs, each of which is loaded when it is first opened.

import { SHEETS } from "../core/names.js";
import { Lazy } from "./lazy.js";

const LOADS = {
  [SHEETS.switcher]: () => import("./RoomSwitcher.js"),
  [SHEETS.room]: () => import("./RoomSheet.js"),
  [SHEETS.search]: () => import("./SearchPanel.js"),
  [SHEETS.emoji]: () => import("./EmojiSheet.js"),
  [SHEETS.writing]: () => import("./WritingSheet.js"),
  [SHEETS.person]: () => import("./PersonCard.js"),
  [SHEETS.keys]: () => import("./KeySheet.js"),
  [SHEETS.settings]: () => import("./SettingsSheet.js"),
};

/** A stand-in for each dialog. */
export function dialogs(tools) {
  return Object.entries(LOADS).map(([name, load]) => Lazy(document.querySelector(`.${name}`), load, tools));
}
