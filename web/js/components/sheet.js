// What all dialogs of the page have in common. A <dialog> keeps the focus, and gives it back, itself.

import { tell } from "../browser/dom.js";

/**
 * A function that opens and closes the dialog `element` as the state wants; it gives "opened" where
 * it just did so, else whether it is open.
 */
export function Sheet(element, name) {
  const close = () => tell(element, "sheet", { name: null });
  let wanted = false;

  element.querySelector(".shut").addEventListener("click", close);
  element.addEventListener("cancel", (event) => {
    event.preventDefault(); // the state closes it
    close();
  });
  element.addEventListener("close", () => {
    if (wanted) close(); // the browser closed it all the same
  });
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element && outside(event, element.getBoundingClientRect())) close();
  });

  return function shown(state) {
    const was = element.open;
    wanted = state.sheet?.name === name;
    if (wanted && !was) element.showModal();
    if (!wanted && was) element.close();
    return wanted && !was ? "opened" : wanted;
  };
}

function outside({ clientX: x, clientY: y }, { left, right, top, bottom }) {
  return x < left || x > right || y < top || y > bottom;
}
