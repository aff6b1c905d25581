// The log of the room in sight. It follows the newest line only if it was there before (goChat's
// rule); who reads further up stays where they are, whatever comes above or below, and is offered a
// way down.
//
// Down   { rooms, key, pending, following, unseen, … }
// Up     "follow" with { following }: the reader came to the newest line, or left it; "older": they
//        come near the oldest; "again" and "takeBack" with the { id } of a line that failed

import { bookOf } from "./core/mentions.js";
import { rows, same } from "./core/rows.js";
import { reconcile, tell, write } from "./dom.js";
import { Rows } from "./line.js";
import { atBottom, current, nearTop } from "./logic.js";

export function MessageList(element, { word, dayOf, ...formats }) {
  const view = element.querySelector(".view");
  const older = element.querySelector(".older");
  const empty = element.querySelector(".empty");
  const list = element.querySelector(".lines");
  const jump = element.querySelector(".jump");
  const count = element.querySelector(".jump .count");
  const { make, fill } = Rows({ word, ...formats });
  let shown = new Map(); // what is in the list, by key
  let drawn = {}; // what it was made of
  let following = true;
  let about = { book: bookOf([]), me: null, members: null }; // who may be mentioned, and of whom that was made

  // Scroll events come before the frame's own work, so this is true again before lines are added.
  view.addEventListener("scroll", () => {
    if (atBottom(view) !== following) tell(element, "follow", { following: !following });
    askOlder();
  });
  jump.addEventListener("click", () => {
    tell(element, "follow", { following: true });
    view.focus(); // the button is gone now
  });
  list.addEventListener("click", ({ target }) => {
    const id = target.closest(".line")?.dataset.id;
    if (target.closest(".again")) tell(element, "again", { id });
    if (target.closest(".back")) tell(element, "takeBack", { id });
  });
  // A keyboard that opens, a draft that grows, a zoom: the newest line stays in sight.
  const resized = new ResizeObserver(() => {
    if (following) toBottom();
    askOlder();
  });
  resized.observe(view);
  resized.observe(list);

  function askOlder() {
    if (drawn.log?.more && view.clientHeight > 0 && nearTop(view)) tell(element, "older");
  }

  function update(state) {
    const room = current(state);
    const down = state.following && !following;
    following = state.following;
    const changed = show(state, room);
    if (following && (changed || down)) toBottom();
    jump.hidden = state.unseen === 0;
    if (state.unseen > 0) write(count, word("list.unseen", { count: state.unseen }));
  }

  /** Make the list show the room; gives whether there was anything to do. */
  function show(state, { log, name, phase, members }) {
    const { key, me } = state;
    if (about.members !== members || about.me !== me) {
      about = { book: bookOf([...members.values(), me?.nick ?? ""]), me, members };
    }
    const pending = state.pending.filter((item) => item.key === key);
    const waits = pending.length > 0 || drawn.waits;
    if (drawn.key === key && drawn.log === log && drawn.me === me && drawn.phase === phase && drawn.all === state.pending) return false;
    if (drawn.key === key && drawn.log === log && drawn.me === me && drawn.phase === phase && !waits) return false;
    const appended = drawn.key === key && drawn.log.epoch === log.epoch && drawn.log.first <= log.first;
    if (!appended) quietly();
    if (drawn.key !== key) {
      list.replaceChildren();
      shown = new Map();
    }
    const place = following ? null : firstInSight();
    const lines = rows(log.entries, pending, me, dayOf);
    reconcile(list, shown, lines, { make: (row) => named(make(row), row), fill: (line, row) => fill(line, row, about), same });
    empty.hidden = lines.length > 0 || log.epoch === null || log.more;
    list.hidden = lines.length === 0;
    write(older, above(log, name, phase, lines.length));
    drawn = { key, log, me, phase, all: state.pending, waits: pending.length > 0 };
    if (place?.line.isConnected) view.scrollTop += place.line.getBoundingClientRect().top - place.top;
    return true;
  }

  /** What stands above the oldest line. */
  function above({ epoch, more }, room, phase, count) {
    if (phase === "refused") return "";
    if (epoch === null || more) return word("list.loading");
    return count > 0 ? word("list.beginning", { room }) : "";
  }

  /** What comes now is not news, and not read out. */
  function quietly() {
    view.ariaLive = "off";
    requestAnimationFrame(() => requestAnimationFrame(() => (view.ariaLive = "polite")));
  }

  /** The first line that is in sight, and where it is, so that it can be kept there. */
  function firstInSight() {
    const top = view.getBoundingClientRect().top;
    let [low, high] = [0, list.children.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list.children[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    const line = list.children[low];
    return line ? { line, top: line.getBoundingClientRect().top } : null;
  }

  function toBottom() {
    view.scrollTop = view.scrollHeight;
  }

  return { update };
}

/** The element with the id by which its sender knows a line of their own. */
function named(element, { key }) {
  if (key.startsWith("own:")) element.dataset.id = key.slice(4);
  return element;
}
