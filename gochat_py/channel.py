"""The two kinds of queue: an actor's inbox, where putting waits, and a connection's outbox, where
nobody waits for a slow peer. Knows nothing of chat.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

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
        answer = self._box.get(timeout=timeout)
        if isinstance(answer, GochatError):
            raise answer
        return answer


class Sends(Protocol):
    """What an outbox needs of a socket."""

    def send(self, data: bytes, flags: int, /) -> int:
        """As `socket.socket.send`."""


class Outbox:
    """A connection's way out: goChat's ``send`` channel, with a short cut past the writer.

    While nothing waits and the writer is idle, `offer` sends there and then what the kernel takes
    without waiting (write-through): waking a thread costs five times the send. What the kernel does
    not take, and everything while the writer is at work, waits for the writer.

    `first` waits for the writer from the beginning, so that nothing can come before it.

    One lock guards everything here and with it the order of bytes on the wire. It is held across
    that one send, which does not block, and never while waiting.
    """

    # There are thousands of these, and a broadcast visits each: what it touches is few objects,
    # with slots, so that most of it stays in the processor's caches.
    __slots__ = (
        "_bell",
        "_bytes",
        "_capacity",
        "_capacity_bytes",
        "_closed",
        "_lock",
        "_messages",
        "_sock",
        "_straight",
        "_waiting",
    )

    def __init__(self, sock: Sends, capacity: int, capacity_bytes: int, first: bytes = b"") -> None:
        self._sock = sock
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._lock = threading.Lock()
        self._bell = Bell()  # there is something for the writer, or never will be
        self._waiting: list[bytes] = [first] if first else []
        self._messages = 0
        self._bytes = 0
        self._closed = False
        #: Nothing waits, the writer holds nothing that must go out first, and it is not closed.
        self._straight = not first

    def offer(self, frames: bytes, count: int) -> bool:
        """Hand over `count` encoded messages without ever blocking. Any thread may call this.

        `frames` are complete, unmasked frames (RFC 6455, 5.2), joined. Returns False, and takes
        nothing, when the outbox holds its capacity of messages or bytes already: the caller
        evicts. After `close` it takes nothing and returns True: that end is on its way already.
        """
        # Every delivery passes here. `with` would take 0.2 µs more than these, which is a tenth of
        # what all but the kernel's part of one takes.
        self._lock.acquire()
        try:
            if self._straight:
                try:
                    sent = self._sock.send(frames, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    return True  # the peer is gone; the reader learns it from `recv`
                if sent == len(frames):
                    return True
                frames = frames[sent:]
            elif self._closed:
                return True
            elif self._messages >= self._capacity or self._bytes >= self._capacity_bytes:
                return False
            self._put(frames, count)
            return True
        finally:
            self._lock.release()

    def get(self, timeout: float) -> bytes | None:
        """All that is waiting, joined, or None after `timeout` seconds. Only the writer calls this.

        Calling it says that what the last call gave is written. Raises `Closed` when nothing is
        left and nothing more will come.
        """
        with self._lock:
            waits = self._bell.expected = not self._waiting and not self._closed
            if waits:
                self._straight = True
        if waits:
            self._bell.wait(timeout, self._lock)
        with self._lock:
            if self._waiting:
                joined = b"".join(self._waiting)
                self._waiting = []
                self._messages = self._bytes = 0
                return joined
            if self._closed:
                raise Closed
            return None

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken. Any thread may ask; it never becomes False again."""
        with self._lock:
            return self._closed

    def close(self, last: bytes = b"") -> bool:
        """Let `last` follow what is waiting, and nothing follow that. Any thread may call this.

        Returns whether this call closed it; the first one decides what is last.
        """
        with self._lock:
            if self._closed:
                return False
            self._closed = True
            if last and self._straight:
                with contextlib.suppress(OSError):  # it does not take it now, or is gone
                    last = last[self._sock.send(last, socket.MSG_DONTWAIT) :]
            self._straight = False
            if last:
                self._put(last, 0)
            self._bell.ring()
            return True

    def abandon(self) -> None:
        """Drop what is waiting and take nothing more: the peer cannot be reached."""
        with self._lock:
            self._closed = True
            self._straight = False
            self._waiting = []
            self._bell.ring()

    def _put(self, frames: bytes, count: int) -> None:
        assert self._lock.locked()
        self._straight = False
        self._waiting.append(frames)
        self._messages += count
        self._bytes += len(frames)
        self._bell.ring()
