"""The attacks: what each does, and what is the right answer to it.

What is right for all: the quiet room hardly feels it, nobody there is dropped, the server grows by
less than 64 MiB, the disk by less than the rate of messages allows, and SIGTERM ends the server.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import suppress

from .flood import Attack, Play, Reads
from .wire import (
    CLOSE,
    PING,
    PONG,
    TEXT,
    Gone,
    Target,
    Visitor,
    frame,
    hello,
    line,
    new_id,
    packed,
    say,
)

#: Marks of two combining classes in turn: each normal form must sort the whole run.
MARKS = "\u0323\u0301"

#: Seconds between two messages of somebody who keeps to the rate of 10 a second.
ALLOWED = 0.1


def rooms(count: int) -> Iterator[bytes]:
    """The commands that enter the rooms that an attack's clients share."""
    for number in range(count):
        yield say("join", room=f"shared-{number}", id=new_id())


def v1(target: Target, *joined: str, token: str | None = None, deflate: bool = False) -> bytes:
    """An upgrade, hello, and entering rooms, in one piece."""
    joins = b"".join(say("join", room=room, id=new_id()) for room in joined)
    return target.upgrade(deflate=deflate) + hello(token) + joins


class MarksInClassicLines(Attack):
    """Classic lines of 64 KB that are one letter and combining marks.

    Right: a run of marks is cut (Unicode's Stream-Safe text), a message has at most 4,000
    characters, and a connection sends at most 10 a second.
    """

    name = "marks-classic"
    connections = authors = 4
    size = 8_000

    def play(self, target: Target, number: int) -> Play:
        yield target.upgrade(None)
        while True:
            yield line("a" + MARKS * 16_000)


class MarksDeflated(MarksInClassicLines):
    """The same, deflated to less than 1 KB each. Right: the same; bytes count as inflated."""

    name = "marks-deflated"

    def play(self, target: Target, number: int) -> Play:
        yield target.upgrade(None, deflate=True)
        message = packed("a" + MARKS * 16_000)
        while True:
            yield message


class MarksInMessages(Attack):
    """540 messages of 4,000 characters, letters under piles of marks; more at the allowed rate.

    So many are indexed together. Right: piles are cut as they come in, and indexing has a budget
    of time.
    """

    name = "marks-messages"
    connections = authors = 18
    size = 8_000

    def play(self, target: Target, number: int) -> Play:
        def message() -> bytes:
            return say("send", room="marks", text="a" + MARKS * 1_999, id=new_id())

        yield v1(target, "marks") + b"".join(message() for _ in range(30))
        while True:
            yield ALLOWED
            yield message()


class MarksElsewhere(Attack):
    """Marks in whatever else is text: topic, nick, room, query, emoji, id, client, token.

    Right: each is refused or cut, at the cost of its length.
    """

    name = "marks-elsewhere"
    connections = authors = 10
    size = 8_000

    def play(self, target: Target, number: int) -> Play:
        long, short = "a" + MARKS * 3_500, "a" + MARKS * 100
        yield v1(target, "marks") + say("send", room="marks", text=short, id=new_id())
        while True:
            for text in (short, long):
                yield say("topic", room="marks", text=text, id=new_id())
                yield say("nick", nick=text, id=new_id())
                yield say("join", room=text, id=new_id())
                yield say("search", room="marks", query=text, id=new_id())
                yield say("react", room="marks", seq=1, emoji=text, on=True, id=new_id())
                yield say("edit", room="marks", seq=1, text=text, id=new_id())
                yield say("hello", nick=text, client=text, token=text, id=text)
                yield line(text)


class MarksInSearches(Attack):
    """Searches over texts that are piles of marks.

    Right: what is stored was cut before, and a search has a budget of time.
    """

    name = "marks-search"
    authors = 10
    size = 8_000

    def prepare(self, target: Target) -> None:
        fill(target, "marks", "a" + MARKS * 1_999, users=10, each=30)

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "marks")
        while True:
            for query in ("a" + MARKS[0] * 20, MARKS[1] * 3, "zz" + MARKS * 50):
                yield say("search", room="marks", query=query, id=new_id())


class ClassicFlood(Attack):
    """Classic lines of 64 KB as fast as the socket takes them.

    Right: the reader waits, so that 10 lines of at most 4,000 characters a second are stored.
    """

    name = "classic-flood"
    connections = authors = 8

    def play(self, target: Target, number: int) -> Play:
        yield target.upgrade(None)
        while True:
            yield line("x" * 65_000)


class ClassicShortFlood(ClassicFlood):
    """Classic lines of one letter as fast as the socket takes them. Right: the same."""

    name = "classic-short"

    def play(self, target: Target, number: int) -> Play:
        yield target.upgrade(None)
        while True:
            yield line("x") * 1_000


class TypingFlood(Attack):
    """`typing` without pause, from ten members of one room.

    Right: it costs its sender's budget, though nothing is passed on.
    """

    name = "typing"
    connections = 10

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "typing")
        while True:
            yield say("typing", room="typing") * 500


class TypingWithLists(Attack):
    """`typing` with a field of 21,000 empty lists.

    Right: JSON costs by the values in it, and before they are read.
    """

    name = "typing-lists"
    connections = 10

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "typing")
        message = line('{"type":"typing","room":"typing","x":[' + "[]," * 20_999 + "[]]}")
        while True:
            yield message


class PingCommands(Attack):
    """The command `ping`, small and with 60 KB of fields in turn.

    Right: it costs its sender's budget, what comes back too.
    """

    name = "ping-commands"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            yield say("ping", id=new_id()) * 100 + say("ping", id=new_id(), x="y" * 60_000)


class PingFrames(Attack):
    """WebSocket pings of 125 bytes, which must be answered. Right: frames cost, too."""

    name = "ping-frames"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            yield frame(PING, b"p" * 125) * 500


class DeafPings(PingFrames):
    """WebSocket pings from clients that read no pongs. Right: what waits for them is bounded."""

    name = "ping-deaf"
    reads = Reads.NOTHING


class Pongs(Attack):
    """WebSocket pongs that nobody asked for. Right: frames cost, too."""

    name = "pongs"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            yield frame(PONG) * 5_000


class EmptyFragments(Attack):
    """A message whose fragments are all empty, and that never ends.

    Right: the frames of one message are bounded.
    """

    name = "fragments"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target) + frame(0x01)
        while True:
            yield frame(0x00) * 5_000


class Refused(Attack):
    """Commands that are refused: no JSON, no such type, no such room, no text, nested too deep.

    Right: a refusal costs as much as what is carried out, and whoever goes on is closed.
    """

    name = "refused"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        wrong = (
            line("{"),
            line("[" * 60_000),
            say("no-such-type", id=new_id()),
            say("typing", room="not-joined"),
            say("send", room="not-joined", id=new_id(), text="hello"),
            say("history", room="not-joined", id=new_id()),
            say("hello", nick="twice", id=new_id()),
            line('{"type":"ping","x":' + "9" * 60_000 + "}"),
        )
        while True:
            yield b"".join(wrong)


class AwayFlood(Attack):
    """`away` on and off, ten times a second by each of 100 members of the same 50 rooms.

    Right: it costs by the rooms that it touches, and presence is gathered.
    """

    name = "away"
    connections = 100

    def play(self, target: Target, number: int) -> Play:
        yield v1(target) + b"".join(rooms(50))
        for away in itertools.cycle((True, False)):
            yield say("away", away=away)
            yield ALLOWED


class NickFlood(Attack):
    """100 users who take another nick ten times a second each, in five shared rooms.

    Right: it costs by the rooms the user is in, not by those of the server, and has a rate.
    """

    name = "nick"
    connections = 100

    def play(self, target: Target, number: int) -> Play:
        yield v1(target) + b"".join(rooms(5))
        while True:
            yield say("nick", nick=f"y{number:x}-{new_id()}", id=new_id())
            yield ALLOWED


class JoinChurn(Attack):
    """Entering and leaving 50 rooms, five times a second by each of 100 clients.

    Right: entering costs, and presence is gathered for longer the more it changes.
    """

    name = "join-churn"
    connections = 100

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            for room in range(50):
                yield say("join", room=f"shared-{room}", id=new_id())
                yield say("leave", room=f"shared-{room}", id=new_id())
                yield 2 * ALLOWED


class HistoryFlood(Attack):
    """Pages of 200 long messages, as fast as possible, by 20 clients.

    Right: an answer has at most 256 KiB, and the reading costs.
    """

    name = "history"
    authors = 10

    def prepare(self, target: Target) -> None:
        fill(target, "past", "the past is long " * 230, users=10, each=30)

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "past")
        while True:
            yield say("history", room="past", limit=200, id=new_id())


class DeafHistory(HistoryFlood):
    """The same by clients that read nothing. Right: the bytes that wait are bounded, for all."""

    name = "history-deaf"
    reads = Reads.NOTHING


class SearchFlood(Attack):
    """Searches that find much, little and nothing, as fast as possible, by 20 clients.

    Right: a search has a budget of time, and costs it.
    """

    name = "search"
    authors = 10

    def prepare(self, target: Target) -> None:
        fill(target, "past", "the past is long " * 230, users=10, each=30)

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "past")
        while True:
            for query in ("long", "a", "zzz", "past is " * 20, "%_%", "thx past"):
                yield say("search", query=query, limit=200, id=new_id())


class ReplayDeaf(Attack):
    """30 clients come back to a room of long lines with `since`, and read nothing.

    Right: an answer has at most 256 KiB and the rest comes in parts; what waits for one address
    is bounded.
    """

    name = "replay-deaf"
    connections = 30
    authors = 20
    reads = Reads.NOTHING

    def prepare(self, target: Target) -> None:
        fill(target, "lobby", "y" * 4_000, users=10, each=30)
        fill_classic(target, connections=5, each=200)
        with Visitor(target, None, "lobby") as visitor:
            joined = visitor.joined[0]
        after = max(0, joined["seq"] - 1_000)
        self.since = {"epoch": joined["epoch"], "seq": after}

    def play(self, target: Target, number: int) -> Play:
        yield v1(target) + say("join", room="lobby", since=self.since, id=new_id())
        while True:  # until the server has ended it, which a deaf client learns by sending
            yield 1.0
            yield say("typing", room="lobby")


class ReplayTrickle(ReplayDeaf):
    """The same by clients that take a byte now and then. Right: they are too slow, and closed."""

    name = "replay-trickle"
    reads = Reads.TRICKLE


class DistinctReactions(Attack):
    """Ever other emojis on one message.

    Right: the kinds of reactions on a message are bounded, and a reaction is a message's worth.
    """

    name = "reactions"
    authors = 20
    size = 200

    def prepare(self, target: Target) -> None:
        fill(target, "reacted", "react to me", users=1, each=1)

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "reacted")
        while True:
            yield say("react", room="reacted", seq=1, emoji=new_id(), on=True, id=new_id())
            yield ALLOWED


class Retries(Attack):
    """The same `send` again and again, of a message that has many reactions.

    Right: a retry costs what it reads.
    """

    name = "retries"
    connections = 4
    authors = 20

    def prepare(self, target: Target) -> None:
        with Visitor(target, None, "retried") as author:
            self.token = author.token
            self.id = new_id()
            author.ask("send", room="retried", text="again", id=self.id)
            for _ in range(20):
                with Visitor(target, None, "retried") as other, suppress(Gone):
                    for _ in range(28):
                        other.send(
                            say("react", room="retried", seq=1, emoji=new_id(), on=True, id="r")
                        )
                    other.ask("ping")

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "retried", token=self.token)
        while True:
            yield say("send", room="retried", text="again", id=self.id)
            yield ALLOWED


class Edits(Attack):
    """One message edited at the allowed rate, 4,000 characters each time, by four connections.

    Right: the edits of a message are bounded.
    """

    name = "edits"
    connections = 4
    authors = 1

    def prepare(self, target: Target) -> None:
        with Visitor(target, None, "edited") as author:
            self.token = author.token
            author.ask("send", room="edited", text="first", id=new_id())

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "edited", token=self.token)
        for count in itertools.count():
            yield say("edit", room="edited", seq=1, text=f"{count} " * 600, id=new_id())
            yield ALLOWED


class Topics(Attack):
    """A room's topic changed ten times a second by each of 20.

    Right: a topic costs by those who are told of it.
    """

    name = "topics"
    authors = 20
    size = 500

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "topics")
        for count in itertools.count():
            yield say("topic", room="topics", text=f"{count} {'t' * 240}", id=new_id())
            yield ALLOWED


class Rooms(Attack):
    """Room after room is made, left, and made to be kept by a message or a topic.

    Right: an address makes a bounded number of rooms; one in which nothing was said is not kept.
    """

    name = "rooms"
    authors = 20
    size = 500

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            room = f"room-{new_id()}-{number}"
            yield say("join", room=room, id=new_id())
            yield say("topic", room=room, text="mine", id=new_id())
            yield say("leave", room=room, id=new_id())


class RoomLists(Attack):
    """The list of rooms asked for as fast as possible, while there are many. Right: it costs."""

    name = "rooms-list"
    authors = 20
    size = 500

    def prepare(self, target: Target) -> None:
        for _ in range(20):
            with suppress(Gone), Visitor(target) as visitor:
                for _ in range(30):
                    room = f"listed-{new_id()}"
                    visitor.ask("join", room=room)
                    visitor.ask("topic", room=room, text="kept, as something was said")

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        while True:
            yield say("rooms", id=new_id()) * 20


class Users(Attack):
    """User after user is made: hello, and goodbye with a close frame.

    Right: an address makes a bounded number of users in a time.
    """

    name = "users"
    connections = 50

    def play(self, target: Target, number: int) -> Play:
        yield v1(target)
        yield 0.05
        yield frame(CLOSE, b"\x03\xe8")


class ReadMarks(Attack):
    """`read` as fast as possible, which is stored. Right: it costs its sender's budget."""

    name = "read-marks"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "marked")
        while True:
            yield say("read", room="marked", seq=0) * 200


class Connections(Attack):
    """Connect, upgrade, close without a word; 50 at a time. Right: coming costs, too."""

    name = "connections"
    connections = 50

    def play(self, target: Target, number: int) -> Play:
        yield target.upgrade()
        yield 0.01


class Http(Attack):
    """The page and its files, asked for by keep-alive connections without waiting.

    Right: requests cost their address's budget.
    """

    name = "http"

    def play(self, target: Target, number: int) -> Play:
        host = f"Host: 127.0.0.1:{target.port}\r\n\r\n"
        paths = (
            "/", "/r/tea", "/assets/js/main.js", "/assets/css/base.css", "/assets/img/icon.svg",
            "/assets/shell.json", "/sw.js", "/healthz", "/no-such-file",
        )  # fmt: skip
        requests = "".join(f"GET {path} HTTP/1.1\r\n{host}" for path in paths).encode()
        while True:
            yield requests * 5


class HttpDeaf(Http):
    """The same, and no answer is read. Right: who does not read is cut off."""

    name = "http-deaf"
    reads = Reads.NOTHING


class HalfOpen(Attack):
    """200 connections that begin a request and go on by a byte every second.

    Right: a header has 10 s, and an address a number of connections.
    """

    name = "half-open"
    connections = 200

    def play(self, target: Target, number: int) -> Play:
        yield b"GET /ws HTTP/1.1\r\nHost: "
        while True:
            yield b"x"
            yield 1.0


class Bombs(Attack):
    """Deflated messages of 64 KB that inflate to 64 MB.

    Right: inflating stops at the limit, 1009; and what was inflated costs.
    """

    name = "bombs"

    def prepare(self, target: Target) -> None:
        self.bomb = packed(" " * 2**26)

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, deflate=True)
        yield self.bomb
        yield 1.0


class Inflating(Attack):
    """Deflated messages of 100 bytes that inflate to just under 64 KB of blanks and are valid.

    Right: bytes are counted as inflated.
    """

    name = "inflating"

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "blank", deflate=True)
        message = packed(json.dumps({"type": "typing", "room": "blank"}) + " " * 65_000)
        while True:
            yield message * 50


class OneToken(Attack):
    """One user on 100 connections, each of which says as much as one may.

    Right: together they have one user's rate.
    """

    name = "one-token"
    connections = 100
    authors = 1
    size = 200

    def prepare(self, target: Target) -> None:
        with Visitor(target, None, "many") as visitor:
            self.token = visitor.token

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "many", token=self.token)
        while True:
            yield say("send", room="many", text="me again", id=new_id())
            yield ALLOWED


class SlowFrames(Attack):
    """200 clients that send their frames a byte at a time.

    Right: a byte costs what a read costs, and a client that is no faster is no burden.
    """

    name = "slow-frames"
    connections = 200

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "slow")
        while True:
            for byte in say("typing", room="slow"):
                yield bytes((byte,))
                yield 0.05


class FullRoom(Attack):
    """100 members in a room of their own, all of whom talk at the allowed rate.

    Right: a message costs by those who get it, so that the address's budget bounds the room.
    """

    name = "full-room"
    connections = authors = 100
    size = 1_000

    def play(self, target: Target, number: int) -> Play:
        yield v1(target, "crowded")
        while True:
            yield say("send", room="crowded", text="all of us " * 20, id=new_id())
            yield ALLOWED


class Binary(Attack):
    """Binary messages, wrong frames, text that is not UTF-8: each ends its connection at once.

    Right: coming again costs.
    """

    name = "wrong-frames"

    def play(self, target: Target, number: int) -> Play:
        wrong = (
            frame(0x82, b"binary"),
            frame(TEXT, b"\xff"),
            frame(0xF3),
            frame(0x00, b"continues nothing"),
            frame(0x09, b"half a ping"),
            frame(TEXT, b"y" * 70_000),
            bytes((TEXT, 0x01)) + b"x",  # not masked
        )
        yield target.upgrade() + wrong[number % len(wrong)]
        yield 0.05


def fill(target: Target, room: str, text: str, *, users: int, each: int) -> None:
    """Let `users` say `each` messages, at most the 30 that are allowed at once; waits for them."""
    for _ in range(users):
        with suppress(Gone), Visitor(target, None, room) as visitor:
            for _ in range(each - 1):
                visitor.send(say("send", room=room, text=text, id=new_id()))
            visitor.ask("send", room=room, text=text, id=new_id())


def fill_classic(target: Target, *, connections: int, each: int) -> None:
    """Let classic clients say long lines, as many as a server takes in a moment."""
    for _ in range(connections):
        with suppress(OSError), target.socket() as sock:
            sock.settimeout(0.3)
            sock.connect(("127.0.0.1", target.port))
            sock.sendall(target.upgrade(None) + line("z" * 65_000) * each)
            while sock.recv(262_144):
                pass


#: Every attack by its name, in the order of this file.
ATTACKS: dict[str, Attack] = {
    kind.name: kind()
    for kind in list(globals().values())
    if isinstance(kind, type) and issubclass(kind, Attack) and kind.name
}
