import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { address, bytes, decode, encode, PROTOCOL } from "../../web/js/core/wire.js";
import { pickOne, seeded } from "./random.js";

const vectors = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), "utf8"));
const events = vectors("events");
const commands = vectors("commands").filter((vector) => vector.decoded);

test("the subprotocol has the name that the server knows", () => {
  assert.equal(PROTOCOL, "gochat.v1");
});

describe("every event that the server writes is read", () => {
  assert.ok(events.length > 25);
  for (const { name, json, event } of events) {
    test(name, () => assert.deepEqual(decode(json), event));
  }
});

describe("every command that the server reads can be said", () => {
  assert.ok(commands.length > 25);
  for (const { name, decoded } of commands) {
    test(name, () => assert.deepEqual(JSON.parse(encode(decoded)), decoded));
  }
});

describe("an event", () => {
  test("loses what this page does not know, at every depth but a pong's", () => {
    const sample = (name) => events.find((vector) => vector.name === name).event;
    const joined = sample("joined");
    const entries = joined.entries.map((entry) => ({ ...entry, mood: "odd" }));
    assert.deepEqual(decode(JSON.stringify({ ...joined, entries, mood: ["odd", {}] })), joined);
    const pong = { type: "pong", id: "1", deep: [{ a: null }], time: 1 };
    assert.deepEqual(decode(JSON.stringify(pong)), pong);
  });

  test("that is unknown is ignored, but one with a seq keeps its place", () => {
    assert.equal(decode('{"type":"weather","rain":true}'), null);
    assert.equal(decode('{"type":"constructor"}'), null);
    const pinned = { type: "pinned", room: "lobby", seq: 8, target: 3 };
    const place = { type: "unknown", room: "lobby", seq: 8 };
    assert.deepEqual(decode(JSON.stringify(pinned)), place);
    const page = { type: "history", room: "lobby", entries: [pinned], more: false };
    assert.deepEqual(decode(JSON.stringify(page)).entries, [place]);
  });

  test("that lacks what it must have is ignored", () => {
    for (const { event } of events.filter((vector) => vector.event.type !== "pong")) {
      for (const field of Object.keys(event).filter((name) => name !== "id")) {
        const { [field]: _, ...rest } = event;
        const read = decode(JSON.stringify(rest));
        if (read !== null) assert.ok(read.type === "unknown" || !(field in read), `${event.type} without ${field}`);
      }
    }
    assert.equal(decode('{"type":"message","room":"lobby","seq":"7","user":"u","nick":"A","time":1}'), null);
  });

  test("can be made of any text without harm", () => {
    const random = seeded(11);
    const values = [null, true, 0, -1, 1.5, 1e308, "", "lobby", "__proto__", [], [null], {}, { user: "u" }, [{ user: "u" }]];
    const names = [...new Set(events.flatMap(({ event }) => Object.keys(event)))];
    for (const text of ["", "{", "[]", "null", '"a"', "1", "\u0000", '{"type":1}']) assert.equal(decode(text), null);
    for (let round = 0; round < 5_000; round++) {
      const said = { ...pickOne(random, events).event };
      for (let n = 0; n < 3; n++) said[pickOne(random, names)] = pickOne(random, values);
      const read = decode(JSON.stringify(said));
      assert.ok(read === null || typeof read.type === "string");
    }
  });
});

test("a command says nothing that is not its own", () => {
  assert.equal(encode({ type: "rooms", id: "1", room: "x" }), '{"type":"rooms","id":"1"}');
  assert.equal(encode({ type: "join", room: "a", since: undefined }), '{"type":"join","room":"a"}');
});

test("lengths are counted in bytes, as the server counts them", () => {
  assert.equal(bytes("aé你😀"), 1 + 2 + 3 + 4);
});

describe("the address of the WebSocket", () => {
  for (const [base, expected] of [
    ["http://127.0.0.1:8080/", "ws://127.0.0.1:8080/ws"],
    ["https://chat.example.org/", "wss://chat.example.org/ws"],
    ["https://example.org/team/chat/", "wss://example.org/team/chat/ws"],
    ["http://[::1]:8080/?a=b#c", "ws://[::1]:8080/ws"],
  ]) {
    test(`of ${base} is ${expected}`, () => assert.equal(address(base), expected));
  }
});
