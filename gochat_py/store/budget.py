"""Limits the time of one piece of work: the work checks it regularly, and stops when it is over."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator

#: Instructions of SQLite's virtual machine between two checks of the clock. It counts few of them
#: while it is inside the search index: with 100, the clock is checked every 3 ms there (measured on
#: a million messages).
LOOK_EVERY = 100


class Budget:
    """A budget of `seconds` from now on, measured by `clock`. For the thread that works only."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._until = self._begun + seconds

    def half(self) -> Budget:
        """A budget for the first half of this one's time."""
        return Budget((self._until - self._begun) / 2 - (self._clock() - self._begun), self._clock)

    @property
    def spent(self) -> bool:
        """Whether the time is over."""
        return self._clock() >= self._until

    @property
    def taken(self) -> float:
        """Seconds since the budget was made."""
        return self._clock() - self._begun

    @contextlib.contextmanager
    def interrupting(
        self, db: sqlite3.Connection, may: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Within the block, a statement that runs out of time raises `sqlite3.OperationalError`.

        It does so only while `may` returns True.
        """
        db.set_progress_handler(lambda: may() and self.spent, LOOK_EVERY)
        try:
            yield
        finally:
            db.set_progress_handler(None, 0)
