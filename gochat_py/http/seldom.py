"""A limit on what strangers can write into the log."""

from __future__ import annotations

import threading

from ..deadline import Deadline

#: Seconds between two log records about the same thing.
EVERY = 60.0

#: Different things that may be told of within that time. What a thing is called may be a peer's
#: choice, so their number must not be.
MOST = 16


class Seldom:
    """Says of what happens often whether to log it this time. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows
        self._quiet: dict[str, Deadline] = {}

    def due(self, about: str = "") -> bool:
        """Whether `about` was not told of for `EVERY` seconds, and not too much else was."""
        with self._lock:
            self._quiet = {each: end for each, end in self._quiet.items() if not end.passed}
            if about in self._quiet or len(self._quiet) >= MOST:
                return False
            self._quiet[about] = Deadline(EVERY)
            return True
