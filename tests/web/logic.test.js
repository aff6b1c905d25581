import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { roomName } from "../../web/js/core/room.js";
import {
  HUES,
  addressOf,
  anyFresh,
  atBottom,
  comeBack,
  connectionWords,
  fateWords,
  hintWords,
  hue,
  initial,
  memberChoices,
  nearTop,
  plain,
  refusalWords,
  roomAt,
  roomChoices,
  searchRefusal,
  secondsUntil,
  sends,
  sentence,
  title,
  topicRefusal,
  typingWords,
  unreached,
} from "../../web/js/logic.js";
import { History } from "./model.js";
import { Page } from "./page.js";
import { pickOne, seeded } from "./random.js";

describe("coming back", () => {
  test("waits a random time, up to twice as long after each attempt, and 30 s at the most", () => {
    const random = seeded(1);
    for (let round = 0; round < 2_000; round++) {
      const code = pickOne(random, [1001, 1005, 1006, 1011, 1012, 3000, 4999]);
      let attempt = 0;
      for (let failures = 0; failures < 40; failures++) {
        const next = comeBack(code, attempt, random() * 4_000, random);
        assert.ok(next.again);
        assert.equal(next.attempt, failures + 1);
        assert.ok(next.delay >= 0 && next.delay <= Math.min(30_000, 500 * 2 ** failures));
        assert.equal(next.patient, false);
        attempt = next.attempt;
      }
    }
  });

  test("uses the whole range, so that pages do not come back in step", () => {
    assert.equal(comeBack(1006, 3, 0, () => 0).delay, 0);
    assert.equal(comeBack(1006, 3, 0, () => 0.5).delay, 2_000);
    assert.equal(comeBack(1006, 1_000_000, 0, () => 0.5).delay, 15_000);
  });

  test("starts afresh after a connection that held", () => {
    assert.ok(comeBack(1006, 9, 5_000, () => 0.999).delay < 500);
    assert.equal(comeBack(1006, 9, 5_000, () => 0.999).attempt, 1);
    assert.ok(comeBack(1006, 9, 4_999, () => 0.999).delay > 500);
  });

  test("obeys each code as the protocol's table has it", () => {
    const text = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
    const [, table] = /^### Close codes\n([\s\S]*?)\n\n[^|]/m.exec(text);
    const asked = [...table.matchAll(/^\| (\d{4}) \| .* \| (.*) \|$/gm)].map(([, code, words]) => [Number(code), words]);
    assert.ok(asked.length >= 14);
    const MEANS = {
      no: ({ again }) => !again,
      yes: ({ again, delay }) => again && delay > 0 && delay <= 500,
      "yes, with jitter": ({ again, delay }) => again && delay > 0 && delay <= 500,
      "yes, with growing waits": ({ again, delay, patient }) => again && !patient && delay > 0 && delay <= 500,
      "yes, later": ({ again, delay, patient }) => again && patient && delay >= 10_000,
      "yes, at once": ({ again, delay }) => again && delay === 0,
    };
    for (const [code, words] of asked) assert.ok(MEANS[words](comeBack(code, 0, 60_000, () => 0.5)), `${code}: ${words}`);
  });

  test("does not come back by itself where coming back would end the same way", () => {
    for (const code of [1000, 1003, 1007, 1009, 4000, 4001, 4003]) {
      assert.equal(comeBack(code, 0, 60_000, Math.random).again, false, `${code}`);
    }
  });

  test("comes back after every other code, later and later: whoever sent it, the server may be there", () => {
    const ends = [1000, 1003, 1007, 1009, 4000, 4001, 4003];
    const special = [1013, 4008, 4029];
    for (let code = 1000; code < 5000; code++) {
      if (ends.includes(code) || special.includes(code)) continue;
      const delays = [0, 1, 2, 3, 4, 5, 6, 20].map((attempt) => comeBack(code, attempt, 10, () => 0.9).delay);
      assert.deepEqual(delays, [450, 900, 1_800, 3_600, 7_200, 14_400, 27_000, 27_000], `${code}`);
    }
  });

  test("leaves a full or flooded server alone for a while, network or no network", () => {
    const random = seeded(2);
    for (const code of [1013, 4029]) {
      for (let round = 0; round < 500; round++) {
        const next = comeBack(code, round, random() * 60_000, random);
        assert.ok(next.again && next.patient);
        assert.ok(next.delay >= 10_000 && next.delay <= 30_000);
      }
    }
  });

  test("comes back at once when it was too slow, but not round and round", () => {
    assert.equal(comeBack(4008, 7, 60_000, () => 0.9).delay, 0);
    assert.equal(comeBack(4008, 0, 10, () => 0.9).delay, 0);
    assert.ok(comeBack(4008, 1, 10, () => 0.9).delay > 0);
  });
});

const LOST = { retryAt: 1, code: 1006 };
const compare = (a, b) => (a < b ? -1 : 1);

describe("what is shown", () => {
  const seen = (page) => connectionWords(page.state).seen;
  const said = (page) => connectionWords(page.state).spoken;
  const hint = (page) => hintWords(page.state).key;

  test("the connection is told as it is", () => {
    const page = new Page();
    assert.deepEqual([seen(page), hint(page)], ["connection.connecting", "hint.connecting"]);
    page.do("open", { identity: null });
    assert.equal(seen(page), "connection.connecting", "nobody has been welcomed yet");
    page.arrive();
    assert.deepEqual([seen(page), hint(page)], ["connection.connected", "hint.ready"]);
    page.do("waiting", LOST);
    assert.deepEqual([seen(page), hint(page)], ["connection.waiting", "hint.waiting"]);
    page.do("network", { online: false });
    assert.deepEqual([seen(page), hint(page)], ["connection.offline", "hint.offline"]);
    page.do("connecting", { attempt: 1 });
    assert.deepEqual([seen(page), hint(page)], ["connection.offline", "hint.offline"], "tried in silence");
    page.do("network", { online: true });
    assert.deepEqual([seen(page), hint(page)], ["connection.again", "hint.waiting"]);
  });

  test("a page that cannot reach the server promises nothing to come", () => {
    const page = new Page();
    assert.equal(unreached(page.state), false);
    page.do("waiting", LOST);
    assert.equal(unreached(page.state), true);
    page.do("connecting", { attempt: 1 });
    assert.equal(unreached(page.state), true);
    page.arrive();
    assert.equal(unreached(page.state), false);
    page.do("stopped", { code: 4003 });
    assert.equal(unreached(page.state), true);
  });

  test("a server on this very machine counts as connected, network or not", () => {
    const page = new Page().arrive();
    page.do("network", { online: false });
    assert.equal(seen(page), "connection.connected");
  });

  test("each way to be sent away is told by its own words", () => {
    for (const [code, key] of [
      [1000, "hint.ended"],
      [1003, "hint.misunderstood"],
      [1007, "hint.misunderstood"],
      [1009, "hint.tooBig"],
      [4000, "hint.refused"],
      [4001, "hint.refused"],
      [4003, "hint.removed"],
    ]) {
      const page = new Page().arrive();
      page.do("stopped", { code });
      assert.deepEqual([seen(page), said(page), hint(page)], ["connection.stopped", key, key], `${code}`);
    }
    for (const [code, key] of [[1013, "hint.full"], [4029, "hint.flooding"], [4008, "hint.waiting"]]) {
      const page = new Page().arrive();
      page.do("waiting", { retryAt: 1, code });
      assert.equal(hint(page), key, `${code}`);
    }
  });

  test("what is read out does not count down", () => {
    const page = new Page();
    page.do("waiting", LOST);
    assert.equal(said(page), "connection.lost");
    page.do("connecting", { attempt: 1 });
    assert.equal(said(page), "connection.lost");
  });

  test("a draft that is too long says by how much", () => {
    const page = new Page().arrive();
    page.do("draft", { text: "😀".repeat(403) });
    assert.deepEqual(hintWords(page.state), { key: "hint.tooLong", values: { count: 3 } });
  });

  test("a room that there is not is named", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "nowhere" });
    page.hear({ type: "error", id: page.last("join").id, code: "bad_room", message: "No." });
    assert.deepEqual(hintWords(page.state), { key: "hint.noRoom", values: { room: "nowhere" } });
  });

  test("seconds count down to one, then to nothing", () => {
    assert.deepEqual([5_000, 4_001, 4_000, 1, 0, -9].map((left) => secondsUntil(left, 0)), [
      5, 5, 4, 1, 0, 0,
    ]);
  });

  test("the title says where one is, and first what is unread", () => {
    assert.equal(title("goChat", "tea", 0), "#tea · goChat");
    assert.equal(title("goChat", "tea", 2), "(2) #tea · goChat");
  });

  test("who writes is named, unless they are many", () => {
    assert.equal(typingWords([]), null);
    assert.deepEqual(typingWords(["A"]), { key: "typing.one", values: { one: "A" } });
    assert.deepEqual(typingWords(["A", "B"]), { key: "typing.two", values: { one: "A", two: "B" } });
    assert.deepEqual(typingWords(["A", "B", "C"]), { key: "typing.many" });
  });

  test("a code that the page does not know is told in general words", () => {
    assert.deepEqual(fateWords("busy", "No."), { key: "fate.busy" });
    assert.deepEqual(fateWords("constructor", "No."), { key: "fate.other" });
    assert.deepEqual(refusalWords({ code: "new_code", message: "No." }), { key: "name.other", values: { message: "No." } });
  });
});

describe("a limit", () => {
  const MESSAGE = "There are 100 rooms, as many as there may be; join one of them.";

  test("is told in the server's own sentence, wherever it is met", () => {
    assert.deepEqual(fateWords("limit_reached", MESSAGE), { key: "fate.said", values: { message: MESSAGE } });
    assert.equal(sentence({ code: "limit_reached", message: MESSAGE }), MESSAGE);
    assert.equal(sentence({ code: "busy", message: MESSAGE }), "");
    for (const words of [refusalWords, topicRefusal, searchRefusal]) {
      assert.deepEqual(words({ code: "limit_reached", message: MESSAGE }).values, { message: MESSAGE });
    }
  });

  test("of rooms is told below the composer, and what was written for the room is not sent", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "tea" });
    page.say("hello");
    page.hear({ type: "error", id: page.last("join").id, code: "limit_reached", message: MESSAGE });
    assert.deepEqual(hintWords(page.state), { key: "hint.said", values: { message: MESSAGE } });
    assert.deepEqual(page.state.pending.map(({ fate, code, message }) => [fate, code, message]), [["failed", "limit_reached", MESSAGE]]);
  });
});

describe("rooms to choose from", () => {
  const list = (...rooms) => ({ type: "rooms", rooms: rooms.map(([room, count, seq]) => ({ room, topic: "", member_count: count, seq })) });
  const choices = (page) => roomChoices(page.state, compare).map(({ room, count, fresh, here }) => [room, count, fresh, here]);

  test("begin with the lobby, and hold what the server lists and where the page is", () => {
    const page = new Page().arrive();
    page.hear(list(["zoo", 3, 9], ["attic", 0, 1], ["lobby", 7, 2]));
    page.do("enter", { name: "mine" });
    assert.deepEqual(choices(page), [["lobby", 1, false, false], ["mine", 0, false, true], ["attic", 0, false, false], ["zoo", 3, false, false]]);
  });

  test("keep what was known of a room while there is no line", () => {
    const history = new History("lobby");
    const page = new Page().arrive(history);
    page.hear({ type: "presence", room: "lobby", joined: [{ user: "u2", nick: "Bob" }], left: [], member_count: 2 });
    page.hear(list(["lobby", 1, 0]));
    page.do("waiting", { retryAt: 1_000, code: 1006 });
    assert.deepEqual(choices(page), [["lobby", 2, false, true]]);
  });

  test("have a dot where something new was said, until it is seen", () => {
    const page = new Page({ seen: [["zoo", 4], ["attic", 1]] }).arrive();
    page.hear(list(["zoo", 3, 9], ["attic", 0, 1], ["never-visited", 1, 5]));
    assert.deepEqual(choices(page).filter(([, , fresh]) => fresh).map(([room]) => room), ["zoo"]);
    assert.equal(anyFresh(page.state), true);
    page.do("enter", { name: "zoo" });
    assert.equal(anyFresh(page.state), false);
    const history = new History("zoo");
    page.hear({ ...history.joined(), id: page.last("join").id });
    page.do("enter", { name: "attic" });
    page.hear(history.write({ type: "message", id: "1", user: "u2", text: "x" }));
    assert.deepEqual(choices(page).filter(([, , fresh]) => fresh).map(([room]) => room), ["zoo"]);
    const own = new Page().arrive();
    own.do("enter", { name: "zoo" });
    own.hear({ type: "message", room: "lobby", seq: 1, id: "1", user: "u1", nick: "Ada", time: 1, text: "from another tab" });
    assert.equal(anyFresh(own.state), false);
  });

  test("people stand in order, the reader first", () => {
    const page = new Page().arrive();
    const joined = ["Zoë", "Bob"].map((nick) => ({ user: nick, nick }));
    page.hear({ type: "presence", room: "lobby", joined, left: [], member_count: 3 });
    assert.deepEqual(memberChoices(page.state, compare).map(({ nick, me }) => [nick, me]), [["Ada", true], ["Bob", false], ["Zoë", false]]);
  });
});

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

describe("small rules", () => {
  test("the bottom is the bottom, give or take what zoom makes of it", () => {
    assert.ok(atBottom({ scrollTop: 500, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 499.4, clientHeight: 300, scrollHeight: 800 }));
    assert.ok(atBottom({ scrollTop: 0, clientHeight: 300, scrollHeight: 300 }));
    assert.ok(!atBottom({ scrollTop: 480, clientHeight: 300, scrollHeight: 800 }));
  });

  test("Enter sends; with Shift, or while an input method composes, it does not", () => {
    const press = { key: "Enter", shiftKey: false, altKey: false, isComposing: false, keyCode: 13 };
    assert.ok(sends(press));
    assert.ok(!sends({ ...press, shiftKey: true }));
    assert.ok(!sends({ ...press, altKey: true }));
    assert.ok(!sends({ ...press, isComposing: true }));
    assert.ok(!sends({ ...press, keyCode: 229 }));
    assert.ok(!sends({ ...press, key: "a" }));
  });

  test("older lines are wanted within a screen of the oldest", () => {
    assert.ok(nearTop({ scrollTop: 600, clientHeight: 600 }));
    assert.ok(!nearTop({ scrollTop: 601, clientHeight: 600 }));
  });

  test("a click that asks for a new tab is the browser's", () => {
    const click = { button: 0, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
    assert.ok(plain(click));
    for (const more of [{ button: 1 }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }]) {
      assert.ok(!plain({ ...click, ...more }));
    }
  });

  test("somebody's letter is a whole one, and their colour is always the same", () => {
    assert.deepEqual(["ada", "陈", "😀x", "ß"].map(initial), ["A", "陈", "😀", "SS"]);
    const hues = Array.from({ length: 400 }, (_, n) => hue(`user${n}`, HUES));
    assert.deepEqual(new Set(hues), new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    assert.equal(hue("u1", HUES), hue("u1", HUES));
  });
});
