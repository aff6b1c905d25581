"""The classic dialect: goChat's own wire.

Each text message is one chat line, for everybody in the lobby, the sender included, verbatim but
for what could harm or deceive those who read it (`core.text.clean_line`).
"""

from __future__ import annotations

import secrets
import time

from . import connection_log
from .backplane import Backplane
from .channel import Inbox
from .codes import Close
from .connection import Connection
from .core import prices
from .core.limits import TokenBucket
from .core.rendering import GUEST
from .core.text import clean_line
from .core.wire import MAX_TEXT
from .errors import Closed
from .message import Draft, Kind, User
from .orders import Enter, Order, Register, Unregister
from .refusals import Refusal

#: The room that every classic connection is in.
LOBBY = "lobby"

#: What a guest's four characters are made of: none that is easily taken for another.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Classic:
    """One classic connection: goChat's ``wsHandler``. Owned by its reader thread."""

    def __init__(self, hub: Inbox[Order], backplane: Backplane, rate: float, burst: int) -> None:
        """`rate` lines a second are taken, `burst` at once; whoever is faster waits."""
        self._hub = hub
        self._backplane = backplane
        self._sending = TokenBucket(rate, burst)
        name = GUEST + "".join(secrets.choice(ALPHABET) for _ in range(4))
        # Two guests may come to the same four characters; their ids still differ.
        self._user = User(f"{name}-{secrets.token_hex(6)}", name)

    def opened(self, connection: Connection) -> None:
        """Register with the hub, so that the connection hears its own first line."""
        self._hub.put(Register(connection))
        self._hub.put(Enter(connection, self._user, LOBBY, LOBBY))

    def price(self, text: str) -> float:
        """What a line costs: all of it is published."""
        return prices.LINE + prices.STORED_BYTE * len(text)

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """Publish each line, at the rate that is allowed.

        A binary message ends the connection with 1003, a line that is too long with 1009: the
        dialect has no other way to say so.
        """
        for message in messages:
            if isinstance(message, bytes):
                connection.close(Close.UNSUPPORTED_DATA, "chat lines are text")
                return
            if len(message) > MAX_TEXT:
                connection.close(Close.MESSAGE_TOO_BIG, f"a line has at most {MAX_TEXT} characters")
                return
            while wait := self._sending.take(time.monotonic()):
                connection.pause(wait)
            draft = Draft(Kind.MESSAGE, LOBBY, LOBBY, self._user, text=clean_line(message))
            try:
                self._backplane.publish(draft, connection)
            except Refusal as refusal:
                self.refuse(connection, refusal)
                return

    def ending(self, connection: Connection) -> None:
        """Nothing is owed: a line is not a question."""

    def closed(self, connection: Connection) -> None:
        """Unregister, unless the hub is gone and has dismissed everyone already."""
        try:
            self._hub.put(Unregister(connection))
        except Closed:
            return

    def described(self) -> connection_log.Described:
        """Who this is, for the log."""
        return connection_log.Described("classic", self._user.id, self._user.nick, rooms=1)

    def patience(self) -> None:
        """Nothing has to come first."""

    def kept_waiting(self, connection: Connection) -> None:
        """Never called: there is nothing to wait for."""

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Hang up: the dialect has no word for a line that was lost, but a lost line says it."""
        connection_log.refused(connection, refusal)
        connection.close(Close.INTERNAL_ERROR, refusal.message)
