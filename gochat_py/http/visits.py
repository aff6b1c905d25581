"""The table of open connections: it counts them for each address and ends them at shutdown.

Its lock guards the table and each `Visit` in it; no thread waits while it holds the lock. Any
thread may call the methods: the accepting thread registers a connection, the connection's own
thread counts, promotes and forgets it.
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
    counted: str | None = None  # the key it is counted under, see `counted_as`; None: not yet
    meter: Meter | None = None  # its account of costs; None while it is not counted
    upgraded: bool = False


class Visits:
    """All open connections, at most `most`. `admission` counts each one."""

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
        """Add `visit`; False at the limit. `counted` is None for a trusted proxy."""
        with self._lock:
            if len(self._open) >= self._most:
                return False
            if counted is not None and not self._claim(visit, counted):
                return False
            self._open.add(visit)
            return True

    def forget(self, visit: Visit) -> None:
        """Remove `visit` and stop counting it. It is no error if the table does not have it.

        Call this before closing the socket. Sockets in the table are open, so `hang_up` and `cut`
        never shut down a descriptor that now belongs to another connection.
        """
        with self._lock:
            self._open.discard(visit)
            self._release(visit)

    def count(self, visit: Visit, client: str) -> bool:
        """Count `visit` under `client`, as a trusted proxy named it; False if that has too many."""
        counted = counted_as(client)
        with self._lock:
            visit.address = client
            if visit.counted == counted:
                return True
            self._release(visit)
            return self._claim(visit, counted)

    def is_full(self, visit: Visit) -> bool:
        """Whether another connection of the client of `visit` would be refused now."""
        with self._lock:
            if len(self._open) >= self._most:
                return True
            counted = visit.counted
            return counted is not None and not self.admission.addresses.has_room(counted)

    def promote(self, visit: Visit) -> bool:
        """Mark `visit` as a WebSocket, which `hang_up` leaves open; False if already stopping."""
        with self._lock:
            visit.upgraded = not self.stopping
            return visit.upgraded

    def hang_up(self) -> None:
        """End the connections that are not WebSockets, without waiting for them.

        A connection between requests ends at once; one that is sending an answer may finish it. The
        server does not wait for the rest of a request.
        """
        with self._lock:
            self.hung_up = True
            for visit in self._open:
                if not visit.upgraded:
                    with contextlib.suppress(OSError):  # the client has disconnected
                        visit.sock.shutdown(socket.SHUT_RD)  # wakes its thread; does not wait

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
