"""How the hub handles an unexpected error: it closes the connections concerned, and goes on.

Owned by the hub thread. A connection that may have missed a message is closed with 1011. Its client
reconnects and reads what it missed from the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .codes import Close
from .connection import Connection
from .core.delivery import Written
from .errors import Closed
from .failures import Failures
from .hub_room import HubRoom
from .orders import Barrier, CatchUp, Census, Order, Publish
from .refusals import internal_error


class Failing:
    """Closes connections after an error; `forget` removes a connection from the hub's rooms."""

    def __init__(self, forget: Callable[[Connection], None]) -> None:
        self._forget = forget
        self._failures = Failures()

    def order(self, order: Order, error: Exception) -> None:
        """Close the connection whose order failed, and give an error to the thread that waits."""
        self._failures.log(error, f"the hub failed to handle a request: {type(order).__name__}")
        if not isinstance(order, Census | Publish | Barrier):
            self._end([order.connection])
        if isinstance(order, CatchUp | Census | Barrier):
            order.reply.give(internal_error())

    def room(self, room: HubRoom, error: Exception) -> None:
        """Close the connections of a room whose presence event could not be sent."""
        self._failures.log(error, "a presence event failed; the room's connections are closed")
        self._end(room.tokens)

    def messages(
        self, room: HubRoom | None, batch: Sequence[Written[Connection]], error: Exception
    ) -> None:
        """Close the connections that were to receive messages of a room, and the senders'."""
        self._failures.log(error, "messages were not delivered; the room's connections are closed")
        senders = [written.sender for written in batch if written.sender is not None]
        self._end(dict.fromkeys((*(room.tokens if room is not None else ()), *senders)))

    def hub(self, orders: Iterable[Order], connections: Iterable[Connection]) -> None:
        """The hub thread has failed: close all `connections`, and let no one wait for `orders`."""
        for order in orders:
            if isinstance(order, CatchUp | Census | Barrier):
                order.reply.give(Closed())
        for connection in connections:
            connection.close(Close.INTERNAL_ERROR, "internal error; reconnect")

    def _end(self, connections: Iterable[Connection]) -> None:
        for connection in connections:
            try:
                self._forget(connection)
            except Exception as error:
                self._failures.log(error, "a connection could not be removed from its rooms")
            connection.close(Close.INTERNAL_ERROR, "internal error; reconnect")
