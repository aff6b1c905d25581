"""A small WebSocket client: a test can have thousands, or send invalid frames with one."""

from __future__ import annotations

import socket
from typing import Any, Self

from wsproto.connection import CLIENT
from wsproto.connection import Connection as Machine
from wsproto.events import CloseConnection, Event, Ping, TextMessage

from . import frames
from .case import PATIENCE

REQUEST = (
    "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)


def request(port: int, *more: str) -> bytes:
    """An upgrade request with further header lines."""
    lines = "".join(f"{line}\r\n" for line in more)
    return REQUEST.format(host=f"127.0.0.1:{port}", more=lines).encode()


def exchange(port: int, data: bytes) -> bytes:
    """Send `data` on a new connection; return everything received until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := sock.recv(65_536):
            answer += piece
        return answer


class RawClient:
    """One upgraded connection without extensions. A context manager."""

    def __init__(self, port: int, *more: str, after: bytes = b"") -> None:
        """Shake hands; `after` is sent in one piece with the request."""
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._machine = Machine(CLIENT)
        self._events: list[Event] = []
        self.sock.sendall(request(port, *more) + after)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.sock.recv(4096)
            if not piece:
                raise AssertionError(f"refused: {head.decode()}")
            head += piece
        self.head, _, rest = head.partition(b"\r\n\r\n")
        if not self.head.startswith(b"HTTP/1.1 101 "):
            self.sock.close()
            raise AssertionError(f"refused: {head.decode()}")
        self._machine.receive_data(rest)

    def send(self, line: str) -> None:
        """Send one text message."""
        self.sock.sendall(frames.text(line))

    def event(self) -> Event | None:
        """The next event, or None at the end of the stream."""
        while not self._events:
            self._events += self._machine.events()
            if self._events:
                break
            data = self.sock.recv(65_536)
            if not data:
                return None
            self._machine.receive_data(data)
        return self._events.pop(0)

    def line(self) -> str:
        """The next text message, whole; pings are ignored."""
        text = ""
        while True:
            event = self.event()
            if isinstance(event, Ping):
                continue
            if not isinstance(event, TextMessage):
                raise AssertionError(f"expected a line, got {event!r}")
            text += event.data
            if event.message_finished:
                return text

    def close_code(self) -> int:
        """The code of the server's close frame; messages before it are ignored."""
        while not isinstance(event := self.event(), CloseConnection):
            if event is None:
                raise AssertionError("the stream ended without a close frame")
        return int(event.code)

    def close(self) -> None:
        """Hang up."""
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
