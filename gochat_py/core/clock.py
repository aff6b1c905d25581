"""Decides whether the wall clock can be trusted to delete old data.

A wall clock may be wrong at the start (no battery, no network yet) and may be set at any time. Data
that is deleted because of its age cannot be restored, so nothing is deleted until the clock has run
for some time without being set.
"""

from __future__ import annotations

#: How long the clock must have run: a part of the retention period, at most this number of
#: seconds. An error is usually corrected within minutes (NTP), and a period of 30 days need not be
#: exact to the hour.
PART = 0.1
MOST = 3_600.0

#: Seconds by which the wall clock and the monotonic clock may differ between two observations. NTP
#: adjusts the rate of both, by at most 500 ppm (adjtimex(2)); only the wall clock can be set.
TOLERANCE = 2.0

#: 2026-01-01, before the first release. A clock before that has not been set since it started.
EARLIEST = 1_767_225_600.0

#: Seconds after which such a clock is checked again.
LOOK_AGAIN = 60.0


def allowance(period: float) -> float:
    """Seconds by which the wall clock may be wrong, for data that is kept for `period` seconds.

    A stored time further in the future than this was written while the clock was wrong.
    """
    return max(TOLERANCE, min(period * PART, MOST))


class ClockWatch:
    """Compares the wall clock with the monotonic clock. Owned by one thread; time is an argument.

    The monotonic clock stops while the machine is suspended (CLOCK_MONOTONIC, clock_gettime(2)), so
    after a suspend the wall clock seems to have been set, and is treated so.
    """

    def __init__(self) -> None:
        self._now: float | None = None
        self._wall = 0.0
        self._since = 0.0  # monotonic time since which the wall clock was not set

    def observe(self, now: float, wall: float) -> float:
        """Compare both clocks: `now` is monotonic, `wall` is seconds since 1970.

        Returns by how many seconds the wall clock was set since the last call, 0.0 if it was not.
        """
        jump = 0.0
        if self._now is None:
            self._since = now
        else:
            jump = (wall - self._wall) - (now - self._now)
            if abs(jump) <= TOLERANCE:
                jump = 0.0
            else:
                self._since = now
        self._now, self._wall = now, wall
        return jump

    def trusts(self, period: float) -> bool:
        """Whether data older than `period` seconds, by the wall clock, may be deleted."""
        return self._now is not None and self._now >= self.trusted_at(period)

    def trusted_at(self, period: float) -> float:
        """The monotonic time at which `trusts` becomes true, if the clock is not set until then."""
        if self._now is None or self._wall < EARLIEST:
            return (self._now or 0.0) + LOOK_AGAIN
        return self._since + min(period * PART, MOST)
