// Scroll anchoring: what the user looks at stays in place when content above or below it changes.
//
// The browser dispatches scroll events once a frame, and lays out new parts near the view only after
// a frame. So an answer of the server may come before the scroll event, and the scroll event after
// a change of the layout. Two rules tell them apart: a difference of `scrollTop` from its last known value
// is scrolling by the user; any other movement of the anchored line is undone.

import { firstInSight, guessed } from "./viewport.js";

export function Anchor(view, list) {
  let known = 0; // scrollTop as it was last set or reported
  let held = null; // { line, edge, place }: the line, and the distance of its edge from the top of the window

  /** How far the user has scrolled without an event so far: pixels, down is positive. */
  function scrolled() {
    const end = view.scrollHeight - view.clientHeight; // the browser rounds it
    const from = known > end + 1 ? end : known; // when content became shorter, the browser shows its end
    return view.scrollTop - from;
  }

  /** Accept the user's scrolling, and undo other movements. */
  function keep() {
    if (view.clientHeight === 0) return; // a hidden element has no position
    const line = held && there(held.line);
    if (line) {
      held = { ...held, line, place: held.place - scrolled() };
      view.scrollTop += line.getBoundingClientRect()[held.edge] - held.place;
    }
    known = view.scrollTop;
  }

  /** The line, or the element that replaced it. */
  function there(line) {
    if (line.isConnected) return line;
    const { id, seq } = line.dataset;
    return list.querySelector(id ? `.line[data-id="${CSS.escape(id)}"]` : `.line[data-seq="${seq}"]`);
  }

  /**
   * Hold `line` in place. A line that ends within the view is held by its end: its heading may
   * disappear when a line is added above it.
   */
  function hold(line) {
    known = view.scrollTop;
    if (line === null) {
      held = null;
      return;
    }
    const { top, bottom } = line.getBoundingClientRect();
    const ends = bottom <= view.getBoundingClientRect().bottom;
    held = { line, edge: ends ? "bottom" : "top", place: ends ? bottom : top };
  }

  return {
    scrolled,
    keep,
    hold,

    /**
     * Hold the first visible line, after holding the previous one. A part of the list that becomes
     * visible before it is laid out then changes its size: in Firefox when its lines are measured, else
     * with the next frame. Until then the previous line stays held, unless it is far away.
     */
    look() {
      if (view.clientHeight === 0) return;
      keep();
      firstInSight(view, list);
      keep();
      const line = firstInSight(view, list);
      const near = Math.abs(held?.place) < 3 * view.clientHeight;
      if (!near || !guessed(line)) hold(line);
    },

    /** The first message in view, { seq, top }, with its distance from the top of the view; null for none. */
    place() {
      const line = firstInSight(view, list);
      const seq = Number(line?.dataset.seq);
      return seq > 0 ? { seq, top: line.getBoundingClientRect().top - view.getBoundingClientRect().top } : null;
    },

    /** Show `line` at this distance from the top of the view, and hold it there. */
    put(line, top) {
      line.scrollIntoView();
      view.scrollTop += line.getBoundingClientRect().top - view.getBoundingClientRect().top - top;
      hold(line);
    },

    /** Scroll to the end, and hold nothing. */
    toEnd() {
      view.scrollTop = view.scrollHeight;
      hold(null);
    },
  };
}
