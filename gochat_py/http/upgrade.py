"""From a request to an open WebSocket: who may, in which dialect, and wsproto's handshake.

wsproto reads the very bytes of the request again. Giving it the parsed headers instead costs more
(`initiate_upgrade_connection` writes them out as a request, to parse that): 206 against 118 µs for
a browser's request, CPython 3.11.
"""

from __future__ import annotations

import base64
import binascii
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection as Machine
from wsproto.events import AcceptConnection, RejectConnection
from wsproto.utilities import RemoteProtocolError

from ..core.deflate import BoundedDeflate
from ..core.origin import Authority, OriginRule
from ..errors import BadOffer
from .requests import Request
from .responses import Headers, Refusal, Response, problem

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
class Upgrade:
    """An open WebSocket, handed over by the thread that read the request.

    `address` is the client's own, also behind a trusted proxy. `machine` is wsproto's, open.
    `deflate` is its extension if one was agreed on. `trailing` are bytes that came in one piece
    with the request: the first frames, perhaps, which the kernel will not give a second time.
    The handler's thread keeps the socket, and closes it when the endpoint has returned.
    """

    sock: socket.socket
    address: str
    subprotocol: str | None
    machine: Machine
    deflate: BoundedDeflate | None
    trailing: bytes


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
        """Agree on a WebSocket with a client that `is_asked` for one, or raise `Refusal`.

        A refusal ends the connection: frames may be behind the request already.
        `hosts` are the names that the client may have called this server by, and `scheme` the one
        it used, if a trusted proxy told.
        """
        if not self.rule.allows(request.values(b"origin"), hosts, scheme):
            raise Refusal(
                problem(
                    403,
                    f"Pages of {request.joined(b'origin')} may not open this WebSocket. If they "
                    "ought to, start the server with --origin and that origin; behind a reverse "
                    "proxy, let the proxy pass the Host header, or name it with --trusted-proxy.",
                )
            )
        if _has_body(request):  # its first bytes would be taken for frames
            raise Refusal(problem(400, "An upgrade request has no body."))
        _check_key(request.values(b"sec-websocket-key"))
        subprotocol = self._choose(request.joined(b"sec-websocket-protocol"))
        try:
            return self._shake_hands(request, subprotocol)
        except RemoteProtocolError as error:
            raise Refusal(_from_hint(error)) from None
        except (BadOffer, ValueError) as error:  # UnicodeError too: odd bytes in a header
            raise Refusal(
                problem(400, f"The upgrade request is not well-formed: {error}.")
            ) from None

    def _choose(self, offered: str) -> str | None:
        """The first offered subprotocol that is spoken; None, the classic, if none was offered."""
        names = [name for part in offered.split(",") if (name := part.strip())]
        if not names:
            return None
        for name in names:
            if name in self.subprotocols:
                return name
        spoken = f"{' or '.join(self.subprotocols)}, or " if self.subprotocols else ""
        unknown = "" if "gochat.v1" in self.subprotocols else "; gochat.v1 is not spoken yet"
        raise Refusal(
            problem(
                400, f"Offer the subprotocol {spoken}none at all for plain chat lines{unknown}."
            )
        )

    def _shake_hands(self, request: Request, subprotocol: str | None) -> Agreement:
        shaking = WSConnection(ConnectionType.SERVER)
        shaking.receive_data(request.head)
        for _ in shaking.events():  # the request itself: nothing is in it that is not in ours
            pass
        deflate = BoundedDeflate(self.max_message_size)
        offered = request.values(b"sec-websocket-extensions")
        reply = shaking.send(
            AcceptConnection(subprotocol=subprotocol, extensions=[deflate] if offered else [])
        )
        # The machine alone is kept; the handshake, and the headers in it, can go.
        machine = shaking.connection
        assert machine is not None, "the handshake was accepted"
        return Agreement(reply, subprotocol, machine, deflate if deflate.enabled() else None)


def _has_body(request: Request) -> bool:
    return bool(
        request.values(b"transfer-encoding")
        or any(length.strip("0") for length in request.values(b"content-length"))
    )


def _check_key(keys: Sequence[str]) -> None:
    """Raise `Refusal` unless there is one key, of the right length; wsproto takes any."""
    try:
        fits = len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == KEY_LENGTH
    except (binascii.Error, ValueError):
        fits = False
    if not fits:
        raise Refusal(problem(400, "Send one Sec-WebSocket-Key: 16 random bytes in base64."))


def _from_hint(error: RemoteProtocolError) -> Response:
    """wsproto's own refusal, in the form of all of ours."""
    hint = error.event_hint
    status = hint.status_code if isinstance(hint, RejectConnection) else 400
    headers: Headers = ()
    if isinstance(hint, RejectConnection):
        headers = tuple((name.decode(), value.decode()) for name, value in hint.headers)
    if status == 426:
        headers = (*headers, ("Upgrade", "websocket"))  # RFC 9110, 15.5.22: a 426 must name it
    return problem(status, f"The upgrade request is not complete: {error}.", *headers)
