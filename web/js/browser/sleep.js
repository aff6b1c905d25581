// Detects that the page was suspended: with the device, or frozen by the browser. Its timers stopped
// then, and its connection may have died unnoticed.

const BEAT = 5_000;
const SLEPT = 10_000; // a timer that is so late means that the page was suspended, not only slow

const CLOCK = {
  now: () => Date.now(),
  hidden: () => document.hidden,
  setInterval: (run, delay) => setInterval(run, delay),
};

/**
 * Call `woke` when the clock has jumped. Not on a hidden page: browsers slow its timers down, and
 * report when it is visible again.
 */
export function watchSleep(woke, platform = CLOCK) {
  let last = platform.now();
  platform.setInterval(() => {
    const now = platform.now();
    const slept = now - last > BEAT + SLEPT;
    last = now;
    if (slept && !platform.hidden()) woke();
  }, BEAT);
}
