"""What things cost: estimates of the processor time they take on the server, in microseconds.

They need not be exact. They have to grow as the real costs do, so that no way of asking is much
cheaper to ask than to answer. What comes is paid for before it is parsed, by these; afterwards the
reader adds what it has really used (`connection.Connection`), so only what other threads do for a
peer stays an estimate. Measured with CPython 3.11 on one core of 2.5 GHz, and rounded up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

CONNECT = 1_500.0  #: a connection, from `accept` to its end: two threads, a handshake
REQUEST = 200.0  #: an HTTP request, without its body
BATCH = 10.0  #: whatever comes at once from a socket
FRAME = 15.0  #: a WebSocket frame of any kind, empty ones and pongs too
BYTE = 0.01  #: of a message, after inflating: unmasked, decoded, looked at
VALUE = 0.25  #: of JSON: each comma, colon and opening bracket stands for one
COMMAND = 50.0  #: a command of gochat.v1, also one that is refused

# What other threads do for it; the reader's own time is measured.
LINE = 60.0  #: a line or a draft: numbered, written, handed on
STORED_BYTE = 0.5  #: of a text that is kept: inserted, indexed, copied by checkpoints
ASKED = 150.0  #: what the journal looks up and writes beside messages: users, marks, nicks
LOOK_UP = 1_000.0  #: history, a search: only so that not all who ask at once are first
ROOM = 150.0  #: entering or leaving a room
DELIVERY = 8.0  #: a message handed to one connection: one `send`

#: Deliveries of one message that its own price includes.
FEW = 8


def of_text(text: str) -> float:
    """What it costs to read a JSON text, before it is read."""
    values = text.count(",") + text.count(":") + text.count("[") + text.count("{")
    return COMMAND + VALUE * values


def of_fan_out(recipients: int) -> float:
    """What it costs to hand one message to so many connections, beyond its own price."""
    return DELIVERY * (recipients - FEW) if recipients > FEW else 0.0


def of_read(
    messages: Iterable[str | bytes], pings: int, frames: int, price: Callable[[str], float]
) -> float:
    """What it costs to act on so many frames, as far as their size tells.

    They hold these messages and so many pings; `price` is what a text costs in its dialect.
    """
    cost = BATCH + FRAME * frames + COMMAND * pings
    for message in messages:
        cost += BYTE * len(message)
        if isinstance(message, str):
            cost += price(message)
    return cost
