"""Where to listen, and what to do where one cannot."""

from __future__ import annotations

import errno
import socket

from ..errors import StartupError


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The address that `host` means, and its family. Raises `StartupError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise StartupError(
            f"no address is known for {host!r}; choose another with --host"
        ) from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def cure(error: OSError, host: str, port: int) -> str:
    """The sentence for somebody who wanted to listen there, and got `error`."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for root; choose one from 1024 up with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; choose another with --host"
    return f"cannot listen on {host} port {port}: {error.strerror}; try another --host or --port"
