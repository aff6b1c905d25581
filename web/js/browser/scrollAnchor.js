// Scroll anchoring: what the reader looks at stays where it is, whatever changes above or below it.
//
// The browser tells of scrolling once a frame, and only after a frame lays out what has come near the
// view. So an answer of the server may come before the scrolling is told, and the scroll event after
// the layout has changed. Two rules tell them apart: what `scrollTop` differs from its known value was
// scrolled by the reader; what the anchored line differs from its place after that is undone.

import { firstInSight } from "./viewport.js";

export function Anchor(view, list) {
  let known = 0; // scrollTop as it was last set, or told
  let held = null; // { line, edge, place }: the line, and how far its edge is below the top of the window

  /** How far the reader has scrolled unheard: pixels, down is positive. */
  function scrolled() {
    const end = view.scrollHeight - view.clientHeight; // rounded by the browser
    const from = known > end + 1 ? end : known; // of content that became shorter the browser shows the end
    return view.scrollTop - from;
  }

  /** Take the reader's scrolling for heard, and undo what has moved besides. */
  function keep() {
    if (view.clientHeight === 0) return; // out of sight nothing has a place
    const line = held && there(held.line);
    if (line) {
      held = { ...held, line, place: held.place - scrolled() };
      view.scrollTop += line.getBoundingClientRect()[held.edge] - held.place;
    }
    known = view.scrollTop;
  }

  /** The line, or the one that stands for it where it was made anew. */
  function there(line) {
    if (line.isConnected) return line;
    const { id, seq } = line.dataset;
    return list.querySelector(id ? `.line[data-id="${CSS.escape(id)}"]` : `.line[data-seq="${seq}"]`);
  }

  /**
   * Hold `line` where it is. A line that ends in sight is held by its end: its heading may go when the
   * one above it comes.
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

    /** Hold the first line in sight, once what it stood at before is kept. */
    look() {
      if (view.clientHeight === 0) return;
      keep();
      hold(firstInSight(view, list));
    },

    /** Show the end, and hold nothing. */
    toEnd() {
      view.scrollTop = view.scrollHeight;
      hold(null);
    },
  };
}
