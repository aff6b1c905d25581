"""Log records about refused requests. Their rate is limited, as any client can cause them."""

from __future__ import annotations

import logging

from ..log_limit import About, LogLimit

log = logging.getLogger(__name__)

#: Characters of a foreign origin that are logged; a host has 253 at the most.
MAX_ORIGIN = 300


def no_room(limit: LogLimit, address: str, why: str, what: str = "connections") -> None:
    """Log that one of `what`, from `address`, got 503."""
    if limit.due(About.REFUSED, why):
        log.warning("refusing %s with 503, this one from %s: %s", what, address, why)


def foreign_origin(limit: LogLimit, address: str, origin: str) -> None:
    """Log that a page of `origin` tried to open the WebSocket and was refused."""
    origin = origin[:MAX_ORIGIN]
    if limit.due(About.ORIGINS, origin):
        log.warning(
            "refused a WebSocket to a page of origin %r, opened from %s; "
            "to allow it, start the server with --origin and that origin",
            origin,
            address,
        )


def unknown_host(limit: LogLimit, address: str, host: str) -> None:
    """Log that a request named a host that is not this server."""
    if limit.due(About.HOSTS, host):
        log.warning(
            "refused a request for host %s, from %s; "
            "if that is this server, start it with --name %s",
            host,
            address,
            host,
        )
