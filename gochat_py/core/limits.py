"""How much of something in how much time. Times are arguments: seconds on any clock.

``TokenBucket``  refuses what is too much: messages, names, rooms.
``Budget``       takes everything and says how long to wait before going on: processor time.
``Share``        one connection's part of a budget that many connections of one address share.

A budget is a leaky bucket used as a meter (ITU-T I.371, annex A): what is spent is always
counted, also what turned out to be more than expected, and whoever is in debt waits.
"""

from __future__ import annotations

import math
from collections import deque

#: Seconds by which a bucket may be early: what adding up floating-point seconds may lose.
SLACK = 1e-6


class TokenBucket:
    """Lets `burst` pass at once, and `rate` a second in the long run. Owned by one thread.

    Whatever the times it is asked at, no stretch of t seconds sees more than burst + rate x t. A
    rate of `math.inf` lets everything pass. It keeps one number, the time at which the bucket will
    be full again (the "theoretical arrival time" of ITU-T I.371, annex A).
    """

    __slots__ = ("_full_at", "_interval", "_reach")

    def __init__(self, rate: float, burst: int) -> None:
        if not rate > 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0, and room for one token")
        self._interval = 1.0 / rate
        self._reach = (burst - 1) * self._interval
        self._full_at = -math.inf

    def take(self, now: float) -> float:
        """Take a token and give 0.0; or take none, and give the seconds until there is one.

        A clock that went backwards only makes it wait.
        """
        wait = self._full_at - self._reach - now
        if wait > SLACK:
            return wait
        self._full_at = max(self._full_at, now) + self._interval
        return 0.0

    def full(self, now: float) -> bool:
        """Whether all of the burst is there, so that a new bucket would be the same."""
        return self._full_at <= now


class Budget:
    """Lets `rate` units a second be spent, `burst` at once. Owned by one thread, or one lock.

    A rate of `math.inf` lets everything be spent at once.
    """

    __slots__ = ("_paid_at", "_reach", "rate")

    def __init__(self, rate: float, burst: float) -> None:
        if not rate > 0 or not burst > 0:
            raise ValueError("a budget needs a rate and a burst above 0")
        self.rate = rate
        self._reach = burst / rate if rate != math.inf else math.inf
        self._paid_at = -math.inf  # when all that was spent will be paid for

    def spend(self, cost: float, now: float) -> float:
        """Spend `cost`, and give the seconds to wait before doing what it pays for; 0.0 for none.

        Who waits so long each time spends no more than burst + rate x t in t seconds.
        """
        self._paid_at = max(self._paid_at, now) + cost / self.rate
        wait = self._paid_at - self._reach - now
        return wait if wait > 0.0 else 0.0

    def settled(self, now: float) -> bool:
        """Whether everything is paid for, so that a new budget would be the same."""
        return self._paid_at <= now


class Share:
    """What one of many connections has spent of a budget they share. Owned as the budget is.

    While the budget has something left, nobody looks at shares. Once it is overspent, each
    connection waits until its own spending is within an equal part of the budget: whoever spends
    little waits little, however much the others spend (max-min fairness).
    """

    __slots__ = ("_at", "_owed")

    def __init__(self) -> None:
        self._owed = 0.0
        self._at = -math.inf

    def spend(self, cost: float, now: float, rate: float, burst: float) -> float:
        """Spend `cost`; the seconds until all that was spent fits into `rate` and `burst`."""
        if now > self._at:
            self._owed = max(0.0, self._owed - (now - self._at) * rate) if self._owed else 0.0
            self._at = now
        self._owed += cost
        wait = (self._owed - burst) / rate
        return wait if wait > 0.0 else 0.0


class FloodRule:
    """Says when `count` things have happened within `seconds`. Owned by one thread."""

    __slots__ = ("_seconds", "_times")

    def __init__(self, count: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=count)
        self._seconds = seconds

    def happened(self, now: float) -> bool:
        """Count one; whether that makes a flood."""
        self._times.append(now)
        return len(self._times) == self._times.maxlen and now - self._times[0] <= self._seconds
