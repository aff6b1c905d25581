// Where a view that scrolls stands. Pure; lengths are pixels.

/**
 * goChat's scroll rule asks this before it appends. Zoom makes scroll positions fractions, and
 * part of a line is no more to read, so a few pixels count as the bottom.
 */
export function atBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= 8;
}

/** Whether the reader is so near the newest line in sight that newer ones are wanted, if there are. */
export function nearBottom({ scrollTop, clientHeight, scrollHeight }) {
  return scrollHeight - clientHeight - scrollTop <= clientHeight;
}

/** Whether the reader is so near the oldest line that older ones are wanted: within a screen. */
export function nearTop({ scrollTop, clientHeight }) {
  return scrollTop <= clientHeight;
}
