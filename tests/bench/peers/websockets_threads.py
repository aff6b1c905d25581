"""Chat on `websockets`, threads: `websockets.sync.server`, a queue and a writer a connection."""

from __future__ import annotations

import contextlib

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from . import program
from .mailboxes import Room

room = Room()


def chat(connection: ServerConnection) -> None:
    """Give each line of this connection to all."""

    def send(line: str) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader meets it too, and ends the member
            connection.send(line)

    with room.member(send, connection.close), contextlib.suppress(ConnectionClosed):
        for line in connection:
            room.say(str(line))


if __name__ == "__main__":
    listening = program.listener(__doc__)
    with serve(chat, sock=listening, compression=None) as server:
        program.announce(listening)
        server.serve_forever()
