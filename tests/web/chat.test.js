// The rules of the page, one by one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { kept } from "../../web/js/core/outbox.js";
import { current } from "../../web/js/core/state.js";
import { History } from "./model.js";
import { Page, WELCOME } from "./page.js";

const receipt = ({ id, room, text }, seq, user = "u1") => ({ type: "message", room, seq, id, user, nick: "Ada", time: 5, text });
const refusal = ({ id }, code, more) => ({ type: "error", id, code, message: "No.", ...more });

describe("a name", () => {
  test("is asked for once, before anything else", () => {
    const page = new Page({ identity: null });
    assert.deepEqual(page.socketCalls, []);
    assert.equal(page.state.naming.first, true);
    page.do("name", { nick: "  Ada " });
    assert.deepEqual(page.socketCalls, ["open"]);
    page.do("open", { identity: null });
    const hello = page.last("hello");
    assert.deepEqual([hello.nick, "token" in hello], ["Ada", false]);
    page.hear({ ...WELCOME, id: hello.id, token: "secret" });
    assert.deepEqual(page.state.identity, { nick: "Ada", token: "secret" });
    assert.equal(page.state.naming, null);
    assert.deepEqual(new Page().socketCalls, ["open"], "and not again");
  });

  test("that is refused is asked for again, and meanwhile there is no connection", () => {
    const page = new Page({ identity: null });
    page.do("name", { nick: "Bob" });
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "nick_taken"));
    assert.deepEqual(page.socketCalls, ["open", "close"]);
    assert.equal(page.state.naming.refusal.code, "nick_taken");
    assert.equal(page.state.naming.nick, "Bob");
    page.do("name", { nick: "Ada" });
    page.do("open", { identity: null });
    assert.equal(page.last("hello").nick, "Ada");
    assert.equal(page.state.naming.refusal, null);
  });

  test("is brought back by its token, as another tab may have changed it", () => {
    const page = new Page();
    page.do("open", { identity: { nick: "Ada L.", token: "t1" } });
    assert.deepEqual(page.last("hello"), { type: "hello", id: "q1", nick: "Ada L.", token: "t1", client: "gochat_py page" });
  });

  test("whose token is not known any more is given anew, with the password and without the token", () => {
    const page = new Page();
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "bad_password", { fatal: true }));
    assert.deepEqual([page.state.naming.refusal.code, page.state.naming.guarded], ["unknown", true]);
    assert.equal(page.state.identity.token, null);
  });

  test("needs a password where the server requires one, which is asked for and sent once", () => {
    const page = new Page({ identity: null });
    page.do("name", { nick: "Bob", password: "" });
    page.do("open", { identity: null });
    assert.equal("password" in page.last("hello"), false);
    page.hear(refusal(page.last("hello"), "bad_password", { fatal: true }));
    assert.deepEqual([page.state.naming.refusal, page.state.naming.guarded], [null, true]);
    page.do("name", { nick: "Bob", password: "wrong" });
    page.do("open", { identity: null });
    assert.equal(page.last("hello").password, "wrong");
    page.hear(refusal(page.last("hello"), "bad_password", { fatal: true }));
    assert.deepEqual([page.state.naming.refusal.code, page.state.naming.password], ["bad_password", null]);
    page.do("name", { nick: "Bob", password: "right" });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    assert.deepEqual([page.state.naming, page.state.identity.token], [null, WELCOME.token]);
    page.do("waiting", { retryAt: 0, code: 1006 });
    page.do("open", { identity: null });
    assert.equal("password" in page.last("hello"), false, "the token is enough");
  });

  test("is asked for again where it is taken, and the password stays", () => {
    const page = new Page({ identity: null });
    page.do("name", { nick: "Bob" });
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "bad_password", { fatal: true }));
    page.do("name", { nick: "Bob", password: "right" });
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "nick_taken"));
    assert.deepEqual([page.state.naming.refusal.code, page.state.naming.guarded], ["nick_taken", true]);
  });

  test("after too many passwords is not tried again by itself", () => {
    const page = new Page({ identity: null });
    page.do("name", { nick: "Bob" });
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "bad_password", { fatal: true }));
    page.do("name", { nick: "Bob", password: "wrong" });
    page.do("open", { identity: null });
    page.hear(refusal(page.last("hello"), "rate_limited", { message: "Too many; try again in 60 s." }));
    assert.deepEqual(page.state.naming.refusal, { code: "tries", message: "Too many; try again in 60 s." });
    assert.equal(page.socketCalls.at(-1), "close");
  });

  test("is taken over from another tab that gave it first", () => {
    const page = new Page({ identity: null });
    page.do("identity", { identity: { nick: "Ada", token: "t1" } });
    assert.deepEqual(page.socketCalls, ["open"]);
    page.do("identity", { identity: { nick: "Ada", token: "t1" } });
    assert.deepEqual(page.socketCalls, ["open"]);
  });

  test("can be changed, and the change refused", () => {
    const page = new Page().arrive();
    page.do("rename");
    page.do("name", { nick: "Bob" });
    page.hear(refusal(page.last("nick"), "nick_taken"));
    assert.deepEqual([page.state.naming.busy, page.state.naming.refusal.code], [false, "nick_taken"]);
    page.do("name", { nick: "Ada L." });
    page.hear({ type: "renamed", id: page.last("nick").id, user: "u1", nick: "Ada L." });
    assert.equal(page.state.naming, null);
    assert.deepEqual([page.state.me.nick, page.state.identity.nick], ["Ada L.", "Ada L."]);
    assert.equal(current(page.state).members.get("u1"), "Ada L.");
    page.do("rename");
    page.do("keepName");
    assert.equal(page.state.naming, null);
  });

  test("of another device is one's own at once, also in the field of an open question", () => {
    const page = new Page().arrive();
    page.do("rename");
    assert.equal(page.state.naming.nick, "Ada");
    page.hear({ type: "renamed", user: "u1", nick: "Countess" });
    assert.deepEqual([page.state.me.nick, page.state.identity.nick, page.state.naming.nick], ["Countess", "Countess", "Countess"]);
    page.hear({ type: "renamed", user: "u2", nick: "Bobby" });
    assert.equal(page.state.naming.nick, "Countess");
    page.do("name", { nick: "Ada L." });
    page.hear({ type: "renamed", user: "u1", nick: "Ada" });
    assert.deepEqual([page.state.naming.busy, page.state.naming.nick, page.state.me.nick], [true, "Ada L.", "Ada"]);
  });

  test("that another tab took is not taken back by the next hello", () => {
    const page = new Page().arrive();
    const { token } = page.state.identity;
    page.do("identity", { identity: { nick: "Countess", token } });
    assert.deepEqual(page.state.identity, { nick: "Countess", token });
    page.do("identity", { identity: { nick: "Somebody", token: "another" } });
    page.do("identity", { identity: null });
    assert.equal(page.state.identity.nick, "Countess");
  });

  test("that waits for a connection says so, instead of waiting for ever", () => {
    const page = new Page().arrive();
    page.do("rename");
    page.do("name", { nick: "Bob" });
    page.do("waiting", { retryAt: 9, code: 1006 });
    assert.deepEqual([page.state.naming.busy, page.state.naming.refusal.code], [false, "offline"]);
    page.do("keepName");
    const first = new Page({ identity: null });
    first.do("name", { nick: "Bob" });
    first.do("stopped", { code: 1003 });
    assert.equal(first.state.naming.busy, false);
    first.do("name", { nick: "Bob" });
    assert.deepEqual(first.socketCalls, ["open", "open"]);
  });
});

describe("a message", () => {
  test("stands at once, and is confirmed by its return", () => {
    const page = new Page().arrive();
    page.say("hello");
    const [sent] = page.take();
    assert.deepEqual(sent, { type: "send", id: "id-hello", room: "lobby", text: "hello" });
    assert.deepEqual(page.fates, [["hello", "sent"]]);
    page.hear(receipt(sent, 1));
    assert.deepEqual([page.fates, page.texts], [[], ["hello"]]);
    page.hear(receipt(sent, 1));
    assert.deepEqual(page.texts, ["hello"], "a repeat changes nothing");
  });

  test("of another with the same id confirms nothing", () => {
    const page = new Page().arrive();
    page.say("hello");
    page.hear(receipt(page.take()[0], 1, "u2"));
    assert.deepEqual(page.fates, [["hello", "sent"]]);
  });

  test("that was not answered goes out again under the same id, unless the room has it", () => {
    const history = new History("lobby");
    const page = new Page().arrive(history);
    page.say("one");
    page.say("two");
    const [one, two] = page.take();
    history.write({ type: "message", id: one.id, user: "u1", text: "one" }); // but its return is lost
    page.do("waiting", { retryAt: 500, code: 1006 });
    assert.deepEqual(page.fates, [["one", "queued"], ["two", "queued"]]);
    page.do("connecting", { attempt: 1 });
    page.do("open", { identity: null });
    page.hear({ ...WELCOME, id: page.last("hello").id });
    const join = page.last("join");
    assert.deepEqual(join.since, { epoch: "e1", seq: 0 });
    page.take();
    page.hear({ ...history.joined(join.since), id: join.id });
    assert.deepEqual(page.take().filter(({ type }) => type === "send"), [two]);
    assert.deepEqual(page.texts, ["one"]);
  });

  test("waits while there is no connection, over a reload as well", () => {
    const page = new Page();
    page.say("hello");
    assert.deepEqual([page.take(), page.fates], [[], [["hello", "queued"]]]);
    const again = new Page({ pending: JSON.parse(JSON.stringify(kept(page.state.pending))), name: "tea" });
    again.do("open", { identity: null });
    again.hear({ ...WELCOME, id: again.last("hello").id });
    const join = again.sent.find(({ type, room }) => type === "join" && room === "lobby");
    again.hear({ ...new History("lobby").joined(), id: join.id });
    assert.equal(again.last("send").id, "id-hello");
  });

  test("is sent again by itself after the time that the server asks for, one by one, in order", () => {
    const page = new Page().arrive();
    for (let n = 0; n < 12; n++) page.say(`${n}`);
    const sent = page.take().filter(({ type }) => type === "send");
    assert.equal(sent.length, 8, "the others wait for answers");
    for (const command of sent) page.hear(refusal(command, "rate_limited", { retry_after: 0.25 }));
    page.pass(249);
    assert.deepEqual(page.take(), []);
    const order = [];
    for (let seq = 1; seq <= 12; seq++) {
      page.pass(1);
      const [command, ...more] = page.take().filter(({ type }) => type === "send");
      assert.deepEqual(more, []);
      order.push(command.text);
      page.hear(receipt(command, seq));
    }
    assert.deepEqual(order, Array.from({ length: 12 }, (_, n) => `${n}`));
  });

  test("that failed waits for the user: to try again, or to take it back", () => {
    for (const code of ["busy", "storage_failed", "too_long", "muted", "no_such_code"]) {
      const page = new Page().arrive();
      page.say("hello");
      const [sent] = page.take();
      page.hear(refusal(sent, code));
      assert.deepEqual(page.fates, [["hello", "failed"]]);
      page.pass(20_000);
      assert.equal(page.last("send"), undefined);
      page.do("again", { id: sent.id });
      assert.deepEqual(page.last("send"), sent);
      page.hear(refusal(sent, code));
      page.do("draft", { text: "more" });
      page.do("takeBack", { id: sent.id });
      assert.deepEqual([page.fates, current(page.state).draft], [[], "hello\nmore"]);
    }
  });

  test("that would end the connection, or did, is not sent again", () => {
    const page = new Page().arrive();
    page.say("你".repeat(400)); // within the characters, beyond the bytes
    assert.deepEqual([page.take(), page.state.pending[0].code], [[], "too_long"]);
    const other = new Page().arrive();
    other.say("big");
    other.do("stopped", { code: 1009 });
    assert.deepEqual(other.fates, [["big", "failed"]]);
  });

  test("is not taken where nothing can become of it; the draft stays", () => {
    const page = new Page().arrive();
    page.do("draft", { text: "x".repeat(401) });
    page.say("x".repeat(401));
    assert.deepEqual([page.fates, page.state.refusals], [[], 1]);
    assert.equal(current(page.state).draft.length, 401);
    page.say("😀".repeat(200));
    assert.equal(page.fates.length, 1, "characters are counted, not halves of them");
    page.do("stopped", { code: 4003 });
    page.say("hello?");
    assert.deepEqual([page.fates.length, page.state.refusals], [1, 1]);
    page.say("  \n");
    assert.equal(page.state.refusals, 1, "blanks are nothing to say");
  });

  test("loses what the server would refuse, and nothing else", () => {
    const page = new Page().arrive();
    page.say("a\r\nb\u0007\tc\ud800 😀");
    assert.equal(page.last("send").text, "a\nb\tc 😀");
  });
});

describe("a room", () => {
  test("is entered beside the others, each with its draft", () => {
    const page = new Page().arrive();
    page.do("draft", { text: "for the lobby" });
    page.do("enter", { name: "Tea" });
    const tea = new History("tea");
    tea.write({ type: "message", id: "1", user: "u2", text: "steeping" });
    page.hear({ ...tea.joined(), id: page.last("join").id });
    assert.deepEqual([current(page.state).name, page.texts, current(page.state).draft], ["tea", ["steeping"], ""]);
    page.hear({ type: "message", room: "lobby", seq: 1, id: "x", user: "u2", nick: "Bob", time: 5, text: "psst" });
    assert.equal(page.state.rooms.get("lobby").unread, 1);
    page.do("enter", { name: "LOBBY" });
    assert.deepEqual([page.state.rooms.get("lobby").unread, current(page.state).draft], [0, "for the lobby"]);
    assert.equal(page.sent.filter(({ type }) => type === "join").length, 1);
  });

  test("has the name by which the server knows it", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "STRASSE" });
    page.say("hallo");
    page.hear({ ...new History("straße").joined(), id: page.last("join").id });
    assert.deepEqual([page.state.key, current(page.state).name], ["strasse", "straße"]);
    assert.equal(page.last("send").room, "straße");
    assert.equal(page.state.rooms.size, 2);
  });

  test("is that of the server's answer, also where the page takes the two names for two", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "ta" });
    page.say("hallo");
    const history = new History("tea"); // to a server with a newer Unicode, say
    page.hear({ ...history.joined(), id: page.last("join").id });
    assert.deepEqual([page.state.key, current(page.state).name], ["tea", "tea"]);
    assert.equal(page.last("send").room, "tea");
    page.hear(history.write({ type: "message", id: "x", user: "u2", text: "hallo" }));
    assert.equal(current(page.state).log.entries.length, 1);
    assert.equal(page.state.rooms.size, 2);
  });

  test("that the server does not have is said to be none", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "nowhere" });
    page.say("hello");
    page.hear(refusal(page.last("join"), "bad_room"));
    assert.equal(current(page.state).phase, "refused");
    assert.deepEqual(page.fates, [["hello", "failed"]]);
    page.take();
    page.do("enter", { name: "nowhere" });
    assert.ok(page.last("join"), "it may be tried again");
  });

  test("that could not be entered for now is entered a little later", () => {
    const page = new Page().arrive();
    page.do("enter", { name: "tea" });
    page.hear(refusal(page.last("join"), "rate_limited", { retry_after: 2 }));
    page.take();
    page.pass(1_999);
    assert.equal(page.last("join"), undefined);
    page.pass(1);
    assert.equal(page.last("join").room, "tea");
  });

  test("tells the server what was read, but not all the time, and not what nobody saw", () => {
    const page = new Page().arrive();
    const says = (seq) => page.hear({ type: "message", room: "lobby", seq, id: `${seq}`, user: "u2", nick: "Bob", time: 5, text: "x" });
    says(1);
    assert.equal(page.last("read").seq, 1);
    for (let seq = 2; seq < 50; seq++) says(seq);
    assert.equal(page.sent.filter(({ type }) => type === "read").length, 1);
    page.pass(2_000);
    assert.equal(page.last("read").seq, 49);
    page.do("hidden");
    says(50);
    page.pass(10_000);
    assert.equal(page.last("read").seq, 49);
    assert.equal(page.state.away, 1);
    page.do("visible");
    assert.deepEqual([page.last("read").seq, page.state.away], [50, 0]);
    assert.equal(page.state.seen.get("lobby"), 50);
  });

  test("shows who writes for five seconds, or until they have written", () => {
    const page = new Page().arrive();
    const types = (user) => page.hear({ type: "typing", room: "lobby", user, nick: user });
    const writing = () => [...current(page.state).typing.keys()];
    types("u2");
    types("u1"); // the user, in another tab
    page.pass(1_000);
    types("u3");
    assert.deepEqual(writing(), ["u2", "u3"]);
    page.pass(4_000);
    assert.deepEqual(writing(), ["u3"]);
    page.hear({ type: "message", room: "lobby", seq: 1, id: "1", user: "u3", nick: "Cyn", time: 5, text: "x" });
    assert.deepEqual(writing(), []);
  });

  test("hears that the user writes at most each three seconds", () => {
    const page = new Page().arrive();
    for (let n = 1; n <= 40; n++) {
      page.do("draft", { text: "x".repeat(n) });
      page.pass(200);
    }
    page.do("draft", { text: "" });
    assert.equal(page.sent.filter(({ type }) => type === "typing").length, 3);
  });

  test("knows who is here, whatever the news", () => {
    const page = new Page().arrive();
    const news = (joined, left, count) =>
      page.hear({ type: "presence", room: "lobby", joined: joined.map((user) => ({ user, nick: user })), left, member_count: count });
    news(["u2", "u3"], [], 3);
    news(["u2"], ["u3", "u9"], 2);
    assert.deepEqual([...current(page.state).members.keys()], ["u1", "u2"]);
    assert.equal(current(page.state).memberCount, 2);
    page.hear({ type: "renamed", user: "u2", nick: "Bobby" });
    assert.equal(current(page.state).members.get("u2"), "Bobby");
  });

  test("is asked for what is older once at a time, and only where there is some", () => {
    const history = new History("lobby");
    for (let n = 0; n < 120; n++) history.write({ type: "message", id: `${n}`, user: "u2", text: `${n}` });
    const page = new Page().arrive(history);
    assert.equal(page.texts.length, 50);
    page.do("older");
    page.do("older");
    assert.equal(page.sent.filter(({ type }) => type === "history").length, 1);
    const { id, before, limit } = page.last("history");
    page.hear({ ...history.page(before, limit), id });
    assert.equal(page.texts.length, 120);
    page.take();
    page.do("older");
    assert.deepEqual(page.take(), []);
  });

  test("whose answer belongs to another log is not mixed up with it", () => {
    const history = new History("lobby");
    for (let n = 0; n < 120; n++) history.write({ type: "message", id: `${n}`, user: "u2", text: `${n}` });
    const page = new Page().arrive(history);
    page.do("older");
    const { id } = page.last("history");
    page.do("waiting", { retryAt: 1, code: 1006 });
    page.arrive(new History("lobby", "e2"));
    page.hear({ ...history.page(71, 50), id });
    assert.deepEqual(page.texts, []);
  });
});

describe("a hole", () => {
  const live = (seq) => ({ type: "message", room: "lobby", seq, id: `${seq}`, user: "u2", nick: "Bob", time: 5, text: `${seq}` });

  test("is closed by joining again at the place where it begins", () => {
    const page = new Page().arrive();
    page.hear(live(1));
    page.take();
    page.hear(live(3));
    const [leave, join] = page.take();
    assert.deepEqual([leave.type, join.type, join.since], ["leave", "join", { epoch: "e1", seq: 1 }]);
    page.hear(live(4)); // on its way before the server heard of it
    assert.deepEqual(page.take(), []);
    const entries = [2, 3, 4].map(live);
    page.hear({ ...new History("lobby").joined(), id: join.id, recovered: true, seq: 4, entries });
    assert.deepEqual(page.texts, ["1", "2", "3", "4"]);
    page.hear(live(5));
    page.take();
    page.hear(live(7));
    assert.deepEqual(page.take().map(({ type }) => type), ["leave", "join"], "the next one at once, too");
  });

  test("that another log is put in place of leaves no room for what was asked before", () => {
    const [old, other] = ["e1", "e2"].map((epoch) => new History("lobby", epoch));
    for (let n = 0; n < 120; n++) {
      old.write({ type: "message", id: `${n}`, user: "u2", text: `old ${n}` });
      other.write({ type: "message", id: `${n}`, user: "u2", text: `other ${n}` });
    }
    const page = new Page().arrive(old);
    page.do("older");
    const { id, before, limit } = page.last("history");
    page.hear(live(122));
    page.hear({ ...other.joined(), id: page.last("join").id });
    page.hear({ ...old.page(before, limit), id });
    assert.deepEqual([page.texts.length, page.texts[0]], [50, "other 70"]);
  });

  test("that never closes does not make the page come in round and round", () => {
    const page = new Page().arrive();
    let joins = 0;
    for (let seq = 5, minute = page.now; page.now < minute + 60_000; seq += 5, page.pass(100)) {
      page.hear(live(seq)); // a server that cannot count
      const join = page.take().find(({ type }) => type === "join");
      if (!join) continue;
      joins += 1;
      page.hear({ ...new History("lobby").joined(), id: join.id, recovered: true, seq, entries: [] });
    }
    assert.ok(joins > 1 && joins < 10, `${joins}`);
  });
});

describe("the line", () => {
  const pings = (page) => page.sent.filter(({ type }) => type === "ping").length;
  const pong = (page) => page.hear({ type: "pong", id: page.last("ping").id, time: 1 });

  test("is asked whether it lives when the page is seen again, or the network changed", () => {
    for (const [type, more] of [["visible"], ["network", { online: false }], ["network", { online: true }]]) {
      const page = new Page().arrive();
      page.do(type, more);
      assert.equal(pings(page), 1);
      pong(page);
      page.pass(20_000);
      assert.deepEqual(page.socketCalls, ["open"]);
    }
  });

  test("that does not answer is dropped within seconds", () => {
    const page = new Page().arrive();
    page.do("visible");
    page.pass(3_999);
    assert.deepEqual(page.socketCalls, ["open"]);
    page.pass(1);
    assert.deepEqual(page.socketCalls, ["open", "drop"]);
    assert.equal(page.state.connection.phase, "waiting");
  });

  test("that owes a receipt is asked soon, and not all the time", () => {
    const page = new Page().arrive();
    page.say("hello");
    page.pass(2_999);
    assert.equal(pings(page), 0);
    page.pass(1);
    assert.equal(pings(page), 1);
    for (let n = 1; n <= 10; n++) {
      pong(page);
      page.pass(2_999);
      assert.equal(pings(page), n);
      page.pass(1);
      assert.equal(pings(page), n + 1);
    }
    page.pass(4_000);
    assert.deepEqual(page.socketCalls, ["open", "drop"]);
  });

  test("is noticed to be dead after the machine slept", () => {
    const page = new Page().arrive();
    page.now += 3_600_000; // no timer ran meanwhile
    page.do("tick");
    assert.equal(pings(page), 1);
    page.pass(4_000);
    assert.deepEqual(page.socketCalls, ["open", "drop"]);
  });

  test("that never brings the welcome is dropped", () => {
    const page = new Page();
    page.do("open", { identity: null });
    page.pass(10_000);
    assert.deepEqual(page.socketCalls, ["open", "drop"]);
  });
});
