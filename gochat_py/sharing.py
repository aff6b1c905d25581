"""Limits that several threads share: a pool of bytes, a gate, a rate limit.

Nothing here depends on chat.
"""

from __future__ import annotations

import queue
import threading

from .core.limits import TokenBucket


class Pool:
    """Bounds the bytes that wait for slow peers, in total or for one address."""

    __slots__ = ("_above", "_lock", "_most", "waiting")

    def __init__(self, most: float, above: Pool | None = None) -> None:
        self._most = most
        self._above = above
        self._lock = threading.Lock()
        self.waiting = 0

    def claim(self, count: int) -> bool:
        """Count `count` more bytes; False, and nothing is counted, if that is over the limit."""
        with self._lock:
            if self.waiting + count > self._most:
                return False
            if self._above is not None and not self._above.claim(count):
                return False
            self.waiting += count
            return True

    def release(self, count: int) -> None:
        """Count `count` bytes less: the kernel has them, or they were dropped."""
        with self._lock:
            self.waiting -= count
        if self._above is not None:
            self._above.release(count)


class Gate:
    """Lets at most `places` threads in at a time; the others wait. A context manager; any thread.

    It is a semaphore, but faster: `threading.Semaphore` is written in Python. Thousands of threads
    that were woken at the same moment pass here, and each delays all others until it waits.
    """

    __slots__ = ("_places",)

    def __init__(self, places: int) -> None:
        self._places: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(places):
            self._places.put(None)

    def __enter__(self) -> None:
        self._places.get()

    def __exit__(self, *_: object) -> None:
        self._places.put(None)


class LockedBucket:
    """A `TokenBucket` for any thread."""

    __slots__ = ("_bucket", "_lock")

    def __init__(self, rate: float, burst: int) -> None:
        self._bucket = TokenBucket(rate, burst)
        self._lock = threading.Lock()

    def take(self, now: float) -> float:
        """Take a token and return 0.0, or return the seconds until there is one."""
        with self._lock:
            return self._bucket.take(now)

    def give_back(self) -> None:
        """Return a token that was taken."""
        with self._lock:
            self._bucket.give_back()

    def full(self, now: float) -> bool:
        """Whether the bucket is full, so that a new one would be the same."""
        with self._lock:
            return self._bucket.full(now)
