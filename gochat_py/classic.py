"""The classic dialect: the protocol of goChat, plain text messages in one room.

Each message of a client is sent to all clients in the lobby, also to the sender. It is sent as it
is, except for characters that could deceive a person who reads it (`core.text.clean_line`).
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

#: The characters of guests' names; no two of them look alike.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Classic:
    """One classic connection: goChat's ``wsHandler``. Owned by its reader thread."""

    def __init__(self, hub: Inbox[Order], backplane: Backplane, rate: float, burst: int) -> None:
        """The client may send `rate` messages a second, `burst` at once; the others wait."""
        self._hub = hub
        self._backplane = backplane
        self._sending = TokenBucket(rate, burst)
        name = GUEST + "".join(secrets.choice(ALPHABET) for _ in range(4))
        # Two guests may have the same four characters; their ids still differ.
        self._user = User(f"{name}-{secrets.token_hex(6)}", name)

    def opened(self, connection: Connection) -> None:
        """Register with the hub and enter the lobby, so it receives its own first message."""
        self._hub.put(Register(connection))
        self._hub.put(Enter(connection, self._user, LOBBY, LOBBY))

    def price(self, text: str) -> float:
        """The price of a message, which is published as it is."""
        return prices.MESSAGE + prices.STORED_BYTE * len(text)

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """Publish each message, at the rate that is allowed.

        The dialect has no error messages. So a binary message closes the connection with 1003, and
        a message that is too long with 1009.
        """
        for message in messages:
            if isinstance(message, bytes):
                connection.close(Close.UNSUPPORTED_DATA, "only text messages are allowed")
                return
            if len(message) > MAX_TEXT:
                connection.close(
                    Close.MESSAGE_TOO_BIG, f"a message has at most {MAX_TEXT} characters"
                )
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
        """There are no answers to wait for."""

    def closed(self, connection: Connection) -> None:
        """Unregister, unless the hub has ended and closed all connections already."""
        try:
            self._hub.put(Unregister(connection))
        except Closed:
            return

    def described(self) -> connection_log.Described:
        """The user, for the log."""
        return connection_log.Described("classic", self._user.id, self._user.nick, rooms=1)

    def patience(self) -> None:
        """There is no message that the client must send first."""

    def timed_out(self, connection: Connection) -> None:
        """Never called, because `patience` returns None."""

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Close the connection, because the dialect has no error messages."""
        connection_log.refused(connection, refusal)
        connection.close(Close.INTERNAL_ERROR, refusal.message)
