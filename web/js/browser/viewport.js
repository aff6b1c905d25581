// Finds visible lines of the log. The log is divided into parts, and the browser does not lay out those
// far away (css/message-list.css); so only positions of parts are read, and of the lines of one part.

/** The first visible line; else the last one above the view; null for none. */
export function firstInSight(view, list) {
  const { top } = view.getBoundingClientRect();
  const below = (element) => element.getBoundingClientRect().bottom > top;
  const part = first(list.children, below);
  const row = part && (first(part.children, below) ?? part.lastElementChild);
  if (!row) return null;
  return row.matches(".line") ? row : beside(row, "nextElementSibling") ?? beside(row, "previousElementSibling");
}

/** Whether the part that contains `row` has a guessed size, not that of its rows. */
export function guessed(row) {
  const bottom = (element) => element.getBoundingClientRect().bottom;
  return row !== null && Math.abs(bottom(row.parentElement) - bottom(row.parentElement.lastElementChild)) > 1;
}

/** The lowest visible line; null for none. */
export function lastInSight(view, list) {
  const { bottom } = view.getBoundingClientRect();
  const out = (element) => element.getBoundingClientRect().top >= bottom;
  const part = before(first(list.children, out), list);
  return part ? line(before(first(part.children, out), part), "previousElementSibling") : null;
}

/** The line after or before `from`; `way` is the name of the sibling property. */
export function beside(from, way) {
  return line(from[way], way) ?? across(from.parentElement[way], way);
}

function across(part, way) {
  const end = way === "nextElementSibling" ? "firstElementChild" : "lastElementChild";
  return part ? line(part[end], way) ?? across(part[way], way) : null;
}

/** `row`, or the next one in that direction that is a line. */
function line(row, way) {
  let found = row;
  while (found && !found.matches(".line")) found = found[way];
  return found;
}

/** The first of `elements`, which are ordered from top to bottom, for which `holds`; undefined for none. */
function first(elements, holds) {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(elements[middle])) high = middle;
    else low = middle + 1;
  }
  return elements[low];
}

function before(element, parent) {
  return element ? element.previousElementSibling : parent.lastElementChild;
}
