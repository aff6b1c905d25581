"""A server that lives in the page: it stands in for the browser's WebSocket.

With it a test decides what is said, what is answered and how a connection ends, and it can hold a
long conversation without a thousand round trips. What it says is what docs/protocol.md says.

In the page, ``server`` is it:

* ``server.live(entry)``: an entry that somebody else has written, told live; it is given the rest
* ``server.hear(event)``: any other event
* ``server.answers = false``: what is sent from now on gets no answer
* ``server.refuses = {code, …}``: messages are refused with this error
* ``server.end(code)``: the connection ends
* ``server.size``: as many entries are told at once; more of them come in ``replay`` events
* ``server.show()``: the page shows at once what it would show with the next frame
* ``server.sockets``: every connection that was ever made
"""

from __future__ import annotations

from typing import Any, ClassVar

from playwright.sync_api import Page, expect

from tests.support.page import HOST, NAME, BrowserTestCase, enter
from tests.support.server import ServerProcess

FAKE = """
window.server = {
  sockets: [], rooms: new Map(), answers: true, refuses: null, members: [],
  size: Infinity,
  room(name) {
    if (!this.rooms.has(name)) this.rooms.set(name, { topic: "", entries: [] });
    return this.rooms.get(name);
  },
  write(name, entry) {
    const { entries } = this.room(name);
    const time = 1764000000 + 400 * entries.length;
    const author = { user: "u2", nick: "Bob" };
    const place = { room: name, seq: entries.length + 1, time };
    const whole = { type: "message", ...place, ...author, ...entry };
    entries.push(whole);
    return whole;
  },
  live(entry, name = "lobby") { this.hear(this.write(name, entry)); },
  hear(event) { this.sockets.at(-1).hear(event); },
  end(code) { this.sockets.at(-1).end(code); },
  show() { document.dispatchEvent(new CustomEvent("panel", { detail: { open: false } })); },
  page(name, before, limit) {
    const { entries } = this.room(name);
    const start = Math.max(0, before - 1 - limit);
    return { entries: entries.slice(start, before - 1), more: start > 0 };
  },
  parts({ entries, ...joined }) {
    if (entries.length <= this.size) return { ...joined, entries };
    const parts = [];
    for (let from = 0; from < entries.length; from += this.size) {
      const part = entries.slice(from, from + this.size);
      parts.push({ type: "replay", room: joined.room, entries: part });
    }
    Object.assign(parts[0], joined, { partial: true });
    parts.at(-1).end = true;
    return parts;
  },
  serve: {
    hello: ({ nick }) => ({
      type: "welcome", protocol: 1, server: "fake", user: "u1", nick, token: "secret", time: 0,
      limits: {
        max_message_bytes: 65536, max_text_chars: 4000, rate: 10, burst: 30, history: 50,
      },
      ping_period: 25, lobby: "lobby",
    }),
    join({ room, since }) {
      const { topic, entries } = server.room(room);
      const recovered = since !== undefined;
      const rest = recovered
        ? { entries: entries.slice(since.seq), more: true }
        : server.page(room, entries.length + 1, 50);
      const members = [{ user: "u1", nick: "Ada" }, ...server.members];
      return server.parts({
        type: "joined", room, topic, epoch: "e", seq: entries.length, recovered, read: 0,
        members, member_count: members.length, ...rest,
      });
    },
    history: ({ room, before, limit }) =>
      ({ type: "history", room, ...server.page(room, before, limit) }),
    rooms({ after, limit }) {
      const all = [...server.rooms].map(([room, { topic, entries }]) =>
        ({ room, topic, member_count: 1, seq: entries.length }));
      const start = all.findIndex(({ room }) => room === after) + 1;
      const rooms = all.slice(start, start + limit);
      return { type: "rooms", rooms, more: start + rooms.length < all.length };
    },
    send: ({ room, id, text }) => server.refuses
      ? { type: "error", message: "No.", ...server.refuses }
      : server.write(room, { id, text, user: "u1", nick: "Ada" }),
    ping: () => ({ type: "pong", time: 0 }),
  },
};
window.WebSocket = class {
  constructor(url, protocols) {
    Object.assign(this, { url, protocols, readyState: 0 });
    server.sockets.push(this);
    setTimeout(() => { this.readyState = 1; this.onopen?.(); });
  }
  send(text) {
    const command = JSON.parse(text);
    if (!server.answers || !server.serve[command.type]) return;
    const [answer, ...others] = [server.serve[command.type](command)].flat();
    const events = [{ id: command.id, ...answer }, ...others];
    setTimeout(() => events.forEach((event) => this.hear(event)));
  }
  hear(event) { this.onmessage?.({ data: JSON.stringify(event) }); }
  close() { this.end(1006); }
  end(code) { this.readyState = 3; this.onclose?.({ code }); }
};
"""

#: Every line that is open now goes dead without a word, as when a laptop leaves the room with its
#: network: ``line.die()``. Nothing gets through any more, in either direction, not even the end.
DEAD_LINE = """
window.line = { sockets: [], die() { for (const each of this.sockets) each.dead = true; } };
window.WebSocket = class extends window.WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    line.sockets.push(this);
    for (const type of ["message", "close"]) {
      this.addEventListener(type, (event) => { if (this.dead) event.stopImmediatePropagation(); });
    }
  }
  send(text) { if (!this.dead) super.send(text); }
  close() { if (!this.dead) super.close(); }
};
"""


class FakeTestCase(BrowserTestCase):
    """Pages that bring their server with them; the real one only serves their files."""

    server: ClassVar[ServerProcess]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(ServerProcess("--memory", "--name", HOST))

    @property
    def url(self) -> str:
        """The address of the page."""
        return self.server.url

    def blank(self, **context: Any) -> Page:
        """A page that asks for a name; `context` as for `new_context`."""
        page = self.page(FAKE, **context)
        page.goto(self.url)
        expect(page.locator(NAME)).to_be_visible()
        return page

    def fake(self, **context: Any) -> Page:
        """A page of Ada's, in the empty lobby."""
        page = self.blank(**context)
        enter(page, "Ada")
        return page
