"""A connection's way out, where nobody waits for a slow peer. Knows nothing of chat."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from typing import Protocol

from .channel import Bell
from .deadline import Deadline
from .errors import Closed

#: Bytes given to the writer at a time. What it holds counts as waiting until the kernel has it.
PIECE = 64 * 1024


class Sends(Protocol):
    """What an outbox needs of a socket."""

    def send(self, data: bytes, flags: int, /) -> int:
        """As `socket.socket.send`."""


class Purse(Protocol):
    """Counts the bytes that wait for slow peers together; see `admission.Meter`."""

    def claim(self, count: int) -> bool:
        """Count so many more; False, having counted nothing, if they are too many."""

    def release(self, count: int) -> None:
        """Count so many less."""


class Outbox:
    """A connection's way out: goChat's ``send`` channel, with a short cut past the writer.

    While nothing waits and the writer is idle, `offer` sends there and then what the kernel takes
    without waiting (write-through): waking a thread costs five times the send. What the kernel does
    not take, and everything while the writer is at work, waits for the writer.

    It holds `capacity` messages and `capacity_bytes` bytes at the most; one offering, however
    long, is taken where nothing waits. Bytes count until the kernel has them, also in the writer's
    hands, here and in the `purse`. `first` waits for the writer from the beginning, so that
    nothing can come before it.

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
        "_drained",
        "_held",
        "_lock",
        "_messages",
        "_purse",
        "_sock",
        "_straight",
        "_waiting",
    )

    def __init__(
        self, sock: Sends, capacity: int, capacity_bytes: int, purse: Purse, first: bytes = b""
    ) -> None:
        self._sock = sock
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._purse = purse
        self._lock = threading.Lock()
        self._bell = Bell()  # there is something for the writer, or never will be
        self._drained = Bell()  # nothing waits any more, or never will again
        #: What waits: frames, how many messages they are, and how many bytes they count for. What
        #: comes first or last of all is small, and counts for nothing: it cannot be refused.
        self._waiting: deque[tuple[bytes, int, int]] = deque(((first, 0, 0),) if first else ())
        self._messages = 0  # that wait
        self._bytes = 0  # that wait, and that the writer holds
        self._held = 0  # of these, those that the writer holds
        self._closed = False
        #: Nothing waits, the writer holds nothing that must go out first, and it is not closed.
        self._straight = not first

    def offer(self, frames: bytes, count: int) -> bool:
        """Hand over `count` encoded messages without ever blocking. Any thread may call this.

        `frames` are complete, unmasked frames (RFC 6455, 5.2), joined. Returns False, and takes
        nothing, when they do not fit: the caller evicts. After `close` it takes nothing and returns
        True: that end is on its way already.
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
                if sent:
                    self._finish(frames[sent:], count)
                    return True
            elif self._closed:
                return True
            elif self._full(len(frames)):
                return False
            return self._put(frames, count)
        finally:
            self._lock.release()

    def get(self, timeout: float) -> bytes | None:
        """What waits, joined, about `PIECE` bytes; or None after `timeout` seconds.

        Only the writer calls this. Calling it says that what the last call gave is written. Raises
        `Closed` when nothing is left and nothing more will come.
        """
        with self._lock:
            self._release_held()
            if not self._bytes:
                self._drained.ring()
            waits = self._bell.expected = not self._waiting and not self._closed
            if waits:
                self._straight = True
        if waits:
            self._bell.wait(timeout, self._lock)
        with self._lock:
            if self._waiting:
                return self._take()
            if self._closed:
                raise Closed
            return None

    def drain(self, timeout: float) -> bool:
        """Wait until the kernel has all that was offered; False after `timeout` seconds.

        Only one thread, the reader, may call this. Raises `Closed` if nothing more is taken.
        """
        with self._lock:
            waits = self._drained.expected = self._bytes > 0 and not self._closed
        if waits:
            self._drained.wait(timeout, self._lock)
        with self._lock:
            if self._closed:
                raise Closed
            return not self._bytes

    def wait_closed(self, timeout: float) -> None:
        """Wait until nothing more is taken, `timeout` seconds at the most.

        Only one thread, the reader, may call this.
        """
        deadline = Deadline(timeout)
        while left := deadline.remaining():
            with self._lock:
                if self._closed:
                    return
                self._drained.expected = True
            self._drained.wait(left, self._lock)

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
                self._waiting.append((last, 0, 0))
            self._bell.ring()
            self._drained.ring()
            return True

    def discard_offers(self) -> None:
        """Take nothing more, without waking the writer; `abandon` is to follow. Any thread.

        It is for a peer that is gone. When thousands are, those who offer them something save the
        system calls, and not all of their writers wake at the same moment.
        """
        with self._lock:
            self._closed = True
            self._straight = False

    def abandon(self) -> None:
        """Drop what is waiting and take nothing more: the peer cannot be reached."""
        with self._lock:
            self._abandon()

    def _abandon(self) -> None:
        assert self._lock.locked()
        self._closed = True
        self._straight = False
        self._waiting.clear()
        self._held = self._bytes
        self._release_held()
        self._bell.ring()
        self._drained.ring()

    def _full(self, size: int) -> bool:
        if self._messages >= self._capacity:
            return True
        return self._bytes > 0 and self._bytes + size > self._capacity_bytes

    def _finish(self, rest: bytes, count: int) -> None:
        """Keep the rest of what the kernel took in part; nothing can follow without it."""
        if not self._put(rest, count):
            self._abandon()

    def _put(self, frames: bytes, count: int) -> bool:
        assert self._lock.locked()
        if not self._purse.claim(len(frames)):
            return False
        self._straight = False
        self._waiting.append((frames, count, len(frames)))
        self._messages += count
        self._bytes += len(frames)
        self._bell.ring()
        return True

    def _take(self) -> bytes:
        """What the writer is to write next."""
        pieces = []
        while self._waiting and self._held < PIECE:
            frames, count, counted = self._waiting.popleft()
            pieces.append(frames)
            self._messages -= count
            self._held += counted
        return b"".join(pieces)

    def _release_held(self) -> None:
        if self._held:
            self._purse.release(self._held)
            self._bytes -= self._held
            self._held = 0
