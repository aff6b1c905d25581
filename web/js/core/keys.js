// What a key press means for the page, wherever the focus is. Pure. keyTable.js lists all keys.

import { SHEETS } from "./names.js";

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
