"""WebSocket frames: decodes bytes into messages, and encodes messages as bytes. Pure (sans-I/O).

wsproto parses frames. `Receiver` comes before it and finds the boundaries of each frame. So a
message that is too large is refused when its header is read, before any of it is stored. The most
common frame of a chat (one whole, masked, uncompressed text) takes a fast path of its own: 2 µs
instead of 17 for 64 bytes (CPython 3.11). All other frames, and every check of the protocol, are
left to wsproto. A property test checks that both paths give the same result.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wsproto.connection import Connection as Machine
from wsproto.connection import ConnectionState
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import FrameProtocol

from ..codes import Close
from .deflate import deflate

_TEXT = 0x81  # FIN and opcode 1 (RFC 6455, 5.2)
_DEFLATED_TEXT = 0xC1  # the same with RSV1 (RFC 7692, 6)
_FIN = 0x80
_CONTROL = 0x08
_MASKED = 0x80
_LENGTH = 0x7F

#: Most fragments of a message, and the bytes for each fragment beyond them: an empty fragment adds
#: nothing to the size of a message, but takes as long to parse as any other.
MAX_FRAGMENTS = 1_024
BYTES_A_FRAGMENT = 16

#: Encodes control frames, which need no state; a server's are unmasked (RFC 6455, 5.1).
_CONTROL_FRAMES = FrameProtocol(client=False, extensions=[])


@dataclass(frozen=True, slots=True)
class Pinged:
    """The peer asks for a pong with the same payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Ponged:
    """The peer has answered a ping."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The peer has sent its close frame, and will send nothing more. `code` is 1005 if absent."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The peer broke the protocol or a limit: close with `code`, and read nothing more."""

    code: int
    reason: str


#: A whole message is a str (text) or bytes (binary).
Event = str | bytes | Pinged | Ponged | Closing | Failed


class Receiver:
    """Decodes the incoming bytes of one connection. Owned by the thread that reads them.

    `limit` is the largest message accepted, in bytes. Fragments are joined. A message over the
    limit gives `Failed` with 1009 as soon as its size is known, and so does one in too many
    fragments.
    """

    __slots__ = (
        "_fragments",
        "_head",
        "_inside",
        "_limit",
        "_machine",
        "_message",
        "_over",
        "_size",
        "_unfinished",
        "frames",
        "more",
    )

    def __init__(self, machine: Machine, limit: int) -> None:
        #: Number of frame headers read so far, of every kind; the caller charges the peer for them.
        self.frames = 0
        self._machine = machine
        self._limit = limit
        #: Whether the last call stopped at `most` frames, and unread ones are left.
        self.more = False
        self._head = b""  # unread bytes, or the beginning of an incomplete header
        self._inside = 0  # missing bytes of the frame that the machine is reading
        self._unfinished = False  # whether a fragmented message is in progress
        self._size = 0  # bytes of that message so far, as received
        self._fragments = 0  # frames of that message so far
        # The decoded part of that message. One buffer, not a list of pieces: a peer that sends one
        # byte at a time would make a piece of each, which takes eighty bytes.
        self._message = bytearray()
        self._over = False

    def receive(self, data: bytes, most: int = 1 << 30) -> list[Event]:
        """The events that `data` completes, in order. After `Closing` or `Failed` data is ignored.

        At most `most` frames are begun. If others are left, `more` is true, and the next call,
        which may pass no data, continues with them.
        """
        events: list[Event] = []
        if self._head:
            data = self._head + data
            self._head = b""
        self.more = False
        last = self.frames + most
        at, end = 0, len(data)
        while at < end and not self._over:
            if self._inside:
                piece = data[at : at + self._inside]
                at += len(piece)
                self._inside -= len(piece)
                self._feed(piece, events)
                continue
            header = _measure(data, at)
            if header is None:
                self._head = data[at:]
                break
            if self.frames == last:
                self._head, self.more = data[at:], True
                break
            first, size, length, minimal = header
            self.frames += 1
            finish = at + size + length
            if not first & _CONTROL:
                if not self._unfinished:
                    self._size = self._fragments = 0
                self._size += length
                self._fragments += 1
                if self._size > self._limit:
                    self._fail(events, Close.MESSAGE_TOO_BIG, f"more than {self._limit} bytes")
                    break
                if self._fragments > MAX_FRAGMENTS + self._size // BYTES_A_FRAGMENT:
                    self._fail(events, Close.MESSAGE_TOO_BIG, "too many fragments; send fewer")
                    break
            if first == _TEXT and size > 4 and minimal and finish <= end and not self._unfinished:
                payload = _unmask(data, at + size, finish)
                try:
                    events.append(payload.decode())
                except UnicodeDecodeError:
                    self._fail(events, Close.INVALID_PAYLOAD, "text must be UTF-8")
                at = finish
            else:
                if not first & _CONTROL:
                    self._unfinished = not first & _FIN
                self._inside = size + length
        return events

    def _feed(self, piece: bytes, events: list[Event]) -> None:
        self._machine.receive_data(piece)
        for event in self._machine.events():
            if isinstance(event, TextMessage | BytesMessage):
                text = isinstance(event, TextMessage)
                self._message += event.data.encode() if isinstance(event.data, str) else event.data
                if event.message_finished:
                    events.append(self._message.decode() if text else bytes(self._message))
                    self._message.clear()
            elif isinstance(event, Ping):
                events.append(Pinged(bytes(event.payload)))
            elif isinstance(event, Pong):
                events.append(Ponged())
            elif isinstance(event, CloseConnection):
                if self._machine.state is ConnectionState.OPEN:  # no close frame came: an error
                    self._fail(events, event.code, event.reason or "")
                else:
                    self._over = True
                    events.append(Closing(event.code, event.reason or ""))
                return

    def _fail(self, events: list[Event], code: int, reason: str) -> None:
        self._over = True
        self._message.clear()
        events.append(Failed(code, reason))


def _measure(data: bytes, at: int) -> tuple[int, int, int, bool] | None:
    """A frame's first byte, header size, payload size; and whether the size is encoded minimally.

    None if the header is incomplete. It only measures (RFC 6455, 5.2); the machine checks whether
    the header is valid.
    """
    have = len(data) - at
    if have < 2:
        return None
    second = data[at + 1]
    length = second & _LENGTH
    size = 6 if second & _MASKED else 2
    minimal = True
    if length == 126:
        if have < 4:
            return None
        (length,) = struct.unpack_from("!H", data, at + 2)
        size += 2
        minimal = length > 125
    elif length == 127:
        if have < 10:
            return None
        (length,) = struct.unpack_from("!Q", data, at + 2)
        size += 8
        minimal = length > 0xFFFF
    if have < size:
        return None
    return data[at], size, length, minimal


def _unmask(data: bytes, at: int, finish: int) -> bytes:
    """The payload in ``data[at:finish]``, unmasked by the four bytes before it (RFC 6455, 5.3)."""
    length = finish - at
    key = data[at - 4 : at] * (length // 4 + 1)
    # One exclusive-or of two integers: byte by byte takes forty times as long at 64 bytes.
    mixed = int.from_bytes(data[at:finish], "little") ^ int.from_bytes(key[:length], "little")
    return mixed.to_bytes(length, "little")


def text(payload: bytes) -> bytes:
    """One whole text message from the server, unmasked. `payload` is UTF-8."""
    return _frame(_TEXT, payload)


def deflated_text(payload: bytes) -> bytes:
    """One text message, deflated, for a peer that inflates with a window of `WINDOW_BITS`."""
    return _frame(_DEFLATED_TEXT, deflate(payload))


def message(payload: bytes, *, binary: bool = False, window_bits: int | None = None) -> bytes:
    """One whole message, text or binary; deflated for `window_bits` if that is given."""
    first = 0x82 if binary else _TEXT
    if window_bits is None:
        return _frame(first, payload)
    return _frame(first | 0x40, deflate(payload, window_bits))


def ping() -> bytes:
    """A ping without payload, as gorilla sends it."""
    return bytes(_CONTROL_FRAMES.ping(b""))


def pong(payload: bytes) -> bytes:
    """The answer to a ping: the same payload (RFC 6455, 5.5.3)."""
    return bytes(_CONTROL_FRAMES.pong(payload))


def close(code: int, reason: str = "") -> bytes:
    """A close frame; `reason` is cut to 123 bytes. For 1005 and 1006 it has no code."""
    if code in (1005, 1006):  # these codes are never sent (RFC 6455, 7.4.1)
        return bytes(_CONTROL_FRAMES.close())
    return bytes(_CONTROL_FRAMES.close(code, reason))


def _frame(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length <= 0xFFFF:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload
