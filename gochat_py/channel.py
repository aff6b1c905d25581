"""A bounded inbox for one owner thread (`Inbox`), and the answer to one request (`Reply`).

Nothing here depends on chat.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .deadline import Deadline
from .errors import Closed, GochatError

T = TypeVar("T")


class Bell:
    """A condition variable for one waiting thread. The lock of its owner object guards it.

    `threading.Condition` makes a new lock for each wait, and its `notify` takes 1 µs even when no
    thread waits (CPython 3.11); each message needs that twice. With a bell, a hop from one thread
    to the next takes 4 µs instead of 6.
    """

    __slots__ = ("_rung", "expected")

    def __init__(self) -> None:
        self.expected = False  # a thread waits, or is about to, and was not woken yet
        self._rung = threading.Lock()  # released to wake it, and held at all other times
        self._rung.acquire()

    def ring(self) -> None:
        """Wake the thread that waits, if `expected`. The caller holds the guarding lock."""
        if self.expected:
            self.expected = False
            self._rung.release()

    def wait(self, timeout: float | None, guard: threading.Lock) -> None:
        """Wait until it rings, at most `timeout` seconds; None means without limit.

        The waiting thread must have set `expected` while it held `guard`, and must have released
        `guard`.
        """
        if self._rung.acquire(timeout=-1 if timeout is None else timeout):
            return
        with guard:
            if not self.expected:  # it rang after the timeout
                self._rung.acquire()
            self.expected = False


class Inbox(queue.Queue[T], Generic[T]):
    """A bounded queue with many producers and one owner, which takes all waiting items at once.

    `put` waits while the inbox is full; that is the back-pressure on producers. The owner learns of
    the end by reading: items put before `close` still come out, then iteration ends. Producers wait
    on ``not_full``, as those of `queue.Queue` do. The owner waits on a `Bell`.

    The owner calls `woken` after each wait, before it takes the items. Items put meanwhile are
    taken, too (`threads.give_way`).
    """

    def __init__(self, capacity: int, woken: Callable[[], object] | None = None) -> None:
        super().__init__(capacity)
        self._woken = woken
        # Guarded by the queue's mutex:
        self._bell = Bell()
        self._producers_waiting = 0
        self._closed = False

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Put `item`, waiting while the inbox is full, at most `timeout` seconds.

        Any thread except the owner may call this. Raises `queue.Full` after `timeout` seconds, and
        `Closed` if the inbox is closed.
        """
        with self.mutex:
            if len(self.queue) >= self.maxsize:
                self._wait_for_room(timeout if block else 0.0)
            if self._closed:
                raise Closed
            self.queue.append(item)
            if self._bell.expected:
                self._bell.ring()

    def _wait_for_room(self, timeout: float | None) -> None:
        deadline = None if timeout is None else Deadline(timeout)
        self._producers_waiting += 1
        try:
            while not self._closed and len(self.queue) >= self.maxsize:
                left = None if deadline is None else deadline.remaining()
                if left == 0.0:
                    raise queue.Full
                self.not_full.wait(left)
        finally:
            self._producers_waiting -= 1

    def close(self) -> None:
        """Refuse new items; those in the inbox still come out. Any thread, any number of times."""
        with self.mutex:
            self._closed = True
            self._bell.ring()
            self.not_full.notify_all()

    def take(self, timeout: float | None = None) -> list[T]:
        """All waiting items, in order; waits until there is one. Only the owner calls this.

        Returns an empty list after `timeout` seconds, and raises `Closed` once the inbox is closed
        and empty.
        """
        with self.mutex:
            waits = self._bell.expected = not self.queue and not self._closed
        if waits:
            self._bell.wait(timeout, self.mutex)
            if self._woken is not None:
                self._woken()
        with self.mutex:
            batch = list(self.queue)
            self.queue.clear()
            if self._producers_waiting:
                # Only as many as fit. To wake thousands that find the inbox full again takes
                # seconds.
                self.not_full.notify(len(batch))
            if self._closed and not batch:
                raise Closed
            return batch

    def abandon(self) -> list[T]:
        """Close the inbox and return what is left, if the owner fails. Only the owner calls it."""
        self.close()
        with self.mutex:
            left = list(self.queue)
            self.queue.clear()
        return left

    def __iter__(self) -> Iterator[list[T]]:
        """Batches of waiting items, until the inbox is closed and empty."""
        while True:
            try:
                yield self.take()
            except Closed:
                return


class Reply(Generic[T]):
    """The answer to one request: the thread that asked waits for it; another gives it, once."""

    def __init__(self) -> None:
        self._box: queue.SimpleQueue[T | GochatError] = queue.SimpleQueue()

    def give(self, answer: T | GochatError) -> None:
        """Give the answer; `wait` raises it if it is an error. Never blocks."""
        self._box.put(answer)

    def wait(self, timeout: float) -> T:
        """The answer. Raises `queue.Empty` after `timeout` seconds, or the error that was given."""
        deadline = Deadline(timeout)
        while True:
            try:
                answer = self._box.get(timeout=deadline.remaining())
                break
            except queue.Empty:
                if deadline.passed:  # a stall of the process extends the deadline
                    raise
        if isinstance(answer, GochatError):
            raise answer
        return answer
