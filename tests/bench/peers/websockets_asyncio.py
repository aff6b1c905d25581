"""Chat on `websockets`, asyncio: its `broadcast()`, which encodes a line once for everybody."""

from __future__ import annotations

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from . import program

connections: set[ServerConnection] = set()


async def chat(connection: ServerConnection) -> None:
    """Give each line of this connection to all."""
    connections.add(connection)
    try:
        with contextlib.suppress(ConnectionClosed):  # without a goodbye; it is gone all the same
            async for line in connection:
                broadcast(connections, line)
    finally:
        connections.discard(connection)


async def main() -> None:
    """Serve until killed."""
    listening = program.listener(__doc__)
    async with serve(chat, sock=listening, compression=None) as server:
        program.announce(listening)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
