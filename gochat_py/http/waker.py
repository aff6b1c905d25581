"""Interrupts the wait of a thread that waits on descriptors (a self-pipe)."""

from __future__ import annotations

import contextlib
import socket

#: Bytes read at once; the kernel's socket buffer bounds how many can be pending.
READ = 4096


class Waker:
    """A pair of sockets: a byte written to one makes the other readable, which wakes a selector.

    `wake` takes no lock, so a signal handler or any thread may call it, any number of times.
    """

    def __init__(self) -> None:
        #: Register this with the selector; call `drain` when it is readable.
        self.readable, self._writable = socket.socketpair()
        self.readable.setblocking(False)
        self._writable.setblocking(False)

    def fileno(self) -> int:
        """A descriptor for `signal.set_wakeup_fd`: a write of one byte wakes and never blocks."""
        return self._writable.fileno()

    def wake(self) -> None:
        """End the current wait, or else the next one."""
        with contextlib.suppress(OSError):  # closed, or full of earlier calls: already awake
            self._writable.send(b"\0")

    def drain(self) -> None:
        """Read the pending bytes. Without this every later wait would end at once."""
        with contextlib.suppress(BlockingIOError):
            while len(self.readable.recv(READ)) == READ:
                continue

    def close(self) -> None:
        """Close both sockets. The object cannot be used afterwards."""
        self.readable.close()
        self._writable.close()
