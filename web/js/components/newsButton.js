// The button at the top of the message list that leads to the first new message.

import { set, tell, write } from "../browser/dom.js";

/**
 * `element` is in the list's element, `view` is what scrolls, `list` has the lines. `update` shows the button while
 * the "New" line is further up or not loaded; call `scrolled` when the view has scrolled.
 */
export function NewsButton(element, view, list, { word, now, dayOf, dayWords, clock }) {
  let name = "";

  element.addEventListener("click", () => {
    view.focus(); // the button will be hidden
    tell(element, "seek", { room: name, seq: Number(element.dataset.seq) });
  });

  /** Whether the "New" line is above the view; null if it is not loaded. */
  function above() {
    const line = list.querySelector(".note.new");
    return line && line.getBoundingClientRect().bottom <= view.getBoundingClientRect().top;
  }

  function update(room) {
    const { news, mark, log } = room;
    const place = news !== null && news.seq !== null && above();
    set(element, { hidden: place === false || (place === null && mark >= log.first - 1) });
    if (element.hidden) return;
    name = room.name;
    const time = news.time * 1000;
    const day = dayOf(news.time) === dayOf(now() / 1000) ? "" : `${dayWords(time)}, `;
    element.dataset.seq = news.seq;
    write(element.querySelector(".count"), word("list.since", { count: news.count, time: day + clock(time) }));
  }

  return {
    update,
    scrolled() {
      if (!element.hidden && above() === false) tell(element, "newsSeen");
    },
  };
}
