"""How much of something in how much time. Times are arguments: seconds on any clock."""

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
