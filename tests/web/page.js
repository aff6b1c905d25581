// A page without a browser: a test plays the server, the socket and the clock.

import assert from "node:assert/strict";

import { step } from "../../web/js/core/chat.js";
import "../../web/js/core/aboutRoom.js";
import "../../web/js/core/attentionRules.js";
import "../../web/js/core/search.js";
import { wakeAt } from "../../web/js/core/timers.js";
import { begin, current } from "../../web/js/core/state.js";
import { decode, encode } from "../../web/js/core/wire.js";
import { History } from "./model.js";

const KEPT = { identity: { nick: "Ada", token: "t1" }, drafts: [], seen: [], name: "lobby", online: true, hidden: false, now: 0 };

export const WELCOME = {
  type: "welcome",
  protocol: 1,
  server: "model",
  user: "u1",
  nick: "Ada",
  token: "t1",
  time: 0,
  limits: { max_message_bytes: 1_000, max_text_chars: 400, rate: 10, burst: 30, history: 50, rooms: 50 },
  ping_period: 25,
  lobby: "lobby",
};

/** The state of a page, and what its rules gave to be done. */
export class Page {
  sent = []; // commands, as the server would read them
  socketCalls = []; // what was asked of the socket
  calls = []; // what the user was notified of

  /** `kept` are what `begin` takes, and `pending`, what an earlier page left unsent. */
  constructor({ pending, ...kept } = {}) {
    this.state = begin({ ...KEPT, ...kept });
    this.now = this.state.heardAt;
    this.do("start");
    if (pending) this.do("restored", { items: pending });
  }

  do(type, more = {}) {
    const { state, send, socket, calls } = step(freeze(this.state), freeze({ type, now: this.now, ...more }));
    this.state = state;
    this.sent.push(...send.map((command) => JSON.parse(encode(command))));
    this.calls.push(...calls);
    if (socket !== null) this.socketCalls.push(socket);
    if (socket === "drop") this.do("waiting", { retryAt: this.now + 500, code: 1006 });
    assert.ok(wakeAt(state) > this.now || socket !== null, "what is due has been done");
    assert.ok(state.rooms.has(state.key));
  }

  hear(event) {
    this.do("heard", { event: decode(JSON.stringify(event)) });
  }

  /** Let time pass, and everything happen that becomes due meanwhile. */
  pass(time) {
    const end = this.now + time;
    while (wakeAt(this.state) <= end) {
      this.now = wakeAt(this.state);
      this.do("tick");
    }
    this.now = end;
  }

  take() {
    return this.sent.splice(0);
  }

  /** The newest command of this type that was sent. */
  last(type) {
    return this.sent.findLast((command) => command.type === type);
  }

  /** Come so far that the room in sight is there. */
  arrive(history = new History("lobby"), welcome = {}) {
    this.do("open", { identity: null });
    this.hear({ ...WELCOME, ...welcome, id: this.last("hello").id });
    this.hear({ ...history.joined(), id: this.last("join").id });
    this.take();
    return this;
  }

  say(text, id = `id-${text}`) {
    this.do("send", { text, id });
  }

  get texts() {
    return current(this.state).log.entries.filter(({ type }) => type === "message").map(({ text }) => text);
  }

  get fates() {
    return this.state.pending.map(({ text, fate }) => [text, fate]);
  }
}

function freeze(value) {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    if (value instanceof Map) {
      value.set = value.delete = () => assert.fail("a rule changed what it was given"); // freezing alone does not stop it
      value.forEach(freeze);
    }
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
