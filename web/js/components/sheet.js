// What all dialogs of the page have in common. A <dialog> traps and restores the focus itself.

import { tell } from "../browser/dom.js";

/**
 * A function that opens and closes the dialog `element` according to the state; it returns "opened" if
 * it has just opened it, else whether it is open.
 */
export function Sheet(element, name) {
  const close = () => tell(element, "sheet", { name: null });
  let wanted = false;

  element.querySelector(".shut").addEventListener("click", close);
  element.addEventListener("cancel", (event) => {
    event.preventDefault(); // it is closed by the state
    close();
  });
  element.addEventListener("close", () => {
    if (wanted && !element.open) close(); // the browser closed it anyway; it may have been opened again since
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
