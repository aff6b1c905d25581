"""Resolves the address to listen on, and explains why listening failed."""

from __future__ import annotations

import errno
import socket

from ..errors import StartupError


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The address of `host`, and its family. Raises `StartupError`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise StartupError(f"cannot resolve {host!r}; check --host") from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), port)


def remedy(error: OSError, host: str, port: int) -> str:
    """The sentence that explains `error`, which listening raised, and names the remedy."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for root; choose one from 1024 up with --port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine; choose another with --host"
    return f"cannot listen on {host} port {port}: {error.strerror}; try another --host or --port"
