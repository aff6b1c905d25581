// The dialog of emoji: found by name, in groups, the recently used ones first. The chosen one goes into the message.
//
// Down   { sheet }
// Up     "insert" with the { text }

import { emojiGroups, emojiMove, emojiName, knownEmoji, usedEmoji } from "../core/emojiPicker.js";
import { SHEETS } from "../core/names.js";
import { copies, tell, write } from "../browser/dom.js";
import { Storage } from "../browser/storage.js";
import { Sheet } from "./sheet.js";

export function EmojiSheet(element, { word, base }) {
  const field = element.querySelector(".field");
  const jumps = element.querySelector(".jumps");
  const list = element.querySelector(".groups");
  const none = element.querySelector(".none");
  const make = copies("emoji-group");
  const sheet = Sheet(element, SHEETS.emoji);
  const storage = Storage(base);

  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) return;
    const [first] = all();
    if (event.key === "Enter" && first) choose(first.textContent);
    else if (event.key === "ArrowDown" && first) go(first);
    else if (event.key !== "Enter") return;
    event.preventDefault();
  });
  list.addEventListener("click", ({ target }) => {
    if (target.matches(".emoji")) choose(target.textContent);
  });
  list.addEventListener("keydown", (event) => {
    const buttons = all();
    const places = buttons.map(({ offsetLeft: left, offsetTop: top }) => ({ left, top }));
    const to = emojiMove(places, buttons.indexOf(event.target), event.key, element.matches(":dir(rtl)"));
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (to < 0) field.focus();
    else go(buttons[to]);
  });
  jumps.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    field.value = "";
    draw();
    const first = list.querySelector(`[data-group=${button.dataset.to}] .emoji`);
    first.closest(".group").scrollIntoView({ block: "start" });
    go(first);
  });

  function all() {
    return [...list.querySelectorAll(".emoji")];
  }

  /** Move the focus, and with it the only tab stop of the list. */
  function go(button) {
    for (const each of list.querySelectorAll("[tabindex='0']")) each.tabIndex = -1;
    button.tabIndex = 0;
    button.focus({ preventScroll: true });
    button.scrollIntoView({ block: "nearest" });
  }

  function choose(emoji) {
    storage.save("emoji", usedEmoji(knownEmoji(storage.emoji()), emoji));
    tell(element, "sheet", { name: null }); // while the dialog is open, nothing else can have the focus
    tell(element, "insert", { text: emoji });
  }

  function draw() {
    const groups = emojiGroups(field.value, knownEmoji(storage.emoji()));
    const count = groups.reduce((sum, { items }) => sum + items.length, 0);
    list.replaceChildren(...groups.map(section));
    const [first] = all();
    if (first) first.tabIndex = 0;
    list.scrollTop = 0;
    const words = count === 0 ? word("emoji.none") : word("emoji.found", { count });
    write(none, field.value.trim() === "" ? "" : words);
    none.classList.toggle("visually-hidden", count > 0);
  }

  function section({ group, items }) {
    const made = make();
    const title = group === "found" ? word("emoji.found", { count: items.length }) : word(`emoji.${group}`);
    made.dataset.group = group;
    write(made.querySelector(".title"), title);
    made.querySelector(".all").ariaLabel = title;
    made.querySelector(".all").append(...items.map(button));
    return made;
  }

  function button(item) {
    const made = document.createElement("button");
    const name = emojiName(item);
    made.type = "button";
    made.className = "emoji";
    made.textContent = item.emoji;
    made.title = made.ariaLabel = name;
    made.lang = "en"; // as the names are in all languages of the page
    made.tabIndex = -1;
    return made;
  }

  function jump({ group, items: [{ emoji }] }) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "jump";
    made.textContent = emoji;
    made.dataset.to = group;
    made.title = made.ariaLabel = word(`emoji.${group}`);
    return made;
  }

  jumps.append(...emojiGroups("", []).map(jump));

  return {
    update(state) {
      if (sheet(state) !== "opened") return;
      field.value = "";
      draw();
      if (matchMedia("(pointer: fine)").matches) field.focus(); // or a phone's keyboard would cover the emoji
    },
  };
}
