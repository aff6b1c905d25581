// The actions of one message. The bar is above the log, not in it, so that a screen reader does not
// read it as a new message.
//
// Up     "react" with { seq, emoji }, "reply", "edit" and "remove" with { seq }

import { ago } from "../core/ago.js";
import { copy } from "../browser/clipboard.js";
import { tell, write } from "../browser/dom.js";

/** The emoji that are used most as reactions. */
const FREQUENT = ["👍", "❤️", "😂", "🎉", "👀", "🙏", "✅", "🚀"];

export function ActionBar(element, { word, now, near, calendar, linkTo, textOf }) {
  const find = (selector) => element.querySelector(selector);
  const tools = [...element.querySelectorAll(".tool")];
  const picker = find(".picker");
  const field = find(".picker .field");
  const spoken = find(".spoken");
  const when = find(".when");
  let line = null; // the line of its message

  redraw();
  for (const name of /** @type {const} */ (["reply", "edit", "remove"])) {
    find(`.${name}`).addEventListener("click", () => {
      const { seq } = about();
      hide();
      tell(element, name, { seq });
    });
  }
  find(".react").addEventListener("click", () => pick(picker.hidden));
  for (const [name, whatOf, said] of [["copy", textOf, "act.copied"], ["share", linkTo, "act.shared"]]) {
    find(`.${name}`).addEventListener("click", async ({ currentTarget }) => {
      if (!(await copy(whatOf(about().seq)))) return;
      currentTarget.classList.add("done");
      label(currentTarget, word(said));
      write(spoken, word(said));
    });
  }
  picker.addEventListener("submit", (event) => {
    event.preventDefault();
    const which = line;
    const named = import("../core/emoji.js").then(({ emojify }) => emojify(field.value), () => field.value);
    named.then((emoji) => which === line && react(emoji));
  });
  element.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (picker.hidden) leave();
      else pick(false);
    } else if (way && event.target.matches(".tool, .emoji")) {
      event.preventDefault();
      const row = [...event.target.parentElement.querySelectorAll("button:not([hidden])")];
      const step = getComputedStyle(element).direction === "rtl" ? -way : way;
      row.at((row.indexOf(event.target) + step) % row.length).focus();
    }
  });
  element.addEventListener("focusout", ({ relatedTarget }) => {
    const clicked = relatedTarget === null && element.matches(":hover"); // Safari does not focus a clicked button
    if (!clicked && !element.contains(relatedTarget) && !line?.contains(relatedTarget)) hide();
  });

  function redraw() {
    for (const name of ["react", "reply", "edit", "remove", "copy", "share"]) label(find(`.${name}`), word(`act.${name}`));
    find(".often").replaceChildren(...FREQUENT.map(offer));
  }

  function about() {
    return { seq: Number(line.dataset.seq) };
  }

  function label(button, text) {
    button.title = button.ariaLabel = text;
  }

  function offer(emoji) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "emoji";
    button.textContent = emoji;
    label(button, word("act.putOne", { emoji }));
    button.addEventListener("click", () => react(emoji));
    return button;
  }

  function react(emoji) {
    const { seq } = about();
    leave();
    tell(element, "react", { seq, emoji });
  }

  function pick(open) {
    const within = element.contains(document.activeElement);
    picker.hidden = !open;
    find(".react").setAttribute("aria-expanded", String(open));
    place();
    if (open) find(".often .emoji").focus();
    else if (within) find(".react").focus();
  }

  /** Hide, and return the focus to the line. */
  function leave() {
    const back = line;
    if (element.contains(document.activeElement)) back.focus({ preventScroll: true });
    hide();
  }

  /**
   * At the upper corner of the line's bubble that is further from the edge of the page. The author beside a short
   * bubble stays in sight, and can be clicked.
   */
  function place() {
    if (line === null) return;
    const frame = element.parentElement.getBoundingClientRect();
    const bubble = line.querySelector(".bubble").getBoundingClientRect();
    const { width, height } = element.getBoundingClientRect();
    const tall = height - 8;
    const rtl = getComputedStyle(element).direction === "rtl";
    const atStart = line.classList.contains("own") !== rtl;
    const author = line.matches(".leads:not(.own)") ? line.querySelector(".by").getBoundingClientRect() : null;
    const corner = atStart ? bubble.left - 12 : bubble.right + 12 - width;
    const x = author === null ? corner : atStart ? Math.min(corner, author.left - 4 - width) : Math.max(corner, author.right + 4);
    const above = (line.querySelector(".quoted") ?? line.querySelector(".bubble")).getBoundingClientRect().top - frame.top - tall;
    const y = above >= 4 ? above : Math.min(bubble.bottom - frame.top - 8, frame.height - height - 4);
    element.style.left = `${Math.round(Math.max(4, Math.min(x - frame.left, frame.width - width - 4)))}px`;
    element.style.top = `${Math.round(Math.max(4, y))}px`;
  }

  /** Show the actions of `which`, a line; a deleted or unsent message has none. */
  function show(which) {
    if (which === line) return;
    hide();
    if (which.dataset.seq === undefined || which.classList.contains("gone")) return;
    line = which;
    line.classList.add("chosen");
    const own = line.classList.contains("own");
    find(".edit").hidden = find(".remove").hidden = !own;
    for (const name of ["copy", "share"]) {
      find(`.${name}`).classList.remove("done");
      label(find(`.${name}`), word(`act.${name}`));
    }
    const time = Date.parse(line.querySelector(".time").dateTime);
    write(when, ago(time, now(), near));
    when.title = calendar(time);
    when.dateTime = line.querySelector(".time").dateTime;
    write(spoken, "");
    element.hidden = false;
    place();
  }

  function hide() {
    if (line === null) return;
    line.classList.remove("chosen");
    line = null;
    element.hidden = picker.hidden = true;
    field.value = "";
    find(".react").setAttribute("aria-expanded", "false");
  }

  return {
    redraw,
    show,
    hide,
    place,
    /** Whether the user is using it, so that it must not be hidden. */
    held: () => !picker.hidden || element.contains(document.activeElement),
    /** The line that it is for; null while it is hidden. */
    line: () => line,
    /** Focus the bar for `which`; with `react`, the emoji at once. */
    enter(which, react = false) {
      show(which);
      if (line === null) return;
      if (react) pick(true);
      else tools[0].focus();
    },
  };
}
