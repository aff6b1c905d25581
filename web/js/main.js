// The page put together: events go into the state, the state goes down to the components.

import { Composer } from "./Composer.js";
import { ConnectionState } from "./ConnectionState.js";
import { MessageList } from "./MessageList.js";
import { dress, LANGUAGES, pick, translator } from "./i18n.js";
import { reduce, sayable, START, title } from "./logic.js";
import { Socket } from "./socket.js";
import { address, classic as dialect } from "./wire.js";

const NAME = "goChat";
const FRAME_WAIT = 250; // where no frames are drawn (a hidden tab), lines are added after this

const spoken = pick(navigator.languages);
const word = translator(spoken);
document.documentElement.lang = LANGUAGES[spoken].language;
dress(document, word);

// The reader's own languages decide how times look, also where the page has no words for them.
const format = (options) => {
  const formatter = new Intl.DateTimeFormat(navigator.languages, options);
  return (time) => formatter.format(time);
};
const clock = format({ hour: "numeric", minute: "2-digit" });
const calendar = format({ dateStyle: "full", timeStyle: "medium" });
const now = () => Date.now();

const connectionState = ConnectionState(document.querySelector(".connection-state"), { word, now });
const messageList = MessageList(document.querySelector(".message-list"), { word, clock, calendar });
const composer = Composer(document.querySelector(".composer"), { word });
const socket = Socket(address(document.baseURI), dialect.protocols, hear);

let state = { ...START, online: navigator.onLine, hidden: document.hidden };

function tell(event) {
  state = reduce(state, event);
  connectionState.update(state);
  messageList.update(state);
  composer.update(state);
  document.title = title(NAME, state.unread);
}

// --- From the socket: messages are gathered and shown once a frame -------------------------

let arrived = [];
let frame = null;
let timer = null;

function hear(event) {
  if (event.type !== "text") {
    flush(); // what came before the end is shown, and counts, before the end
    tell(event);
    return;
  }
  const decoded = dialect.decode(event.text);
  if (decoded.type !== "message") return;
  arrived.push({ text: decoded.text, time: now() });
  if (timer !== null) return;
  frame = requestAnimationFrame(flush);
  timer = setTimeout(flush, FRAME_WAIT);
}

function flush() {
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  frame = timer = null;
  if (arrived.length === 0) return;
  const messages = arrived;
  arrived = [];
  tell({ type: "messages", messages });
}

// --- From the reader -----------------------------------------------------------------------

document.addEventListener("follow", ({ detail: following }) => tell({ type: "follow", following }));
document.addEventListener("draft", ({ detail: text }) => tell({ type: "draft", text }));
document.addEventListener("send", ({ detail: text }) => {
  if (!sayable(text)) return;
  const sent = socket.send(dialect.encode({ type: "send", text }));
  tell(sent ? { type: "sent", text } : { type: "refused" });
});
document.addEventListener("retry", () => {
  socket.retry();
  composer.focus();
});

// --- From the browser ----------------------------------------------------------------------

addEventListener("online", () => {
  tell({ type: "network", online: true });
  socket.wake();
});
addEventListener("offline", () => tell({ type: "network", online: false }));
document.addEventListener("visibilitychange", () => {
  flush();
  tell({ type: document.hidden ? "hidden" : "visible" });
  if (!document.hidden) socket.wake();
});

socket.open();
if (matchMedia("(pointer: fine)").matches) composer.focus(); // a phone would open its keyboard
