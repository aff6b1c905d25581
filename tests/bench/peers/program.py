"""What every peer does when it starts: read its port, raise its limits, say where it listens."""

from __future__ import annotations

import argparse
import contextlib
import resource
import socket

#: Connections that may wait to be accepted; what the system allows, in practice 4,096.
BACKLOG = 4096


def listener(about: str | None) -> socket.socket:
    """A listening socket on the port that the command line names; 0, the default, picks one."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=0)
    port: int = parser.parse_args().port
    raise_descriptor_limit()
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


def announce(listening: socket.socket) -> None:
    """Print the one line that says connections are taken."""
    print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)


def raise_descriptor_limit() -> None:
    """Allow as many open descriptors as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # a system that will not: the limit stays
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
