"""Points in time, and the kernel's own time limits on a socket.

A timeout is a length; a deadline is the point at which it runs out. Several steps that share one
budget share one `Deadline`. A stall of the process extends it (`stall`).
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
    """A point in time, `seconds` from its making, or from the end of the last stall if later.

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
        """Call `attempt` with the seconds left until it gives something true, or none are left.

        Gives what it gave last. `attempt` waits so many seconds at the most; it is called at least
        once, and again only where a stall, not the other side, used up its time.
        """
        while not (got := attempt(self.remaining())) and self.remaining():
            pass
        return got


def limit_waits(sock: socket.socket, *, receive: float, send: float) -> None:
    """Make `sock` blocking, with the kernel giving up a `recv` or `send` after so many seconds.

    A wait that runs out raises `BlockingIOError`. The two limits are the socket's own
    (``SO_RCVTIMEO``, ``SO_SNDTIMEO``, socket(7)), so a reader and a writer thread can share one
    socket object; and unlike `socket.settimeout` there is no ``poll`` before each call, which
    would let go of the interpreter lock and fight for it twice.
    """
    sock.settimeout(None)
    for option, seconds in ((socket.SO_RCVTIMEO, receive), (socket.SO_SNDTIMEO, send)):
        whole = math.floor(seconds)
        # Zero in both fields would mean "for ever"; one microsecond is the least that waits.
        micro = int((seconds - whole) * 1_000_000) or (0 if whole else 1)
        sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", whole, micro))


def send_some(sock: socket.socket, data: bytes | memoryview, seconds: float) -> int:
    """Send what the kernel takes of `data`; gives how many bytes that is.

    `sock` has `limit_waits` with `seconds` for `send`. Raises `BlockingIOError` when that time has
    run out, but not where a stall of this process used it up; and `OSError` if the peer is gone.
    """
    while True:
        try:
            return sock.send(data)
        except BlockingIOError:
            if not WATCH.more(seconds):
                raise


def pause(sock: socket.socket, seconds: float) -> None:
    """Wait for so many seconds, or until `sock` is shut down in both directions.

    Nothing is read meanwhile, so the peer feels the pause once its buffers are full.
    """
    poll = select.poll()
    poll.register(sock, 0)  # hang-ups and errors are told of in any case (poll(2))
    poll.poll(math.ceil(seconds * 1000))
