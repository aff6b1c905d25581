// The card of a person: mention them, see what they said, ignore them.
//
// Down   { sheet, rooms, key, me, settings }
// Up     "insert" with the { text } of a mention, "find" with { query, by, everywhere }, "sheet" for the results,
//        "setting" with the { value } of those who are ignored, "rename" for the user's own name

import "../core/search.js";
import { set, tell, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { SHEETS } from "../core/names.js";
import { cardOf, ignoring } from "../core/person.js";
import { Sheet } from "./sheet.js";

export function PersonCard(element, { word }) {
  const find = (selector) => element.querySelector(selector);
  const sheet = Sheet(element, SHEETS.person);
  let card = null; // the person that is shown
  let ignored = {};

  find(".mention").addEventListener("click", () => {
    tell(element, "sheet", { name: null }); // while the dialog is open, nothing else can have the focus
    tell(element, "insert", { text: `@${card.nick} ` });
  });
  find(".said").addEventListener("click", () => {
    tell(element, "find", { query: "", by: { user: card.user, nick: card.nick }, everywhere: false });
    tell(element, "sheet", { name: SHEETS.search });
  });
  find(".ignore").addEventListener("click", () => tell(element, "setting", { name: "ignored", value: ignoring(ignored, card) }));
  find(".rename").addEventListener("click", () => tell(element, "rename"));

  function update(state) {
    const open = sheet(state);
    if (!open) return;
    card = cardOf(state);
    ({ ignored } = state.settings);
    const { nick, mark, hue, own, presence } = card;
    write(find(".avatar"), initial(nick));
    set(find(".avatar").dataset, { hue: String(hue) });
    write(find(".title"), nick);
    set(find(".title").dataset, { mark });
    write(find(".presence"), word(`person.${presence}`));
    for (const name of [".mention", ".ignore", ".hint"]) set(find(name), { hidden: own });
    set(find(".rename"), { hidden: !own });
    write(find(".said"), word(own ? "person.ownSaid" : "person.said"));
    write(find(".ignore"), word(card.ignored ? "person.unignore" : "person.ignore"));
    write(find(".hint"), word(card.ignored ? "person.ignored" : "person.ignoring"));
    if (open === "opened") find(own ? ".said" : ".mention").focus();
  }

  return { update };
}
