"""The bounded send queue of a connection. No sender waits for a slow peer.

Nothing here depends on chat.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from typing import Protocol

from .channel import Bell
from .core.ending import Cause, State, after
from .deadline import Deadline
from .errors import Closed

#: Bytes given to the writer at a time. They count as waiting until the kernel has them.
PIECE = 64 * 1024

OPEN = State.OPEN  # a global name is found faster than an attribute of an enum (CPython 3.11)

#: The states in which the reader waits for the writer, or soon will.
READER_ENDS = (State.GONE, State.ENDED)


class Sends(Protocol):
    """The part of a socket that an outbox uses."""

    def send(self, data: bytes, flags: int, /) -> int:
        """As `socket.socket.send`."""


class Purse(Protocol):
    """Bounds the bytes that wait for several slow peers together; see `admission.Meter`."""

    def claim(self, count: int) -> bool:
        """Count `count` more bytes; False, and nothing is counted, if that is over the limit."""

    def release(self, count: int) -> None:
        """Count `count` bytes less."""


class Outbox:
    """A connection's send queue: goChat's ``send`` channel, with a direct path past the writer.

    While the queue is empty and the writer is idle, `offer` itself sends what the kernel accepts
    without blocking (write-through): to wake a thread costs five times the send. The rest, and
    everything offered while the writer works, waits for the writer.

    It holds at most `capacity` messages and `capacity_bytes` bytes; one offer of any size is
    accepted if nothing waits. Bytes count until the kernel has them, also while the writer holds
    them, here and in the `purse` (the shared limit). `first` is queued from the beginning, so that
    nothing is sent before it.

    It also holds the connection's state (`core.ending`): it accepts messages while that is `OPEN`.
    One lock guards everything here, and so the order of bytes on the wire. It is held during the
    one direct send, which does not block, and never while waiting.
    """

    # There are thousands of these, and a broadcast touches each. Few objects, with slots, stay in
    # the processor's caches.
    __slots__ = (
        "_bell",
        "_bytes",
        "_capacity",
        "_capacity_bytes",
        "_drained",
        "_held",
        "_lock",
        "_messages",
        "_purse",
        "_sock",
        "_state",
        "_waiting",
        "_write_through",
    )

    def __init__(
        self, sock: Sends, capacity: int, capacity_bytes: int, purse: Purse, first: bytes = b""
    ) -> None:
        self._sock = sock
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._purse = purse
        self._lock = threading.Lock()
        self._bell = Bell()  # rings when there is something for the writer, or at an end
        self._drained = Bell()  # rings when nothing waits any more, or at an end
        #: What waits: frames, their number of messages, and the bytes they count for. `first`, and
        #: the `last` of `close`, are small and count for 0: they cannot be refused.
        self._waiting: deque[tuple[bytes, int, int]] = deque(((first, 0, 0),) if first else ())
        self._messages = 0  # waiting messages
        self._bytes = 0  # bytes that wait or that the writer holds
        self._held = 0  # those of them that the writer holds
        self._state = OPEN
        #: Whether `offer` may send: nothing waits, the writer holds nothing, it is open.
        self._write_through = not first

    def offer(self, frames: bytes, count: int) -> bool:
        """Send or queue `count` encoded messages; never blocks. Any thread may call this.

        `frames` are complete, unmasked frames (RFC 6455, 5.2), joined. Returns False, and takes
        nothing, when they do not fit: the caller evicts the connection. If it is not open, it takes
        nothing and returns True: the connection is ending already.
        """
        # Every delivery runs this. `with` would take 0.2 µs more, a tenth of the time that a
        # delivery takes outside the kernel.
        self._lock.acquire()
        try:
            if self._write_through:
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
            elif self._state is not OPEN:
                return True
            elif self._full(len(frames)):
                return False
            return self._put(frames, count)
        finally:
            self._lock.release()

    def get(self, timeout: float) -> bytes | None:
        """What waits, joined, about `PIECE` bytes; or None after `timeout` seconds.

        Only the writer calls this. A call means that the result of the call before is sent. Raises
        `Closed` when it is not open and nothing waits.
        """
        with self._lock:
            self._release_held()
            if not self._bytes:
                self._drained.ring()
            waits = not self._waiting and self._state is OPEN
            self._bell.expected = waits
            if waits:
                self._write_through = True
        if waits:
            self._bell.wait(timeout, self._lock)
        with self._lock:
            if self._waiting:
                return self._take()
            if self._state is not OPEN:
                raise Closed
            return None

    def reader_ends(self, timeout: float) -> bool:
        """Wait until the reader has ended, or its peer is gone; False after `timeout` seconds.

        Only the writer calls this.
        """
        with self._lock:
            waits = self._bell.expected = self._state not in READER_ENDS
        if waits:
            self._bell.wait(timeout, self._lock)
        with self._lock:
            return self._state in READER_ENDS

    def drain(self, timeout: float) -> bool:
        """Wait until the kernel has all that was offered; False after `timeout` seconds.

        Only the reader calls this. Raises `Closed` if the connection is not open.
        """
        with self._lock:
            waits = self._bytes > 0 and self._state is OPEN
            self._drained.expected = waits
        if waits:
            self._drained.wait(timeout, self._lock)
        with self._lock:
            if self._state is not OPEN:
                raise Closed
            return not self._bytes

    def wait_closed(self, timeout: float) -> None:
        """Wait until it is not open, at most `timeout` seconds. Only the reader calls this."""
        deadline = Deadline(timeout)
        while left := deadline.remaining():
            with self._lock:
                if self._state is not OPEN:
                    return
                self._drained.expected = True
            self._drained.wait(left, self._lock)

    @property
    def state(self) -> State:
        """What it was when it was read; any thread may read it."""
        with self._lock:
            return self._state

    @property
    def closed(self) -> bool:
        """Whether it is not open. Any thread may ask; once True, it stays True."""
        with self._lock:
            return self._state is not OPEN

    def close(self, last: bytes) -> bool:
        """Queue `last` behind what is waiting, and accept nothing more. Any thread may call this.

        Returns True if it was open; otherwise this does nothing.
        """
        with self._lock:
            if not self._end(Cause.CLOSE):
                return False
            if self._write_through:
                with contextlib.suppress(OSError):  # the kernel's buffer is full, or the peer gone
                    last = last[self._sock.send(last, socket.MSG_DONTWAIT) :]
            self._write_through = False
            if last:
                self._waiting.append((last, 0, 0))
            self._ring()
            return True

    def fail(self) -> bool:
        """Drop what is waiting: it cannot be sent. Returns True if it was open. Any thread."""
        with self._lock:
            return self._fail()

    def peer_gone(self) -> None:
        """Accept nothing more, without waking the writer; `reader_done` must follow.

        When thousands of peers are gone, later offers to them make no system calls, and their
        writers do not all wake at the same moment. Only the reader calls this.
        """
        with self._lock:
            self._end(Cause.PEER_GONE)
            self._write_through = False

    def reader_done(self) -> None:
        """Let the writer end: at once if the peer is gone, else when it has sent what is waiting.

        Only the reader calls this, as the last.
        """
        with self._lock:
            self._end(Cause.READER_DONE)
            self._write_through = False
            if self._state is State.GONE:
                self._drop()
            self._ring()

    def _end(self, cause: Cause) -> bool:
        """Change the state; whether it was open."""
        assert self._lock.locked()
        before, self._state = self._state, after(self._state, cause)
        return before is OPEN

    def _fail(self) -> bool:
        first = self._end(Cause.SEND_FAILED)
        self._write_through = False
        self._drop()
        self._ring()
        return first

    def _drop(self) -> None:
        self._waiting.clear()
        self._held = self._bytes
        self._release_held()

    def _ring(self) -> None:
        self._bell.ring()
        self._drained.ring()

    def _full(self, size: int) -> bool:
        if self._messages >= self._capacity:
            return True
        return self._bytes > 0 and self._bytes + size > self._capacity_bytes

    def _finish(self, rest: bytes, count: int) -> None:
        """Queue the rest of what the kernel took in part; nothing can be sent before it."""
        if not self._put(rest, count):
            self._fail()

    def _put(self, frames: bytes, count: int) -> bool:
        assert self._lock.locked()
        if not self._purse.claim(len(frames)):
            return False
        self._write_through = False
        self._waiting.append((frames, count, len(frames)))
        self._messages += count
        self._bytes += len(frames)
        self._bell.ring()
        return True

    def _take(self) -> bytes:
        """The bytes that the writer sends next."""
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
