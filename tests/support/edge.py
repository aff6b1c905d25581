"""The HTTP server in the test's own process, and a client that sends exactly the given bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from gochat_py.deadline import Deadline
from gochat_py.dialect import Upgrade
from gochat_py.http.server import ChatServer
from gochat_py.http.static.assets import BASE, Assets
from gochat_py.http.static.bundle import INDEX
from gochat_py.settings import Settings

from .case import PATIENCE

PAGE = f'<!doctype html>{BASE}<link href="assets/css/a.css"><script src="assets/js/a.js"></script>'
FILES = {
    INDEX: PAGE.encode(),
    "css/a.css": b"body { margin: 0 }\n" * 50,
    "js/a.js": b"export const one = 1;\n",
    "sw.js": b"// the worker\n",
    "manifest.webmanifest": b'{"name": "test"}\n',
    "img/big.png": bytes(range(256)) * 64 * 1024,
}

UPGRADE = {
    "Host": "chat.example",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(
    method: str = "GET", path: str = "/", headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """One HTTP/1.1 request; to chat.example unless `headers` name a host."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [
        f"{name}: {value}" for name, value in {"Host": "chat.example", **(headers or {})}.items()
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def upgrade(**changed: str | None) -> bytes:
    """A good request for the WebSocket, with some headers changed, or left out where None."""
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    headers = {name: value for name, value in {**UPGRADE, **names}.items() if value is not None}
    return request(path="/ws", headers=headers)


@dataclass(frozen=True)
class Answer:
    """One answer as it was received; header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One TCP connection to the edge; a context manager."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.sock = socket.create_connection((host, port), timeout=PATIENCE)
        self._buffer = bytearray()

    def send(self, data: bytes) -> None:
        """Send `data` as it is."""
        self.sock.sendall(data)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer on this connection, to a request of that method."""
        while b"\r\n\r\n" not in self._buffer:
            self.more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value.strip()
        status = int(first.split()[1])
        length = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            self.more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(status, headers, bytes(body))

    def ask(self, data: bytes, method: str = "GET") -> Answer:
        """Send `data` and give the next answer."""
        self.send(data)
        return self.answer(method)

    def ended(self) -> bool:
        """Wait until the server sends more; True if it is a normal end of the stream.

        A reset, which could have destroyed what was said before, raises `ConnectionResetError`.
        """
        return not self._buffer and self.sock.recv(1) == b""

    def more(self) -> None:
        """Wait for another piece of an answer, and keep it for `answer`."""
        data = self.sock.recv(65_536)
        if not data:
            raise AssertionError(f"the connection ended in an answer: {self._buffer[:500]!r}")
        self._buffer += data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.sock.close()


def hold(upgraded: Upgrade) -> None:
    """An endpoint that reads, and forgets, until the client or the server ends it."""
    upgraded.sock.settimeout(PATIENCE)
    try:
        while upgraded.sock.recv(4096):
            pass
    except OSError:
        return


class Edge:
    """A `ChatServer` on a free port, served by a thread of this process; a context manager.

    It serves `assets`, or `files`. Other keywords are settings. Leaving the context stops it, and
    fails if a connection is left.
    """

    def __init__(
        self,
        endpoint: Callable[[Upgrade], None] = hold,
        *,
        files: dict[str, bytes] = FILES,
        assets: Assets | None = None,
        subprotocols: tuple[str, ...] = (),
        **settings: Any,
    ) -> None:
        settings = {"port": 0, "name": ("chat.example",), **settings}
        self.assets = assets or Assets(files)
        self._endpoint = endpoint
        self.server = ChatServer(Settings(**settings), self.assets, self._greet, subprotocols)
        self.port = self.server.server_port
        self._clients: list[Client] = []
        self._thread = threading.Thread(target=self.server.serve_forever, name="accept")
        self._thread.start()

    def _greet(self, upgraded: Upgrade) -> None:
        upgraded.sock.sendall(upgraded.greeting)
        self._endpoint(upgraded)

    def client(self) -> Client:
        """A new connection, closed at the latest when the edge is."""
        client = Client(self.port)
        self._clients.append(client)
        return client

    def ask(self, data: bytes, method: str = "GET") -> Answer:
        """The answer to one request on a connection of its own."""
        with Client(self.port) as client:
            return client.ask(data, method)

    def hang_up(self) -> None:
        """The first half of `stop`: no connection is accepted any more, and nothing is awaited."""
        self.server.shutdown()
        self._thread.join(PATIENCE)
        self.server.hang_up()

    def stop(self, seconds: float = PATIENCE) -> int:
        """Stop as the composition root does; the number of connections left after `seconds`."""
        self.hang_up()
        left = self.server.join(Deadline(seconds))
        self.server.server_close()
        return left

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        for client in self._clients:
            client.sock.close()
        assert self.stop() == 0, "connections were left"
