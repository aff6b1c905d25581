"""Charges HTTP connections and requests to the processor-time budget of their address.

The connection's thread calls these functions. It waits here while its address is over its budget.
"""

from __future__ import annotations

import time

from ..core import prices
from ..deadline import pause
from .requests import Request
from .responses import FULL, HttpProblem
from .visits import Visit


def arrive(visit: Visit, patience: float) -> None:
    """Charge a new connection, and wait until its address is within budget or `patience` seconds.

    Behind a trusted proxy the client is not known yet; there each request is charged.
    """
    if visit.meter is not None:
        wait = visit.meter.arrive(prices.CONNECT, time.monotonic())
        if wait:
            pause(visit.sock, min(wait, patience))


def pay(visit: Visit, request: Request, patience: float) -> None:
    """Charge a request, and wait. Raises `HttpProblem` (503) for a wait over `patience` seconds."""
    if visit.meter is not None:
        cost = prices.REQUEST + prices.BYTE * len(request.head)
        wait = visit.meter.spend(cost, time.monotonic())
        if wait > patience:
            raise HttpProblem(FULL)
        if wait:
            pause(visit.sock, wait)
