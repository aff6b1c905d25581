// The side panel: rooms, members, the user. On a narrow screen it covers the
// conversation, while it is open.
//
// Down   { panel, me, identity, … }
// Up     "panel" with { open: false }, "rename", "sheet" for the keyboard shortcuts

import { set, tell, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { hueOf } from "../core/namesakes.js";
import { sharers } from "../core/room.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";

export function SidePanel(element, { word }) {
  const close = element.querySelector(".top > .close");
  const me = element.querySelector(".me");
  const avatar = me.querySelector(".avatar");
  const nick = me.querySelector(".nick");
  const rename = me.querySelector(".rename");
  let open = false;

  close.addEventListener("click", () => tell(element, "panel", { open: false }));
  rename.addEventListener("click", () => tell(element, "rename"));
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
    set(rename, { ariaLabel: word("panel.renameLabel", { nick: known.nick }) });
  }

  return { update };
}
