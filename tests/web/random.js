// A seeded random number generator, so that a property that fails can fail again.

/** A function that gives numbers in [0, 1): mulberry32, good enough to choose examples. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of `choices`. */
export function pickOne(random, choices) {
  return choices[Math.floor(random() * choices.length)];
}
