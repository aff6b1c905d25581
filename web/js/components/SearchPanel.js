// The search for messages. Its results are kept while it is closed, so that one result after another
// can be looked at.
//
// Down   { sheet, search, rooms, key, … }
// Up     "find" with { query, by, everywhere }, "findMore", "seek" with the { room, seq } of a result

import "../core/search.js";
import { marked, sharersIn } from "../core/finding.js";
import { gist } from "../core/markup.js";
import { clearList, copies, reconcile, set, tell, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { hueOf, markOf } from "../core/namesakes.js";
import { ignores } from "../core/room.js";
import { current } from "../core/state.js";
import { searchRefusal } from "../core/refusals.js";
import { SHEETS } from "../core/names.js";
import { Sheet } from "./sheet.js";

export function SearchPanel(element, { word, now, clock, dayOf, dayWords }) {
  const find = (selector) => element.querySelector(selector);
  const field = find(".field");
  const here = find(".here");
  const everywhere = find(".everywhere");
  const list = find(".results");
  const more = find(".more");
  const status = find(".state");
  const shown = new Map();
  const make = copies("result");
  const by = find(".by");
  const sheet = Sheet(element, SHEETS.search);
  let author = null; // whose messages are searched, null for all
  let drawn = null;
  let today = null; // the day for which it was drawn
  let left = null; // the result that was selected last

  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  find(".where").addEventListener("change", search);
  field.addEventListener("input", () => {
    if (field.value === "") search();
  });
  by.addEventListener("click", () => {
    author = null;
    search();
    field.focus(); // the button is hidden now
  });
  more.addEventListener("click", () => tell(element, "findMore"));
  list.addEventListener("click", ({ target }) => {
    const item = target.closest(".result");
    if (!item) return;
    left = item.querySelector("button");
    tell(element, "seek", { room: item.dataset.room, seq: Number(item.dataset.seq) });
  });
  element.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [field, ...list.querySelectorAll("button")];
    const at = stops.indexOf(event.target);
    const next = at < 0 || event.isComposing ? undefined : stops[at + by];
    if (!by || !next) return;
    event.preventDefault();
    next.focus();
  });

  function search() {
    left = null;
    tell(element, "find", { query: field.value, by: author, everywhere: everywhere.checked });
  }

  function update(state) {
    const open = sheet(state);
    if (!open) return;
    write(find(".here-words"), word("search.here", { room: current(state).name }));
    if (open === "opened") {
      here.checked = !state.search.everywhere;
      everywhere.checked = state.search.everywhere;
      if (state.search.by !== author) field.value = state.search.query;
      if (!state.search.everywhere && state.search.phase !== "idle" && state.search.key !== state.key) left = null;
      if (left?.isConnected) left.focus();
      else {
        field.focus();
        field.select();
      }
    }
    author = state.search.by;
    set(by, { hidden: author === null });
    if (author !== null) {
      write(by.querySelector(".words"), word("search.by", { nick: author.nick }));
      set(by, { ariaLabel: word("search.byAll", { nick: author.nick }) });
    }
    const day = dayOf(now() / 1000);
    if (drawn !== state.search || today !== day) draw(state, (today = day));
  }

  function draw(state, today) {
    const { search } = state;
    const shared = sharersIn(state);
    const { phase, query, entries, refusal } = search;
    drawn = search;
    const heard = entries.filter(({ user }) => search.by !== null || !ignores(state.me, user));
    const rows = heard.map((entry) => {
      const told = { hue: hueOf(entry.user, shared.get(entry.room)), mark: markOf(entry.user, shared.get(entry.room)) };
      return { key: `${entry.room} ${entry.seq}`, entry, ...told, query, today, room: search.everywhere };
    });
    const focused = more.contains(document.activeElement);
    const before = list.children.length;
    reconcile(list, shown, rows, { make, fill, same });
    more.hidden = !search.more;
    write(more, word(search.complete ? "search.more" : "search.further"));
    more.setAttribute("aria-disabled", String(phase === "busy"));
    if (focused && phase === "done") (list.children[before]?.querySelector("button") ?? (more.hidden ? field : more)).focus();
    write(status, stateWords(search, refusal));
    list.setAttribute("aria-busy", String(phase === "busy"));
  }

  function stateWords({ phase, entries, more: further, complete }, refusal) {
    if (phase === "idle") return word("search.idle");
    if (phase === "busy") return word("search.busy");
    if (phase === "refused") {
      const { key, values } = searchRefusal(refusal);
      return word(key, values);
    }
    if (!complete) return word(entries.length === 0 ? "search.noneYet" : "search.part", { count: entries.length });
    if (entries.length === 0) return word("search.none");
    return word(further ? "search.some" : "search.all", { count: entries.length });
  }

  function fill(item, { entry, hue, mark, query, room }) {
    item.dataset.room = entry.room;
    item.dataset.seq = entry.seq;
    const avatar = item.querySelector(".avatar");
    write(avatar, initial(entry.nick));
    set(avatar.dataset, { hue: String(hue) });
    write(item.querySelector(".nick"), entry.nick);
    set(item.querySelector(".nick").dataset, { mark });
    write(item.querySelector(".room"), room ? `#${entry.room}` : "");
    const time = item.querySelector(".time");
    write(time, `${dayWords(entry.time * 1000)}, ${clock(entry.time * 1000)}`);
    time.dateTime = new Date(entry.time * 1000).toISOString();
    item.querySelector(".text").replaceChildren(...pieces(entry.text ?? "", query).map(piece));
  }

  function redraw() {
    drawn = null;
    clearList(list, shown);
  }

  return { update, redraw };
}

/** A message in one line as its room shows it; as it was written, if the query matches only its marks. */
function pieces(text, query) {
  const bare = marked(gist(text, text.length), query);
  return query === "" || bare.some(({ found }) => found) ? bare : marked(text, query);
}

function piece({ text, found }) {
  if (!found) return text;
  const mark = document.createElement("mark");
  mark.textContent = text;
  return mark;
}

function same(a, b) {
  return a.entry === b.entry && a.hue === b.hue && a.mark === b.mark && a.query === b.query && a.room === b.room && a.today === b.today;
}
