import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { address, classic } from "../../web/js/wire.js";

describe("classic", () => {
  test("offers no subprotocol", () => {
    assert.deepEqual(classic.protocols, []);
  });

  test("is verbatim in both directions", () => {
    for (const text of ["hello", " a\n\tb ", '{"type":"send"}', "<b>", "\u0000", "你好"]) {
      assert.equal(classic.encode({ type: "send", text }), text);
      assert.deepEqual(classic.decode(text), { type: "message", text });
    }
  });

  test("has no way to say more than a line", () => {
    assert.equal(classic.encode({ type: "join", room: "lobby" }), null);
  });
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
