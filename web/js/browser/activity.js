// Whether somebody uses the page.

const MOVES = ["keydown", "pointerdown", "pointermove", "wheel"];

/** Call `active` with each sign of the user's activity. */
export function watchActivity(active) {
  for (const type of MOVES) addEventListener(type, active, { capture: true, passive: true });
}
