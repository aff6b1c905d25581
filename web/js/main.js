// The composition root of the page: events change the state; the state is passed to the components,
// commands to the server, and what outlives the page to the browser's storage.

import { step } from "./core/chat.js";
import { wakeAt } from "./core/timers.js";
import { changedDrafts, drafts, purposes } from "./core/unsent.js";
import { keptChoices, offers, waiting } from "./core/attention.js";
import { meaning } from "./core/keys.js";
import { RULED } from "./core/names.js";
import { kept } from "./core/outbox.js";
import { roomNames } from "./core/rooms.js";
import { begin, current } from "./core/state.js";
import { Notifications } from "./browser/notifications.js";
import { Composer } from "./components/Composer.js";
import { ConnectionState } from "./components/ConnectionState.js";
import { MemberList } from "./components/MemberList.js";
import { MessageList } from "./components/MessageList.js";
import { dialogs } from "./components/dialogs.js";
import { Lazy } from "./components/lazy.js";
import { NameForm } from "./components/NameForm.js";
import { RoomHeader } from "./components/RoomHeader.js";
import { RoomList } from "./components/RoomList.js";
import { SidePanel } from "./components/SidePanel.js";
import { TypingLine } from "./components/TypingLine.js";
import { set } from "./browser/dom.js";
import { focusOf } from "./browser/focusOrigin.js";
import { watchTouch } from "./browser/touch.js";
import { dress, formats, LANGUAGES, pick, translator } from "./i18n/index.js";
import { startServiceWorker } from "./browser/serviceWorker.js";
import { addressOf, roomAt } from "./core/address.js";
import { neighbour, roomChoices } from "./core/choices.js";
import { title } from "./core/wording.js";
import { PendingStore } from "./browser/pendingStore.js";
import { asksWhy } from "./core/reconnect.js";
import { whyBlocked } from "./browser/blocked.js";
import { Socket } from "./browser/socket.js";
import { Storage } from "./browser/storage.js";
import { watchSleep } from "./browser/sleep.js";
import { address, decode, encode, PROTOCOL } from "./core/wire.js";

const NAME = "goChat";
const LOBBY = "lobby"; // until the server has sent the name of the lobby
const FRAME_WAIT = 250; // if no frames are drawn (in a hidden tab), the page is updated after this time
const PACE = 25; // a frame that follows another one sooner is left to scrolling and typing
const FAR = 2 ** 31 - 1; // the longest delay of a timer
const BASE = document.baseURI;

const spoken = await LANGUAGES[pick(navigator.languages)]();
const word = translator(spoken);
document.documentElement.lang = spoken.language;
dress(document, word);

const now = () => Date.now();
const mac = /^(Mac|iP)/.test(navigator.platform); // deprecated, but the only way to know which modifier keys there are
const tools = { word, now, mac, base: BASE, ...formats(navigator.languages, spoken.language, now) };
const at = (selector) => document.querySelector(selector);

const page = at(".page");
const conversation = at(".conversation");
const composer = Composer(at(".composer"), tools);
const messageList = MessageList(at(".message-list"), tools);
const components = [
  NameForm(at(".name-form"), tools),
  SidePanel(at(".side-panel"), tools),
  RoomList(at(".room-list"), tools),
  MemberList(at(".member-list"), tools),
  RoomHeader(at(".room-header"), tools),
  ConnectionState(at(".connection-state"), tools),
  ...dialogs(tools),
  messageList, // after the dialogs: a message found in one gets the focus when it is closed
  Lazy(at(".attention-offer"), () => import("./components/AttentionOffer.js"), tools, offers),
  TypingLine(at(".typing-line"), tools),
  composer,
];
const storage = Storage(BASE);
const attention = Notifications(at("link[rel=icon]"), newId(), storage.tabs, tools, (place) => travel({ type: "seek", ...place }, false));
const pendingStore = PendingStore(BASE, newId(), storage.area, restore);
const socket = Socket(address(BASE), [PROTOCOL], hear);

// --- Events into the state -----------------------------------------------------------------

let state = begin({
  identity: storage.identity(),
  drafts: storage.drafts(),
  purposes: storage.purposes(),
  seen: storage.seen(),
  roomNames: storage.rooms(),
  attention: storage.attention(),
  permission: attention.permission(),
  name: roomAt(location.href, BASE) ?? LOBBY,
  online: navigator.onLine,
  hidden: document.hidden,
  focused: document.hasFocus(),
  touch: watchTouch((on) => tell({ type: "touch", on })),
  now: now(),
});
let saved = state;
let alarm = null;

/** Process `event`, without displaying the result yet. */
function happen(event) {
  const done = step(state, { ...event, now: now() });
  state = done.state;
  save();
  for (const call of done.calls) attention.call(call);
  for (const command of done.send) socket.send(encode(command));
  clearTimeout(alarm);
  const due = Math.min(wakeAt(state), new Date(now()).setHours(24, 0, 0, 0)); // "Today" is another day from midnight on
  alarm = setTimeout(() => tell({ type: "tick" }), Math.min(FAR, Math.max(0, due - now())));
  if (done.socket !== null) socket[done.socket]();
}

/** Process `event`, and display the result. */
function tell(event) {
  happen(event);
  show();
}

/** Before anything is sent: the user's text must not be lost in between. */
function save() {
  if (state.identity !== saved.identity) storage.save("identity", state.identity);
  if (state.attention !== saved.attention) storage.save("attention", keptChoices(state.attention));
  if (state.pending !== saved.pending) pendingStore.keep(kept(state.pending));
  if (state.rooms !== saved.rooms) {
    saveDrafts(changedDrafts(saved.rooms, state.rooms));
    savePurposes(purposes(state.rooms));
    savePlaces(roomNames(state));
  }
  saved = state;
}

function saveDrafts(changed) {
  if (changed.length === 0) return;
  storage.saveDrafts(changed);
  storage.save("drafts", drafts(state.rooms));
}

let lastPurposes = "[]";

function savePurposes(open) {
  const now = JSON.stringify(open);
  if (now !== lastPurposes) storage.save("purposes", open);
  lastPurposes = now;
}

let lastPlaces = null;

function savePlaces(names) {
  const now = names.join("/");
  if (now !== lastPlaces) storage.save("rooms", names);
  lastPlaces = now;
}

/** Take over unsent messages of another tab. Those that are not valid are dropped. */
function restore(items) {
  tell({ type: "restored", items });
  pendingStore.keep(kept(state.pending));
}

// --- The state onto the page ---------------------------------------------------------------

let frame = null;
let timer = null;
let seen = state.seen; // as it was last stored
let shownAt = -Infinity; // on the clock of animation frames

/** Events of the server are displayed with the next frame; if there are many, with every other frame. */
function showSoon() {
  if (timer !== null) return;
  frame = requestAnimationFrame(showInFrame);
  timer = setTimeout(show, FRAME_WAIT);
}

function showInFrame(time) {
  if (time - shownAt < PACE) frame = requestAnimationFrame(showInFrame);
  else show();
}

function show() {
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  frame = timer = null;
  shownAt = performance.now();
  const named = page.hidden && state.naming === null;
  set(page, { hidden: state.naming !== null });
  set(conversation, { inert: state.panel });
  for (const component of components) component.update(state);
  set(document, { title: title(NAME, current(state).name, state.away) });
  attention.update(waiting(state), state.attended ? state.key : null, (key) => state.rooms.get(key)?.unread > 0);
  const place = placeOf(current(state)); // the server may spell the name of the room in another way
  if (current(state).phase === "here" && place !== location.pathname) history.replaceState(null, "", place);
  if (state.seen !== seen) storage.save("seen", [...(seen = state.seen)]); // here and not in save(), since it changes with each message
  if (named) ready();
}

function placeOf({ name }) {
  return new URL(addressOf(name, state.lobby), BASE).pathname;
}

// --- From the socket -----------------------------------------------------------------------

function hear(event) {
  if (event.type === "text") {
    happen({ type: "heard", event: decode(event.text) });
    showSoon();
  } else {
    tell({ ...event, identity: storage.identity() });
    if (state.online && asksWhy(event.tries, state.blocked)) {
      whyBlocked(new URL("ws", BASE), spoken.language).then((answer) => answer && tell({ type: "blocked", ...answer }));
    }
  }
}

// --- From the user -----------------------------------------------------------------------

/**
 * Call `handle` with the detail of each such event of a component.
 *
 * @param {import("./core/names.js").ComponentEvent} type
 * @param {(detail: any) => void} handle
 */
function on(type, handle) {
  document.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
}

for (const type of RULED) on(type, (detail) => tell({ type, ...detail }));
on("send", (detail) => tell({ type: "send", id: newId(), ...detail }));
on("reply", () => composer.focus());
on("edit", () => composer.focus());
on("enter", (detail) => travel({ type: "enter", ...detail }));
on("leave", (detail) => travel({ type: "leave", ...detail }));
at(".scrim").addEventListener("click", () => tell({ type: "panel", open: false }));
on("retry", () => {
  socket.open();
  ready();
});

on("seek", (detail) => travel({ type: "seek", ...detail }, false));
on("notify", async ({ on: wanted }) => {
  if (wanted && state.permission === "default") tell({ type: "permission", permission: await attention.ask() });
  else tell({ type: "desktop", on: wanted });
  ready();
});
on("notNow", ready); // the button that had the focus is hidden now
on("chime", ({ on: wanted }) => {
  tell({ type: "sound", on: wanted });
  if (wanted) attention.chime(); // a sample; and the browser allows sound from now on
});
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || state.naming !== null || state.sheet !== null) return;
  const target = /** @type {Element} */ (event.target);
  const meant = meaning(event, focusOf(target), tools.mac);
  if (meant?.type === "write") {
    if (state.panel || target.closest("form:not(.composer)")) return;
    if (event.key === "Enter") event.preventDefault(); // nothing is sent that does not have the focus
    composer.focus(); // where the browser then writes it
  } else if (meant !== null) {
    event.preventDefault();
    act(meant);
  }
});

function act(meant) {
  if (meant.type !== "neighbour") {
    tell(meant);
    return;
  }
  const next = neighbour(roomChoices(state, tools.compare), meant.by, meant.fresh);
  if (next !== null) travel({ type: "enter", name: next.room });
}

/** Process `event`, which may open another room: the browser's back button returns. */
function travel(event, writes = true) {
  const from = state.key;
  happen({ ...event, place: messageList.place() });
  const place = placeOf(current(state));
  if (state.key !== from && place !== location.pathname) history.pushState(null, "", place);
  show();
  if (writes) ready();
}

/** A unique id. (randomUUID is missing on a page that came over http.) */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Focus the composer. Not on a phone, where that would open the keyboard. */
function ready() {
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

const MOVES = ["keydown", "pointerdown", "pointermove", "wheel"];
const MOVES_EVERY = 30_000; // more often is not needed

for (const type of MOVES) addEventListener(type, moved, { capture: true, passive: true });

function moved() {
  if (now() - state.activeAt >= MOVES_EVERY) tell({ type: "active" });
}

// --- From the browser ----------------------------------------------------------------------

addEventListener("popstate", () => {
  tell({ type: "enter", name: roomAt(location.href, BASE) ?? state.lobby, place: messageList.place() });
  seek();
});
addEventListener("online", () => revive({ type: "network", online: true }));
addEventListener("offline", () => tell({ type: "network", online: false }));
addEventListener("storage", (event) => {
  if (storage.isIdentity(event)) tell({ type: "identity", identity: storage.identity() });
  const done = storage.doneDraft(event);
  if (done) tell({ type: "draftDone", ...done });
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) tell({ type: "hidden" });
  else revive({ type: "visible", focused: document.hasFocus() });
});
addEventListener("focus", () => tell({ type: "focus" }));
addEventListener("blur", () => tell({ type: "blur" }));
addEventListener("pagehide", () => tell({ type: "hidden" })); // the server is told now what was read
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) revive({ type: document.hidden ? "woke" : "visible", focused: document.hasFocus() }); // it was frozen, and its connection has ended
});
watchSleep(() => revive({ type: "woke" }));

/** After `event` the connection may be dead, or possible again, and another tab may have been closed. */
function revive(event) {
  tell(event);
  socket.wake();
  pendingStore.adopt();
}

matchMedia("(min-width: 56rem)").addEventListener("change", () => tell({ type: "panel", open: false }));

/** The fragment of the URL may name a message of the room. */
function seek() {
  const [, seq] = /^#m-(\d{1,15})$/.exec(location.hash) ?? [];
  if (seq !== undefined) tell({ type: "seek", room: current(state).name, seq: Number(seq) });
}

tell({ type: "start" });
seek();
pendingStore.adopt();
if (state.naming === null) ready();
startServiceWorker(BASE);
