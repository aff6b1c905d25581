// The side panel: rooms, members, the user. On a narrow screen it covers the
// conversation, while it is open.
//
// Down   { panel, me, identity, … }
// Up     "panel" with { open: false }, "sheet" for the settings and the keyboard shortcuts

import { set, tell, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { hueOf } from "../core/namesakes.js";
import { sharers } from "../core/room.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";

export function SidePanel(element, { word }) {
  const close = element.querySelector(".top > .close");
  const me = element.querySelector(".me");
  const self = me.querySelector(".self");
  const avatar = me.querySelector(".avatar");
  const nick = me.querySelector(".nick");
  let open = false;

  close.addEventListener("click", () => tell(element, "panel", { open: false }));
  for (const each of [self, me.querySelector(".settings")]) each.addEventListener("click", () => tell(element, "sheet", { name: SHEETS.settings }));
  me.querySelector(".keys").addEventListener("click", () => tell(element, "sheet", { name: SHEETS.keys }));
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && open) tell(element, "panel", { open: false });
  });

  function update(state) {
    element.classList.toggle("open", state.panel);
    if (state.panel && !open) close.focus();
    open = state.panel;
    const known = state.me ?? state.identity; // without a server, the stored name
    set(me, { hidden: known === null });
    if (known === null) return;
    write(avatar, initial(known.nick));
    set(avatar.dataset, { hue: state.me ? String(hueOf(state.me.user, sharers(current(state), state.me))) : "" });
    write(nick, known.nick);
    set(self, { ariaLabel: word("panel.self", { nick: known.nick }) });
  }

  return { update };
}
