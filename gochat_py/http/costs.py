"""What connections and requests cost whoever makes them, before the WebSocket takes over.

Called by the thread of the connection, which waits here if its address has caused too much lately.
"""

from __future__ import annotations

import time

from ..core import prices
from ..deadline import pause
from .requests import Request
from .responses import FULL, HttpProblem
from .visits import Visit


def arrive(visit: Visit, patience: float) -> None:
    """Let a connection pay for itself, and wait for what its address owes: `patience` seconds.

    Behind a trusted proxy it is not known yet whose it is; each request pays there.
    """
    if visit.meter is not None:
        wait = visit.meter.arrive(prices.CONNECT, time.monotonic())
        if wait:
            pause(visit.sock, min(wait, patience))


def pay(visit: Visit, request: Request, patience: float) -> None:
    """Let a request be paid for, and wait. Raises `HttpProblem` (503) beyond `patience` seconds."""
    if visit.meter is not None:
        cost = prices.REQUEST + prices.BYTE * len(request.head)
        wait = visit.meter.spend(cost, time.monotonic())
        if wait > patience:
            raise HttpProblem(FULL)
        if wait:
            pause(visit.sock, wait)
