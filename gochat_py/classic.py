"""The classic dialect: goChat's own wire.

Each text message is one chat line, for everybody in the lobby, the sender included, verbatim but
for what could harm or deceive those who read it (`core.text.clean_line`).
"""

from __future__ import annotations

import secrets

from .backplane import Backplane
from .codes import Close
from .connection import Connection
from .core.rendering import GUEST
from .core.text import clean_line
from .errors import Closed
from .hub import Hub
from .message import Draft, Kind, User
from .orders import Enter, Register, Unregister
from .refusals import Refusal

#: The room that every classic connection is in.
LOBBY = "lobby"

#: What a guest's four characters are made of: none that is easily taken for another.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Classic:
    """One classic connection: goChat's ``wsHandler``. Owned by its reader thread."""

    def __init__(self, hub: Hub, backplane: Backplane) -> None:
        self._hub = hub
        self._backplane = backplane
        name = GUEST + "".join(secrets.choice(ALPHABET) for _ in range(4))
        # Two guests may come to the same four characters; their ids still differ.
        self._user = User(f"{name}-{secrets.token_hex(6)}", name)

    def opened(self, connection: Connection) -> None:
        """Register with the hub, so that the connection hears its own first line."""
        self._hub.inbox.put(Register(connection))
        self._hub.inbox.put(Enter(connection, self._user, LOBBY, LOBBY))

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """Publish each line; a binary message ends the connection with 1003."""
        for message in messages:
            if isinstance(message, bytes):
                connection.close(Close.UNSUPPORTED_DATA, "chat lines are text")
                return
            draft = Draft(Kind.MESSAGE, LOBBY, LOBBY, self._user, text=clean_line(message))
            try:
                self._backplane.publish(draft, connection)
            except Refusal as refusal:
                self.refuse(connection, refusal)
                return

    def closed(self, connection: Connection) -> None:
        """Unregister, unless the hub is gone and has dismissed everyone already."""
        try:
            self._hub.inbox.put(Unregister(connection))
        except Closed:
            return

    def patience(self) -> None:
        """Nothing has to come first."""

    def kept_waiting(self, connection: Connection) -> None:
        """Never called: there is nothing to wait for."""

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Hang up: the dialect has no word for a line that was lost, but a lost line says it."""
        connection.close(Close.INTERNAL_ERROR, refusal.message)
