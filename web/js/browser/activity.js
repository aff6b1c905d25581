// Whether somebody uses the page.

const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel"];
const TELL_EVERY = 30_000; // milliseconds; more often is not needed

/** Call `active` with a sign of the user's activity, at most every 30 seconds. */
export function watchActivity(active) {
  let told = -Infinity;
  const sign = () => {
    if (Date.now() - told >= TELL_EVERY) active((told = Date.now()));
  };
  for (const type of SIGNS) addEventListener(type, sign, { capture: true, passive: true });
}
