// The log of the room in sight. It follows the newest line only if it was there before (goChat's
// rule); who reads further up stays where they are, whatever comes above or below, and is offered a
// way down.
//
// Down   { rooms, key, pending, acts, following, unseen, … }
// Up     "follow" with { following }: the reader came to the newest line, or left it; "older": they
//        come near the oldest in sight; "newer": near the end of a past; "again" and "takeBack" with the
//        { id } of a line that failed, "redo" and "undo" with that of an act; "seek" with the { room,
//        seq } of what is answered; "removeNow" and "keep"; and what ActionBar.js has

import { LateBar } from "./lazy.js";
import { Anchor } from "../browser/scrollAnchor.js";
import { bookFor } from "../core/room.js";
import { inSight } from "../core/history.js";
import { at } from "../core/log.js";
import { alike, parts, rows, same } from "../core/rows.js";
import { byKeys } from "../browser/focusOrigin.js";
import { reconcile, set, tell, write } from "../browser/dom.js";
import { Rows } from "./messageRow.js";
import { addressOf } from "../core/address.js";
import { atBottom, nearBottom, nearTop } from "../core/scrolling.js";
import { current } from "../core/state.js";
import { unreached } from "../core/wording.js";
import { Reach } from "../browser/rovingFocus.js";

/** Keys on a line, and what they do with it. */
const KEYS = { r: "reply", e: "edit", Delete: "remove" };
const GUESS = 3.25; // rem, how tall a row is, for as long as it has not been in sight

/**
 * @param {any} element
 * @param {any} tools
 */
export function MessageList(element, { word, dayOf, base, ...formats }) {
  const view = element.querySelector(".view");
  const older = element.querySelector(".older");
  const empty = element.querySelector(".empty");
  const list = element.querySelector(".lines");
  const jump = element.querySelector(".jump");
  const count = element.querySelector(".jump .count");
  const notice = element.querySelector(".notice");
  const { make, fill, fold } = Rows({ word, ...formats });
  const anchor = Anchor(view, list); // holds what is in sight of who reads further up
  const bar = LateBar(element.querySelector(".action-bar"), { word, ...formats, linkTo, textOf: (seq) => at(drawn.log, seq)?.text ?? "" });
  let shown = new Map(); // the parts of the list, by key
  const within = new WeakMap(); // what is in each of them, by key
  let drawn = {}; // what it was made of
  let following = true;
  let sought = null; // the place that was looked for last
  let dead = false; // whether nothing follows what is in sight, and something did
  /** @type {any} */
  let about = { book: null, me: null, nickOf: () => undefined };
  let copying = null; // makes a text of what is copied; it is loaded with the first selection
  let address = "";

  view.addEventListener("scroll", () => {
    if (following && anchor.scrolled() >= 0 && !atBottom(view)) anchor.toEnd(); // nobody scrolled up: the log grew
    else anchor.keep();
    settle();
    if (!following) anchor.look();
    bar.place();
    if (!bar.held()) bar.hide();
    askMore();
  });
  jump.addEventListener("click", () => {
    tell(element, "follow", { following: true });
    view.focus(); // the button is gone now
  });
  list.addEventListener("click", ({ target }) => {
    const line = target.closest(".line");
    const on = (selector) => target.closest(selector);
    const act = { id: on(".trouble")?.dataset.act };
    if (on(".again")) tell(element, "again", { id: line.dataset.id });
    else if (on(".back")) tell(element, "takeBack", { id: line.dataset.id });
    else if (on(".redo")) tell(element, "redo", act);
    else if (on(".undo")) tell(element, "undo", act);
    else if (on(".yes")) answer(line, "removeNow");
    else if (on(".no")) answer(line, "keep");
    else if (on(".quoted")) tell(element, "seek", { room: drawn.name, seq: Number(on(".quoted").dataset.seq) });
    else if (on(".more")) unfold(line, line.matches(".folded"));
    else if (on(".chip")) tell(element, "react", { seq: Number(line.dataset.seq), emoji: on(".chip").dataset.emoji });
    else if (!on("a, button") && getSelection().isCollapsed && !matchMedia("(hover: hover)").matches) tapped(line);
  });
  element.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "touch" || bar.held() || target.closest(".action-bar")) return;
    const line = target.closest(".line");
    if (line) bar.show(line);
    else bar.hide();
  });
  element.addEventListener("pointerleave", ({ pointerType }) => pointerType !== "touch" && !bar.held() && bar.hide());
  list.addEventListener("focusin", ({ target }) => {
    if (target.matches(".line:focus-visible")) bar.show(target);
    else if (target.closest(".folded .text")) unfold(target.closest(".line"), true); // or it would be out of sight
  });
  list.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget?.closest(".action-bar") || bar.line()?.contains(relatedTarget)) return;
    bar.hide();
  });
  Reach(view, list, (key, line) => {
    const seq = Number(line.dataset.seq);
    if (!byKeys()) return false; // a click is no choice of a message to act on
    if (key === "Enter" || key === "ContextMenu") bar.enter(line);
    else if (key === "+") bar.enter(line, true);
    else if (Object.hasOwn(KEYS, key) && seq) tell(element, KEYS[key], { seq });
    else return false;
    return true;
  });
  document.addEventListener("selectionchange", () => {
    if (copying || getSelection().isCollapsed || !getSelection().containsNode(list, true)) return;
    copying = import("./transcript.js").then(({ copyFrom }) => copyFrom(list), () => (copying = null));
  });
  // A keyboard that opens, a draft that grows, a zoom: the newest line stays in sight.
  const resized = new ResizeObserver(() => {
    if (following) anchor.toEnd();
    else anchor.keep();
    askMore();
  });
  resized.observe(view);
  resized.observe(list);

  /**
   * At the newest line the reader follows, and above it not; gives whether that was news. The end of a
   * past is not the newest.
   */
  function settle() {
    const waits = sought?.fate === "sought"; // until it is found, only the user brings the end back
    const news = !drawn.past && !waits && atBottom(view) !== following;
    if (news) tell(element, "follow", { following: !following });
    return news;
  }

  function askMore() {
    if (view.clientHeight === 0) return;
    if (drawn.log?.more && nearTop(view)) tell(element, "older");
    if (drawn.past && nearBottom(view)) tell(element, "newer");
  }

  /** A tap opens the bar, and another one closes it. */
  function tapped(line) {
    if (line === null || bar.line() === line) bar.hide();
    else bar.show(line);
  }

  /** Show all of a long line, from where it stands, or its beginning only. */
  function unfold(line, open) {
    if (following && open) tell(element, "follow", { following: false });
    anchor.hold(null); // what is below it moves
    fold(line, true, open);
    if (!open) line.scrollIntoView({ block: "nearest" });
    anchor.look();
    settle();
  }

  /** Whether to delete is answered: the buttons go, and the focus with them to the line. */
  function answer(line, verb) {
    line.focus({ preventScroll: true });
    tell(element, verb);
  }

  function linkTo(seq) {
    return `${new URL(address, base).href}#m-${seq}`;
  }

  function update(state) {
    const room = current(state);
    const unheard = following && state.following && state.key === drawn.key && anchor.scrolled() < 0;
    if (unheard && settle()) return; // the reader has scrolled up, and the page is up to date by having been told of it
    const down = state.following && !following;
    following = state.following;
    address = addressOf(room.name, state.lobby);
    const removing = drawn.removing;
    const changed = show(state, room);
    if (following && (changed || down)) anchor.toEnd();
    if (room.removing !== null && room.removing !== removing) ask(room.removing);
    find(room.sought, room.past?.cut === true);
    set(jump, { hidden: state.unseen === 0 && room.past === null && (sought === null || sought.fate === "missing") });
    if (!jump.hidden) write(count, state.unseen > 0 ? word("list.unseen", { count: state.unseen }) : word("list.newest"));
  }

  /** Make the list show the room; gives whether there was anything to do. */
  function show(state, room) {
    const { name, phase, past, mark, editing, replying, removing } = room;
    const log = inSight(room);
    const { key, me, changes } = state;
    const pending = past ? [] : state.pending.filter((item) => item.key === key);
    const waits = pending.length > 0 || drawn.waits ? state.pending : null;
    const alone = log.epoch === null && unreached(state);
    const made = { key, log, me, phase, alone, mark, editing, replying, removing, changes, pending: waits };
    if (Object.entries(made).every(([part, value]) => drawn[part] === value)) return false;
    know(room, log, me);
    const appended = drawn.key === key && drawn.log.numbering === log.numbering && drawn.log.first <= log.first;
    if (!appended || past || drawn.past) quietly();
    if (drawn.key !== key) {
      list.replaceChildren();
      shown = new Map();
      anchor.hold(null);
      bar.hide();
    }
    if (!following) anchor.look();
    const lines = rows(log.entries, pending, me, dayOf, { key, mark, editing, replying, removing, changes });
    reconcile(list, shown, parts(lines), { make: makePart, fill: fillPart, same: alike });
    set(empty, { hidden: lines.length > 0 || log.epoch === null || log.more || log.truncated });
    set(list, { hidden: lines.length === 0 });
    write(older, alone ? "" : above(log, name, phase, lines.length));
    drawn = { ...made, name, past: past !== null, waits: pending.length > 0 };
    if (!following) anchor.keep();
    if (bar.line()?.isConnected === false) bar.hide();
    else bar.place();
    return true;
  }

  function makePart() {
    const part = document.createElement("ol");
    part.className = "part";
    within.set(part, new Map());
    return part;
  }

  function fillPart(part, { rows: lines }) {
    part.style.containIntrinsicBlockSize = `auto ${lines.length * GUESS}rem`;
    reconcile(part, within.get(part), lines, { make: (row) => named(make(row), row), fill: (line, row) => fill(line, row, about), same });
  }

  /** Know who is there, or has written: what is drawn from now on may mention them. */
  function know(room, log, me) {
    const { members } = room;
    about = { book: bookFor(room, me), me };
    let authors = null; // nicks by user; made when somebody is asked for who is not here
    const author = (user) => (authors ??= new Map(log.entries.map((entry) => [entry.user, entry.nick]))).get(user);
    about.nickOf = (user) => members.get(user) ?? author(user);
  }

  /** What stands above the oldest line. */
  function above({ epoch, more, truncated }, room, phase, count) {
    if (phase === "refused") return "";
    if (epoch === null || more) return word("list.loading");
    if (truncated) return word("list.truncated");
    return count > 0 ? word("list.beginning", { room }) : "";
  }

  /** What comes now is not news, and not read out. */
  function quietly() {
    view.ariaLive = "off";
    requestAnimationFrame(() => requestAnimationFrame(() => (view.ariaLive = "polite")));
  }

  /** Ask in the line whether it is to be deleted, and let the keyboard answer. */
  function ask(seq) {
    const line = lineOf(seq);
    line?.scrollIntoView({ block: "nearest" });
    line?.querySelector(".asks .no").focus({ preventScroll: true });
  }

  /** Show what was looked for, once; and say where there is no way on from there. */
  function find(wanted, cut) {
    if (wanted === sought && cut === dead) return;
    const news = wanted !== sought;
    sought = wanted;
    dead = cut;
    const words = { sought: "list.seeking", missing: "list.missing" }[sought?.fate] ?? (cut ? "list.cut" : null);
    write(notice, words === null ? "" : word(words));
    if (news && sought?.fate === "found") bring(lineOf(sought.seq));
  }

  function bring(line) {
    if (line === null) return;
    line.scrollIntoView({ block: "center" });
    line.focus({ preventScroll: true });
    for (const each of list.querySelectorAll(".found")) each.classList.remove("found");
    requestAnimationFrame(() => {
      line.classList.add("found");
      settle(); // where all is in sight, nothing scrolls
    });
    anchor.hold(line); // what is around it is not laid out yet
  }

  function lineOf(seq) {
    return list.querySelector(`.line[data-seq="${seq}"]`);
  }

  return { update };
}

/** The element with the id by which its sender knows a line of their own. */
function named(element, { key }) {
  if (key.startsWith("own:")) element.dataset.id = key.slice(4);
  return element;
}
