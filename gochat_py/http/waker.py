"""What ends the wait of a thread that waits on descriptors."""

from __future__ import annotations

import contextlib
import socket

#: Bytes read at once of those that woke it; the kernel's buffer of them bounds their number.
READ = 4096


class Waker:
    """A pair of sockets: a byte written to one makes the other readable, which a selector notices.

    `wake` takes no lock, so a signal handler or any thread may call it, any number of times.
    """

    def __init__(self) -> None:
        #: To be watched by the selector, then `drain`ed.
        self.readable, self._writable = socket.socketpair()
        self.readable.setblocking(False)
        self._writable.setblocking(False)

    def fileno(self) -> int:
        """A descriptor for `signal.set_wakeup_fd`: a byte written to it wakes, and never blocks."""
        return self._writable.fileno()

    def wake(self) -> None:
        """End the wait, or the next one."""
        with contextlib.suppress(OSError):  # closed, or full of earlier calls: it is awake
            self._writable.send(b"\0")

    def drain(self) -> None:
        """Take in what woke the thread, or its next wait would end at once, and so on for ever."""
        with contextlib.suppress(BlockingIOError):
            while len(self.readable.recv(READ)) == READ:
                continue

    def close(self) -> None:
        """Close both ends, for good."""
        self.readable.close()
        self._writable.close()
