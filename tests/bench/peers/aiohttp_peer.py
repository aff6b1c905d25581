"""Chat on aiohttp, as its documentation and demos do it: each socket awaited in turn."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSMsgType, web

from . import program

connections: set[web.WebSocketResponse] = set()


async def chat(request: web.Request) -> web.WebSocketResponse:
    """Give each line of this connection to all."""
    connection = web.WebSocketResponse(compress=False)
    await connection.prepare(request)
    connections.add(connection)
    try:
        async for message in connection:
            if message.type is WSMsgType.TEXT:
                for other in list(connections):
                    with contextlib.suppress(ConnectionError):  # its own handler takes it out
                        await other.send_str(message.data)
    finally:
        connections.discard(connection)
    return connection


async def main() -> None:
    """Serve until killed."""
    listening = program.listener(__doc__)
    application = web.Application()
    application.router.add_get("/ws", chat)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening, backlog=program.BACKLOG).start()
    program.announce(listening)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
