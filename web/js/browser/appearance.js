// Applies the theme and the text size to the document; css/base.css does the rest.

/** A function that applies settings; the colour of the browser's own bars follows the theme. */
export function Appearance(root) {
  const bars = [...root.querySelectorAll("meta[media]")].map((meta) => ({ meta, media: meta.media }));

  return function apply({ theme, size }) {
    Object.assign(root.dataset, { theme, size });
    for (const { meta, media } of bars) {
      meta.media = theme === "system" ? media : media.includes(theme) ? "all" : "not all";
    }
  };
}
