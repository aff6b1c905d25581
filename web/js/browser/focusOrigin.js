// Whether the keyboard brought the focus to where it is, or a pointer.

let key = true; // whether a key was used last
let keyed = true;
let focused = null;
let pressed = null; // what the pointer pressed last

addEventListener("keydown", () => (key = true), true);
addEventListener("pointerdown", ({ target }) => {
  key = keyed = false;
  pressed = target;
}, true);
addEventListener("focusin", ({ target }) => {
  if (target !== focused) keyed = key; // the same again: the window came back
  focused = target;
}, true);

/** Whether the focus moved by a key, or after one, and not by a pointer: a letter may be a command only then. */
export function byKeys() {
  return keyed;
}

/** What core/keys.js has to know of `target`, which has the focus. */
export function focusOf(target) {
  const keyed = byKeys() && target !== document.body;
  const button = target.closest("a, button");
  const control = button !== null && (keyed || button.closest(".message-list") === null || !button.contains(pressed));
  return { writing: target.closest("input, textarea, select, [contenteditable]") !== null, keyed, control };
}
