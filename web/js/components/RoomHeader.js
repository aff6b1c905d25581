// The header: the room, its topic, the number of members, and buttons for the side panel and
// the dialogs.
//
// Down   { rooms, key, panel, … }
// Up     "panel" with { open: true }, "sheet" with the { name } of a dialog

import { set, tell, write } from "../browser/dom.js";
import { anyFresh } from "../core/choices.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";

export function RoomHeader(element, { word }) {
  const menu = element.querySelector(".menu");
  const fresh = menu.querySelector(".fresh");
  const name = element.querySelector(".room");
  const topic = element.querySelector(".topic");
  const people = element.querySelector(".people");
  const search = element.querySelector(".search");
  const about = element.querySelector(".about");
  let open = false;

  menu.addEventListener("click", () => tell(element, "panel", { open: true }));
  people.addEventListener("click", () => tell(element, "panel", { open: true }));
  topic.addEventListener("click", () => tell(element, "sheet", { name: SHEETS.room }));
  search.addEventListener("click", () => tell(element, "sheet", { name: SHEETS.search }));
  about.addEventListener("click", () => tell(element, "sheet", { name: SHEETS.room }));

  function update(state) {
    const room = current(state);
    const count = room.memberCount;
    write(name, room.name);
    write(topic, room.topic === "" ? word("header.setTopic") : room.topic);
    topic.classList.toggle("unset", room.topic === "");
    set(topic, { title: room.topic, hidden: room.topic === "" && room.phase !== "here" });
    set(about, { ariaLabel: word("header.about", { room: room.name }) });
    write(people, String(count));
    set(people, { ariaLabel: word("members.title", { count }), hidden: room.phase !== "here" });
    set(fresh, { hidden: !anyFresh(state) });
    set(menu, { ariaLabel: word(fresh.hidden ? "header.menu" : "header.menuFresh"), ariaExpanded: String(state.panel) });
    if (open && !state.panel) menu.focus();
    open = state.panel;
  }

  return { update };
}
