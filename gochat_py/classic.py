"""The classic dialect: goChat's own wire.

Each text message is one chat line, for everybody, the sender included, verbatim.
"""

from __future__ import annotations

from .codes import Close
from .connection import Connection
from .errors import Closed
from .hub import Broadcast, Hub, Register, Unregister


class Classic:
    """goChat's ``wsHandler``: registers a connection, passes on its lines, unregisters it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def opened(self, connection: Connection) -> None:
        """Register with the hub, so that the connection hears its own first line."""
        self._hub.inbox.put(Register(connection))

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """Broadcast each line; a binary message ends the connection with 1003."""
        lines: list[str] = []
        for message in messages:
            if isinstance(message, bytes):
                connection.close(Close.UNSUPPORTED_DATA, "chat lines are text")
                break
            lines.append(message)
        if lines:
            self._hub.inbox.put(Broadcast(tuple(lines)))

    def closed(self, connection: Connection) -> None:
        """Unregister, unless the hub is gone and has dismissed everyone already."""
        try:
            self._hub.inbox.put(Unregister(connection))
        except Closed:
            return
