// Keyboard navigation in a list of lines: the arrow keys move from one line to the next, and Tab reaches
// the controls only within the current line.

import { beside, lastInSight } from "./viewport.js";

/**
 * Make the controls of a line tab stops only if it is the current one: a log may hold a
 * thousand links.
 */
export function rove(line) {
  const tabIndex = line.classList.contains("here") ? 0 : -1;
  for (const each of line.querySelectorAll(".bubble :is(a, button), .chip, .quoted, .more")) each.tabIndex = tabIndex;
}

/**
 * Let the arrow keys move through the lines of `list`, which is in `view`. `press(key, line)` gets
 * every other key on a line itself, and returns whether it was used.
 */
export function Reach(view, list, press) {
  let here = null;

  function come(line) {
    if (here === line) return;
    const left = here;
    here = line;
    for (const each of [left, line]) {
      if (each === null) continue;
      each.classList.toggle("here", each === line);
      rove(each);
    }
  }

  list.addEventListener("focusin", ({ target }) => come(target.closest(".line")));
  view.addEventListener("keydown", (event) => {
    const { key, target } = event;
    const line = target.closest(".line");
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (key === "ArrowUp" || key === "ArrowDown") {
      const start = here?.isConnected ? here : lastInSight(view, list);
      const next = line ? beside(line, key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling") : start;
      event.preventDefault();
      next?.focus({ preventScroll: true });
      next?.scrollIntoView({ block: "nearest" });
    } else if (key === "Escape" && line) {
      event.preventDefault();
      view.focus({ preventScroll: true });
    } else if (line !== null && target === line && press(key, line)) {
      event.preventDefault();
    }
  });
}
