"""What the hub does where something of its work fails: it ends those concerned, and goes on.

Owned by the hub thread. A connection that may have missed something is closed with 1011. Its client
comes back, and reads what it missed where that is stored.
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
    """Ends connections; `forget` takes one out of the hub's rooms."""

    def __init__(self, forget: Callable[[Connection], None]) -> None:
        self._forget = forget
        self._failures = Failures()

    def order(self, order: Order, error: Exception) -> None:
        """End the connection whose order could not be carried out, and answer who waits for it."""
        self._failures.log(error, f"an order could not be carried out: {type(order).__name__}")
        if not isinstance(order, Census | Publish | Barrier):
            self._end([order.connection])
        if isinstance(order, CatchUp | Census | Barrier):
            order.reply.give(internal_error())

    def room(self, room: HubRoom, error: Exception) -> None:
        """End the connections of a room: what is new there could not be told."""
        self._failures.log(error, "a room could not be told what is new; its connections end")
        self._end(room.tokens)

    def messages(
        self, room: HubRoom | None, batch: Sequence[Written[Connection]], error: Exception
    ) -> None:
        """End those who were to get messages of a room, and those who sent them."""
        self._failures.log(error, "messages could not be delivered; the room's connections end")
        senders = [written.sender for written in batch if written.sender is not None]
        self._end(dict.fromkeys((*(room.tokens if room is not None else ()), *senders)))

    def hub(self, orders: Iterable[Order], connections: Iterable[Connection]) -> None:
        """The hub itself fails: nobody gets anything more, or any answer to `orders`."""
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
                self._failures.log(error, "a connection could not be taken out of its rooms")
            connection.close(Close.INTERNAL_ERROR, "internal error; reconnect")
