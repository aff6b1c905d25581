"""A client of gochat.v1, and one with everything that docs/protocol.md recommends.

`Client` is one connection, for tests that look at each event. `Chatter` stays in its rooms whatever
happens to its connections: it comes back with `since`, sends again what was not acknowledged under
the same ids, and fails on any event that a server which keeps its promises would not send.
"""

from __future__ import annotations

import itertools
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from .case import PATIENCE

SUBPROTOCOL = Subprotocol("gochat.v1")

Event = dict[str, Any]

#: The library logs, with a traceback, connections that are cut in the middle of a frame.
QUIET = logging.getLogger("tests.websockets")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False

#: What ends a connection, or lets none come about.
LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, EOFError)


class Refused(AssertionError):
    """Raised by `Client.ask` if the answer is an ``error``."""

    def __init__(self, error: Event) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error
        self.code = error["code"]


class Client:
    """One connection. Events that are not taken yet wait in `events`. A context manager."""

    def __init__(self, url: str, nick: str | None = None, *rooms: str, **options: Any) -> None:
        """Connect; with a `nick` say hello, and join `rooms`. `options` are those of `connect`."""
        token = options.pop("token", None)
        options = {
            "open_timeout": PATIENCE,
            "close_timeout": PATIENCE,
            "proxy": None,
            "logger": QUIET,
            "max_queue": None,  # with a limit, a client that reads no more cannot close either
            **options,
        }
        self._connection = connect(url, subprotocols=[SUBPROTOCOL], **options)
        self._socket = self._connection.__enter__()
        self.events: list[Event] = []
        self._ids = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count(1))
        self.welcome: Event = {}
        try:
            if nick is not None:
                self.hello(nick, token)
            for room in rooms:
                self.ask("join", room=room)
        except BaseException:
            self.close()
            raise

    def say(self, type: str, **fields: Any) -> str:  # noqa: A002  the word of the wire
        """Send one command; gives its id, which is made unless `fields` have one."""
        fields.setdefault("id", next(self._ids))
        self.raw(json.dumps({"type": type, **fields}))
        return str(fields["id"])

    def raw(self, message: str | bytes) -> None:
        """Send one message as it is."""
        self._socket.send(message)

    def read(self, patience: float = PATIENCE) -> Event:
        """The next event off the wire. Raises `TimeoutError`, and `LOST` at the end."""
        event = json.loads(self._socket.recv(patience))
        assert isinstance(event, dict), event
        return event

    def ask(self, type: str, **fields: Any) -> Event:  # noqa: A002
        """Send a command and give its answer. Raises `Refused`."""
        answers = self.say(type, **fields)
        answer = self.wait_for(lambda event: event.get("id") == answers)
        if answer["type"] == "error":
            raise Refused(answer)
        return answer

    def hello(self, nick: str, token: str | None = None) -> Event:
        """Send `hello`; the answer is stored in `welcome`."""
        given = {} if token is None else {"token": token}
        self.welcome = self.ask("hello", nick=nick, client="test", **given)
        return self.welcome

    def join(self, room: str, **fields: Any) -> Event:
        """Join a room; returns ``joined``, with the entries of all parts."""
        joined = self.ask("join", room=room, **fields)
        going_on = joined.pop("partial", False)
        while going_on:
            part = self.next("replay", room=room)
            joined["entries"] += part["entries"]
            going_on = not part.get("end", False)
            if part["entries"]:
                joined["seq"] = part["entries"][-1]["seq"]
        return joined

    def send(self, room: str, text: str, **fields: Any) -> Event:
        """Send a message; return it as all members get it."""
        return self.ask("send", room=room, text=text, **fields)

    def refusal(self, type: str, **fields: Any) -> Event:  # noqa: A002
        """The ``error`` with which a command is refused."""
        try:
            answer = self.ask(type, **fields)
        except Refused as refused:
            return refused.error
        raise AssertionError(f"{type} was not refused: {answer}")

    def wait_for(self, wanted: Callable[..., bool]) -> Event:
        """The first event, received or not yet, that is `wanted`; the others stay in `events`."""
        for number, event in enumerate(self.events):
            if wanted(event):
                return self.events.pop(number)
        while True:
            event = self.read()
            if wanted(event):
                return event
            self.events.append(event)

    def next(self, type: str, **fields: Any) -> Event:  # noqa: A002
        """The first event of this type and with these fields, received or not yet."""
        wanted = {"type": type, **fields}
        return self.wait_for(lambda event: wanted.items() <= event.items())

    def take_events(self) -> list[Event]:
        """Take all events that were received before the answer to a ping and not taken yet."""
        self.ask("ping")
        events, self.events = self.events, []
        return events

    def close_code(self) -> int:
        """Read to the end; returns the server's close code. Events before it stay in `events`."""
        while True:
            try:
                self.events.append(self.read())
            except ConnectionClosed as end:
                assert end.rcvd is not None, "the stream ended without a close frame"
                return int(end.rcvd.code)

    def close(self) -> None:
        """Close the connection."""
        self._connection.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


@dataclass
class View:
    """What one client knows of one room: its entries by seq, from 1 without a gap."""

    epoch: str = ""
    paged: int = 0  #: up to here it was read by pages, beside what came live
    entries: dict[int, Event] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        return len(self.entries)

    def take(self, entry: Event) -> None:
        """Take the next entry in. One that is here already has to be the same."""
        seq = entry["seq"]
        if seq <= self.seq:
            assert self.entries[seq] == entry, f"{self.entries[seq]} came again as {entry}"
            return
        assert seq == self.seq + 1, f"hole: {seq} came after {self.seq}"
        self.entries[seq] = entry


class Chatter:
    """A user who sends messages in several rooms as fast as possible, in a thread of its own.

    `address` gives the URL to connect to, and waits while there is none. With `stop_talking`, the
    rest is sent until all of it is acknowledged; with `leave`, it ends.
    """

    #: Messages on their way at a time.
    WINDOW = 16

    def __init__(self, nick: str, rooms: list[str], address: Callable[[], str], seed: str) -> None:
        self.rooms = rooms
        self.views = {room: View() for room in rooms}
        #: What is not acknowledged yet: the text by room and id, in the order of sending.
        self.pending: dict[tuple[str, str], str] = {}
        #: The seq of what is, by room and id.
        self.acknowledged: dict[tuple[str, str], int] = {}
        self.user = ""
        self.taken = 0  #: live entries, and answers to retries
        self.connections = 0
        self.failure: BaseException | None = None
        self._nick = nick
        self._token: str | None = None
        self._address = address
        self._chance = Random(seed)
        self._count = 0
        self._talking = True
        self._leaving = False
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"chatter-{nick}")
        self._thread.start()

    # -- the test's thread -----------------------------------------------------------------------

    def stop_talking(self) -> None:
        """Send no more new messages."""
        self._talking = False

    def leave(self) -> None:
        """End, and wait for that."""
        self._leaving = True
        self._pause.set()
        self._thread.join(2 * PATIENCE)  # it may be waiting for an answer
        assert not self._thread.is_alive(), f"{self._nick} does not end"

    # -- its own thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._leaving:
                try:
                    with Client(self._address()) as client:
                        self.connections += 1
                        self._talk(client)
                except LOST:
                    self._pause.wait(self._chance.uniform(0.0, 0.05))
        except BaseException as error:  # the test's thread reports it
            self.failure = error

    def _talk(self, client: Client) -> None:
        self._greet(client)
        # Also what the replay is about to acknowledge: others retry before they know.
        unsure = list(self.pending.items())
        for room in self.rooms:
            self._join(client, room)
        for (room, name), text in unsure:
            client.say("send", room=room, text=text, id=name)
        while not self._leaving:
            while self._talking and len(self.pending) < self.WINDOW:
                room = self._chance.choice(self.rooms)
                self._count += 1
                name = f"{self._nick}-{self._count}"
                # Some are long enough to be cut in pieces, by the network and by the limit above
                # which they are deflated.
                text = f"{name} " + "tea " * self._chance.choice((1, 1, 1, 20, 600))
                self.pending[room, name] = text
                client.say("send", room=room, text=text, id=name)
            for event in client.events:
                self._hear(client, event)
            client.events.clear()
            try:
                self._hear(client, client.read(0.1))
            except TimeoutError:
                continue  # to see whether to leave

    def _greet(self, client: Client) -> None:
        while True:
            try:
                welcome = client.hello(self._nick, self._token)
                break
            except Refused as refused:
                # An earlier welcome was lost on its way, and with it the token.
                assert refused.code == "nick_taken" and self._token is None, refused
                self._nick += "x"
        assert self._token in (None, welcome["token"]), "the token identifies no user"
        self._token, self.user = welcome["token"], welcome["user"]

    def _join(self, client: Client, room: str) -> None:
        view = self.views[room]
        since = {"since": {"epoch": view.epoch, "seq": view.seq}} if view.epoch else {}
        joined = client.join(room, **since)
        entries = joined["entries"]
        if since and joined["seq"] - view.seq <= 1_000:
            assert joined["recovered"], f"not recovered: {joined} after {view.seq}"
        if joined["recovered"]:
            seqs = [entry["seq"] for entry in entries]
            assert seqs == list(range(view.seq + 1, joined["seq"] + 1)), (seqs, view.seq)
        view.epoch = joined["epoch"]
        while not joined["recovered"] and entries and entries[0]["seq"] > view.seq + 1:
            for entry in client.ask("history", room=room, after=view.seq, limit=200)["entries"]:
                self._take(room, entry)
        if not joined["recovered"]:
            view.paged = view.seq
        for entry in entries:
            self._take(room, entry)
        assert view.seq >= joined["seq"], f"joined at {joined['seq']} with {view.seq}"

    def _hear(self, client: Client, event: Event) -> None:
        if event["type"] == "message":
            self.taken += 1
            view = self.views[event["room"]]
            # Nothing comes twice, save the answer to a retry.
            twice = view.paged < event["seq"] <= view.seq and event["user"] != self.user
            assert not twice, f"came live though it was known: {event}"
            self._take(event["room"], event)
        elif event["type"] == "error":
            assert event["code"] in ("busy", "storage_failed"), event
            name = event["id"]
            for (room, each), text in self.pending.items():
                if each == name:
                    client.say("send", room=room, text=text, id=name)
        else:
            assert event["type"] == "presence", event

    def _take(self, room: str, entry: Event) -> None:
        self.views[room].take(entry)
        if entry["user"] == self.user:
            key = room, entry["id"]
            self.pending.pop(key, None)
            seq = self.acknowledged.setdefault(key, entry["seq"])
            assert seq == entry["seq"], f"{key} is stored twice, as {seq} and {entry['seq']}"


#: Seconds after which one may look up dozens of pages again. Who came back the moment the next may
#: be asked for would be refused for each, and in the end be taken for a flood.
REST = 5.0


def whole_room(client: Client, room: str) -> list[Event]:
    """All entries of a room, read page by page by a client that has joined it.

    Of a room with very many, the server asks for patience now and then.
    """
    entries: list[Event] = []
    while True:
        after = entries[-1]["seq"] if entries else 0
        try:
            page = client.ask("history", room=room, after=after, limit=200)
        except Refused as refused:
            if refused.code != "rate_limited":
                raise
            time.sleep(REST)
            continue
        entries += page["entries"]
        if not page["more"]:
            return entries
