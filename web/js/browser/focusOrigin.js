// Whether the keyboard brought the focus to where it is, or a pointer.

const MOVES = ["Tab", "ArrowUp", "ArrowDown"];
let keyed = true;

addEventListener("pointerdown", () => (keyed = false), true);
addEventListener("keydown", (event) => (keyed ||= MOVES.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey), true);

/** Whether the last input that moves the focus was a key: a letter may be a command only then. */
export function byKeys() {
  return keyed;
}
