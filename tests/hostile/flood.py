"""The attackers: many connections in one thread, each controlled by its attack.

``python -m tests.hostile.flood ATTACK PORT ADDRESS`` prepares the attack, prints "ready", and goes
on until its standard input ends. It gives way to everybody else on the machine (nice), since real
attackers would not take the server's processor.
"""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from functools import partial

from .wire import Target

#: Connections of one attack at the most.
MOST = 200

#: Seconds until a connection that the server ended is tried again.
AGAIN = 0.5

#: Bytes taken at a time by clients that read, and by those that trickle, and how often they do.
READ, TRICKLE, TRICKLE_EVERY = 262_144, 1, 0.05


class Reads(Enum):
    """How a client reads."""

    ALL = "as fast as it comes"
    NOTHING = "never"
    TRICKLE = "a byte at a time"


#: A connection's play: bytes to send; seconds to wait; at its end the connection is closed and
#: another one begun.
Play = Iterator[bytes | float]


class Attack:
    """What one address sends to a server.

    The docstring of each says what it does, and what is right. `authors` is how many at the most
    have entries stored by it, and `size` the bytes of one: from these follows how much the disk
    may grow.
    """

    name = ""
    connections = 20
    authors = 0
    size = 4_000
    reads = Reads.ALL

    def prepare(self, target: Target) -> None:
        """Do what must be done before the attack begins."""

    def play(self, target: Target, number: int) -> Play:
        """What connection `number` sends, its upgrade first."""
        raise NotImplementedError


class _Line:
    """One connection."""

    __slots__ = ("number", "out", "play", "sock")

    def __init__(self, number: int, sock: socket.socket, play: Play) -> None:
        self.number = number
        self.sock = sock
        self.play = play
        self.out = memoryview(b"")


class Flood:
    """Runs an attack until `run` is stopped."""

    def __init__(self, attack: Attack, target: Target) -> None:
        self._attack = attack
        self._target = target
        self._selector = selectors.DefaultSelector()
        self._ties = itertools.count()
        #: What is to be done later, and when.
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    def run(self, stop: int) -> None:
        """Attack until the descriptor `stop` can be read."""
        self._selector.register(stop, selectors.EVENT_READ)
        for number in range(min(self._attack.connections, MOST)):
            self._begin(number)
        while True:
            for key, mask in self._selector.select(self._until_later()):
                if key.data is None:
                    return
                self._serve(key.data, mask)
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, _, act = heapq.heappop(self._later)
                act()

    def _until_later(self) -> float | None:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None

    def _do_later(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._ties), act))

    def _begin(self, number: int) -> None:
        try:
            sock = self._target.socket()
        except OSError:  # the ports are used up for now
            self._do_later(AGAIN, partial(self._begin, number))
            return
        if self._attack.reads is not Reads.ALL:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        line = _Line(number, sock, self._attack.play(self._target, number))
        with suppress(BlockingIOError):
            sock.connect(("127.0.0.1", self._target.port))
        self._selector.register(sock, self._events(writing=True), line)
        if self._attack.reads is Reads.TRICKLE:
            self._do_later(TRICKLE_EVERY, partial(self._trickle, line))

    def _events(self, writing: bool) -> int:
        reading = self._attack.reads is Reads.ALL
        return (selectors.EVENT_READ * reading) | (selectors.EVENT_WRITE * writing)

    def _go_on(self, line: _Line) -> None:
        """Go on with a play that has waited."""
        if line.sock.fileno() >= 0:
            self._watch(line, writing=True)

    def _trickle(self, line: _Line) -> None:
        """Take a little, and more later."""
        if line.sock.fileno() >= 0 and self._read(line, TRICKLE):
            self._do_later(TRICKLE_EVERY, partial(self._trickle, line))

    def _watch(self, line: _Line, *, writing: bool) -> None:
        events = self._events(writing)
        if line.sock.fileno() in self._selector.get_map():
            self._selector.unregister(line.sock)
        if events:
            self._selector.register(line.sock, events, line)

    def _serve(self, line: _Line, mask: int) -> None:
        if mask & selectors.EVENT_READ and not self._read(line, READ):
            return
        if mask & selectors.EVENT_WRITE:
            self._write(line)

    def _read(self, line: _Line, size: int) -> bool:
        try:
            if line.sock.recv(size):
                return True
        except BlockingIOError:
            return True
        except OSError:
            pass
        self._end(line, AGAIN)
        return False

    def _write(self, line: _Line) -> None:
        if not line.out:
            step = next(line.play, None)
            if step is None:
                self._end(line, 0.0)
                return
            if isinstance(step, float):
                self._watch(line, writing=False)
                self._do_later(step, partial(self._go_on, line))
                return
            line.out = memoryview(step)
        try:
            line.out = line.out[line.sock.send(line.out) :]
        except BlockingIOError:
            return
        except OSError:
            self._end(line, AGAIN)

    def _end(self, line: _Line, pause: float) -> None:
        if line.sock.fileno() in self._selector.get_map():
            self._selector.unregister(line.sock)
        line.sock.close()
        self._do_later(pause, partial(self._begin, line.number))


def main() -> int:
    """Play the attack that the command line names."""
    from .attacks import ATTACKS

    name, port, address = sys.argv[1:]
    os.nice(10)
    attack = ATTACKS[name]
    target = Target(int(port), address)
    attack.prepare(target)
    print("ready", flush=True)
    Flood(attack, target).run(sys.stdin.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
