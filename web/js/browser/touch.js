// Whether the page is used on a touch screen without a keyboard.

import { hardware } from "../core/input.js";

const coarse = matchMedia("(pointer: coarse)");

/** Whether there is a touch screen; `tell` is told with true or false when that changes, or a keyboard is used. */
export function watchTouch(tell) {
  let touch = coarse.matches;
  const become = (now) => {
    if (now !== touch) tell((touch = now));
  };
  coarse.addEventListener("change", () => become(coarse.matches));
  addEventListener("keydown", (event) => touch && hardware(event) && become(false), true);
  return touch;
}
