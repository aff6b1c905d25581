"""Chat on `simple-websocket`, threads: what flask-sock runs, without Flask on top of it.

`ThreadingHTTPServer` is the front, where flask-sock has Werkzeug's server, which is built on the
same; so each connection has the server's thread, the library's, and a writer.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simple_websocket import ConnectionClosed, Server  # type: ignore[import-untyped]  # ships none

from . import program
from .mailboxes import Room

room = Room()


class Chat(BaseHTTPRequestHandler):
    """Upgrades each request, and gives each line of its connection to all."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        environ: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()
        }
        environ |= {"werkzeug.socket": self.connection, "REQUEST_METHOD": "GET"}
        environ |= {"PATH_INFO": self.path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1"}
        connection = Server(environ)

        def send(line: str) -> None:
            with contextlib.suppress(ConnectionClosed, OSError):  # the reader meets it too
                connection.send(line)

        def let_go() -> None:
            with contextlib.suppress(ConnectionClosed, OSError):  # it may be closed already
                connection.close()
            with contextlib.suppress(OSError):  # likewise
                self.connection.shutdown(socket.SHUT_RDWR)  # ends the library's thread

        with room.member(send, let_go):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    room.say(connection.receive())
            connection.thread.join()  # it tells us of the end before it has answered the goodbye
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  the base's name
        pass  # a line for each handshake would be measured too


class Front(ThreadingHTTPServer):
    """The HTTP server on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), Chat, bind_and_activate=False)
        self.socket.close()
        self.socket = listening

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)  # the library has closed it; there is nothing to shut down

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # the client has gone: nothing to tell
            super().handle_error(request, client_address)


if __name__ == "__main__":
    own = program.listener(__doc__)
    front = Front(own)
    program.announce(own)
    front.serve_forever()
