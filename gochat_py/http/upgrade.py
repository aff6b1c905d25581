"""The WebSocket handshake: the check of the origin, the choice of the dialect, and the answer.

`requests` has parsed the request strictly before. wsproto's `WSConnection` would parse it again,
from its bytes (118 µs for a browser's request, CPython 3.11) or from its headers (206 µs), to read
two of them. So this module checks those two (RFC 6455, section 4.2.1) and uses the parts of wsproto
for the rest: the accept token, the extensions and the protocol machine.
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
from .responses import HttpProblem, Response, problem

#: Bytes of a decoded ``Sec-WebSocket-Key`` (RFC 6455, section 4.2.1, item 5).
KEY_LENGTH = 16

#: The answer to a request for the WebSocket that does not ask to become one.
REQUIRED = problem(
    426,
    "This path is a WebSocket; request an upgrade over HTTP/1.1. If you did, a proxy has removed "
    "the Upgrade and Connection headers.",
    ("Upgrade", "websocket"),
    kind="websocket",
)

#: The answer to a client of goChat's protocol if a password is required.
NO_CLASSIC = (
    "This server requires a password, which goChat's protocol cannot send. Use a client for "
    "gochat.v1, or start the server with --classic."
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
    """A successful handshake: the answer, and what was negotiated."""

    reply: bytes
    subprotocol: str | None
    machine: Machine
    deflate: BoundedDeflate | None


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Decides which requests may open a WebSocket. Immutable; any thread may call it.

    `subprotocols` are supported besides the classic dialect, which has no name; with
    `classic` false it is refused.
    """

    rule: OriginRule
    subprotocols: tuple[str, ...]
    max_message_size: int
    classic: bool = True

    def admit(self, request: Request, hosts: Sequence[Authority], scheme: str | None) -> Agreement:
        """Accept the upgrade that `request` asks for (`is_asked`), or raise `HttpProblem`.

        A refusal ends the connection, since frames may follow the request already. `hosts` are the
        names that the client may have used for this server. `scheme` is the one it used, if a
        trusted proxy sent it.
        """
        refused = self.refusal(request.values(b"origin"), hosts, scheme)
        if refused is not None:
            raise HttpProblem(refused)
        if _has_body(request):  # its bytes would be read as frames
            raise HttpProblem(problem(400, "An upgrade request must not have a body."))
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

    def refusal(
        self, origins: Sequence[str], hosts: Sequence[Authority], scheme: str | None
    ) -> Response | None:
        """The answer to a page of `origins` that may not open the WebSocket; None if it may."""
        if self.rule.allows(origins, hosts, scheme):
            return None
        origin = ",".join(origins)
        return problem(
            403,
            f"Pages of {origin} may not open this WebSocket. To allow "
            "them, start the server with --origin and that origin; behind a reverse proxy, "
            "let the proxy pass the Host header, or name the proxy with --trusted-proxy.",
            kind="bad_origin",
            subject=origin,
        )

    def _choose(self, offered: str) -> str | None:
        """The first offered subprotocol that is supported; None (classic) if none was offered."""
        names = [name for part in offered.split(",") if (name := part.strip())]
        if not names:
            if self.classic:
                return None
            raise HttpProblem(problem(403, NO_CLASSIC))
        for name in names:
            if name in self.subprotocols:
                return name
        supported = ", or ".join((*self.subprotocols, "none for plain chat lines"))
        raise HttpProblem(problem(400, f"Unknown subprotocol; offer {supported}."))

    def _agree_on_deflate(self, offers: str) -> tuple[BoundedDeflate, str] | None:
        """The extension and the header value that accepts it; None if no offer is acceptable."""
        if not offers:
            return None
        deflate = BoundedDeflate(self.max_message_size)
        try:
            accepted = server_extensions_handshake(
                [offer.strip() for offer in offers.split(",")], [deflate]
            )
        except (BadOffer, ValueError) as error:
            detail = f"The Sec-WebSocket-Extensions header is malformed: {error}."
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
        detail = "Send the header Connection: Upgrade; a proxy may have removed it."
        raise HttpProblem(problem(400, detail))
    if request.values(b"sec-websocket-version") != ["13"]:
        raise HttpProblem(
            problem(
                426,
                "This server supports only version 13 of the WebSocket protocol (RFC 6455).",
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
