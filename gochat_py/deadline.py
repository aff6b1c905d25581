"""Deadlines, and the kernel's time limits on a socket.

A timeout is a length of time; a deadline is the point in time at which it runs out. Several steps
that share one time budget share one `Deadline`. A stall of the process extends it (`stall`).
"""

from __future__ import annotations

import math
import select
import socket
import struct
from collections.abc import Callable
from typing import TypeVar

from .stall import WATCH, StallWatch

T = TypeVar("T")


class Deadline:
    """A point in time: `seconds` after it was made, or after the last stall ended if that is later.

    Immutable, so any thread may read it.
    """

    __slots__ = ("_begun", "_seconds", "_watch")

    def __init__(self, seconds: float, watch: StallWatch = WATCH) -> None:
        self._watch = watch
        self._seconds = seconds
        self._begun = watch.now()

    def remaining(self) -> float:
        """Seconds left, never less than 0."""
        now = self._watch.now()  # first of all: it may notice a stall
        return max(0.0, max(self._begun, self._watch.resumed) + self._seconds - now)

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return not self.remaining()

    def wait(self, attempt: Callable[[float], T]) -> T:
        """Call `attempt` with the seconds left until it returns a true value or no time is left.

        Returns the last result of `attempt`. `attempt` waits at most the seconds it is given. It is
        called at least once, and again only if a stall of the process used up its time.
        """
        while not (got := attempt(self.remaining())) and self.remaining():
            pass
        return got


def limit_waits(sock: socket.socket, *, receive: float, send: float) -> None:
    """Make `sock` blocking, with the kernel's timeouts of `receive` and `send` seconds.

    A timeout raises `BlockingIOError`. The two limits belong to the socket (``SO_RCVTIMEO``,
    ``SO_SNDTIMEO``, socket(7)), so a reader and a writer thread can share one socket object. Unlike
    `socket.settimeout`, there is no ``poll`` before each call, which would release and acquire the
    interpreter lock a second time.
    """
    sock.settimeout(None)
    for option, seconds in ((socket.SO_RCVTIMEO, receive), (socket.SO_SNDTIMEO, send)):
        whole = math.floor(seconds)
        # Zero in both fields means "no limit"; one microsecond is the shortest timeout.
        micro = int((seconds - whole) * 1_000_000) or (0 if whole else 1)
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", whole, micro))


def send_some(sock: socket.socket, data: bytes | memoryview, seconds: float) -> int:
    """Send as much of `data` as the kernel accepts; returns the number of bytes.

    `limit_waits` must have set `seconds` as the `send` limit of `sock`. Raises `BlockingIOError`
    when that time has run out, unless a stall of this process used it up, and `OSError` if the peer
    is gone.
    """
    while True:
        try:
            return sock.send(data)
        except BlockingIOError:
            if not WATCH.more(seconds):
                raise


def pause(sock: socket.socket, seconds: float) -> None:
    """Wait for `seconds`, or until `sock` is shut down in both directions.

    Nothing is read meanwhile, so the peer must wait, too, once the socket buffers are full.
    """
    poll = select.poll()
    poll.register(sock, 0)  # hang-ups and errors are always reported (poll(2))
    poll.poll(math.ceil(seconds * 1000))
