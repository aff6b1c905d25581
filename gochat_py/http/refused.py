"""Refuses clients with 503 and reads from them until they close, without a thread for each.

Closing a connection with unread input resets it, and the reset may destroy the answer in transit
(RFC 9112, section 9.6). So the server sends 503 and shuts down its side. Then it reads and drops
input until the client closes, at most for `PATIENCE` seconds.
"""

from __future__ import annotations

import resource
import selectors
import socket

from ..deadline import Deadline
from ..log_limit import LogLimit
from . import refusal_log
from .responses import FULL

#: Descriptors that are reserved for the server itself: 3 standard ones, 4 of the HTTP server, the
#: selector, 3 of the directory and its redo log, 3 of the database handle that stays open, 2 of the
#: one that writes, 8 of those that read, 2 more while the directory is closed, and some for files
#: that Python opens briefly, as for a traceback.
OWN_DESCRIPTORS = 32

#: The most refused clients that are read at the same time, the least where descriptors are scarce,
#: and the seconds for which each is read. Clients beyond that number are closed at once.
MAX_REFUSED = 128
LEAST_REFUSED = 8
PATIENCE = 1.0


class Refused:
    """The refused clients. Only the accepting thread, whose selector it uses, may call it."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        most: int = MAX_REFUSED,
        log_limit: LogLimit | None = None,
    ) -> None:
        """Read from at most `most` clients at a time; `log_limit` limits records about them."""
        self._selector = selector
        self._most = most
        self._until: dict[socket.socket, Deadline] = {}
        self._log_limit = log_limit or LogLimit()

    @property
    def wait(self) -> float | None:
        """Seconds after which `close` ought to be called; None while there are no clients."""
        return PATIENCE if self._until else None

    def refuse(
        self, sock: socket.socket, why: str, address: str = "?", *, at_once: bool = False
    ) -> None:
        """Answer 503 on `sock`, whose peer has that address, and read until the peer closes.

        Does not wait. `at_once` closes the socket before this returns, because its descriptor is
        needed.
        """
        refusal_log.no_room(self._log_limit, address, why)
        if not _send_full(sock):
            sock.close()
        elif at_once or len(self._until) >= self._most:
            _drop_input(sock)
            sock.close()
        else:
            self._until[sock] = Deadline(PATIENCE)
            self._selector.register(sock, selectors.EVENT_READ, self)

    def read(self, sock: socket.socket) -> None:
        """Read and drop the input of a refused client; call it when its socket is readable."""
        if _drop_input(sock):
            self._close(sock)

    def close(self, *, late_only: bool = False) -> None:
        """Close all clients, or with `late_only` those whose time is over."""
        for sock, deadline in list(self._until.items()):
            if deadline.passed or not late_only:
                self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        del self._until[sock]
        sock.close()


def most_refused(connections: int) -> int:
    """The most refused clients beside `connections`, within the limit on descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_REFUSED
    return max(LEAST_REFUSED, min(MAX_REFUSED, soft - OWN_DESCRIPTORS - connections))


def _send_full(sock: socket.socket) -> bool:
    """Send 503 and shut down the sending side; False if the client has disconnected."""
    try:
        sock.setblocking(False)
        sock.send(FULL.encode(close=True))
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


#: The buffer for input that is dropped. It is allocated early: later there may be no memory.
_dropped = bytearray(65_536)


def _drop_input(sock: socket.socket) -> bool:
    """Read and drop the available input without waiting; True at the end of the stream."""
    try:
        return not sock.recv_into(_dropped)
    except BlockingIOError:
        return False
    except OSError:
        return True
