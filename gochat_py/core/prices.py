"""Prices: estimates of the processor time that work takes on the server, in microseconds.

They need not be exact. They must grow in proportion to the real costs, so that no request is much
cheaper than its answer. Input is charged by these prices before it is parsed; afterwards the reader
adds the time that it has really used (`connection.Connection`), so only the work of other threads
stays an estimate. Measured with CPython 3.11 on one core of 2.5 GHz, and rounded up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from . import decisions as d

CONNECT = 1_500.0  #: a connection, from `accept` to its end: two threads, a handshake
REQUEST = 200.0  #: an HTTP request, without its body
BATCH = 10.0  #: one read from a socket
FRAME = 15.0  #: a WebSocket frame of any kind, also an empty one or a pong
BYTE = 0.01  #: a byte of a message, after inflating: unmasked, decoded, checked
VALUE = 0.25  #: a JSON value: each comma, colon and opening bracket counts as one
COMMAND = 50.0  #: a command of gochat.v1, also one that is refused

# The work of other threads; the reader's own time is measured.
MESSAGE = 60.0  #: a classic line or a draft: numbered, written, published
STORED_BYTE = 0.5  #: a byte of stored text: inserted, indexed, copied by checkpoints
ASKED = 150.0  #: other work of the journal: users, read marks, nicks
LOOK_UP = 1_000.0  #: reading history, or a search: a deposit, so that many at once must wait
ROOM = 150.0  #: entering or leaving a room
DELIVERY = 8.0  #: a message sent to one connection: one `send`

#: What a decision costs in other threads, beside the deliveries. A draft costs `MESSAGE`, and
#: `STORED_BYTE` for its text.
OF_DECISION: dict[type[d.Decision], float] = {
    d.Identify: ASKED,
    d.EnterRoom: ROOM,
    d.LeaveRoom: ROOM,
    d.MarkRead: ASKED,
    d.Rename: 2 * ASKED,
    d.ReadHistory: LOOK_UP,
    d.RunSearch: LOOK_UP,
    d.ListRooms: LOOK_UP,
}

#: Number of deliveries that the price of a message includes.
FEW = 8


def of_text(text: str) -> float:
    """The price of parsing a JSON text, before it is parsed."""
    values = text.count(",") + text.count(":") + text.count("[") + text.count("{")
    return COMMAND + VALUE * values


def of_fan_out(recipients: int) -> float:
    """The price of sending one message to `recipients` connections, beyond the message's price."""
    return DELIVERY * (recipients - FEW) if recipients > FEW else 0.0


def of_read(
    messages: Iterable[str | bytes], pings: int, frames: int, price: Callable[[str], float]
) -> float:
    """The price of handling `frames` frames, estimated from their size.

    They contain `messages` and `pings` pings; `price` gives the price of a text in its dialect.
    """
    cost = BATCH + FRAME * frames + COMMAND * pings
    for message in messages:
        cost += BYTE * len(message)
        if isinstance(message, str):
            cost += price(message)
    return cost
