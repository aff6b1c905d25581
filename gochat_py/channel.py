"""An actor's inbox, where putting waits, and answers to one request. Knows nothing of chat."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .deadline import Deadline
from .errors import Closed, GochatError

T = TypeVar("T")


class Bell:
    """Wakes the one thread that may wait for it; it is guarded by the lock of what it belongs to.

    What a condition is for, where one thread waits: that makes a new lock for each wait, and to
    notify it takes 1 µs even when nobody waits (CPython 3.11), twice in each message. With this a
    hop from one thread to the next takes 4 µs instead of 6.
    """

    __slots__ = ("_rung", "expected")

    def __init__(self) -> None:
        self.expected = False  # a thread waits, or is about to, and was not woken yet
        self._rung = threading.Lock()  # released to wake it, and held at all other times
        self._rung.acquire()

    def ring(self) -> None:
        """Wake the thread that waits, if `expected`. Whoever calls this holds the guarding lock."""
        if self.expected:
            self.expected = False
            self._rung.release()

    def wait(self, timeout: float | None, guard: threading.Lock) -> None:
        """Wait until it rings, `timeout` seconds at the most; None: for ever.

        The thread that waits has set `expected`, holding `guard`, and holds it no longer.
        """
        if self._rung.acquire(timeout=-1 if timeout is None else timeout):
            return
        with guard:
            if not self.expected:  # it rang at the last moment
                self._rung.acquire()
            self.expected = False


class Inbox(queue.Queue[T], Generic[T]):
    """A bounded channel with many producers and one owner, who takes all that is waiting at once.

    `put` waits while it is full: that is how a producer feels how far it is ahead. Closing is
    learned by reading: what was put before `close` still comes out, then iteration ends. Producers
    wait as those of `queue.Queue` do, on ``not_full``; the owner, being one, has a bell.

    `woken` is called by the owner whenever it has waited, before it takes what is there: what is
    put meanwhile is taken, too (`threads.give_way`).
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

        Any thread but the owner may call this. Raises `queue.Full` when the time is over and
        `Closed` when the owner takes nothing more.
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
        """Take nothing more; what is in it still comes out. Any thread may call this, often."""
        with self.mutex:
            self._closed = True
            self._bell.ring()
            self.not_full.notify_all()

    def take(self, timeout: float | None = None) -> list[T]:
        """All that is waiting, in order; waits until there is something. Only the owner calls this.

        Gives an empty list after `timeout` seconds, and raises `Closed` once the inbox is closed
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
                # As many as there is room for: thousands that wake to find it full again cost
                # seconds.
                self.not_full.notify(len(batch))
            if self._closed and not batch:
                raise Closed
            return batch

    def abandon(self) -> list[T]:
        """Close it and give what is left, for an owner that cannot go on. Only the owner's."""
        self.close()
        with self.mutex:
            left = list(self.queue)
            self.queue.clear()
        return left

    def __iter__(self) -> Iterator[list[T]]:
        """Batches of what is waiting, until the inbox is closed and empty."""
        while True:
            try:
                yield self.take()
            except Closed:
                return


class Reply(Generic[T]):
    """An answer to one request: the thread that asked waits for it, another gives it, once."""

    def __init__(self) -> None:
        self._box: queue.SimpleQueue[T | GochatError] = queue.SimpleQueue()

    def give(self, answer: T | GochatError) -> None:
        """Answer; an error is raised where it is waited for. Never blocks."""
        self._box.put(answer)

    def wait(self, timeout: float) -> T:
        """The answer. Raises `queue.Empty` after `timeout` seconds, or the error it was given."""
        deadline = Deadline(timeout)
        while True:
            try:
                answer = self._box.get(timeout=deadline.remaining())
                break
            except queue.Empty:
                if deadline.passed:  # and not only because the process was stopped meanwhile
                    raise
        if isinstance(answer, GochatError):
            raise answer
        return answer
