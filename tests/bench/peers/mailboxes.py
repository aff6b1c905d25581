"""The usual chat on threads: for each connection a queue, and a writer thread that waits on it."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator

#: Lines that may wait for one connection, as in goChat.
SEND_BUFFER = 256


class Room:
    """Everybody who is connected. Any thread may call its methods.

    The lock keeps the lines in one order for all; it is held over no send. A member whose queue is
    full is let go, and nobody waits for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._members: set[queue.Queue[str | None]] = set()

    @contextlib.contextmanager
    def member(self, send: Callable[[str], None], let_go: Callable[[], None]) -> Iterator[None]:
        """Have every line said meanwhile given to `send`, in a thread of the member's own.

        `let_go` is called, from that thread, when the member cannot keep up or `send` fails.
        """
        mailbox: queue.Queue[str | None] = queue.Queue(SEND_BUFFER + 1)  # and the end
        writer = threading.Thread(target=self._write, args=(mailbox, send, let_go))
        writer.start()
        with self._lock:
            self._members.add(mailbox)
        try:
            yield
        finally:
            self._dismiss(mailbox)
            writer.join()

    def say(self, line: str) -> None:
        """Put a line into every member's queue; never waits for one of them."""
        with self._lock:
            for mailbox in list(self._members):
                if mailbox.qsize() < SEND_BUFFER:
                    mailbox.put_nowait(line)
                else:
                    self._members.remove(mailbox)
                    mailbox.put_nowait(None)

    def _dismiss(self, mailbox: queue.Queue[str | None]) -> None:
        with self._lock:
            if mailbox in self._members:
                self._members.remove(mailbox)
                mailbox.put_nowait(None)

    @staticmethod
    def _write(
        mailbox: queue.Queue[str | None],
        send: Callable[[str], None],
        let_go: Callable[[], None],
    ) -> None:
        try:
            while (line := mailbox.get()) is not None:
                send(line)
        finally:
            let_go()
