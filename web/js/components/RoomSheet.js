// The dialog about the current room: its topic, its link, its notifications, and leaving it.
//
// Down   { sheet, rooms, key, lobby, … }
// Up     "setTopic" with { text }, "leave" with the { key } of the room, "level" with { key, level },
//        "sheet" for the settings of the device

import "../core/aboutRoom.js";
import "../core/attentionRules.js";
import { levelOf } from "../core/attention.js";
import { tell, write } from "../browser/dom.js";
import { addressOf } from "../core/address.js";
import { onlyHere } from "../core/reach.js";
import { current } from "../core/state.js";
import { topicRefusal } from "../core/refusals.js";
import { SHEETS } from "../core/names.js";
import { Sheet } from "./sheet.js";

const load = () => import("../browser/qr.js");

export function RoomSheet(element, { word, base }) {
  const find = (selector) => element.querySelector(selector);
  const topic = find(".topic .field");
  const save = find(".topic .save");
  const refusal = find(".topic .refusal");
  const address = find(".address .field");
  const copied = find(".address .copied");
  const reveal = find(".address .reveal");
  const code = find(".address .code");
  const sheet = Sheet(element, SHEETS.room);
  let drawn = null; // the address that the code shows
  let key = null;

  find("form.topic").addEventListener("submit", (event) => {
    event.preventDefault();
    tell(element, "setTopic", { text: topic.value });
  });
  find(".address .copy").addEventListener("click", copy);
  address.addEventListener("focus", () => address.select());
  reveal.addEventListener("click", () => (code.hidden ? show() : hide()));
  find(".leave").addEventListener("click", () => tell(element, "leave", { key }));

  find(".calls").addEventListener("change", ({ target }) => {
    if (target.name === "level") tell(element, "level", { key, level: target.value });
  });
  find(".settings").addEventListener("click", () => tell(element, "sheet", { name: SHEETS.settings }));

  async function copy() {
    try {
      await navigator.clipboard.writeText(address.value);
    } catch {
      address.select(); // navigator.clipboard is missing on a page that came over http
      document.execCommand("copy");
    }
    write(copied, word("room.copied"));
  }

  async function show() {
    const wanted = address.value;
    try {
      const { picture } = await load();
      if (drawn !== wanted) code.replaceChildren(picture(wanted));
      drawn = wanted;
    } catch {
      write(copied, word("room.noCode"));
      return;
    }
    code.hidden = false;
    reveal.setAttribute("aria-expanded", "true");
    code.scrollIntoView({ block: "nearest" });
  }

  function hide() {
    code.hidden = true;
    reveal.setAttribute("aria-expanded", "false");
  }

  function update(state) {
    const open = sheet(state);
    if (!open) return;
    const room = current(state);
    if (open === "opened" || key !== state.key) begin(state, room);
    const refused = state.sheet.refusal;
    const { key: words, values } = refused ? topicRefusal(refused) : {};
    write(refusal, words ? word(words, values) : "");
    topic.setAttribute("aria-invalid", String(refused !== null));
    save.setAttribute("aria-disabled", String(state.sheet.busy));
    find(`.level[value=${levelOf(state, key)}]`).checked = true;
  }

  function begin(state, room) {
    key = state.key;
    write(find(".title"), room.name);
    topic.value = room.topic;
    address.value = new URL(addressOf(room.name, state.lobby), base).href;
    const local = onlyHere(address.value);
    write(find("#address-hint"), word(local ? "room.onlyHere" : "room.addressHint"));
    reveal.hidden = local; // no other device could open what the code says
    code.setAttribute("aria-label", word("room.code", { room: room.name }));
    write(copied, "");
    hide();
    find(".leaving").hidden = addressOf(room.name, state.lobby) === "./";
    element.scrollTop = 0;
    if (!matchMedia("(pointer: fine)").matches) return; // or a phone's keyboard would cover the rest
    topic.focus();
    topic.select();
  }

  return { update };
}
