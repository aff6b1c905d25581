"""From a request to an open WebSocket: who may, in which dialect, and the handshake.

The request has been read, strictly, by the time it comes here. wsproto's `WSConnection` would read
it again, from its bytes (118 µs for a browser's request, CPython 3.11) or, after writing it out,
from its headers (206 µs), to look at two of them. So those two are looked at here (RFC 6455,
section 4.2.1), and wsproto's own pieces do the rest: the accept token, the extensions, the machine.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from wsproto.connection import Connection as Machine
from wsproto.connection import ConnectionType
from wsproto.handshake import server_extensions_handshake
from wsproto.utilities import generate_accept_token

from ..core.deflate import BoundedDeflate
from ..core.origin import Authority, OriginRule
from ..errors import BadOffer
from .requests import Request
from .responses import HttpProblem, problem

#: Bytes of a decoded ``Sec-WebSocket-Key`` (RFC 6455, section 4.2.1, item 5).
KEY_LENGTH = 16

#: The answer to a request for the WebSocket that does not ask to become one.
REQUIRED = problem(
    426,
    "A WebSocket lives here: upgrade to it over HTTP/1.1. If that was asked for, a proxy on the "
    "way has dropped the Upgrade and Connection headers.",
    ("Upgrade", "websocket"),
)


def is_asked(request: Request) -> bool:
    """Whether `request` asks to become a WebSocket (RFC 6455, section 4.2.1, items 1 and 3)."""
    return (
        request.method == "GET"
        and request.version == b"1.1"
        and "websocket" in request.tokens(b"upgrade")
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """A handshake that went well: what to answer, and what was agreed on."""

    reply: bytes
    subprotocol: str | None
    machine: Machine
    deflate: BoundedDeflate | None


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Who may open a WebSocket here. Immutable; any thread may ask.

    `subprotocols` are those that are spoken besides the classic one, which has no name.
    """

    rule: OriginRule
    subprotocols: tuple[str, ...]
    max_message_size: int

    def admit(self, request: Request, hosts: Sequence[Authority], scheme: str | None) -> Agreement:
        """Agree on a WebSocket with a client that `is_asked` for one, or raise `HttpProblem`.

        A refusal ends the connection: frames may be behind the request already.
        `hosts` are the names that the client may have called this server by, and `scheme` the one
        it used, if a trusted proxy told.
        """
        if not self.rule.allows(request.values(b"origin"), hosts, scheme):
            raise HttpProblem(
                problem(
                    403,
                    f"Pages of {request.joined(b'origin')} may not open this WebSocket. If they "
                    "ought to, start the server with --origin and that origin; behind a reverse "
                    "proxy, let the proxy pass the Host header, or name it with --trusted-proxy.",
                )
            )
        if _has_body(request):  # its first bytes would be taken for frames
            raise HttpProblem(problem(400, "An upgrade request has no body."))
        key = _check_handshake(request)
        subprotocol = self._choose(request.joined(b"sec-websocket-protocol"))
        deflate = self._agree_on_deflate(request.joined(b"sec-websocket-extensions"))
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {generate_accept_token(key).decode('ascii')}",
        ]
        if subprotocol is not None:
            lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
        if deflate is not None:
            lines.append(f"Sec-WebSocket-Extensions: {deflate[1]}")
        return Agreement(
            reply="\r\n".join((*lines, "\r\n")).encode("ascii"),
            subprotocol=subprotocol,
            machine=Machine(ConnectionType.SERVER, [deflate[0]] if deflate else []),
            deflate=deflate[0] if deflate else None,
        )

    def _choose(self, offered: str) -> str | None:
        """The first offered subprotocol that is spoken; None, the classic, if none was offered."""
        names = [name for part in offered.split(",") if (name := part.strip())]
        if not names:
            return None
        for name in names:
            if name in self.subprotocols:
                return name
        spoken = ", or ".join((*self.subprotocols, "none at all for plain chat lines"))
        raise HttpProblem(problem(400, f"As subprotocol offer {spoken}."))

    def _agree_on_deflate(self, offers: str) -> tuple[BoundedDeflate, str] | None:
        """The extension and the words that accept it; None if no offer of it suits."""
        if not offers:
            return None
        deflate = BoundedDeflate(self.max_message_size)
        try:
            accepted = server_extensions_handshake(
                [offer.strip() for offer in offers.split(",")], [deflate]
            )
        except (BadOffer, ValueError) as error:
            detail = f"Sec-WebSocket-Extensions is not well-formed: {error}."
            raise HttpProblem(problem(400, detail)) from None
        return (deflate, accepted.decode("ascii")) if accepted else None


def _has_body(request: Request) -> bool:
    return bool(
        request.values(b"transfer-encoding")
        or any(length.strip("0") for length in request.values(b"content-length"))
    )


def _check_handshake(request: Request) -> bytes:
    """The client's key; raises `HttpProblem` unless the headers are those of section 4.2.1."""
    if "upgrade" not in request.tokens(b"connection"):
        detail = "Send Connection: Upgrade; a proxy on the way may have dropped it."
        raise HttpProblem(problem(400, detail))
    if request.values(b"sec-websocket-version") != ["13"]:
        raise HttpProblem(
            problem(
                426,
                "This server speaks version 13 of the protocol (RFC 6455).",
                ("Upgrade", "websocket"),
                ("Sec-WebSocket-Version", "13"),
            )
        )
    keys = request.values(b"sec-websocket-key")
    try:
        fits = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == KEY_LENGTH
    except ValueError:  # not base64, or not ASCII
        fits = False
    if not fits:
        raise HttpProblem(problem(400, "Send one Sec-WebSocket-Key: 16 random bytes in base64."))
    return keys[0].encode("ascii")
