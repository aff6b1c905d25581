// One row of the message list as an element: a line, a day, or a note of a new topic.

import { copies, write } from "./dom.js";
import { fateWords, HUES, hue, initial } from "./logic.js";
import { Markup } from "./markup.js";

/** What makes rows and brings them up to date: { make, fill }. Times within are seconds. */
export function Rows({ word, clock, calendar, dayWords }) {
  const draw = Markup({ word });
  const line = copies("line");
  const note = copies("note");

  function fillNote(element, { kind, time, entry }) {
    element.classList.toggle("day", kind === "day");
    const text = element.querySelector(".text");
    if (kind === "day") write(text, dayWords(time * 1000));
    else write(text, word(entry.text === "" ? "list.noTopic" : "list.topic", { nick: entry.nick, topic: entry.text }));
  }

  function fillLine(element, row, about) {
    const { message, own, leads, fate } = row;
    const find = (selector) => element.querySelector(selector);
    element.classList.toggle("own", own);
    element.classList.toggle("leads", leads);
    element.classList.toggle("gone", message.deleted === true);
    element.dataset.fate = fate ?? "";
    write(find(".avatar"), own ? "" : initial(message.nick));
    find(".avatar").dataset.hue = own ? "" : hue(message.user, HUES);
    write(find(".nick"), own ? word("list.you") : message.nick);
    write(find(".bot"), word("list.bot"));
    find(".bot").hidden = message.bot !== true;
    fillTime(find(".time"), message.time * 1000);
    find(".bubble").title = calendar(message.time * 1000);
    if (message.deleted) write(find(".text"), word("list.deleted"));
    else draw(find(".text"), message.text ?? "", about);
    fillEdited(find(".edited"), message);
    fillReactions(find(".reactions"), message.reactions ?? {});
    fillFate(find(".fate"), row);
  }

  function fillTime(element, time) {
    element.textContent = clock(time);
    element.title = calendar(time);
    element.dateTime = new Date(time).toISOString();
  }

  function fillEdited(element, { edited, deleted }) {
    element.hidden = edited === undefined || deleted === true;
    if (element.hidden) return;
    write(element, word("list.edited"));
    element.title = calendar(edited * 1000);
  }

  function fillReactions(element, reactions) {
    const all = Object.entries(reactions);
    element.hidden = all.length === 0;
    element.replaceChildren(
      ...all.map(([emoji, users]) => {
        const item = document.createElement("li");
        item.textContent = `${emoji} ${users.length}`;
        return item;
      }),
    );
  }

  function fillFate(element, { fate, code }) {
    const again = element.querySelector(".again");
    const back = element.querySelector(".back");
    const failed = fate === "failed";
    element.hidden = fate === null;
    again.hidden = back.hidden = !failed;
    if (fate === null) return;
    write(element.querySelector(".why"), word(failed ? fateWords(code) : `list.${fate}`));
    write(again, word("list.again"));
    write(back, word("list.takeBack"));
  }

  return {
    make: (row) => (row.kind === "line" ? line() : note()),
    /** `about` says who is spoken to: { book, me } as for `Markup`. */
    fill: (element, row, about) => (row.kind === "line" ? fillLine(element, row, about) : fillNote(element, row)),
  };
}
