// The form for the user's name: first before anything else, later when the user wants to change it.
//
// Down   { naming, connection, … }
// Up     "name" with the { nick } as typed, "keepName"

import { set, tell, write } from "../browser/dom.js";
import { connectionWords, refusalWords } from "../core/wording.js";

export function NameForm(element, { word }) {
  const form = element.querySelector(".card");
  const title = element.querySelector(".title");
  const about = element.querySelector(".about");
  const field = element.querySelector(".field");
  const refusal = element.querySelector(".refusal");
  const enter = element.querySelector(".enter");
  const keep = element.querySelector(".keep");
  const status = element.querySelector(".state");
  let asked = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell(element, "name", { nick: field.value });
  });
  keep.addEventListener("click", () => tell(element, "keepName"));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) tell(element, "keepName");
  });

  function update(state) {
    const { naming } = state;
    set(element, { hidden: naming === null });
    if (naming !== null) {
      const first = naming.first ? "first" : "again";
      write(title, word(`name.title.${first}`));
      write(about, word(`name.about.${first}`));
      write(enter, word(`name.enter.${first}`));
      const { spoken, values } = connectionWords(state);
      write(status, naming.busy ? word(spoken, values) : "");
      keep.hidden = naming.first;
      enter.setAttribute("aria-disabled", String(naming.busy));
      showRefusal(naming.refusal);
      if (asked === null) {
        field.value = naming.nick;
        field.select();
      } else if (!naming.busy && naming.nick !== asked.nick && field.value === asked.nick) {
        field.value = naming.nick; // another tab has set it, and nothing was typed here
      }
      if (asked === null || naming.refusal !== asked.refusal) field.focus();
    }
    asked = naming;
  }

  function showRefusal(refused) {
    const { key, values } = refused ? refusalWords(refused) : {};
    write(refusal, key ? word(key, values) : "");
    field.setAttribute("aria-invalid", String(refused !== null));
  }

  return { update };
}
