// The meaning of a key press or a click. Pure.

/**
 * Whether this key press sends the message. Enter that selects a candidate of an input method does
 * not: its event has isComposing, or in Safari, which ends the composition first, the key code 229.
 */
export function sends(event) {
  return event.key === "Enter" && !event.shiftKey && !event.altKey && !inputMethod(event);
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
