"""Log records about connections: one at the end of each, and one for each notable refusal.

They never hold the text of a message, a token, or the reason in a client's close frame. A value
that a client chose (its nick, its name) is in quotes, and quotes and control characters in it are
escaped.
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
#: (linux/tcp.h; since Linux 4.1; the offsets are part of the kernel's stable interface).
_TCP_BYTES = struct.Struct("=QQ")
_TCP_BYTES_AT = 120


@dataclass(frozen=True, slots=True)
class Described:
    """The client and user of a connection, as far as they are known."""

    dialect: str
    user: str | None = None
    nick: str | None = None
    client: str | None = None
    rooms: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """Why a connection ended: the close code (RFC 6455; 1006: none), who ended it, the reason."""

    code: int
    by: str
    reason: str = ""


#: The two sides that can end a connection.
US = "server"
THEM = "client"

#: The end of a connection that neither side closed.
GONE = End(1006, THEM, "gone without a close frame")


class Logged(Protocol):
    """The attributes of a connection that are logged."""

    address: str
    log_limit: LogLimit
    end: End
    messages: int


def ended(connection: Logged, sock: socket.socket, who: Described, seconds: float) -> None:
    """Log that a connection ended, while `sock` is still open.

    Nothing is logged beyond the limits of `About.ENDED`, for its address and in total.
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
    known = {name: value for name, value in fields.items() if value is not None}
    line = " ".join(f"{name}={_quoted(value)}" for name, value in known.items())
    log.log(About.ENDED.level, "connection ended: %s", line, extra={"fields": known})


def refused(connection: Logged, refusal: Refusal) -> None:
    """Log a refusal that the operator should know of: a flood, or a server limit was reached."""
    if refusal.close == Close.FLOODING:
        about, key = About.FLOODS, counted_as(connection.address)
    elif refusal.notable or refusal.code in (Code.LIMIT_REACHED, Code.BUSY):
        # For a limit of the server one key; for a quota one key for each address.
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
    """Bytes received from the peer, and bytes it acknowledged, where the system counts them."""
    if sys.platform != "linux":
        return {}
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        sent, received = _TCP_BYTES.unpack_from(info, _TCP_BYTES_AT)
    except (OSError, struct.error):  # no TCP, or an old kernel
        return {}
    return {"bytes_in": received, "bytes_out": sent}


def _quoted(value: object) -> str:
    """`value` as one token of a log line: as it is, or in quotes.

    Numbers and words of ASCII letters, digits, dots, colons, dashes, underscores and percent signs
    stay as they are. Everything else is quoted as a JSON string.
    """
    text = str(value)
    if text and all(each.isascii() and (each.isalnum() or each in ".:-_%") for each in text):
        return text
    return json.dumps(text, ensure_ascii=False)
