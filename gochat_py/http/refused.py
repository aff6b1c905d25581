"""Clients that are refused with 503, and read until they leave, without a thread of their own.

A connection that is closed while something its client sent is unread is reset, and the reset may
destroy the answer on its way (RFC 9112, section 9.6). So a refused client is told 503 and that
this is the end, and what it sends is read and dropped until it closes, or its time is over.
"""

from __future__ import annotations

import resource
import selectors
import socket

from ..deadline import Deadline
from ..log_limit import LogLimit
from . import refusal_log
from .responses import FULL

#: Descriptors that are kept free for the server itself: 3 standard ones, 4 of the HTTP server, the
#: selector, 3 of the directory and its log, 3 of the connection that stays open, 2 of the one that
#: writes, 8 of those that read, 2 more while the directory is closed, and some for what Python
#: opens in passing, as for a traceback.
OWN_DESCRIPTORS = 32

#: Refused clients that are read at the same time, and for how many seconds. Others are closed at
#: once. Where descriptors are scarce they are fewer, but so many at the least.
MAX_REFUSED = 128
LEAST_REFUSED = 8
PATIENCE = 1.0


class Refused:
    """The refused clients. Belongs to the thread that accepts, and to its selector."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        most: int = MAX_REFUSED,
        log_limit: LogLimit | None = None,
    ) -> None:
        """Read at most `most` clients at a time; `log_limit` is for records about them."""
        self._selector = selector
        self._most = most
        self._until: dict[socket.socket, Deadline] = {}
        self._log_limit = log_limit or LogLimit()

    @property
    def wait(self) -> float | None:
        """Seconds after which `close` ought to be called; None while nobody is here."""
        return PATIENCE if self._until else None

    def refuse(
        self, sock: socket.socket, why: str, address: str = "?", *, at_once: bool = False
    ) -> None:
        """Take `sock`, whose peer has that address, answer 503, and read it until it closes.

        Does not wait.

        `at_once` closes it before this returns, because its descriptor is needed.
        """
        refusal_log.no_room(self._log_limit, address, why)
        if not _say_full(sock):
            sock.close()
        elif at_once or len(self._until) >= self._most:
            _swallow(sock)
            sock.close()
        else:
            self._until[sock] = Deadline(PATIENCE)
            self._selector.register(sock, selectors.EVENT_READ, self)

    def read(self, sock: socket.socket) -> None:
        """Read what a refused client has sent; to be called when its socket is readable."""
        if _swallow(sock):
            self._close(sock)

    def close(self, *, late_only: bool = False) -> None:
        """Close those that had their time, or all of them."""
        for sock, deadline in list(self._until.items()):
            if deadline.passed or not late_only:
                self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        del self._until[sock]
        sock.close()


def most_refused(connections: int) -> int:
    """How many may be read beside `connections`: what is left of the process's descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_REFUSED
    return max(LEAST_REFUSED, min(MAX_REFUSED, soft - OWN_DESCRIPTORS - connections))


def _say_full(sock: socket.socket) -> bool:
    """Send the 503 and the end of it; False if the client has gone."""
    try:
        sock.setblocking(False)
        sock.send(FULL.encode(close=True))
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


#: Where what refused clients send is read into: there may be no memory for it otherwise.
_forgotten = bytearray(65_536)


def _swallow(sock: socket.socket) -> bool:
    """Read what has come without waiting; True at the client's end."""
    try:
        return not sock.recv_into(_forgotten)
    except BlockingIOError:
        return False
    except OSError:
        return True
