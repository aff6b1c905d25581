"""Which users are connected, as far as it keeps them from being forgotten.

Any thread. Owns  a count for each user with a connection, under one lock that is never held while
waiting.
"""

from __future__ import annotations

import threading


class Attendance:
    """Counts each user's connections. ``user in attendance`` says whether there is any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_connections`
        self._connections: dict[str, int] = {}

    def came(self, user: str) -> None:
        """A connection has learned that it is this user's."""
        with self._lock:
            self._connections[user] = self._connections.get(user, 0) + 1

    def went(self, user: str) -> None:
        """One of the user's connections has ended; of one that never came this may be said, too."""
        with self._lock:
            left = self._connections.pop(user, 0) - 1
            if left > 0:
                self._connections[user] = left

    def __contains__(self, user: object) -> bool:
        with self._lock:
            return user in self._connections
