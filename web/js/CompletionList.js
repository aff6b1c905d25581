// What the word at the caret may become. The focus stays in the text; the choice is marked there by
// aria-activedescendant, as in a combobox.
//
// Down   { choices, active }, or null for no list
// Up     "choose" with the { index } of what was clicked

import { copies, tell, write } from "./dom.js";

export function CompletionList(element, { word, field }) {
  const make = copies("completion");
  const count = element.parentElement.querySelector(".completion-count");
  let shown = null;

  // The press, not the click: a click would first take the focus, and close the list with that.
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest(".option");
    if (option) tell(element, "choose", { index: [...element.children].indexOf(option) });
  });

  function update(open) {
    element.hidden = open === null;
    if (open?.choices !== shown) fill(open?.choices ?? []);
    shown = open?.choices;
    write(count, open ? word("composer.suggested", { count: open.choices.length }) : "");
    for (const [index, option] of [...element.children].entries()) {
      option.setAttribute("aria-selected", String(index === open.active));
    }
    const active = element.children[open?.active];
    active?.scrollIntoView({ block: "nearest" });
    if (active) field.setAttribute("aria-activedescendant", active.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function fill(choices) {
    element.replaceChildren(
      ...choices.map(({ mark, label }, index) => {
        const option = make();
        option.id = `completion-${index}`;
        write(option.querySelector(".mark"), mark);
        write(option.querySelector(".label"), label);
        return option;
      }),
    );
  }

  return { update };
}
