"""Frames of a client: made by wsproto or, to be invalid, by hand."""

from __future__ import annotations

import struct
import zlib

from wsproto.frame_protocol import FrameProtocol

MASK = b"\x11\x22\x33\x44"


def masked_header(first: int, size: int) -> bytes:
    """What is before the mask of a frame whose first byte is `first`, with `size` bytes in it."""
    if size < 126:
        return bytes((first, 0x80 | size))
    if size <= 0xFFFF:
        return struct.pack("!BBH", first, 0x80 | 126, size)
    return struct.pack("!BBQ", first, 0x80 | 127, size)


def masked(first: int, payload: bytes, *, length: int | None = None) -> bytes:
    """A masked frame whose first byte is `first`; `length` is what it claims, if not the truth."""
    header = masked_header(first, len(payload) if length is None else length)
    return header + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


def text(line: str) -> bytes:
    """One text message."""
    return bytes(FrameProtocol(client=True, extensions=[]).send_data(line))


def close(code: int = 1000) -> bytes:
    """A close frame."""
    return masked(0x88, struct.pack("!H", code))


def deflated(payload: bytes) -> bytes:
    """The body of a deflated message (RFC 7692, 7.2.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
