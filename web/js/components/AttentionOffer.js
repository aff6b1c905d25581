// The offer of notifications, once, after somebody has mentioned the user.
//
// Down   { attention, permission, named }
// Up     "notify" with { on: true }, "notNow"

import "../core/attentionRules.js";
import { offers } from "../core/attention.js";
import { set, tell, write } from "../browser/dom.js";

export function AttentionOffer(element, { word }) {
  element.querySelector(".yes").addEventListener("click", () => tell(element, "notify", { on: true }));
  element.querySelector(".no").addEventListener("click", () => tell(element, "notNow"));

  return {
    update(state) {
      const open = offers(state);
      element.classList.toggle("open", open);
      set(element.querySelector(".buttons"), { hidden: !open });
      write(element.querySelector(".text"), open ? word("attention.offer") : "");
    },
  };
}
