"""A rate limit on log records that peers can cause, with a count of the records left out.

Every log record that a peer can cause as often as it likes goes through one `LogLimit`. A record
has a key, such as an address. The peer may choose it, so the number of keys is bounded as well.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

log = logging.getLogger(__name__)

#: Length of a counting window, in seconds.
EVERY = 60.0


class About(Enum):
    """Kinds of records: description, level, and limits in `EVERY` seconds: for a key, in total."""

    #: One for each connection; a line has some 300 bytes, so these are at most 130 MB a day.
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
    """What was counted since `begun`. Guarded by the lock of its `LogLimit`."""

    begun: float
    logged: int = 0
    left_out: int = 0
    keys: dict[str, int] = field(default_factory=dict)  # at most as many as records were logged


class LogLimit:
    """Decides whether to log a record that a peer caused. Any thread may call everything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards the windows
        self._windows: dict[About, _Window] = {}

    def due(self, about: About, key: str = "") -> bool:
        """Whether to log a record `about` that concerns `key`; if not, count it as left out."""
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
        self._log_counts(over)
        return due

    def report(self, *, at_the_end: bool = False) -> None:
        """Log how many records each window that is over left out; `at_the_end`, every window."""
        now = float("inf") if at_the_end else self._clock()
        over: dict[About, int] = {}
        with self._lock:
            for about in list(self._windows):
                over.update(self._take_over(about, now))
        self._log_counts(over)

    def _take_over(self, about: About, now: float) -> dict[About, int]:
        """Remove the window if it is over; returns how many records it left out, if any."""
        assert self._lock.locked()
        window = self._windows.get(about)
        if window is None or now - window.begun < EVERY:
            return {}
        del self._windows[about]
        return {about: window.left_out} if window.left_out else {}

    def _log_counts(self, over: dict[About, int]) -> None:
        for about, count in over.items():
            log.log(
                about.level,
                "%d more log records about %s were left out, within %g s",
                count,
                about.words,
                EVERY,
            )
