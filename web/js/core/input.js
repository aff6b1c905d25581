// What a key press or a click means by itself. Pure.

/**
 * Whether this key press sends. Enter that picks a candidate in an input method does not: it is
 * marked as composing, or in Safari, which ends the composition first, has the key code 229.
 */
export function sends(event) {
  return event.key === "Enter" && !event.shiftKey && !event.altKey && !inputMethod(event);
}

/** Whether this key press is for an input method. */
export function inputMethod({ isComposing, keyCode }) {
  return isComposing || keyCode === 229;
}

/** Whether this key is pressed by itself. */
export function plainKey({ ctrlKey, metaKey, shiftKey, altKey }) {
  return !ctrlKey && !metaKey && !shiftKey && !altKey;
}

/** Whether this click is to be followed by the page itself, not by a new tab or window. */
export function plain({ button, ctrlKey, metaKey, shiftKey, altKey }) {
  return button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;
}
