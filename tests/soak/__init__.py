"""A busy conversation while the server is killed, or connections are cut, again and again.

Eight clients talk in four rooms as fast as they can. When it is over, every one of them must know
the same: each room's seqs from 1 to n without hole or repeat, and in it once whatever was
acknowledged. The test suite runs a little of it, ``make soak`` as much as one likes.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Self

from tests.support.case import PATIENCE, eventually
from tests.support.server import ServerProcess
from tests.support.v1 import Chatter, Client, whole_room

ROOMS = ["lobby", "tea", "聊天室", "Ünïcode"]
CHATTERS = 8

#: At full speed: the limits on sending are not what is looked at.
FLAGS = ("--rate", "100000", "--burst", "100000")

#: Events that all clients together see between two faults, at the most.
BETWEEN_FAULTS = 3_000

Report = Callable[[str], object]


def new_seed() -> str:
    """The seed named by the environment variable GOCHAT_TEST_SEED, or a fresh one."""
    return os.environ.get("GOCHAT_TEST_SEED") or str(Random().getrandbits(32))


class Conversation:
    """The clients, and where they find the server. Leaving the context ends the clients.

    Whatever goes wrong within names the seed.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.chance = Random(seed)
        self._url = ""  # empty while nothing listens
        self._moved = threading.Condition()  # guards it, notified when it changes
        self._ended = False
        self.chatters: list[Chatter] = []

    def listens(self, url: str) -> None:
        """From now on the server is there; with an empty `url`, nowhere."""
        with self._moved:
            self._url = url
            self._moved.notify_all()

    def _address(self) -> str:
        with self._moved:
            self._moved.wait_for(lambda: self._url or self._ended, PATIENCE)
            if not self._url:
                raise ConnectionRefusedError("there is no server")
            return self._url

    def __enter__(self) -> Self:
        for number in range(CHATTERS):
            # Each room has four of them, each of them two rooms.
            rooms = [ROOMS[number % 4], ROOMS[(number + 1 + number // 4) % 4]]
            chatter = Chatter(f"chatter {number}", rooms, self._address, f"{self.seed}-{number}")
            self.chatters.append(chatter)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, _: Any) -> None:
        with self._moved:
            self._ended = True
            self._moved.notify_all()
        for chatter in self.chatters:
            chatter.leave()
        if error is not None:
            error.add_note(f"to see it again: GOCHAT_TEST_SEED={self.seed}")

    @property
    def taken(self) -> int:
        """How many live entries the clients have had."""
        return sum(chatter.taken for chatter in self.chatters)

    def go_on(self) -> None:
        """Let them talk until a random number of further entries was seen."""
        goal = self.taken + self.chance.randrange(BETWEEN_FAULTS)
        self.until(lambda: self.taken >= goal, "the conversation goes on")

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for `condition`, unless a client has seen what it never should."""

        def met() -> bool:
            for chatter in self.chatters:
                if chatter.failure is not None:
                    raise AssertionError(f"in {chatter.rooms}") from chatter.failure
            return bool(condition())

        eventually(met, what, every=0.002)

    def finish(self, url: str) -> str:
        """Let all that was said be acknowledged and seen by everybody; compare. Says figures."""
        for chatter in self.chatters:
            chatter.stop_talking()
        self.until(
            lambda: not any(chatter.pending for chatter in self.chatters), "all is acknowledged"
        )
        with Client(url, "reader", *ROOMS) as reader:
            rooms = {room: whole_room(reader, room) for room in ROOMS}
        self.until(
            lambda: all(
                view.seq >= len(rooms[room])
                for chatter in self.chatters
                for room, view in chatter.views.items()
            ),
            "everybody has seen everything",
        )
        for chatter in self.chatters:
            chatter.leave()
        for room, entries in rooms.items():
            assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1)), room
            stored = Counter((entry["user"], entry["id"]) for entry in entries)
            assert not (twice := [each for each, count in stored.items() if count > 1]), twice
            for chatter in self.chatters:
                if room in chatter.rooms:
                    assert list(chatter.views[room].entries.values()) == entries, room
                    sent = {n: seq for (r, n), seq in chatter.acknowledged.items() if r == room}
                    kept = {e["id"]: e["seq"] for e in entries if e["user"] == chatter.user}
                    assert sent == kept, "what is kept is not what was acknowledged"
        total = sum(map(len, rooms.values()))
        connections = sum(chatter.connections for chatter in self.chatters)
        return f"{total:,} messages, {connections} connections"


def killing(
    seed: str, kills: int, *flags: str, seconds: float = 0.0, report: Report = print
) -> str:
    """Kill the server `kills` times, and for at least so many `seconds`. Says figures.

    `flags` are given to the server.
    """
    started = time.monotonic()
    data = tempfile.mkdtemp(prefix="gochat-test-")
    killed = 0
    try:
        with Conversation(seed) as talk:
            while killed < kills or time.monotonic() - started < seconds:
                server = ServerProcess("--data", data, *FLAGS, *flags)
                try:
                    talk.listens(server.ws_url)
                    talk.go_on()
                    talk.listens("")
                finally:
                    server.kill()
                killed += 1
                if killed % 100 == 0:
                    report(f"{killed} kills, {talk.taken:,} entries seen")
            with ServerProcess("--data", data, *FLAGS, *flags) as server:
                talk.listens(server.ws_url)
                figures = talk.finish(server.ws_url)
                assert "Traceback" not in server.errors(), server.errors()
    finally:
        shutil.rmtree(data)
    return f"{killed} kills, {figures} in {time.monotonic() - started:.0f} s"


def tearing(seed: str, cuts: int, *, seconds: float = 0.0, report: Report = print) -> str:
    """Cut connections at random bytes, `cuts` times and for at least so many `seconds`."""
    started = time.monotonic()
    with ServerProcess(*FLAGS) as server, TearingProxy(server.port, seed) as proxy:
        with Conversation(seed) as talk:
            talk.listens(proxy.url)
            reported = 0
            while (done := proxy.cuts) < cuts or time.monotonic() - started < seconds:
                talk.until(lambda done=done: proxy.cuts > done, "a connection is cut")  # type: ignore[misc]  # a default argument, bound now
                if proxy.cuts - reported >= 1000:
                    reported = proxy.cuts
                    report(f"{reported} cuts, {talk.taken:,} entries seen")
            proxy.restore()
            figures = talk.finish(server.ws_url)
        assert "Traceback" not in server.errors(), server.errors()
    return f"{proxy.cuts} cuts, {figures} in {time.monotonic() - started:.0f} s"


class TearingProxy:
    """Forwards bytes in both directions, and cuts each connection after a random number of them.

    What was read and not passed on is lost with it, on one side in good order and on the other with
    a reset, or on both in either way. A context manager; leaving it joins its threads.
    """

    def __init__(self, target: int, seed: str) -> None:
        self.cuts = 0
        self._target = target
        self._chance = Random(f"proxy-{seed}")  # the accepting thread's
        self._lock = threading.Lock()  # guards what follows
        self._torn = True
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/ws"
        self._accepting = threading.Thread(target=self._accept, name="tearing proxy")
        self._accepting.start()

    def restore(self) -> None:
        """Cut nothing more."""
        with self._lock:
            self._torn = False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # __exit__ shut the listener down
                return
            # From one byte to 128 KiB, each size as likely: in the handshake, and far behind it.
            left = [int(2 ** self._chance.uniform(0, 17)), 1 << 62]
            self._chance.shuffle(left)
            resets = [self._chance.random() < 0.5 for _ in range(2)]
            thread = threading.Thread(target=self._serve, args=(client, left, resets))
            with self._lock:
                self._sockets.add(client)
                self._threads = [each for each in self._threads if each.is_alive()] + [thread]
            thread.start()

    def _serve(self, client: socket.socket, left: list[int], resets: list[bool]) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target), PATIENCE) as server:
            with self._lock:
                self._sockets.add(server)
            back = threading.Thread(target=self._pump, args=(server, client, left[1]))
            back.start()
            self._pump(client, server, left[0])
            back.join(PATIENCE)
            with self._lock:
                self._sockets -= {client, server}
            for sock, reset in zip((client, server), resets, strict=True):
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _pump(self, source: socket.socket, sink: socket.socket, left: int) -> None:
        """Copy up to `left` bytes, then end both directions."""
        with contextlib.suppress(OSError):  # the other direction was cut, or the peer is gone
            while data := source.recv(65_536):
                with self._lock:
                    torn = self._torn and len(data) >= left
                    self.cuts += torn
                sink.sendall(data[:left] if torn else data)
                left -= len(data)
                if torn:
                    break
        for each in (source, sink):
            with contextlib.suppress(OSError):  # it may be over already
                each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(PATIENCE)
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):  # its other end went first
                    each.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(PATIENCE)
        self._listener.close()
