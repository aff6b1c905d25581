// The form for the user's name: first before anything else, later when the user wants to change it. If
// the server requires a password, the form asks for it, too, once in each browser.
//
// Down   { naming, connection, … }
// Up     "name" with the { nick, password } as typed, "keepName"

import { set, tell, write } from "../browser/dom.js";
import { connectionWords, refusalWords } from "../core/wording.js";

export function NameForm(element, { word }) {
  const form = element.querySelector(".card");
  const title = element.querySelector(".title");
  const about = element.querySelector(".about");
  const field = element.querySelector("#name");
  const password = element.querySelector("#password");
  const secret = element.querySelectorAll(".secret"); // the password and its label
  const refusal = element.querySelector(".refusal");
  const enter = element.querySelector(".enter");
  const keep = element.querySelector(".keep");
  const status = element.querySelector(".state");
  let asked = null;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell(element, "name", { nick: field.value, password: password.value });
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
      write(about, word(`name.about.${naming.guarded ? "guarded" : first}`));
      for (const part of secret) part.hidden = !naming.guarded;
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
      if (asked === null || naming.refusal !== asked.refusal || naming.guarded !== asked.guarded) {
        if (naming.refusal?.code === "bad_password") password.value = "";
        (naming.guarded && password.value === "" ? password : field).focus();
      }
    }
    asked = naming;
  }

  function showRefusal(refused) {
    const { key, values } = refused ? refusalWords(refused) : {};
    write(refusal, key ? word(key, values) : "");
    const guess = ["bad_password", "tries", "unknown"].includes(refused?.code);
    field.setAttribute("aria-invalid", String(refused !== null && !guess));
    password.setAttribute("aria-invalid", String(guess));
  }

  return { update };
}
