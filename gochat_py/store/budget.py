"""How long one piece of work may take: whoever does it asks now and then, and stops in between."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator

#: Instructions of SQLite's machine between two looks at the clock. It counts few while it is inside
#: the search index: with 100, a look comes every 3 ms there (measured on a million messages).
LOOK_EVERY = 100


class Budget:
    """`seconds` from now on, by `clock`. Belongs to the thread that works."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = clock()
        self._until = self._begun + seconds

    def half(self) -> Budget:
        """A budget for the first half of this one's time."""
        return Budget((self._until - self._begun) / 2 - (self._clock() - self._begun), self._clock)

    @property
    def spent(self) -> bool:
        """Whether it is time to stop."""
        return self._clock() >= self._until

    @property
    def taken(self) -> float:
        """Seconds since it was made."""
        return self._clock() - self._begun

    @contextlib.contextmanager
    def interrupting(
        self, db: sqlite3.Connection, may: Callable[[], bool] = lambda: True
    ) -> Iterator[None]:
        """Within the block, a statement that runs out of time raises `sqlite3.OperationalError`.

        Not before it `may` be interrupted.
        """
        db.set_progress_handler(lambda: may() and self.spent, LOOK_EVERY)
        try:
            yield
        finally:
            db.set_progress_handler(None, 0)
