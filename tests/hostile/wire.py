"""Cheap encoding and decoding of what the attackers and the quiet room send and receive.

The machine is shared by server, attackers and those who measure, so nothing here takes the
processor without need: frames are masked with zeros (RFC 6455, 5.3 allows any key), which leaves
the payload as it is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from tests.support.frames import deflated, masked_header

TEXT, PING, PONG, CLOSE = 0x81, 0x89, 0x8A, 0x88  # with FIN (RFC 6455, 5.2)
DEFLATED = 0xC1  # a text message with RSV1 (RFC 7692, 6)

#: Seconds for which a line or an answer is waited for; one that takes longer is too late anyway.
LATE = 10.0

Event = dict[str, Any]

_numbers = itertools.count()


def frame(first: int, payload: bytes = b"") -> bytes:
    """A client's frame whose first byte is `first`."""
    return masked_header(first, len(payload)) + bytes(4) + payload


def line(text: str) -> bytes:
    """One text message."""
    return frame(TEXT, text.encode())


def say(type: str, **fields: Any) -> bytes:  # noqa: A002  the word of the wire
    """One command of gochat.v1."""
    return line(json.dumps({"type": type, **fields}, ensure_ascii=False))


def packed(text: str) -> bytes:
    """One deflated text message."""
    return frame(DEFLATED, deflated(text.encode()))


def new_id() -> str:
    """An id that this process never used before."""
    return f"h{next(_numbers):x}"


def hello(token: str | None = None) -> bytes:
    """A `hello` under a nick that nobody else has."""
    known = {} if token is None else {"token": token}
    return say("hello", nick=f"x{os.getpid():x}-{next(_numbers):x}", id="hello", **known)


def take_frames(data: bytearray) -> Iterator[tuple[int, bytes]]:
    """The first bytes and payloads of a server's whole frames, which are taken out of `data`."""
    while len(data) >= 2:
        size, start = data[1], 2
        if size == 126:
            start, size = 4, int.from_bytes(data[2:4], "big")
        elif size == 127:
            start, size = 10, int.from_bytes(data[2:10], "big")
        if len(data) < start or len(data) < start + size:
            return
        first, payload = data[0], bytes(data[start : start + size])
        del data[: start + size]
        yield first, payload


@dataclass(frozen=True, slots=True)
class Target:
    """The server, and the address from which clients connect."""

    port: int
    address: str

    def upgrade(self, subprotocol: str | None = "gochat.v1", *, deflate: bool = False) -> bytes:
        """A request that asks for a WebSocket; frames may follow it at once."""
        more = ""
        if subprotocol is not None:
            more += f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
        if deflate:
            more += (
                "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
                "server_no_context_takeover\r\n"
            )
        return (
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\n{more}\r\n"
        ).encode()

    def socket(self) -> socket.socket:
        """A socket that will come from the address, not connected yet."""
        sock = socket.socket()
        try:
            sock.bind((self.address, 0))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            sock.close()
            raise
        return sock


class Gone(Exception):
    """Raised when the server has ended a connection, or would not begin it."""


class Visitor:
    """A gochat.v1 client that waits for each answer. A context manager."""

    def __init__(self, target: Target, token: str | None = None, *rooms: str) -> None:
        """Connect, say hello, and join `rooms`. Raises `Gone` if the server does not want it."""
        self._data = bytearray()
        self.events: list[Event] = []
        self.sock = target.socket()
        try:
            self.sock.settimeout(LATE)
            self.sock.connect(("127.0.0.1", target.port))
            self.sock.sendall(target.upgrade() + hello(token))
            while b"\r\n\r\n" not in self._data:
                self._receive()
            head, _, rest = bytes(self._data).partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101 "):
                raise Gone(head.decode(errors="replace").partition("\r\n")[0])
            self._data = bytearray(rest)
            welcome = self.answer("hello")
            self.token: str = welcome["token"]
            self.user: str = welcome["user"]
            self.joined = [self.ask("join", room=room) for room in rooms]
        except BaseException:
            self.sock.close()
            raise

    def send(self, data: bytes) -> None:
        """Send frames."""
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from None

    def ask(self, type: str, **fields: Any) -> Event:  # noqa: A002
        """Say a command, and give its answer."""
        answers = fields.setdefault("id", new_id())
        self.send(say(type, **fields))
        return self.answer(answers)

    def answer(self, answers: str) -> Event:
        """The event with that id, which is waited for. Raises `Gone` if it is an ``error``."""
        while True:
            for number, event in enumerate(self.events):
                if event.get("id") == answers:
                    del self.events[number]
                    if event["type"] == "error":
                        raise Gone(f"{event['code']}: {event['message']}")
                    return event
            self.events += self.read()

    def read(self) -> list[Event]:
        """The events that are there, or come next; a ping is answered. Raises `Gone` at the end."""
        events = self._take()
        if not events:
            self._receive()
            events = self._take()
        return events

    def _take(self) -> list[Event]:
        events = []
        for first, payload in take_frames(self._data):
            if first == TEXT:
                events.append(json.loads(payload))
            elif first == PING:
                self.send(frame(PONG, payload))
            elif first == CLOSE:
                raise Gone(f"closed with {int.from_bytes(payload[:2], 'big')}")
        return events

    def _receive(self) -> None:
        try:
            data = self.sock.recv(262_144)
        except OSError as error:
            raise Gone(str(error)) from None
        if not data:
            raise Gone("the stream ended")
        self._data += data

    def close(self) -> None:
        """Hang up, with a close frame."""
        with contextlib.suppress(OSError):
            self.sock.sendall(frame(CLOSE, b"\x03\xe8"))
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
