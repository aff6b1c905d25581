// The log. It follows the newest line only if it was there before (goChat's rule); who reads
// further up stays where they are, and is offered a way down.
//
// Down   { lines, following, unseen }
// Up     "follow" with true or false: the reader came to the newest line, or left it

import { atBottom } from "./logic.js";

export function MessageList(element, { word, clock, calendar }) {
  const view = element.querySelector(".view");
  const empty = element.querySelector(".empty");
  const list = element.querySelector(".lines");
  const jump = element.querySelector(".jump");
  const count = element.querySelector(".jump .count");
  const template = document.getElementById("line").content.firstElementChild;
  let first = 0; // key of the oldest line in the list
  let next = 0; // key of the line to come
  let following = true;

  // Scroll events come before the frame's own work, so this is true again before lines are added.
  view.addEventListener("scroll", () => {
    if (atBottom(view) !== following) tell(!following);
  });
  jump.addEventListener("click", () => {
    tell(true);
    view.focus(); // the button is gone now
  });
  // A keyboard that opens, a draft that grows, a zoom: the newest line stays in sight.
  const resized = new ResizeObserver(() => {
    if (following) toBottom();
  });
  resized.observe(view);
  resized.observe(list);

  function tell(detail) {
    element.dispatchEvent(new CustomEvent("follow", { bubbles: true, detail }));
  }

  function update(state) {
    const down = state.following && !following;
    following = state.following;
    const changed = show(state.lines);
    if (following && (changed || down)) toBottom();
    empty.hidden = state.lines.length > 0;
    jump.hidden = state.unseen === 0;
    if (state.unseen > 0) count.textContent = word("list.unseen", { count: state.unseen });
  }

  /** Make the list show `lines`; gives whether there was anything to do. */
  function show(lines) {
    const oldest = lines.length > 0 ? lines[0].key : next;
    const end = oldest + lines.length;
    if (oldest === first && end === next) return false;
    if (oldest >= next) {
      list.replaceChildren(); // more came at once than is kept
      first = next = oldest;
    }
    list.append(...lines.slice(next - oldest).map(render));
    next = end;
    dropBefore(oldest);
    return true;
  }

  /** Remove the lines before the key `oldest` without moving what is being read. */
  function dropBefore(oldest) {
    if (oldest === first) return;
    const stays = list.children[oldest - first];
    const before = following ? 0 : stays.offsetTop;
    while (list.firstElementChild !== stays) list.firstElementChild.remove();
    if (!following) view.scrollTop -= before - stays.offsetTop;
    first = oldest;
  }

  function render({ text, time }) {
    const line = template.cloneNode(true);
    const when = line.querySelector(".time");
    line.querySelector(".text").textContent = text;
    when.textContent = clock(time);
    when.title = calendar(time);
    when.dateTime = new Date(time).toISOString();
    return line;
  }

  function toBottom() {
    view.scrollTop = view.scrollHeight;
  }

  return { update };
}
