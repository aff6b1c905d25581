"""What a connection is made of, and what is spoken over it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from wsproto.connection import Connection as Machine

from .admission import Meter
from .log_limit import LogLimit
from .refusals import Refusal
from .thread_pool import Task

#: The connection over which a dialect is spoken (`connection.Connection`, which knows this module).
C = TypeVar("C", contravariant=True)


class Dialect(Protocol[C]):
    """What is spoken over one connection. Its reader thread calls all but `refuse`."""

    def opened(self, connection: C) -> None:
        """The connection takes messages from now on. May raise `Closed`: the server is stopping.

        The peer is told of the upgrade only after this: whatever is said by anyone who knows that
        the peer is there, the peer hears. (In goChat it can miss what is said in between.)
        """

    def price(self, text: str) -> float:
        """What it costs to read one text message (`core.prices`)."""

    def received(self, connection: C, messages: list[str | bytes]) -> None:
        """The peer has sent `messages`, never none. May wait; may raise `Closed` as above."""

    def ending(self, connection: C) -> None:
        """Nothing more will be received, and a close frame is to follow.

        Waits until what was asked for before is answered. May raise `Closed` as above.
        """

    def closed(self, connection: C) -> None:
        """The connection is over."""

    def patience(self) -> float | None:
        """Seconds in which the peer has to say something that must come first; else None."""

    def kept_waiting(self, connection: C) -> None:
        """The peer has let that time pass."""

    def refuse(self, connection: C, refusal: Refusal) -> None:
        """Tell the peer that something it asked for was not done. Any thread; never blocks."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A socket on which a WebSocket was agreed on, though the peer does not know it yet.

    `address` is the peer's own, also behind a trusted proxy. `machine` is wsproto's, open.
    `greeting` is the answer to the upgrade request, still to be sent. `trailing` are bytes that
    came in one piece with the request: the kernel will not give them again. `window_bits` is what
    the peer inflates with, None if it takes plain messages only. `meter` counts what it costs,
    `log_limit` what it brings about in the log. `writer` is a thread that waits for what it is to
    do: it was there before the agreement.
    """

    sock: socket.socket
    address: str
    machine: Machine
    meter: Meter
    writer: Task
    greeting: bytes = b""
    trailing: bytes = b""
    subprotocol: str | None = None
    window_bits: int | None = None
    log_limit: LogLimit = field(default_factory=LogLimit)
