"""Users whose connections ended, and whose last-seen time the journal has yet to record.

When thousands of connections end at once, a request for each would fill the journal's inbox; each
of its SQL statements would wait for the interpreter lock, and each commit would write the same
pages again: a message among them waited for half a second. So they are gathered.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from itertools import islice

from ..store import users
from .requests import Ask

#: Users recorded by one statement: some 3 ms, for which a message waits. SQLite takes 999
#: parameters at least (SQLITE_MAX_VARIABLE_NUMBER).
RECORDED_AT_ONCE = 500

#: Seconds between two such statements.
RECORD_EVERY = 0.25


class Departures:
    """Whose last-seen time is to be recorded: at most as many entries as there are users.

    What cannot be stored is forgotten: it is a note, and the user stays known by the one before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the three below
        self._waiting: dict[str, None] = {}
        self._expected = False  # the journal has a request, or is to make the next one
        self._next = -math.inf  # when it is to do that, at the earliest (monotonic)

    # -- any thread ------------------------------------------------------------------------------

    def add(self, user: str) -> bool:
        """Note that a connection of `user` has ended.

        Returns whether the caller has to put a `request` into the journal's inbox. If it cannot,
        it calls `not_requested`.
        """
        with self._lock:
            self._waiting[user] = None
            puts, self._expected = not self._expected, True
            return puts

    def not_requested(self) -> None:
        """Let the next caller of `add` put a request, as this one could not."""
        with self._lock:
            self._expected = False

    def request(self) -> Ask:
        """A request to record those who wait when it is carried out, `RECORDED_AT_ONCE` of them."""
        return self._request([])

    # -- the journal thread ----------------------------------------------------------------------

    def due_in(self, now: float) -> float | None:
        """Seconds until `next_request` gives one; None while nobody waits."""
        with self._lock:
            return max(0.0, self._next - now) if self._expected else None

    def next_request(self, now: float) -> Ask | None:
        """A request to record the next of those who wait, if it is time for it."""
        if self.due_in(now) != 0.0:
            return None
        taken = self._take(now)
        return self._request(taken) if taken else None

    def _request(self, taken: list[str]) -> Ask:
        def saw(db: sqlite3.Connection, now: float) -> None:
            if not taken:  # if there are some, it was undone and is done again
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
