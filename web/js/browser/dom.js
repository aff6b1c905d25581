// Small functions for the DOM that several components use.

/** Write only changed text, so that a screen reader does not read the same text again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set only the properties that differ: setting the same value would still be a change of the DOM. */
export function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) if (element[name] !== value) element[name] = value;
}

/**
 * Dispatch an event about what the user did; it bubbles.
 *
 * @param {Element} element
 * @param {import("../core/names.js").ComponentEvent} type
 * @param {object} [detail]
 */
export function tell(element, type, detail) {
  element.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}

/** Replace what is selected in `field` by `text` as typing does: it can be undone, apart from what was typed before. */
export function insert(field, text) {
  const { selectionStart: start, selectionEnd: end } = field;
  field.focus();
  if (start === end) {
    field.select(); // or a browser joins it with what was typed before into one step
    field.setSelectionRange(start, end);
  }
  if (text === "" || document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** A function that returns a copy of the content of the template `id`. */
export function copies(id) {
  const { content } = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const original = content.firstElementChild;
  return () => /** @type {any} */ (original.cloneNode(true));
}

/** Remove all children of `list`, so that `reconcile` makes them anew. */
export function clearList(list, shown) {
  list.replaceChildren();
  shown.clear();
}

/**
 * Make the children of `list` those of `rows`, in order. Existing rows keep their elements,
 * and with them focus and scroll position. `shown` is a Map of the present rows by key;
 * `make` returns an element for a row; `fill` updates one if `same` says that its row has changed.
 */
export function reconcile(list, shown, rows, { make, fill, same }) {
  const keys = new Set(rows.map(({ key }) => key));
  for (const [key, { element }] of shown) {
    if (keys.has(key)) continue;
    element.remove(); // first, or all later elements would be moved
    shown.delete(key);
  }
  let next = list.firstElementChild;
  for (const row of rows) {
    const there = shown.get(row.key);
    const element = there?.element ?? make(row);
    if (!there || !same(there.row, row)) fill(element, row);
    shown.set(row.key, { row, element });
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
}
