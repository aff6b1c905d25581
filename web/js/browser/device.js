// What the page at `base` stores in this browser: its size, and deleting it. Loaded when that is needed.

/** The keys that belong to the page in `area`. */
function keys(area, base) {
  return Object.keys(area).filter((key) => key.startsWith(`gochat ${base} `));
}

/** The size of what is stored for all tabs, in bytes: two for each UTF-16 code unit. */
export function sizeStored(base) {
  try {
    return keys(localStorage, base).reduce((sum, key) => sum + 2 * (key.length + localStorage[key].length), 0);
  } catch {
    return 0; // forbidden
  }
}

/** Delete everything that is stored, for all tabs, and the drafts of this one. */
export function erase(base) {
  try {
    for (const area of [localStorage, sessionStorage]) for (const key of keys(area, base)) area.removeItem(key);
    indexedDB.deleteDatabase(`gochat ${base}`); // of pendingStore.js, which closes it
  } catch {
    return; // forbidden, so nothing is stored
  }
}
