"""A reverse proxy that puts the server below a sub-path, as many installations do."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Self

from .case import PATIENCE

_HEAD_LIMIT = 65_536


class SubPathProxy:
    """Serves ``http://127.0.0.1:PORT/team/chat/`` from the root of the server at `target`.

    Each connection carries one request, or one WebSocket. Whatever is asked for outside the
    sub-path gets 404 and is kept in `strays`. A context manager; leaving it joins its threads.
    """

    prefix = "/team/chat"

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{self.prefix}/"
        self.strays: list[str] = []
        self._lock = threading.Lock()  # guards the two below
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, name="sub-path proxy")
        with self._lock:
            self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # __exit__ shut the listener down
                return
            with self._lock:
                self._sockets.add(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):  # either side may hang up at any time
            client.settimeout(PATIENCE)
            head = self._rewrite(_read_head(client))
            if not head:
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            else:
                with socket.create_connection(("127.0.0.1", self._target)) as server:
                    with self._lock:
                        self._sockets.add(server)
                    server.sendall(head)
                    back = threading.Thread(target=_pump, args=(server, client), name="sub-path")
                    back.start()
                    _pump(client, server)
                    back.join(PATIENCE)
                    with self._lock:
                        self._sockets.discard(server)
        with self._lock:
            self._sockets.discard(client)

    def _rewrite(self, head: bytes) -> bytes:
        """The head as the server is to see it, or nothing if it is not for the server."""
        request, _, fields = head.partition(b"\r\n")
        method, _, rest = request.decode("latin-1").partition(" ")
        if not rest.startswith(self.prefix + "/"):
            if rest:
                self.strays.append(rest)
            return b""
        lines = fields.split(b"\r\n")
        if not any(line.lower().startswith(b"upgrade:") for line in lines):
            lines = [line for line in lines if not line.lower().startswith(b"connection:")]
            lines.insert(0, b"Connection: close")
        first = f"{method} {rest.removeprefix(self.prefix)}".encode("latin-1")
        return b"\r\n".join([first, *lines])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):  # its other end went first
                    each.shutdown(socket.SHUT_RDWR)
            threads = list(self._threads)
        for thread in threads:
            thread.join(PATIENCE)
        self._listener.close()


def _read_head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_LIMIT:
        more = sock.recv(4096)
        if not more:
            return b""
        head += more
    return head


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes until either side ends, then end the other direction too."""
    with contextlib.suppress(OSError):  # shut down by __exit__, or by the peer
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
