"""The hub: one thread that knows who is connected, and gives everyone every line.

Owns    the set of connections, and its own inbox. Nothing else touches them, so nothing is locked.
Waits   on its inbox, and on nothing else, ever.
Gives   frames to connections by `offer`; a connection whose send buffer is full is evicted.

goChat's hub selects over three channels: register, unregister, broadcast. Its channels are
unbuffered, so a registration is received before the next line of code runs. A bounded queue does
not promise that across three queues; one queue of tagged commands does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from .channel import Inbox
from .codes import Close
from .connection import Connection
from .core import frames
from .core.deflate import WINDOW_BITS

log = logging.getLogger(__name__)

#: Commands that may wait for the hub; beyond that, readers wait, and their peers through TCP.
INBOX = 1024

#: Lines joined into one send at the most. A batch that a connection's kernel buffer cannot take
#: at once must not by itself fill a send buffer (256 by default).
JOIN = 128


@dataclass(frozen=True, slots=True)
class Register:
    """From now on the connection gets every line."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Unregister:
    """The connection gets nothing more; one that is not registered is no error."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Lines for everybody, in order."""

    lines: tuple[str, ...]


Command = Register | Unregister | Broadcast


class Hub:
    """Multiplexes what connections ask of it. `run` is one thread; `handle` needs none."""

    def __init__(self, compress_from: int) -> None:
        self.inbox: Inbox[Command] = Inbox(INBOX)
        self._compress_from = compress_from
        #: A dict for its order: everyone is served in the order of arrival.
        self._connections: dict[Connection, None] = {}

    def run(self) -> None:
        """Handle commands until the inbox is closed, then dismiss everyone.

        The hub thread lives here.
        """
        for batch in self.inbox:
            self.handle(batch)
        for connection in self._connections:
            connection.close(Close.GOING_AWAY, "the server is stopping")
        self._connections.clear()

    def handle(self, batch: Iterable[Command]) -> None:
        """Carry out `batch` in order; lines that follow each other are sent together."""
        lines: list[str] = []
        for command in batch:
            if isinstance(command, Broadcast):
                lines += command.lines
                continue
            self._broadcast(lines)
            lines = []
            if isinstance(command, Register):
                self._connections[command.connection] = None
            else:
                self._connections.pop(command.connection, None)
        self._broadcast(lines)

    def _broadcast(self, lines: list[str]) -> None:
        for start in range(0, len(lines), JOIN):
            self._send(lines[start : start + JOIN])

    def _send(self, lines: list[str]) -> None:
        """Give `lines` to everyone, each encoded, deflated and joined once for all."""
        payloads = [line.encode() for line in lines]
        plain = b"".join(map(frames.text, payloads))
        packed: bytes | None = None
        slow: list[Connection] = []
        for connection in self._connections:
            joined = plain
            if connection.window_bits == WINDOW_BITS:
                if packed is None:
                    packed = self._pack(payloads, plain)
                joined = packed
            if not connection.offer(joined, len(lines)):
                slow.append(connection)
        for connection in slow:
            log.info("evicting %s: its send buffer is full", connection.address)
            del self._connections[connection]
            connection.close(Close.SLOW, "too slow; come back")

    def _pack(self, payloads: list[bytes], plain: bytes) -> bytes:
        """What goes to those who inflate: `plain`, if no message is large enough to gain by it."""
        if all(len(payload) < self._compress_from for payload in payloads):
            return plain
        return b"".join(
            frames.deflated_text(payload)
            if len(payload) >= self._compress_from
            else frames.text(payload)
            for payload in payloads
        )
