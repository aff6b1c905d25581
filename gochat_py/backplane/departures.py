"""Collects users whose connections ended, so that the journal records their last-seen times.

If thousands of connections end at once, a request for each would fill the journal's inbox; each SQL
statement would wait for the interpreter lock, and each commit would write the same pages again: a
message between them waited for half a second. So many users are recorded by one request.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from itertools import islice

from ..store import users
from .requests import Ask

#: Users recorded by one statement: this takes about 3 ms, for which a message waits. SQLite accepts
#: at least 999 parameters (SQLITE_MAX_VARIABLE_NUMBER).
RECORDED_AT_ONCE = 500

#: Seconds between two such statements.
RECORD_EVERY = 0.25


class Departures:
    """The users whose last-seen times are not recorded yet: each user at most once.

    If a time cannot be stored, it is dropped: the user keeps the last-seen time from before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the three fields below
        self._waiting: dict[str, None] = {}
        self._expected = False  # the journal has a request, or will make the next one
        self._next = -math.inf  # the earliest time of the next request (monotonic)

    # -- any thread ------------------------------------------------------------------------------

    def add(self, user: str) -> bool:
        """Record that a connection of `user` has ended.

        Returns whether the caller has to put a `request` into the journal's inbox. If it cannot,
        it has to call `not_requested`.
        """
        with self._lock:
            self._waiting[user] = None
            puts, self._expected = not self._expected, True
            return puts

    def not_requested(self) -> None:
        """Let the next caller of `add` put a request, because this caller could not."""
        with self._lock:
            self._expected = False

    def request(self) -> Ask:
        """A request that records up to `RECORDED_AT_ONCE` of the users waiting when it runs."""
        return self._request([])

    # -- the journal thread ----------------------------------------------------------------------

    def due_in(self, now: float) -> float | None:
        """Seconds until `next_request` returns a request; None while no user waits."""
        with self._lock:
            return max(0.0, self._next - now) if self._expected else None

    def next_request(self, now: float) -> Ask | None:
        """A request that records the next waiting users, if it is time for it; else None."""
        if self.due_in(now) != 0.0:
            return None
        taken = self._take(now)
        return self._request(taken) if taken else None

    def _request(self, taken: list[str]) -> Ask:
        def saw(db: sqlite3.Connection, now: float) -> None:
            if not taken:  # else the request was rolled back, and runs again
                taken.extend(self._take(time.monotonic()))
            users.saw(db, taken, now)

        return Ask(saw, None)

    def _take(self, now: float) -> list[str]:
        with self._lock:
            taken = list(islice(self._waiting, RECORDED_AT_ONCE))
            for user in taken:
                del self._waiting[user]
            self._expected = bool(taken)
            self._next = now + RECORD_EVERY
            return taken
