// Small steps on the page that several components take.

/** Write only what changed, so that a screen reader is not told the same again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Set those of `properties` that are not so already: what is set anew is a change, if to the same. */
export function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) if (element[name] !== value) element[name] = value;
}

/**
 * Tell the page what the user did: the event bubbles up.
 *
 * @param {Element} element
 * @param {import("../core/names.js").ComponentEvent} type
 * @param {object} [detail]
 */
export function tell(element, type, detail) {
  element.dispatchEvent(new CustomEvent(type, { bubbles: true, detail }));
}

/** A function that gives a copy of what the template `id` holds. */
export function copies(id) {
  const { content } = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const original = content.firstElementChild;
  return () => /** @type {any} */ (original.cloneNode(true));
}

/**
 * Make the children of `list` be those of `rows`, in order. A row that was there keeps its element,
 * so what the reader looks at, or has focused, stays. `shown` is a Map of what is there by key;
 * `make` gives an element for a row, `fill` brings one up to date where `same` says it is not.
 */
export function reconcile(list, shown, rows, { make, fill, same }) {
  const keys = new Set(rows.map(({ key }) => key));
  for (const [key, { element }] of shown) {
    if (keys.has(key)) continue;
    element.remove(); // first, or everything behind would be moved instead
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
