// What is open above a room, and the entries that it has in the browser's history, so that Back closes it. Pure.
//
// The entry of a room has no number. Each open layer has an entry above it, with the number of the layer, from 1.

/** The events that close the open layers, the lowest first. */
export function openLayers({ panel, sheet, naming }) {
  const panels = panel ? [{ type: "panel", open: false }] : [];
  if (naming !== null && !naming.first) return [...panels, { type: "keepName" }];
  return sheet ? [...panels, { type: "sheet", name: null }] : panels;
}

/**
 * The next step with which the history comes to agree with the page; null if it does. Of the present entry:
 * the number of its `layer`, 0 for a room, and the path `at` which it is. Of the page: how many layers are
 * `open`, and the path of its `place`; `fresh`, if the user has opened that now, so that it gets an entry of
 * its own. A step is { go }, by so many entries, or { how: "push" or "replace", layer }.
 */
export function historyStep({ layer, at }, { open, place, fresh }) {
  if (at !== place) {
    if (!fresh) return { how: "replace", layer };
    if (layer > 1) return { go: 1 - layer };
    return { how: layer === 1 ? "replace" : "push", layer: 0 }; // a layer that is closed leaves no entry
  }
  if (open < layer) return { go: open - layer };
  return open > layer ? { how: "push", layer: layer + 1 } : null;
}
