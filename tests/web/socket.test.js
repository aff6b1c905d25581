import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { Socket } from "../../web/js/browser/socket.js";

/** A browser without network or clock: the test opens, closes and lets time pass. */
class Platform {
  time = 0;
  made = []; // every WebSocket
  timers = new Map();
  random = () => 0.5;
  now = () => this.time;
  setTimeout = (run, delay) => {
    const timer = Symbol("timer");
    this.timers.set(timer, { run, at: this.time + delay });
    return timer;
  };
  clearTimeout = (timer) => this.timers.delete(timer);

  constructor() {
    const made = this.made;
    this.WebSocket = class {
      readyState = 0;
      sent = [];
      constructor(url, protocols) {
        Object.assign(this, { url, protocols });
        made.push(this);
      }
      send(text) {
        this.sent.push(text);
      }
      opens() {
        this.readyState = 1;
        this.onopen({});
      }
      close(code = 1006) {
        this.readyState = 3;
        this.onclose?.({ code });
      }
    };
  }

  get socket() {
    return this.made.at(-1);
  }

  pass(time) {
    this.time += time;
    for (const [timer, { run, at }] of this.timers) {
      if (at <= this.time && this.timers.delete(timer)) run();
    }
  }
}

describe("the socket", () => {
  let platform, told, socket;
  const types = () => told.map((event) => event.type);

  beforeEach(() => {
    platform = new Platform();
    told = [];
    socket = Socket("ws://host/ws", [], (event) => told.push(event), platform);
    socket.open();
  });

  test("tells of connecting, of each text, and of the end", () => {
    platform.socket.opens();
    platform.socket.onmessage({ data: "hello" });
    platform.socket.onmessage({ data: new ArrayBuffer(1) });
    platform.socket.close(1001);
    assert.deepEqual(told, [
      { type: "connecting", attempt: 0 },
      { type: "open" },
      { type: "text", text: "hello" },
      { type: "waiting", retryAt: 250, code: 1001 },
    ]);
  });

  test("sends only when open, and says whether it did", () => {
    assert.equal(socket.send("early"), false);
    platform.socket.opens();
    assert.equal(socket.send("now"), true);
    platform.socket.close();
    assert.equal(socket.send("late"), false);
    assert.deepEqual(platform.socket.sent, ["now"]);
  });

  test("comes back when the wait is over, and waits longer each time", () => {
    const waits = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      platform.socket.close();
      const wait = told.at(-1).retryAt - platform.time;
      waits.push(wait);
      platform.pass(wait - 1);
      assert.equal(platform.made.length, attempt + 1);
      platform.pass(1);
      assert.equal(platform.made.length, attempt + 2);
    }
    assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    assert.deepEqual(told.at(-1), { type: "connecting", attempt: 8 });
  });

  test("gives up on a connection that does not open", () => {
    platform.pass(9_999);
    assert.deepEqual(types(), ["connecting"]);
    platform.pass(1);
    assert.deepEqual(types(), ["connecting", "waiting"]);
  });

  test("does not give up on one that did", () => {
    platform.socket.opens();
    platform.pass(60_000);
    assert.deepEqual(types(), ["connecting", "open"]);
  });

  test("stays away when told to, until the user asks", () => {
    platform.socket.opens();
    platform.socket.close(4003);
    assert.deepEqual(told.at(-1), { type: "stopped", code: 4003 });
    platform.pass(1e9);
    socket.wake();
    assert.equal(platform.made.length, 1);
    socket.open();
    assert.equal(platform.made.length, 2);
    assert.deepEqual(told.at(-1), { type: "connecting", attempt: 0 });
  });

  test("comes back at once when the network does, once", () => {
    platform.socket.close();
    socket.wake();
    socket.wake();
    assert.equal(platform.made.length, 2);
    platform.socket.opens();
    platform.pass(60_000);
    socket.wake();
    socket.open();
    assert.equal(platform.made.length, 2);
  });

  test("lets a full server be, though the network came back, but not though the user asks", () => {
    platform.socket.opens();
    platform.socket.close(1013);
    socket.wake();
    assert.equal(platform.made.length, 1);
    socket.open();
    assert.equal(platform.made.length, 2);
    platform.pass(9_000);
    assert.equal(platform.made.length, 2, "the wait that was cut short is forgotten");
  });

  test("lets go of a dead line at once, without waiting for the other side, and comes back", () => {
    const [dead] = platform.made;
    dead.opens();
    dead.close = () => {}; // nobody answers
    platform.time = 60_000;
    socket.drop();
    assert.deepEqual(told.at(-1), { type: "waiting", retryAt: 60_250, code: 1006 });
    assert.deepEqual([dead.onopen, dead.onmessage, dead.onclose], [null, null, null], "it is not heard any more");
    platform.pass(250);
    assert.equal(platform.made.length, 2);
    platform.socket.opens();
    assert.equal(socket.send("now"), true);
    assert.deepEqual([dead.sent, platform.socket.sent], [[], ["now"]]);
  });

  test("drops nothing where there is nothing", () => {
    platform.socket.close();
    const before = told.length;
    socket.drop();
    assert.equal(told.length, before);
  });

  test("that is closed stays closed, without a word, until it is opened again", () => {
    platform.socket.opens();
    const before = told.length;
    socket.close();
    platform.pass(1e9);
    socket.wake();
    assert.deepEqual([told.length, platform.made.length], [before, 1]);
    assert.equal(platform.made[0].readyState, 3);
    socket.open();
    assert.deepEqual(told.at(-1), { type: "connecting", attempt: 0 });
  });

  test("begins anew where it hangs on its way when things change for the better", () => {
    platform.pass(2_999);
    socket.wake();
    assert.equal(platform.made.length, 1, "it has not had its time yet");
    platform.pass(1);
    socket.wake();
    assert.equal(platform.made.length, 2);
    assert.deepEqual(types(), ["connecting", "waiting", "connecting"]);
    platform.socket.opens();
    platform.pass(60_000);
    assert.equal(told.at(-1).type, "open", "the wait that was cut short is forgotten");
  });

  test("notices an end that it was not told of", () => {
    platform.socket.opens();
    platform.pass(60_000);
    platform.socket.readyState = 3; // as after a page was frozen
    socket.wake();
    assert.equal(platform.made.length, 2);
    assert.deepEqual(types(), ["connecting", "open", "waiting", "connecting"]);
  });
});
