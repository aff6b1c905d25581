// Loading what the page can do without for a while.

/**
 * A function that resolves with what `load` resolves with, and calls it once. Without a connection `load` may
 * be rejected: then the function resolves with null, and its next call tries again.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @returns {() => Promise<T | null>}
 */
export function once(load) {
  let coming = null;
  return () => (coming ??= load().catch(() => (coming = null)));
}
