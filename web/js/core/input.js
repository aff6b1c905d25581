// The meaning of a key press or a click. Pure.

const HARDWARE = ["Tab", "Escape", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Shift", "Control", "Alt", "Meta"];

/**
 * Whether this key press sends the message; with `breaks`, Enter alone starts a new line. Enter that
 * selects a candidate of an input method does not: its event has isComposing, or in Safari, which ends
 * the composition first, the key code 229.
 */
export function sends(event, breaks = false) {
  const enter = event.key === "Enter" && !event.shiftKey && !event.altKey && !inputMethod(event);
  return enter && (!breaks || event.ctrlKey || event.metaKey);
}

/** Whether only a hardware keyboard has this key: the one on a touch screen does not, or gives it no code. */
export function hardware({ key, code }) {
  return code !== "" && HARDWARE.includes(key);
}

/** Whether this key press belongs to an input method. */
export function inputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === 229;
}

/** Whether this key is pressed without modifiers. */
export function plainKey({ ctrlKey, metaKey, shiftKey, altKey }) {
  return !ctrlKey && !metaKey && !shiftKey && !altKey;
}

/** Whether the page itself follows this click, and not a new tab or window. */
export function plainClick({ button, ctrlKey, metaKey, shiftKey, altKey }) {
  return button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;
}
