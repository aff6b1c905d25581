"""The protocol spoken over a connection (`Dialect`), and what a new connection needs (`Upgrade`).

There are two dialects: classic (goChat's plain text) and gochat.v1 (JSON).
"""

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
    """The protocol spoken over one connection. The reader thread calls everything but `refuse`."""

    def opened(self, connection: C) -> None:
        """The connection accepts messages from now on. Raises `Closed` if the server is stopping.

        The upgrade is confirmed to the peer only after this call, so the peer receives every
        message that is sent after the upgrade was confirmed. (In goChat it can miss messages that
        are sent in between.)
        """

    def price(self, text: str) -> float:
        """The estimated cost of reading one text message, in µs (`core.prices`)."""

    def received(self, connection: C, messages: list[str | bytes]) -> None:
        """Handle `messages`, at least one, from the peer. May wait; may raise `Closed` as above."""

    def ending(self, connection: C) -> None:
        """Nothing more will be received; a close frame will be sent after this call.

        Waits until all earlier requests are answered. May raise `Closed` as above.
        """

    def closed(self, connection: C) -> None:
        """The connection has ended."""

    def patience(self) -> float | None:
        """Seconds left for a message that the peer must send first; None if it need not."""

    def timed_out(self, connection: C) -> None:
        """The peer did not send that message in time."""

    def refuse(self, connection: C, refusal: Refusal) -> None:
        """Tell the peer that a request was refused. Any thread may call this; never blocks."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A socket whose upgrade to WebSocket was accepted; the response is not sent yet.

    `address` is the client's address, also behind a trusted proxy. `machine` is wsproto's state
    machine, in the open state. `greeting` is the response to the upgrade request, which is to be
    sent first. `trailing` are bytes that were read together with the request; the kernel will not
    return them again. `window_bits` is the window with which the peer inflates, None if it takes
    uncompressed messages only. `meter` counts what the connection costs; `log_limit` bounds the log
    records that it can cause. `writer` is the writer thread, reserved before the upgrade was
    accepted.
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
