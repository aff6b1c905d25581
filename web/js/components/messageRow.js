// One row of the message list as an element: a message, a day, or a note about a topic.

import { foreseen } from "../core/changes.js";
import { gist } from "../core/markup.js";
import { copies, reconcile, set, write } from "../browser/dom.js";
import { initial } from "../core/avatar.js";
import { hueOf, markOf, signed } from "../core/namesakes.js";
import { tall } from "../core/rows.js";
import { fateWords, sentence } from "../core/wording.js";
import { Markup } from "./markup.js";
import { rove } from "../browser/rovingFocus.js";

/** The optional parts of a line, in their order; most lines have none of them. */
const PARTS = ["by", "quoted", "bubble", "more", "reactions", "asks", "trouble", "fate"];
const MOST_NAMED = 12; // users named at a reaction
const CHIPS = 50; // reactions shown at a message; servers allow fewer kinds

/** The text in place of a message that is not shown. */
const goneWords = ({ ignored }) => (ignored ? "list.ignored" : "list.deleted");

/** Makes and updates rows: { make, fill, fold }. Times here are seconds. */
export function Rows({ word, clock, calendar, dayWords, and }) {
  const draw = Markup({ word });
  const line = copies("line");
  const note = copies("note");
  const chip = copies("chip");
  const chips = new WeakMap(); // of each list of reactions, by emoji
  const made = Object.fromEntries(["quoted", "more", "reactions", "asks", "trouble", "fate"].map((name) => [name, copies(`line-${name}`)]));

  /** The part `name` of a line, added if it is `wanted`; otherwise it is removed, and the result is null. */
  function part(element, name, wanted) {
    const body = element.querySelector(".body");
    const there = body.querySelector(`:scope > .${name}`);
    if (!wanted) there?.remove();
    if (!wanted || there) return wanted ? there : null;
    const later = PARTS.slice(PARTS.indexOf(name) + 1).map((each) => `:scope > .${each}`).join() || ":scope > none";
    return body.insertBefore(made[name](), body.querySelector(later));
  }

  function fillNote(element, { kind, time, entry, shared }) {
    element.classList.add(kind);
    const text = element.querySelector(".text");
    if (kind === "day") write(text, dayWords(time * 1000));
    else if (kind === "new") write(text, word("list.new"));
    else write(text, word(entry.text === "" ? "list.noTopic" : "list.topic", { nick: signed(entry.nick, entry.user, shared), topic: entry.text }));
  }

  function fillLine(element, row, about) {
    const { own, leads, fate, changes, focus, seq, shared } = row;
    const message = foreseen(row.message, changes, about.me?.user);
    const changing = (type) => changes.some((act) => act.type === type && act.fate !== "failed");
    const find = (selector) => element.querySelector(selector);
    element.classList.toggle("own", own);
    element.classList.toggle("leads", leads);
    element.classList.toggle("gone", message.deleted === true);
    element.classList.toggle("changing", changing("edit") || changing("delete"));
    element.dataset.fate = fate ?? "";
    element.dataset.focus = focus ?? "";
    if (seq !== undefined) element.id = `m-${(element.dataset.seq = seq)}`;
    write(find(".avatar"), own ? "" : initial(message.nick));
    find(".avatar").dataset.hue = own ? "" : hueOf(message.user, shared);
    write(find(".nick"), own ? word("list.you") : message.nick);
    set(find(".nick").dataset, { nick: signed(message.nick, message.user, shared), mark: own ? "" : markOf(message.user, shared) });
    write(find(".bot"), word("list.bot"));
    find(".bot").hidden = message.bot !== true;
    fillTime(find(".time"), message.time * 1000);
    set(find(".bubble"), { title: calendar(message.time * 1000) });
    if (message.deleted) write(find(".text"), word(goneWords(message)));
    else draw(find(".text"), message.text ?? "", about);
    fillEdited(find(".edited"), message);
    fillQuoted(part(element, "quoted", row.quoted !== undefined && !message.deleted), row);
    fold(element, !message.deleted && tall(message.text ?? ""));
    fillReactions(part(element, "reactions", Object.keys(message.reactions ?? {}).length > 0), message.reactions, about);
    fillAsks(part(element, "asks", focus === "removing"));
    fillTrouble(part(element, "trouble", changes.some((act) => act.fate === "failed")), changes);
    fillFate(part(element, "fate", fate !== null), row);
    rove(element);
  }

  function fillTime(element, time) {
    write(element, clock(time));
    set(element, { title: calendar(time), dateTime: new Date(time).toISOString() });
  }

  function fillEdited(element, { edited, deleted }) {
    element.hidden = edited === undefined || deleted === true;
    if (element.hidden) return;
    write(element, word("list.edited"));
    element.title = calendar(edited * 1000);
  }

  /** The message that this one replies to; if that is not loaded, a button that leads to it. */
  function fillQuoted(element, { quoted, message, shared }) {
    if (element === null) return;
    element.dataset.seq = message.reply_to;
    write(element.querySelector(".who"), quoted?.nick ?? "");
    set(element.querySelector(".who").dataset, { mark: markOf(quoted?.user, shared) });
    const words = quoted?.deleted ? word(goneWords(quoted)) : quoted?.text && gist(quoted.text);
    write(element.querySelector(".what"), words || word("list.earlier"));
    if (words) element.setAttribute("aria-label", word("list.answers", { nick: signed(quoted.nick, quoted.user, shared), text: words }));
    else element.removeAttribute("aria-label");
  }

  /** Fold or unfold the line; a `long` one gets a button for that. */
  function fold(element, long, open = element.classList.contains("unfolded")) {
    element.classList.toggle("folded", long && !open);
    element.classList.toggle("unfolded", long && open);
    const button = part(element, "more", long);
    if (button === null) return;
    write(button, word(open ? "list.less" : "list.more"));
    button.setAttribute("aria-expanded", String(open));
  }

  /** Unchanged chips keep their elements, which may be focused or selected. */
  function fillReactions(element, reactions, { me, nickOf }) {
    if (element === null) return;
    const rows = Object.entries(reactions).slice(0, CHIPS).map(([key, users]) => {
      const names = users.slice(0, MOST_NAMED).map((user) => (user === me?.user ? word("list.you") : nickOf(user) ?? word("list.somebody")));
      if (users.length > MOST_NAMED) names.push(word("list.others", { count: users.length - MOST_NAMED }));
      return { key, names: and(names), count: users.length, mine: users.includes(me?.user) };
    });
    if (!chips.has(element)) chips.set(element, new Map());
    const same = (a, b) => a.names === b.names && a.count === b.count && a.mine === b.mine;
    reconcile(element, chips.get(element), rows, { make: chip, fill: fillChip, same });
  }

  function fillChip(item, { key: emoji, names, count, mine }) {
    const button = item.querySelector(".chip");
    button.dataset.emoji = emoji;
    button.title = names;
    button.setAttribute("aria-pressed", String(mine));
    button.setAttribute("aria-label", word("list.reacted", { emoji, names }));
    write(item.querySelector(".emoji"), emoji);
    write(item.querySelector(".count"), String(count));
  }

  function fillAsks(element) {
    if (element === null) return;
    write(element.querySelector(".why"), word("act.sure"));
    write(element.querySelector(".yes"), word("act.delete"));
    write(element.querySelector(".no"), word("act.keep"));
  }

  function fillTrouble(element, changes) {
    if (element === null) return;
    const failed = changes.find((act) => act.fate === "failed");
    const { id, type } = failed;
    element.dataset.act = id;
    write(element.querySelector(".why"), `${word(`act.failed.${type}`)} ${sentence(failed)}`.trim());
    write(element.querySelector(".redo"), word("list.again"));
    write(element.querySelector(".undo"), word(type === "edit" ? "list.takeBack" : "act.never"));
  }

  function fillFate(element, { fate, code, why }) {
    if (element === null) return;
    const again = element.querySelector(".again");
    const back = element.querySelector(".back");
    again.hidden = back.hidden = fate !== "failed";
    const { key, values } = fate === "failed" ? fateWords(code, why) : { key: `list.${fate}` };
    write(element.querySelector(".why"), word(key, values));
    write(again, word("list.again"));
    write(back, word("list.takeBack"));
  }

  return {
    make: (row) => (row.kind === "line" ? line() : note()),
    /** `about` is { book, me } as for `Markup`, and `nickOf`, which returns the nick of a user. */
    fill: (element, row, about) => (row.kind === "line" ? fillLine(element, row, about) : fillNote(element, row)),
    /** Show all of a long line, or only its beginning. */
    fold,
  };
}
