"""The table of connections: who is here, whom each one counts for, and how they are ended.

Its lock guards the table and each `Visit` in it, and is held for no wait. Any thread may call it:
the thread that accepts registers, a connection's own thread counts, promotes and forgets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass

from ..admission import Admission, Meter
from ..core.origin import counted_as


@dataclass(slots=True, eq=False)
class Visit:
    """One connection from `accept` to its end. Guarded by the lock of the table."""

    sock: socket.socket
    peer: str  # the address at the other end of the socket
    address: str  # the client's: the peer's, or what a trusted proxy says it is
    counted: str | None = None  # what it is counted under, see `counted_as`; None: nobody yet
    meter: Meter | None = None  # what it costs; None while it is not counted
    upgraded: bool = False


class Visits:
    """All connections that are open, at most `most`. Each is counted by `admission`."""

    def __init__(self, admission: Admission, most: int) -> None:
        self.admission = admission
        self.stopping = False  # set once, by any thread or a signal handler; any thread reads it
        self.hung_up = False  # set once by `hang_up`; any thread reads it
        self._most = most
        self._lock = threading.Lock()  # guards what follows, and each Visit
        self._open: set[Visit] = set()

    def __len__(self) -> int:
        return len(self._open)

    def register(self, visit: Visit, counted: str | None) -> bool:
        """Let `visit` in if there is room for it; a trusted proxy is not `counted`."""
        with self._lock:
            if len(self._open) >= self._most:
                return False
            if counted is not None and not self._claim(visit, counted):
                return False
            self._open.add(visit)
            return True

    def forget(self, visit: Visit) -> None:
        """Remove `visit`, and count it no more. One that is not there is no error.

        To be called before its socket is closed: what is in the table is open, so nobody shuts down
        a descriptor that has meanwhile become another connection's.
        """
        with self._lock:
            self._open.discard(visit)
            self._release(visit)

    def count(self, visit: Visit, client: str) -> bool:
        """Count `visit` under `client`, whom a trusted proxy named; False if it has too many."""
        counted = counted_as(client)
        with self._lock:
            visit.address = client
            if visit.counted == counted:
                return True
            self._release(visit)
            return self._claim(visit, counted)

    def promote(self, visit: Visit) -> bool:
        """Leave this connection to the endpoint from now on; False if it is too late for that."""
        with self._lock:
            visit.upgraded = not self.stopping
            return visit.upgraded

    def hang_up(self) -> None:
        """End the connections that are not WebSockets, without waiting for them.

        Those between requests end at once; one in the middle of an answer may finish it. What a
        client was still sending is not waited for.
        """
        with self._lock:
            self.hung_up = True
            for visit in self._open:
                if not visit.upgraded:
                    with contextlib.suppress(OSError):  # the client has gone
                        visit.sock.shutdown(socket.SHUT_RD)  # wakes its thread; waits for nothing

    def cut(self) -> None:
        """Shut down the sockets of all connections, which wakes their threads."""
        with self._lock:
            for visit in self._open:
                with contextlib.suppress(OSError):
                    visit.sock.shutdown(socket.SHUT_RDWR)

    def _claim(self, visit: Visit, counted: str) -> bool:
        assert self._lock.locked()
        visit.meter = self.admission.enter(counted)
        if visit.meter is None:
            return False
        visit.counted = counted
        return True

    def _release(self, visit: Visit) -> None:
        assert self._lock.locked()
        if visit.meter is not None:
            visit.meter.leave(time.monotonic())
            visit.meter = visit.counted = None
