"""A limit on what strangers can write into the log, with a count of what was left out.

Whatever a peer can bring about as often as it likes is logged through one `LogLimit`. What a record
is about, its key, may be the peer's choice, so the number of keys is bounded as well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

log = logging.getLogger(__name__)

#: Seconds of one window of counting.
EVERY = 60.0


class About(Enum):
    """Kinds of records: the words, the level, and how many in `EVERY` seconds: of a key, in all."""

    #: One for each connection; a line has some 300 bytes, so these are 130 MB a day at the most.
    ENDED = ("connections that ended", logging.INFO, 30, 300)
    REFUSED = ("connections that were refused", logging.WARNING, 1, 16)
    HOSTS = ("hosts that are not this server's", logging.WARNING, 1, 16)
    ORIGINS = ("pages of other origins", logging.WARNING, 1, 16)
    FLOODS = ("clients that flooded", logging.WARNING, 1, 16)
    LIMITS = ("limits that were reached", logging.WARNING, 1, 16)

    def __init__(self, words: str, level: int, of_a_key: int, in_all: int) -> None:
        self.words = words
        self.level = level
        self.of_a_key = of_a_key
        self.in_all = in_all


@dataclass(slots=True)
class _Window:
    """What was counted since `begun`. Guarded by its limit's lock."""

    begun: float
    logged: int = 0
    left_out: int = 0
    keys: dict[str, int] = field(default_factory=dict)  # as many as were logged, at the most


class LogLimit:
    """Decides whether to log what a peer has brought about. Any thread may call everything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards the windows
        self._windows: dict[About, _Window] = {}

    def due(self, about: About, key: str = "") -> bool:
        """Whether to log a record `about` that concerns `key`; if not, it is counted."""
        now = self._clock()
        with self._lock:
            over = self._take_over(about, now)
            window = self._windows.setdefault(about, _Window(now))
            count = window.keys.get(key, 0)
            due = count < about.of_a_key and window.logged < about.in_all
            if due:
                window.keys[key] = count + 1
                window.logged += 1
            else:
                window.left_out += 1
        self._tell(over)
        return due

    def report(self, *, at_the_end: bool = False) -> None:
        """Log how many were left out in each window that is over, or `at_the_end` in all."""
        now = float("inf") if at_the_end else self._clock()
        over: dict[About, int] = {}
        with self._lock:
            for about in list(self._windows):
                over.update(self._take_over(about, now))
        self._tell(over)

    def _take_over(self, about: About, now: float) -> dict[About, int]:
        """Forget a window that is over; gives how many were left out in it, if any were."""
        assert self._lock.locked()
        window = self._windows.get(about)
        if window is None or now - window.begun < EVERY:
            return {}
        del self._windows[about]
        return {about: window.left_out} if window.left_out else {}

    def _tell(self, over: dict[About, int]) -> None:
        for about, count in over.items():
            log.log(
                about.level,
                "%d more log records about %s were left out, within %g s",
                count,
                about.words,
                EVERY,
            )
