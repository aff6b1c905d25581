"""What the log says of connections: a line at the end of each, and refusals that matter.

No text of a message, no token, nothing that a client says when it closes. What a client chose (its
nick, its name) stands in quotes, with quotes and control characters in it escaped.
"""

from __future__ import annotations

import json
import logging
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Protocol

from .codes import Close
from .core.origin import counted_as
from .log_limit import About, LogLimit
from .refusals import Code, Refusal

log = logging.getLogger(__name__)

#: Where ``tcpi_bytes_acked`` and ``tcpi_bytes_received`` are in Linux's ``struct tcp_info``
#: (linux/tcp.h; since Linux 4.1, and fixed, as its programs rely on it).
_TCP_BYTES = struct.Struct("=QQ")
_TCP_BYTES_AT = 120


@dataclass(frozen=True, slots=True)
class Described:
    """Who was at the other end, as far as it is known."""

    dialect: str
    user: str | None = None
    nick: str | None = None
    client: str | None = None
    rooms: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Why a connection ended: the close code (RFC 6455; 1006: none was said), by whom, and why."""

    code: int
    by: str
    reason: str = ""


#: Who ended a connection.
US = "server"
THEM = "client"

#: How a connection ends of which nobody says that it ends.
GONE = End(1006, THEM, "gone without a close frame")


class Logged(Protocol):
    """What is to be known of a connection."""

    address: str
    log_limit: LogLimit
    end: End
    messages: int


def ended(connection: Logged, sock: socket.socket, who: Described, seconds: float) -> None:
    """Log that a connection ended, while `sock` is still open.

    Unless its address, or all together, ended more of them lately than `About.ENDED` allows.
    """
    if not log.isEnabledFor(About.ENDED.level):
        return
    if not connection.log_limit.due(About.ENDED, counted_as(connection.address)):
        return
    end = connection.end
    fields = {
        "address": connection.address,
        "dialect": who.dialect,
        "user": who.user,
        "nick": who.nick,
        "client": who.client,
        "rooms": who.rooms,
        "seconds": round(seconds, 1),
        "messages_in": connection.messages,
        **traffic(sock),
        "code": end.code,
        "by": end.by,
        "reason": end.reason or None,
    }
    said = {name: value for name, value in fields.items() if value is not None}
    line = " ".join(f"{name}={_spelt(value)}" for name, value in said.items())
    log.log(About.ENDED.level, "connection ended: %s", line, extra={"fields": said})


def refused(connection: Logged, refusal: Refusal) -> None:
    """Log a refusal that tells the operator something: a flood, a limit of the server's."""
    if refusal.close == Close.FLOODING:
        about, key = About.FLOODS, counted_as(connection.address)
    elif refusal.notable or refusal.code in (Code.LIMIT_REACHED, Code.BUSY):
        # One of a limit of the server's; of a quota one for each address.
        about, key = About.LIMITS, refusal.code
        if refusal.notable:
            key = f"{refusal.notable} {counted_as(connection.address)}"
    else:
        return
    if connection.log_limit.due(about, key):
        log.log(
            about.level, "refused %s: %s: %s", connection.address, refusal.code, refusal.message
        )


def traffic(sock: socket.socket) -> dict[str, int]:
    """Bytes that the peer has sent, and of ours acknowledged, where the system counts them."""
    if sys.platform != "linux":
        return {}
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        sent, received = _TCP_BYTES.unpack_from(info, _TCP_BYTES_AT)
    except (OSError, struct.error):  # no TCP, or an old kernel
        return {}
    return {"bytes_in": received, "bytes_out": sent}


def _spelt(value: object) -> str:
    """`value` so that it cannot be taken for more than one: in quotes if a peer may have chosen it.

    Numbers and words of letters, digits, dots, colons and dashes stand as they are.
    """
    text = str(value)
    if text and all(each.isascii() and (each.isalnum() or each in ".:-_%") for each in text):
        return text
    return json.dumps(text, ensure_ascii=False)
