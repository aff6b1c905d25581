"""An echo server made of the project's own HTTP server and connections, as the suite needs.

``python -m tests.conformance.echo`` serves on a free port and prints its address.
"""

from __future__ import annotations

import signal
import sys

from gochat_py.connection import Connection
from gochat_py.core import frames
from gochat_py.deadline import Deadline
from gochat_py.dialect import Upgrade
from gochat_py.http.server import ChatServer
from gochat_py.http.static.assets import Assets, web_root
from gochat_py.refusals import Refusal
from gochat_py.settings import Settings

#: The largest message of the suite is 16 MiB, and it sends 1,000 before it reads: on a busy machine
#: it takes nothing for longer than a peer should, and its pongs come behind all that.
SETTINGS = Settings(
    port=0,
    max_message_size=16 * 1024 * 1024,
    send_buffer=100_000,
    send_buffer_bytes=1 << 30,
    write_wait=480.0,
    ping_period=240.0,
    pong_wait=480.0,
)


class Echo:
    """Sends each message back to its sender, deflated if that was negotiated."""

    def opened(self, connection: Connection) -> None:
        pass

    def price(self, text: str) -> float:
        return 0.0

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        for message in messages:
            payload = message if isinstance(message, bytes) else message.encode()
            binary = payload is message
            frame = frames.message(payload, binary=binary, window_bits=connection.window_bits)
            connection.offer(frame, 1)

    def ending(self, connection: Connection) -> None:
        pass

    def closed(self, connection: Connection) -> None:
        pass

    def patience(self) -> None:
        pass

    def timed_out(self, connection: Connection) -> None:
        pass

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        pass


def main() -> int:
    def endpoint(upgrade: Upgrade) -> None:
        Connection(upgrade, SETTINGS, Echo()).run()

    server = ChatServer(SETTINGS, Assets.load(web_root()), endpoint)
    signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
    print(server.url, flush=True)
    server.serve_forever()
    server.hang_up()
    server.join(Deadline(1.0))
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
