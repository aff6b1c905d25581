// The server's list of rooms, which comes a page at a time.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Page } from "./page.js";

const EVERY = 30_000;

/** A server with `count` rooms that gives at most `most` at a time. */
function server(count, most = 200) {
  const rooms = Array.from({ length: count }, (_, n) => ({ room: `room-${String(n).padStart(5, "0")}`, topic: "", member_count: 0, seq: 1 }));
  return ({ id, after, limit = most }) => {
    const start = after === undefined ? 0 : rooms.findIndex(({ room }) => room === after) + 1;
    const found = rooms.slice(start, start + Math.min(limit, most));
    return { type: "rooms", id, rooms: found, more: start + found.length < rooms.length };
  };
}

/** Answer all that `page` asks about rooms; gives how often it asked. */
function answerAll(page, answer) {
  let asked = 0;
  for (let all = page.take(); all.length > 0; all = page.take()) {
    for (const command of all) {
      if (command.type !== "rooms") continue;
      asked += 1;
      page.hear(answer(command));
    }
  }
  return asked;
}

/** Let time pass on a line that lives. */
function passing(page, time) {
  for (let left = time; left > 0; left -= 10_000) {
    page.pass(Math.min(left, 10_000));
    page.hear({ type: "pong" });
  }
}

/** A page that has just come, and has asked for the list. */
const arrived = () => new Page().arrive();

describe("the list of rooms", () => {
  test("is one answer of a server without pages", () => {
    const page = arrived();
    const { id } = page.state.listing;
    page.hear({ type: "rooms", id, rooms: [{ room: "tea", topic: "", member_count: 1, seq: 2 }] });
    assert.deepEqual(page.state.listed.map(({ room }) => room), ["tea"]);
    assert.equal(page.state.listing.id, null);
  });

  test("is asked for page by page, each after the last room of the one before", () => {
    const page = arrived();
    const { id } = page.state.listing;
    page.hear(server(450)({ id }));
    assert.deepEqual(page.last("rooms"), { type: "rooms", id: page.state.listing.id, after: "room-00199", limit: 200 });
    assert.deepEqual(page.state.listed, [], "a part of a list is not shown");
    assert.equal(answerAll(page, server(450)), 2);
    assert.equal(page.state.listed.length, 450);
    assert.equal(new Set(page.state.listed.map(({ room }) => room)).size, 450);
  });

  test("is bounded, however many rooms there are", () => {
    const page = arrived();
    page.hear(server(20_000)({ id: page.state.listing.id }));
    assert.equal(answerAll(page, server(20_000)), 4);
    assert.equal(page.state.listed.length, 1_000);
  });

  test("takes no more of a server that gives all at once, or never ends", () => {
    const page = arrived();
    page.hear({ ...server(5_000, 5_000)({ id: page.state.listing.id, limit: 5_000 }), more: false });
    assert.equal(page.state.listed.length, 1_000);
    page.do("panel", { open: true });
    page.hear({ type: "rooms", id: page.state.listing.id, rooms: [], more: true });
    assert.equal(page.state.listing.id, null);
  });

  test("is asked for the less often the more pages it takes, and never twice at once", () => {
    const page = arrived();
    page.hear(server(900)({ id: page.state.listing.id }));
    answerAll(page, server(900));
    assert.equal(page.state.listing.pages, 5);
    passing(page, 4.9 * EVERY);
    assert.equal(answerAll(page, server(900)), 0);
    passing(page, 0.2 * EVERY);
    page.do("panel", { open: true });
    page.do("panel", { open: true });
    assert.equal(page.take().filter(({ type }) => type === "rooms").length, 1);
  });

  test("is what has come, where the server refuses the rest", () => {
    const page = arrived();
    page.hear(server(450)({ id: page.state.listing.id }));
    page.hear({ type: "error", id: page.state.listing.id, code: "rate_limited", message: "No.", retry_after: 1 });
    assert.equal(page.state.listed.length, 200);
    page.do("panel", { open: true });
    page.hear({ type: "error", id: page.state.listing.id, code: "busy", message: "No." });
    assert.equal(page.state.listed.length, 200, "a refusal takes nothing away");
  });

  test("begins afresh on another connection", () => {
    const page = arrived();
    const { id } = page.state.listing;
    page.hear(server(450)({ id }));
    const late = page.state.listing.id;
    page.do("waiting", { retryAt: page.now + 100, code: 1006 });
    assert.deepEqual([page.state.listing.id, page.state.listing.found], [null, []]);
    page.hear(server(450)({ id: late }));
    assert.deepEqual(page.state.listed, []);
  });
});
