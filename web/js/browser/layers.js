// The browser's history: each room that the user opened has an entry, and each open layer one above it. See
// docs/decisions/0056-back-closes-what-is-open.md.

import { historyStep } from "../core/layers.js";

/**
 * `popped` is called when the browser has moved to another entry by itself, with the number of its layer; the
 * page then shows the room of its URL, with at most so many layers. `show` is called when it has moved
 * as `follow` asked.
 *
 * @param {(layer: number) => void} popped
 * @param {() => void} show
 */
export function Layers(popped, show, platform = globalThis) {
  const { history, location } = platform;
  const layerNow = () => history.state?.layer ?? 0;
  let awaited = null; // where the browser was asked to move: { layer, at }
  let fresh = false; // whether a room was opened that has no entry yet

  platform.addEventListener("popstate", () => {
    const asked = awaited?.layer === layerNow() && awaited.at === location.pathname;
    awaited = null;
    if (asked) show();
    else popped(layerNow());
  });

  /** Let the history agree with the `open` layers above the room at the path `place`, which may be `respelled`. */
  function follow(open, place, respelled) {
    while (awaited === null) {
      const at = location.pathname;
      const step = historyStep({ layer: layerNow(), at }, { open, place: fresh || respelled ? place : at, fresh });
      if (step === null) break;
      if (step.go) {
        awaited = { layer: layerNow() + step.go, at };
        history.go(step.go);
      } else {
        const url = step.layer > layerNow() ? undefined : place; // a layer keeps the fragment
        history[`${step.how}State`](step.layer > 0 ? { layer: step.layer } : null, "", url);
      }
    }
    if (awaited === null) fresh = false;
  }

  return {
    follow,
    /** The user has opened another room. */
    travelled: () => (fresh = true),
  };
}
