// The meaning of a key press for the whole page. Pure. keyTable.js lists all keys.

import { inputMethod } from "./input.js";
import { SHEETS } from "./names.js";

/** Keys that change what is written, and write nothing themselves. */
const EDITING = ["Enter", "Backspace", "Delete"];

/**
 * The meaning of this key press, { type, … }; null if it has none. Of the element that
 * has the focus, `writing`: text is written there; `keyed`: the keyboard brought the focus there, so
 * that single letters may be commands; `control`: Space and Enter activate it. "write": the key is for
 * the message that is being written.
 */
export function meaning(event, { writing, keyed, control }, mac) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  const composing = inputMethod(event);
  const mod = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  const by = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!composing && mod && !altKey && !shiftKey && key.toLowerCase() === "k") return { type: "sheet", name: SHEETS.switcher };
  if (!composing && mod && !altKey && !shiftKey && key === ",") return { type: "sheet", name: SHEETS.settings };
  if (!composing && altKey && by && !ctrlKey && !metaKey) return { type: "neighbour", by, fresh: shiftKey };
  if (!composing && mod && !altKey && key === "/") return { type: "sheet", name: SHEETS.writing };
  if (writing) return null;
  const letter = writes(event, mac) || (composing && !event.isComposing);
  if (keyed && letter && key === "/") return { type: "sheet", name: SHEETS.search };
  if (keyed && letter && key === "?") return { type: "sheet", name: SHEETS.keys };
  const edits = !keyed && EDITING.includes(key) && !composing && !ctrlKey && !metaKey && !altKey;
  if (!letter && !edits) return null;
  return (key === " " || key === "Enter") && (keyed || control) ? null : { type: "write" };
}

/** Whether this key press writes something, by itself or with what follows. */
export function writes(event, mac) {
  const { key, ctrlKey, metaKey, altKey } = event;
  if (event.isComposing || (key !== "Dead" && /^\w\w+$/.test(key))) return false; // the name of a key
  const third = event.getModifierState?.("AltGraph") ?? false; // Windows reports AltGr as Ctrl+Alt
  return third || (!ctrlKey && !metaKey && (mac || !altKey));
}
