// The scroll position of a view. Pure; lengths are pixels.

/**
 * Whether the view is at the bottom: goChat's scroll rule asks this before it appends. Zoom makes
 * scroll positions fractional, so a few pixels of tolerance are needed.
 */
export function atBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= 8;
}

/** Whether the view is so near the end that newer messages are to be loaded, if there are any. */
export function nearBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= clientHeight;
}

/** Whether the view is so near the beginning that older messages are to be loaded: within one screen. */
export function nearTop({ scrollTop, clientHeight }) {
  return scrollTop <= clientHeight;
}
