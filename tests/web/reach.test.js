import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { onlyHere } from "../../web/js/core/reach.js";

describe("who can open an address", () => {
  test("is only this device, for all names and numbers of the device itself", () => {
    for (const host of [
      "localhost", "LOCALHOST", "localhost.", "chat.localhost", "127.0.0.1", "127.1", "127.255.0.9", "2130706433", "0x7f.1",
      "0.0.0.0", "0", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:127.9.8.7]",
    ]) assert.equal(onlyHere(`http://${host}:8080/r/tea`), true, host);
  });

  test("is everybody in the network, for all others", () => {
    for (const host of [
      "192.168.1.5", "10.0.0.1", "126.0.0.1", "128.0.0.1", "mybox.local", "mybox", "localhost.example", "notlocalhost",
      "127.0.0.1.example", "[fe80::1]", "[2001:db8::1]", "[::2]", "[::ffff:192.168.1.5]", "[::ffff:127:1]",
    ]) assert.equal(onlyHere(`https://${host}/`), false, host);
  });
});
