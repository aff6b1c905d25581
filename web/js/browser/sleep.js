// Whether the page was asleep: with the device, or frozen by the browser. Its timers stood still
// then, and a line may have died without anybody there to notice.

const BEAT = 5_000;
const LATE = 10_000; // a beat so much later than it was due was slept through, not just slow

const BROWSER = {
  now: () => Date.now(),
  hidden: () => document.hidden,
  setInterval: (run, delay) => setInterval(run, delay),
};

/**
 * Call `woke` when the clock has jumped. A hidden page is left alone: its browser slows it down, and
 * says so when it is seen again.
 */
export function watchSleep(woke, platform = BROWSER) {
  let last = platform.now();
  platform.setInterval(() => {
    const now = platform.now();
    const slept = now - last > BEAT + LATE;
    last = now;
    if (slept && !platform.hidden()) woke();
  }, BEAT);
}
