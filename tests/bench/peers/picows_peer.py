"""Chat on picows, whose frames are made in Cython, on uvloop where that is installed."""

from __future__ import annotations

import asyncio

from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from . import program

try:
    import uvloop
except ImportError:
    new_loop = asyncio.new_event_loop
else:
    new_loop = uvloop.new_event_loop

connections: tuple[WSTransport, ...] = ()  # made anew for each change, so that it can be walked


class Chat(WSListener):
    """Gives each line of its connection to all."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        global connections
        connections += (transport,)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            line = frame.get_payload_as_bytes()
            for other in connections:
                other.send(WSMsgType.TEXT, line)
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        global connections
        connections = tuple(other for other in connections if other is not transport)


async def main() -> None:
    """Serve until killed."""
    listening = program.listener(__doc__)

    def accept(_: WSUpgradeRequest) -> Chat:
        return Chat()

    server = await ws_create_server(accept, sock=listening, backlog=program.BACKLOG)
    program.announce(listening)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
