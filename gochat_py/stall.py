"""Detects that the process did not run for a while: stopped, suspended, or without processor time.

After such a stall every deadline has passed, although no peer had a chance to meet it. So a
`deadline.Deadline` that was made before the stall starts again when the process runs again, and a
wait that the kernel ended is repeated (`StallWatch.more`).
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator

#: Longest and shortest period in seconds between two checks. A shorter period detects shorter
#: stalls and wakes an idle process more often; one check a second takes 0.01 % of a core.
LONGEST_PERIOD = 1.0
SHORTEST_PERIOD = 0.25

#: A stall is detected if no thread asked for the time during so many periods; the first of them may
#: have passed before the stall began.
PERIODS_MISSED = 3


class StallWatch:
    """The monotonic clock, and the end of the last stall of the process.

    Within `watching`, one thread calls `now` once a period; every other thread that asks for the
    time also confirms that the process runs. A long gap between two of these calls means that no
    thread ran. Any thread may call everything.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards writes to what follows
        self._periods: list[float] = []  # one for each open `watching` block
        self._period = math.inf  # the longest of these; infinite if there is none
        self._last = -math.inf  # when the process was last known to run, to one period
        self._unreported = 0.0
        self._resumed = -math.inf

    @property
    def resumed(self) -> float:
        """When the last stall ended, on the clock of `now`; minus infinity if there was none."""
        return self._resumed

    def now(self) -> float:
        """Seconds on the monotonic clock; detects a stall that has just ended."""
        now = self._clock()
        # Reads without the lock: at worst two threads call `_confirm`, which checks again.
        return self._confirm() if now - self._last >= self._period else now

    def more(self, seconds: float) -> float:
        """Seconds that a wait of `seconds` that has timed out must go on because of a stall.

        0 if the process was running all the time.
        """
        return max(0.0, -self.now() + self._resumed + seconds)

    @contextlib.contextmanager
    def watching(self, period: float) -> Iterator[None]:
        """Detect stalls within the block, in which a thread calls `now` every `period` seconds."""
        self._watch(lambda: self._periods.append(period))
        try:
            yield
        finally:
            self._watch(lambda: self._periods.remove(period))

    def take_stall(self) -> float:
        """Total seconds of the stalls detected since the last call, for one log record."""
        with self._lock:
            seconds, self._unreported = self._unreported, 0.0
        return seconds

    def _watch(self, change: Callable[[], None]) -> None:
        with self._lock:
            change()
            self._period = max(self._periods, default=math.inf)
            self._last = self._clock()

    def _confirm(self) -> float:
        with self._lock:
            now = self._clock()
            gap = now - self._last
            if gap > PERIODS_MISSED * self._period:
                self._resumed = now
                self._unreported += gap
            self._last = now
        return now


def period_for(shortest: float) -> float:
    """The period in seconds between checks, for deadlines of at least `shortest` seconds."""
    return min(LONGEST_PERIOD, max(SHORTEST_PERIOD, shortest / 4))


#: The one `StallWatch` of the process.
WATCH = StallWatch()
