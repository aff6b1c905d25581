// Whether the keyboard brought the focus to where it is, or a pointer.

let key = true; // whether a key was used last
let keyed = true;
let focused = null;

addEventListener("keydown", () => (key = true), true);
addEventListener("pointerdown", () => (key = keyed = false), true);
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
  const control = target.closest("a, button") !== null && (keyed || target.closest(".message-list") === null);
  return { writing: target.closest("input, textarea, select, [contenteditable]") !== null, keyed, control };
}
