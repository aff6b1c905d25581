// When the page is displayed anew, while many events arrive.

const FRAME_WAIT = 250; // if no frames are drawn (in a hidden tab), the page is updated after this time
const PACE = 25; // a frame that follows another one sooner is left to scrolling and typing

/**
 * { soon, shown }: `soon` has `show` called with the next frame; if there are many events, with every other
 * frame. `shown` is to be called by `show`, whoever called that.
 */
export function Frames(show) {
  let frame = null;
  let timer = null;
  let shownAt = -Infinity; // on the clock of animation frames

  function showInFrame(time) {
    if (time - shownAt < PACE) frame = requestAnimationFrame(showInFrame);
    else show();
  }

  return {
    soon() {
      if (timer !== null) return;
      frame = requestAnimationFrame(showInFrame);
      timer = setTimeout(show, FRAME_WAIT);
    },
    shown() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      frame = timer = null;
      shownAt = performance.now();
    },
  };
}
