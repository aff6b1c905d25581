// The log of the current room. The view follows the newest message only if it was at the bottom before
// (goChat's rule); if the user reads further up, their place stays, whatever changes above or below, and a
// button leads down.
//
// Down   { rooms, key, pending, changes, following, unseen, … }
// Up     "follow" with { following }: the user reached the newest message, or left it; "older": they
//        scroll near the oldest loaded message; "newer": near the end of a past; "again" and "takeBack" with
//        the { id } of a failed message, "redo" and "undo" with that of a failed change; "seek" with the { room,
//        seq } of a quoted message; "sheet" for the card of an author; "removeNow" and "keep"; and the events
//        of ActionBar.js

import { LateBar, LateNews } from "./lazy.js";
import { Anchor } from "../browser/scrollAnchor.js";
import { signed } from "../core/namesakes.js";
import { bookFor, sharers } from "../core/room.js";
import { inSight } from "../core/history.js";
import { at } from "../core/log.js";
import { alike, parts, rows, same } from "../core/rows.js";
import { byKeys } from "../browser/focusOrigin.js";
import { clearList, reconcile, set, tell, write } from "../browser/dom.js";
import { Rows } from "./messageRow.js";
import { addressOf } from "../core/address.js";
import { atBottom, nearBottom, nearTop } from "../core/scrolling.js";
import { current } from "../core/state.js";
import { SHEETS } from "../core/names.js";
import { unreached } from "../core/wording.js";
import { Reach } from "../browser/rovingFocus.js";

/** The keys of a focused line, and their events. */
const KEYS = { r: "reply", e: "edit", Delete: "remove" };
const GUESS = 3.25; // rem, the estimated height of a row before its layout

/**
 * @param {any} element
 * @param {any} tools
 */
export function MessageList(element, { word, dayOf, now, base, ...formats }) {
  const [view, older, empty, list, jump, notice] = ["view", "older", "empty", "lines", "jump", "notice"].map((name) => element.querySelector(`.${name}`));
  const { make, fill, fold } = Rows({ word, ...formats });
  const since = LateNews(async () => (await import("./newsButton.js")).NewsButton(element.querySelector(".since"), view, list, { word, now, dayOf, ...formats }));
  const anchor = Anchor(view, list); // holds the place of a user who reads further up
  const bar = LateBar(element.querySelector(".action-bar"), { word, now, ...formats, linkTo, textOf: (seq) => at(drawn.log, seq)?.text ?? "" });
  const shown = new Map(); // the parts of the list, by key
  const within = new WeakMap(); // the rows of each of them, by key
  let drawn = {}; // the state that is displayed; `stale` if all rows are to be made anew
  let following = true;
  let sought = null; // the message that was sought last
  let dead = false; // whether the entries after the displayed ones are no longer stored
  /** @type {any} */
  let about = { book: null, me: null, nickOf: () => undefined };
  let copying = null; // makes the text that is copied; loaded with the first selection
  let address = "";

  view.addEventListener("scroll", () => {
    if (following && anchor.scrolled() >= 0 && !atBottom(view)) anchor.toEnd(); // the user did not scroll up: the log grew
    else anchor.keep();
    settle();
    if (!following) anchor.look();
    bar.place();
    if (!bar.held()) bar.hide();
    askMore();
    since.scrolled();
  });
  jump.addEventListener("click", () => {
    tell(element, "follow", { following: true });
    view.focus(); // the button is hidden now
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
    else if (on(".avatar, .by > .nick")) showCard(line);
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
    else if (target.closest(".folded .text")) unfold(target.closest(".line"), true); // or it would not be visible
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
    else if (key === "u") showCard(line);
    else if (Object.hasOwn(KEYS, key) && seq) tell(element, KEYS[key], { seq });
    else return false;
    return true;
  });
  document.addEventListener("selectionchange", () => {
    if (copying || getSelection().isCollapsed || !getSelection().containsNode(list, true)) return;
    copying = import("./transcript.js").then(({ copyFrom }) => copyFrom(list), () => (copying = null));
  });
  // A keyboard that opens, a draft that grows, a zoom: the newest message stays visible.
  const resized = new ResizeObserver(() => {
    if (following) anchor.toEnd();
    else anchor.keep();
    askMore();
  });
  resized.observe(view);
  resized.observe(list);

  /**
   * Report when the user has reached the newest message or left it; returns whether that was a change. The
   * end of a past is not the newest message.
   */
  function settle() {
    const waits = sought?.fate === "sought"; // until it is found, only the user can scroll to the end
    const news = !drawn.past && !waits && atBottom(view) !== following;
    if (news) tell(element, "follow", { following: !following });
    return news;
  }

  function askMore() {
    if (view.clientHeight === 0) return;
    if (drawn.log?.more && nearTop(view)) tell(element, "older");
    if (drawn.past && nearBottom(view)) tell(element, "newer");
  }

  /** A tap shows the action bar, and another one hides it. */
  function tapped(line) {
    if (line === null || bar.line() === line) bar.hide();
    else bar.show(line);
  }

  /** Show all of a long message in place, or only its beginning. */
  function unfold(line, open) {
    if (following && open) tell(element, "follow", { following: false });
    anchor.hold(null); // the content below it moves
    fold(line, true, open);
    if (!open) line.scrollIntoView({ block: "nearest" });
    anchor.look();
    settle();
  }

  /** The question about a deletion is answered: its buttons disappear, and the line gets the focus. */
  function answer(line, verb) {
    line.focus({ preventScroll: true });
    tell(element, verb);
  }

  /** Show the card of the author of a message. */
  function showCard({ dataset: { seq } }) {
    const { user, nick } = at(drawn.log, Number(seq)) ?? {};
    if (user) tell(element, "sheet", { name: SHEETS.person, about: { user, nick } });
  }

  function linkTo(seq) {
    return `${new URL(address, base).href}#m-${seq}`;
  }

  function update(state) {
    const room = current(state);
    const unheard = following && state.following && state.key === drawn.key && anchor.scrolled() < 0;
    if (unheard && settle()) return; // the user has scrolled up; telling that has already updated the page
    const down = state.following && !following;
    following = state.following;
    address = addressOf(room.name, state.lobby);
    const removing = drawn.removing;
    const changed = show(state, room);
    if (following && (changed || down)) anchor.toEnd();
    if (room.removing !== null && room.removing !== removing) ask(room.removing);
    find(room.sought, room.past?.cut === true);
    set(jump, { hidden: state.unseen === 0 && room.past === null && (sought === null || sought.fate === "missing") });
    since.update(room);
    if (!jump.hidden) write(jump.querySelector(".count"), state.unseen > 0 ? word("list.unseen", { count: state.unseen }) : word("list.newest"));
  }

  /** Make the list show the room; returns whether anything changed. */
  function show(state, room) {
    const { name, phase, past, mark, removing, target } = room;
    const { editing, replying } = target?.gone ? { editing: null, replying: null } : room;
    const log = inSight(room);
    const { key, me, changes } = state;
    const pending = past ? [] : state.pending.filter((item) => item.key === key);
    const waits = pending.length > 0 || drawn.waits ? state.pending : null;
    const alone = log.epoch === null && unreached(state);
    const today = dayOf(now() / 1000);
    const shared = sharers(room, me);
    const made = { key, log, me, phase, alone, shared, mark, editing, replying, removing, changes, today, pending: waits };
    if (!drawn.stale && Object.entries(made).every(([part, value]) => drawn[part] === value)) return false;
    know(room, log, me, shared);
    const appended = drawn.key === key && drawn.log.numbering === log.numbering && drawn.log.first <= log.first;
    if (!appended || past || drawn.past || drawn.stale) quietly();
    if (drawn.key !== key) {
      clearList(list, shown);
      anchor.hold(null);
      bar.hide();
    }
    if (!following) anchor.look();
    if (drawn.stale) clearList(list, shown);
    const lines = rows(log.entries, pending, me, dayOf, { key, mark, editing, replying, removing, changes, today, shared });
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

  /** Update who can be mentioned, before messages are drawn. */
  function know(room, log, me, shared) {
    const { members } = room;
    about = { book: bookFor(room, me), me };
    let authors = null; // nicks by user; made when a nick of a user is needed who is not a member now
    const author = (user) => (authors ??= new Map(log.entries.map((entry) => [entry.user, entry.nick]))).get(user);
    about.nickOf = (user) => {
      const nick = members.get(user) ?? author(user);
      return nick && signed(nick, user, shared);
    };
  }

  /** The text above the oldest message. */
  function above({ epoch, more, truncated }, room, phase, count) {
    if (phase === "refused") return "";
    if (epoch === null || more) return word("list.loading");
    if (truncated) return word("list.truncated");
    return count > 0 ? word("list.beginning", { room }) : "";
  }

  /** The next changes are not new messages, so a screen reader does not read them. */
  function quietly() {
    view.ariaLive = "off";
    requestAnimationFrame(() => requestAnimationFrame(() => (view.ariaLive = "polite")));
  }

  /** Ask in the line whether to delete it, and focus the answer. */
  function ask(seq) {
    const line = lineOf(seq);
    line?.scrollIntoView({ block: "nearest" });
    line?.querySelector(".asks .no").focus({ preventScroll: true });
  }

  /** Show the message that was sought, once; and say if the entries after it are not stored. */
  function find(wanted, cut) {
    if (wanted === sought && cut === dead) return;
    const news = wanted !== sought;
    sought = wanted;
    dead = cut;
    const words = { sought: "list.seeking", missing: "list.missing" }[sought?.fate] ?? (cut ? "list.cut" : null);
    write(notice, words === null ? "" : word(words));
    if (news && sought?.fate === "found") bring(lineOf(sought.seq), sought.top);
  }

  /** Show the line, with the focus; or at `top`, where it was when the user left the room. */
  function bring(line, top) {
    if (line === null) return;
    if (top !== null) {
      anchor.put(line, top);
      return;
    }
    line.scrollIntoView({ block: "center" });
    line.focus({ preventScroll: true });
    for (const each of list.querySelectorAll(".found")) each.classList.remove("found");
    requestAnimationFrame(() => {
      line.classList.add("found");
      settle(); // if everything is visible, there is no scroll event
    });
    anchor.hold(line); // its surroundings have no layout yet
  }

  function lineOf(seq) {
    return list.querySelector(`.line[data-seq="${seq}"]`);
  }

  /** Draw everything again with the next update, in another language. */
  function redraw() {
    drawn = { ...drawn, stale: true };
    bar.redraw();
  }

  return { update, redraw, place: () => (following ? null : anchor.place()) };
}

/** The element with the id of a message of the user's own. */
function named(element, { key }) {
  if (key.startsWith("own:")) element.dataset.id = key.slice(4);
  return element;
}
