// Completions of the word at the caret. The focus stays in the text field; aria-activedescendant marks
// the active choice, as in a combobox.
//
// Down   the state, with `offer`, after each input into `field`
// Up     "input" from `field`, as if the user had typed the choice

import { completed, completions, people } from "../core/completion.js";
import { EMOJI } from "../core/emoji.js";
import { copies, insert, write } from "../browser/dom.js";
import { plainKey } from "../core/input.js";

export function CompletionList(element, { word, compare, field }) {
  const make = copies("completion");
  const count = element.parentElement.querySelector(".completion-count");
  let open = null; // { start, caret, choices, active } while there are choices

  // pointerdown, not click: a click would first move the focus, and close the list.
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest(".option");
    if (option) take([...element.children].indexOf(option));
  });
  field.addEventListener("blur", close);
  // The caret was moved by keys or a click, away from the word to complete.
  document.addEventListener("selectionchange", () => {
    if (open && caret() !== open.caret) close();
  });

  const KEYS = {
    ArrowDown: () => mark(open.active + 1),
    ArrowUp: () => mark(open.active - 1),
    Enter: () => take(open.active),
    Tab: () => take(open.active),
    Escape: () => close(),
  };

  function caret() {
    return field.selectionStart === field.selectionEnd ? field.selectionEnd : 0;
  }

  /** Offer completions of the word at the caret, if there are any. */
  function offer(state) {
    const found = completions(field.value, caret(), people(state, compare), EMOJI);
    if (!found || !field.matches(":focus")) {
      close();
      return;
    }
    open = { ...found, caret: caret(), active: 0 };
    element.replaceChildren(...open.choices.map(option));
    element.hidden = false;
    write(count, word("composer.suggested", { count: open.choices.length }));
    mark(0);
  }

  function option({ mark, label }, index) {
    const made = make();
    made.id = `completion-${index}`;
    write(made.querySelector(".mark"), mark);
    write(made.querySelector(".label"), label);
    return made;
  }

  function mark(index) {
    const { length } = open.choices;
    open.active = (index + length) % length;
    for (const [i, each] of [...element.children].entries()) each.setAttribute("aria-selected", String(i === open.active));
    const active = element.children[open.active];
    active.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", active.id);
  }

  function close() {
    if (open === null) return;
    open = null;
    element.hidden = true;
    write(count, "");
    field.removeAttribute("aria-activedescendant");
  }

  function take(index) {
    const { start, caret, choices } = open;
    close();
    field.setSelectionRange(start, caret);
    insert(field, completed(field.value, caret, choices[index]));
  }

  /** Handle a key while the list is open; returns whether it was used. */
  function press(event) {
    if (open === null || !plainKey(event) || !Object.hasOwn(KEYS, event.key)) return false;
    event.stopPropagation(); // Escape has closed something already
    KEYS[event.key]();
    return true;
  }

  return { offer, close, press };
}
