"""What the log says of requests that were refused; a stranger can bring about few records of it."""

from __future__ import annotations

import logging

from ..log_limit import About, LogLimit

log = logging.getLogger(__name__)

#: Characters of a foreign origin that are logged; a host has 253 at the most.
MAX_ORIGIN = 300


def no_room(limit: LogLimit, address: str, why: str, what: str = "connections") -> None:
    """One of `what`, from `address`, got 503."""
    if limit.due(About.REFUSED, why):
        log.warning("%s are refused, this one from %s: %s", what, address, why)


def foreign_origin(limit: LogLimit, address: str, origin: str) -> None:
    """A page of `origin` may not open the WebSocket here."""
    origin = origin[:MAX_ORIGIN]
    if limit.due(About.ORIGINS, origin):
        log.warning(
            "a page of %r, opened from %s, was refused the WebSocket; "
            "if it is to be let in, start the server with --origin and that origin",
            origin,
            address,
        )


def unknown_host(limit: LogLimit, address: str, host: str) -> None:
    """A request was addressed to a name that is not this server's."""
    if limit.due(About.HOSTS, host):
        log.warning(
            "a request to %s was refused, from %s; if that is this server, start it with --name %s",
            host,
            address,
            host,
        )
