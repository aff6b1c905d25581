"""Refuses clients with 503 and reads from them until they close, without a thread for each.

The server waits for the request, which says whether a browser or a program asks (`error_page`);
then it sends 503 and shuts down its side. Closing a connection with unread input resets it, and the
reset may destroy the answer in transit (RFC 9112, section 9.6). So it reads and drops input until
the client closes. All this takes `PATIENCE` seconds at the most; a client that has not sent its
request by then is answered without it.
"""

from __future__ import annotations

import resource
import selectors
import socket

from ..deadline import Deadline
from ..log_limit import LogLimit
from . import error_page, refusal_log
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

#: Bytes of a request that are kept to answer it. What it accepts is near its beginning.
MAX_KEPT = 4 * 1024


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
        self._heads: dict[socket.socket, bytearray] = {}  # of those without an answer
        self._log_limit = log_limit or LogLimit()

    @property
    def wait(self) -> float | None:
        """Seconds after which `close` ought to be called; None while there are no clients."""
        return PATIENCE if self._until else None

    def refuse(
        self, sock: socket.socket, why: str, address: str = "?", *, at_once: bool = False
    ) -> None:
        """Answer 503 on `sock`, whose peer has that address, and read until the peer closes.

        Does not wait: the answer may be sent later, by `read` or `close`. `at_once` answers and
        closes the socket before this returns, because its descriptor is needed.
        """
        refusal_log.no_room(self._log_limit, address, why)
        head = bytearray()
        if not _begin(sock):
            sock.close()
        elif _receive(sock, head) or at_once or len(self._until) >= self._most:
            _send_full(sock, head)
            sock.close()
        else:
            self._until[sock] = Deadline(PATIENCE)
            self._heads[sock] = head
            self._selector.register(sock, selectors.EVENT_READ, self)
            self._answer_if_complete(sock)

    def read(self, sock: socket.socket) -> None:
        """Read the input of a refused client, and answer; call it when its socket is readable."""
        if _receive(sock, self._heads.get(sock)):
            self._close(sock)
        else:
            self._answer_if_complete(sock)

    def _answer_if_complete(self, sock: socket.socket) -> None:
        head = self._heads.get(sock)
        if head is not None and (b"\n\r\n" in head or b"\n\n" in head or len(head) == MAX_KEPT):
            del self._heads[sock]
            if not _send_full(sock, head):
                self._close(sock)

    def close(self, *, late_only: bool = False) -> None:
        """Close all clients, or with `late_only` those whose time is over."""
        for sock, deadline in list(self._until.items()):
            if deadline.passed or not late_only:
                self._close(sock)

    def _close(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        del self._until[sock]
        head = self._heads.pop(sock, None)
        if head is not None:
            _send_full(sock, head)
        sock.close()


def most_refused(connections: int) -> int:
    """The most refused clients beside `connections`, within the limit on descriptors."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_REFUSED
    return max(LEAST_REFUSED, min(MAX_REFUSED, soft - OWN_DESCRIPTORS - connections))


def _begin(sock: socket.socket) -> bool:
    """Prepare `sock`; False if the client has disconnected."""
    try:
        sock.setblocking(False)
    except OSError:
        return False
    return True


def _send_full(sock: socket.socket, head: bytearray) -> bool:
    """Answer 503 to `head`, shut down the sending side; False if the client has disconnected."""
    try:
        sock.send(error_page.dress(FULL, bytes(head)).encode(close=True))
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        return False
    return True


#: The buffer for input. It is allocated early: later there may be no memory.
_received = memoryview(bytearray(65_536))


def _receive(sock: socket.socket, head: bytearray | None) -> bool:
    """Read the available input without waiting; True at the end of the stream.

    The first `MAX_KEPT` bytes are added to `head`, the rest is dropped.
    """
    try:
        count = sock.recv_into(_received)
    except BlockingIOError:
        return False
    except OSError:
        return True
    if head is not None:
        head += _received[: min(count, MAX_KEPT - len(head))]
    return not count
