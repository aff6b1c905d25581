// The meaning of a key press for the whole page. Pure. keyTable.js lists all keys.

import { SHEETS } from "./names.js";

/**
 * The meaning of this key press, { type, … }; null if it has none. `writing` says that the
 * focus is in a text field, which gets the letters.
 */
export function meaning({ key, ctrlKey, metaKey, altKey, shiftKey, isComposing }, writing, mac) {
  if (isComposing) return null;
  const mod = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (mod && !altKey && !shiftKey && key.toLowerCase() === "k") return { type: "sheet", name: SHEETS.switcher };
  if (mod && !altKey && !shiftKey && key === ",") return { type: "sheet", name: SHEETS.settings };
  if (ctrlKey || metaKey) return null;
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (altKey && by) return { type: "neighbour", by, fresh: shiftKey };
  if (altKey || writing) return null;
  if (key === "/") return { type: "sheet", name: SHEETS.search };
  if (key === "?") return { type: "sheet", name: SHEETS.keys };
  return null;
}
