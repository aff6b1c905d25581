import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { addressOf, roomAt } from "../../web/js/core/address.js";
import { roomName } from "../../web/js/core/room.js";

describe("addresses", () => {
  const BASES = ["http://host/", "https://host/team/chat/"];

  test("of rooms lead there and back, below any sub-path", () => {
    for (const base of BASES) {
      for (const room of ["tea", "大厅", "a_b-c", "straße", "r"]) {
        const address = new URL(addressOf(room, "lobby"), base).href;
        assert.ok(address.startsWith(`${base}r/`));
        assert.equal(roomAt(`${address}?x#y`, base), room);
      }
      assert.equal(new URL(addressOf("Lobby", "lobby"), base).href, base);
      assert.equal(roomAt(base, base), null);
      assert.equal(roomAt(`${base}r/`, base), null);
      assert.equal(roomAt(`${base}r/%ff`, base), null);
    }
    assert.equal(roomAt("https://host/r/tea", BASES[1]), null);
  });

  test("are made of what was typed, where that can be a room's name", () => {
    for (const [typed, name] of [
      [" tea ", "tea"],
      ["#tea", "tea"],
      ["tea time", "tea-time"],
      ["聊天室_1", "聊天室_1"],
      ["Zoe\u0308", "Zoë"],
      ["x".repeat(64), "x".repeat(64)],
      ["x".repeat(65), null],
      ["-tea", null],
      ["tea/time", null],
      ["#", null],
      ["", null],
    ]) {
      assert.equal(roomName(typed), name, typed);
    }
  });
});
