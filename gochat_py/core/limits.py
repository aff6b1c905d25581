"""Rate limits. Times are arguments: seconds on any clock.

``TokenBucket``  refuses what is over the limit: messages, names, rooms.
``Budget``       refuses nothing; it tells how long to wait before going on: processor time.
``Share``        one connection's part of a budget that all connections of one address share.
``FloodRule``    detects too many events within a time.

A budget is a leaky bucket used as a meter (ITU-T I.371, annex A): all costs are counted, also those
that were higher than estimated, and a connection in debt must wait.
"""

from __future__ import annotations

import math
from collections import deque

#: Seconds by which a bucket may allow a token too early: rounding errors of sums of seconds.
SLACK = 1e-6


class TokenBucket:
    """Allows `burst` tokens at once, and `rate` a second in the long run. Owned by one thread.

    Any period of t seconds allows at most burst + rate x t. A rate of `math.inf` is no limit. It
    stores one number: the time at which the bucket will be full again (the "theoretical arrival
    time" of ITU-T I.371, annex A).
    """

    __slots__ = ("_full_at", "_interval", "_reach")

    def __init__(self, rate: float, burst: int) -> None:
        if not rate > 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0, and room for one token")
        self._interval = 1.0 / rate
        self._reach = (burst - 1) * self._interval
        self._full_at = -math.inf

    def take(self, now: float) -> float:
        """Take a token and return 0.0; or take none, and return the seconds until there is one.

        If the clock goes back, the wait is only longer.
        """
        wait = self._full_at - self._reach - now
        if wait > SLACK:
            return wait
        self._full_at = max(self._full_at, now) + self._interval
        return 0.0

    def give_back(self) -> None:
        """Return a token that was taken."""
        self._full_at -= self._interval

    def full(self, now: float) -> bool:
        """Whether the bucket is full, so that a new bucket would be the same."""
        return self._full_at <= now


class Budget:
    """Allows `rate` units a second, and `burst` at once. Owned by one thread, or by one lock.

    A rate of `math.inf` is no limit.
    """

    __slots__ = ("_paid_at", "_reach", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        if not rate > 0 or not burst > 0:
            raise ValueError("a budget needs a rate and a burst above 0")
        self.rate = rate
        self._reach = burst / rate if rate != math.inf else math.inf
        self._paid_at = -math.inf  # when all that was spent will be paid for

    def spend(self, cost: float, now: float) -> float:
        """Spend `cost`; returns the seconds to wait before doing the work, 0.0 for none.

        A caller that waits each time spends at most burst + rate x t in t seconds.
        """
        self._paid_at = max(self._paid_at, now) + cost / self.rate
        wait = self._paid_at - self._reach - now
        return wait if wait > 0.0 else 0.0

    def paid(self, now: float) -> bool:
        """Whether there is no debt, so that a new budget would be the same."""
        return self._paid_at <= now


class Share:
    """What one connection has spent of a shared budget. It has the same owner as the budget.

    While the budget is not overspent, shares have no effect. Once it is, each connection waits
    until its own spending is within an equal part of the budget: a connection that spends little
    waits little, however much the others spend (max-min fairness).
    """

    __slots__ = ("_at", "_owed")

    def __init__(self) -> None:
        self._owed = 0.0
        self._at = -math.inf

    def spend(self, cost: float, now: float, rate: float, burst: float) -> float:
        """Spend `cost`; returns the seconds until its spending fits into `rate` and `burst`."""
        if now > self._at:
            self._owed = max(0.0, self._owed - (now - self._at) * rate) if self._owed else 0.0
            self._at = now
        self._owed += cost
        wait = (self._owed - burst) / rate
        return wait if wait > 0.0 else 0.0


class FloodRule:
    """Detects when `count` events have happened within `seconds`. Owned by one thread."""

    __slots__ = ("_seconds", "_times")

    def __init__(self, count: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=count)
        self._seconds = seconds

    def happened(self, now: float) -> bool:
        """Count one event; returns whether that makes `count` within `seconds`."""
        self._times.append(now)
        return len(self._times) == self._times.maxlen and now - self._times[0] <= self._seconds
