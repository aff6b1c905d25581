"""A floor: this project's shape on bare sockets, with nothing in it but the shape.

A reader thread for each connection, one hub thread, frames made once, what waits joined, and one
non-blocking send to each member. It has no writer threads, no pings, no limits and no checks, and
takes only what the load sends: short, whole, masked text frames. Not a server for anything else.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import queue
import socket
import threading

from . import program

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
TEXT, CLOSE = 0x81, 0x88

Command = tuple[str, socket.socket, bytes]
inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()


def hub() -> None:
    """Give all lines that wait, as one piece of bytes, to every member."""
    members: set[socket.socket] = set()
    while True:
        commands = [inbox.get()]
        with contextlib.suppress(queue.Empty):
            while len(commands) < 256:
                commands.append(inbox.get_nowait())
        frames = bytearray()
        for kind, sock, payload in commands:
            if kind == "say":
                frames += bytes((TEXT, len(payload))) + payload
                continue
            give(members, frames)
            frames.clear()
            if kind == "join":
                members.add(sock)
            else:
                members.discard(sock)
                sock.close()
        give(members, frames)


def give(members: set[socket.socket], frames: bytearray) -> None:
    """One send each; a member whose socket does not take all at once is let go."""
    if not frames:
        return
    for sock in tuple(members):
        try:
            taken = sock.send(frames, socket.MSG_DONTWAIT)
        except OSError:
            taken = 0
        if taken < len(frames):
            members.discard(sock)
            with contextlib.suppress(OSError):  # it has gone already
                sock.shutdown(socket.SHUT_RDWR)  # its reader learns it, and leaves


def reader(sock: socket.socket) -> None:
    """Upgrade, join, and say each line that comes."""
    data = bytearray()
    with contextlib.suppress(OSError):  # the peer ended it; what follows is the same
        upgrade(sock)
        inbox.put(("join", sock, b""))
        while (more := sock.recv(65536)) and take(sock, data, more):
            pass
    inbox.put(("leave", sock, b""))


def upgrade(sock: socket.socket) -> None:
    """Answer the upgrade, believing that it is one."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(4096)
        if not more:
            raise ConnectionResetError
        head += more
    key = next(
        line.partition(b":")[2].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key:")
    )
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def take(sock: socket.socket, data: bytearray, more: bytes) -> bool:
    """Say the lines in what has come; false once the peer has said goodbye."""
    data += more
    while len(data) >= 6 and len(data) >= (end := 6 + (data[1] & 0x7F)):
        length = end - 6
        mask = (bytes(data[2:6]) * (length // 4 + 1))[:length]
        number = int.from_bytes(data[6:end], "big") ^ int.from_bytes(mask, "big")
        payload = number.to_bytes(length, "big")
        if data[0] == CLOSE:
            sock.sendall(bytes((CLOSE, length)) + payload)
            return False
        if data[0] == TEXT:
            inbox.put(("say", sock, payload))
        del data[:end]
    return True


if __name__ == "__main__":
    listening = program.listener(__doc__)
    threading.Thread(target=hub, daemon=True).start()
    program.announce(listening)
    while True:
        accepted, _ = listening.accept()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=reader, args=(accepted,), daemon=True).start()
