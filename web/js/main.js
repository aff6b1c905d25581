// The composition root of the page: events change the state; the state is passed to the components,
// commands to the server, and what outlives the page to the browser's storage.

import { step } from "./core/chat.js";
import { wakeAt } from "./core/timers.js";
import { offers, waiting } from "./core/attention.js";
import { meaning } from "./core/keys.js";
import { RULED } from "./core/names.js";
import { kept } from "./core/outbox.js";
import { begin, current } from "./core/state.js";
import { settings } from "./core/settings.js";
import { Appearance } from "./browser/appearance.js";
import { Notifications } from "./browser/notifications.js";
import { Composer } from "./components/Composer.js";
import { ConnectionState } from "./components/ConnectionState.js";
import { MemberList } from "./components/MemberList.js";
import { MessageList } from "./components/MessageList.js";
import { dialogs } from "./components/dialogs.js";
import { Lazy, linked } from "./components/lazy.js";
import { NameForm } from "./components/NameForm.js";
import { RoomHeader } from "./components/RoomHeader.js";
import { RoomList } from "./components/RoomList.js";
import { SidePanel } from "./components/SidePanel.js";
import { TypingLine } from "./components/TypingLine.js";
import { set } from "./browser/dom.js";
import { focusOf } from "./browser/focusOrigin.js";
import { Speech } from "./i18n/index.js";
import { watchTouch } from "./browser/touch.js";
import { addressOf, roomAt } from "./core/address.js";
import { openLayers } from "./core/layers.js";
import { keyOf } from "./core/room.js";
import { Layers } from "./browser/layers.js";
import { neighbour, roomChoices } from "./core/choices.js";
import { title } from "./core/wording.js";
import { PendingStore } from "./browser/pendingStore.js";
import { asksWhy } from "./core/reconnect.js";
import { startServiceWorker } from "./browser/serviceWorker.js";
import { Socket } from "./browser/socket.js";
import { Saver } from "./browser/saver.js";
import { Storage } from "./browser/storage.js";
import { watchActivity } from "./browser/activity.js";
import { Frames } from "./browser/frames.js";
import { newId } from "./browser/ids.js";
import { watchLife } from "./browser/life.js";
import { address, decode, encode, PROTOCOL } from "./core/wire.js";

const NAME = "goChat";
const LOBBY = "lobby"; // until the server has sent its name
const FAR = 2 ** 31 - 1; // the longest delay of a timer
const BASE = document.baseURI;

const now = () => Date.now();
const storage = Storage(BASE);
const speech = Speech(navigator.languages, now, () => show());
let applied = settings(storage.settings()); // the settings that the page shows
await speech.use(applied);

const mac = /^(Mac|iP)/.test(navigator.platform); // deprecated, but the only way to know which modifier keys there are
const tools = { now, mac, base: BASE, ...speech.tools };
const at = (selector) => document.querySelector(selector);

const page = at(".page");
const conversation = at(".conversation");
const composer = Composer(at(".composer"), tools);
const messageList = MessageList(at(".message-list"), tools);
const components = [
  SidePanel(at(".side-panel"), tools),
  RoomList(at(".room-list"), tools),
  MemberList(at(".member-list"), tools),
  RoomHeader(at(".room-header"), tools),
  ConnectionState(at(".connection-state"), tools),
  ...dialogs(tools),
  NameForm(at(".name-form"), tools), // after the dialogs: it gets the focus when one is closed
  messageList, // so does a message that was found in one
  Lazy(at(".attention-offer"), () => import("./components/AttentionOffer.js"), tools, offers),
  TypingLine(at(".typing-line"), tools),
  composer,
];
const appearance = Appearance(document.documentElement);
const attention = Notifications(at("link[rel=icon]"), newId(), storage.tabs, tools, (place) => travel({ type: "seek", ...place }, false));
const pendingStore = PendingStore(BASE, newId(), storage.area, restore);
const socket = Socket(address(BASE), [PROTOCOL], hear);
const layers = Layers(popped, () => show());

// --- Events into the state -----------------------------------------------------------------

let state = initial(watchTouch((on) => tell({ type: "touch", on })));
let save = Saver(storage, pendingStore, state);
let alarm = null;

/** The state of a page that starts with what is stored. */
function initial(touch) {
  return begin({
    ...storage.all(),
    permission: attention.permission(),
    name: roomAt(location.href, BASE) ?? LOBBY,
    online: navigator.onLine,
    hidden: document.hidden,
    focused: document.hasFocus(),
    touch,
    now: now(),
  });
}

/** Delete what is stored, here or after another tab did so, and start again without a name. */
async function forget() {
  socket.close();
  pendingStore.keep([]);
  await import("./browser/device.js").then(({ erase }) => erase(BASE), () => {});
  state = initial(state.touch);
  save = Saver(storage, pendingStore, state);
  tell({ type: "start" });
}

/** Process `event`, without displaying the result yet. */
function happen(event) {
  const done = step(state, { ...event, now: now() });
  state = done.state;
  save(state); // before anything is sent: the user's text must not be lost in between
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

/** Take over unsent messages of another tab. Those that are not valid are dropped. */
function restore(items) {
  tell({ type: "restored", items });
  pendingStore.keep(kept(state.pending));
}

// --- The state onto the page ---------------------------------------------------------------

const frames = Frames(show);
let seen = state.seen; // as it was last stored

function show() {
  frames.shown();
  const named = page.hidden && state.naming === null;
  if (state.settings !== applied) apply(state.settings);
  set(page, { hidden: state.naming !== null });
  set(conversation, { inert: state.panel });
  for (const component of components) component.update(state);
  set(document, { title: title(NAME, current(state).name, state.away) });
  attention.update(waiting(state), state.attention.desktop || state.attention.sound, state.attended ? state.key : null, (key) => state.rooms.get(key)?.unread > 0);
  const room = current(state);
  layers.follow(openLayers(state).length, placeOf(room), room.phase === "here"); // the server may spell its name in another way
  if (state.seen !== seen) storage.save("seen", [...(seen = state.seen)]); // here and not in save(), since it changes with each message
  if (named) ready();
}

/** Let the page look and speak as the user has chosen. */
async function apply(chosen) {
  const { language, clock } = applied;
  applied = chosen;
  appearance(chosen);
  if (language === chosen.language && clock === chosen.clock) return;
  const done = await speech.use(chosen).catch(() => tell({ type: "unspoken" }));
  if (done) redraw();
}

/** Show other texts than before. */
function redraw() {
  for (const component of components) component.redraw?.();
  show();
}

function placeOf({ name }) {
  return new URL(addressOf(name, state.lobby), BASE).pathname;
}

// --- From the socket -----------------------------------------------------------------------

function hear(event) {
  if (event.type === "text") {
    happen({ type: "heard", event: decode(event.text) });
    frames.soon();
  } else {
    tell({ ...event, identity: storage.identity() });
    if (state.online && asksWhy(event.tries, state.blocked)) {
      import("./browser/blocked.js")
        .then(({ whyBlocked }) => whyBlocked(new URL("ws", BASE), document.documentElement.lang))
        .then((answer) => answer && tell({ type: "blocked", ...answer }), () => {});
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
on("insert", ({ text }) => composer.insert(text));
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
on("forget", forget);
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

/** Process `event`, which may open another room: Back returns. */
function travel(event, writes = true) {
  const from = state.key;
  happen({ ...event, place: messageList.place() });
  if (state.key !== from) layers.travelled();
  show();
  if (writes) ready();
}

/** Focus the composer. Not on a phone, where that would open the keyboard. */
function ready() {
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

watchActivity(() => {
  tell({ type: "active" });
  linked("print")?.catch(() => {}); // nobody prints before that
});

// --- From the browser ----------------------------------------------------------------------

/** The browser has moved to another entry of its history: another room, or fewer layers. */
function popped(layer) {
  const name = roomAt(location.href, BASE) ?? state.lobby;
  const moved = keyOf(name) !== state.key;
  const open = openLayers(state);
  const same = !moved && layer === open.length; // only the fragment may differ
  for (const event of moved ? [{ type: "enter", name, place: messageList.place() }] : open.slice(layer).reverse()) happen(event);
  show();
  if (moved || same) seek();
}

addEventListener("storage", (event) => {
  if (storage.isIdentity(event)) {
    if (storage.identity() === null) forget();
    else tell({ type: "identity", identity: storage.identity() });
  }
  if (storage.isChoice(event)) tell({ type: "stored", settings: storage.settings(), attention: storage.attention() });
  const done = storage.doneDraft(event);
  if (done) tell({ type: "draftDone", ...done });
});
watchLife(tell, revive);

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

appearance(state.settings);
tell({ type: "start" });
seek();
pendingStore.adopt();
if (state.naming === null) ready();
startServiceWorker(BASE);
