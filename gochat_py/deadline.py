"""Points in time, and the kernel's own time limits on a socket.

A timeout is a length; a deadline is the point at which it runs out. Several steps that share one
budget share one `Deadline`.
"""

from __future__ import annotations

import math
import select
import socket
import struct
import time


class Deadline:
    """A point in time, `seconds` from its making. Immutable, so any thread may read it."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never less than 0."""
        return max(0.0, self._at - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._at


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


def pause(sock: socket.socket, seconds: float) -> None:
    """Wait for so many seconds, or until `sock` is shut down in both directions.

    Nothing is read meanwhile, so the peer feels the pause once its buffers are full.
    """
    poll = select.poll()
    poll.register(sock, 0)  # hang-ups and errors are told of in any case (poll(2))
    poll.poll(math.ceil(seconds * 1000))
