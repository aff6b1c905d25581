// Which names are one room: the same vectors as the server's own (tests/core/test_vectors.py).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { keyOf, roomName } from "../../web/js/core/room.js";
import { addressOf, roomAt } from "../../web/js/core/address.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/rooms.json", import.meta.url), "utf8"));
const rooms = vectors.filter(({ names }) => names);
const PILED = /\p{M}{2}/u; // of marks over one letter the server takes fewer, and says so

describe("a room's name", () => {
  assert.ok(rooms.length > 40);
  for (const { names, key } of rooms) {
    test(`is one however it is spelled: ${names[0]}`, () => {
      for (const name of names) assert.equal(keyOf(name), keyOf(names[0]), name);
      assert.equal(keyOf(keyOf(names[0])), keyOf(names[0]));
      assert.equal(keyOf(key), keyOf(names[0]));
    });
  }

  test("is another where the server has two", () => {
    assert.equal(new Set(rooms.map(({ names }) => keyOf(names[0]))).size, rooms.length);
  });

  test("can be typed, and stands in an address", () => {
    for (const { names } of rooms) {
      for (const name of names) {
        assert.equal(roomName(`#${name} `), name.normalize("NFC"), name);
        assert.equal(roomAt(addressOf(name, "lobby"), "http://host/"), name);
      }
    }
  });

  test("is none where the server takes none", () => {
    for (const { refused } of vectors.filter(({ refused }) => refused && !PILED.test(refused.normalize("NFD")))) {
      if (!/\s/.test(refused)) assert.equal(roomName(refused), null, JSON.stringify(refused));
    }
  });

  test("is in sight once, whatever somebody types", () => {
    assert.equal(keyOf("STRASSE"), keyOf("Straße"));
    assert.equal(keyOf("İZMİR"), keyOf("izmir"));
    assert.equal(keyOf("Ｌｏｂｂｙ"), "lobby");
  });
});
