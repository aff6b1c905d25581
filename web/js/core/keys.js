// Which keys do what, wherever the focus is. Pure. KEYS is what the sheet of all keys shows; a key
// that a component listens to itself is listed here all the same. A group is of one place on the page.

import { SHEETS } from "./names.js";

/** Groups of { keys, does }: each of `keys` is one way, "Mod" is ⌘ or Ctrl; `does` names its words. */
export const KEYS = [
  {
    group: "keys.rooms",
    rows: [
      { keys: ["Mod+K"], does: "keys.switch" },
      { keys: ["Alt+↑", "Alt+↓"], does: "keys.neighbour" },
      { keys: ["Alt+Shift+↑", "Alt+Shift+↓"], does: "keys.fresh" },
    ],
  },
  {
    group: "keys.messages",
    rows: [
      { keys: ["↑", "↓"], does: "keys.walk" },
      { keys: ["Enter"], does: "keys.act" },
      { keys: ["R"], does: "act.reply" },
      { keys: ["+"], does: "act.react" },
      { keys: ["E"], does: "act.edit" },
      { keys: ["Delete"], does: "act.remove" },
      { keys: ["/"], does: "keys.search" },
    ],
  },
  {
    group: "keys.writing",
    rows: [
      { keys: ["Enter"], does: "keys.send" },
      { keys: ["Shift+Enter"], does: "keys.newline" },
      { keys: ["Tab"], does: "keys.complete" },
      { keys: ["↑"], does: "keys.last" },
    ],
  },
  {
    group: "keys.page",
    rows: [
      { keys: ["?"], does: "keys.keys" },
      { keys: ["Esc"], does: "keys.close" },
    ],
  },
];

/** What is printed on the key caps of `way`, "Alt+Shift+↑" say, on this kind of keyboard. */
export function caps(way, mac) {
  const APPLE = { Mod: "⌘", Alt: "⌥", Shift: "⇧" };
  return way.split(/\+(?=.)/).map((key) => (mac ? APPLE[key] ?? key : key === "Mod" ? "Ctrl" : key));
}

/**
 * What this key press means for the page, { type, … }; null where it is not ours. `writing`: the
 * focus is where text is written, and letters belong to it.
 */
export function meaning({ key, ctrlKey, metaKey, altKey, shiftKey, isComposing }, writing, mac) {
  if (isComposing) return null;
  const mod = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (mod && !altKey && !shiftKey && key.toLowerCase() === "k") return { type: "sheet", name: SHEETS.switcher };
  if (ctrlKey || metaKey) return null;
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (altKey && by) return { type: "neighbour", by, fresh: shiftKey };
  if (altKey || writing) return null;
  if (key === "/") return { type: "sheet", name: SHEETS.search };
  if (key === "?") return { type: "sheet", name: SHEETS.keys };
  return null;
}
