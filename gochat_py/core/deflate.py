"""permessage-deflate (RFC 7692) with two bounds: on the inflated size of a message, and on memory.

wsproto has this extension, too, but inflates without limit (a 65 KB message can become 64 MiB) and
keeps a compressor for each connection. Here nothing is kept between messages, in either direction
(``no_context_takeover``), so a message is deflated once for all clients, and an idle connection
holds no window.
"""

from __future__ import annotations

import zlib

from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameDecoder, FrameProtocol, Opcode, RsvBits

from ..errors import BadOffer

#: The bytes that a sender removes from the end of each deflated message (RFC 7692, 7.2.1, 7.2.2).
TAIL = b"\x00\x00\xff\xff"

#: The largest window, as a power of two; also the usual one.
WINDOW_BITS = 15

#: Most blocks in one message that are marked as final (RFC 1951, 3.2.3). Each ends a stream, and
#: the bytes behind it are copied: with 32,000 blocks of two bytes that would be a gigabyte. All
#: known senders make one.
MAX_STREAMS = 16

FLAGS = ("server_no_context_takeover", "client_no_context_takeover")


def deflate(payload: bytes, window_bits: int = WINDOW_BITS) -> bytes:
    """`payload` as one deflated message body, independent of other messages (RFC 7692, 7.2.1)."""
    packer = zlib.compressobj(wbits=-window_bits)
    packed = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
    return packed[: -len(TAIL)]


def read_offer(offer: str) -> dict[str, int | None] | None:
    """The parameters of one offer, or None if it has an unknown parameter and must be declined.

    Raises `BadOffer` for offers that RFC 7692, section 7.1, calls invalid: a value that is not a
    window size, a value where none is allowed, a parameter given twice.
    """
    found: dict[str, int | None] = {}
    for parameter in offer.split(";")[1:]:
        name, has_value, text = (part.strip() for part in parameter.partition("="))
        value = text.removeprefix('"').removesuffix('"')
        if name in found:
            raise BadOffer(f"permessage-deflate gives {name} twice")
        if name in FLAGS:
            if has_value:
                raise BadOffer(f"permessage-deflate takes {name} without a value")
            found[name] = None
        elif name in ("server_max_window_bits", "client_max_window_bits"):
            if value in ("8", "9", "10", "11", "12", "13", "14", "15"):
                found[name] = int(value)
            elif has_value or name == "server_max_window_bits":
                raise BadOffer(f"permessage-deflate takes {name} from 8 to 15, not {value!r}")
            else:
                found[name] = None
        else:
            return None
    return found


class BoundedDeflate(Extension):
    """The extension for one connection. Owned by the thread that feeds its wsproto machine.

    `limit` is the largest message accepted, in bytes after inflating; a larger one closes the
    connection with 1009.
    """

    name = "permessage-deflate"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._agreed = False
        #: The window with which the peer inflates; None if messages must be sent uncompressed,
        #: which RFC 7692 (section 6) always allows. zlib cannot deflate for the smallest window, 8.
        self.window_bits: int | None = None
        self._compressed: bool | None = None  # the message in progress; None between messages
        self._control = False  # whether the frame in progress is a control frame
        self._inflater: zlib._Decompress | None = None
        self._streams = 0  # how many streams have ended in the message
        self._room = limit

    def enabled(self) -> bool:
        """Whether the extension was accepted in the handshake."""
        return self._agreed

    def offer(self) -> bool | str:
        """Nothing: a server answers offers and makes none."""
        return False

    def accept(self, offer: str) -> bool | str | None:
        """The answer to one offer. Clients list offers by preference; the first usable one counts.

        Raises `BadOffer` if it is malformed.
        """
        asked = read_offer(offer)
        if asked is None or self._agreed:
            return None
        self._agreed = True
        answer = list(FLAGS)
        window = asked.get("server_max_window_bits")
        if window is not None:
            answer.append(f"server_max_window_bits={window}")
        self.window_bits = None if window == 8 else window or WINDOW_BITS
        return "; ".join(answer)

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """Allow RSV1 only on the first frame of a message (RFC 7692, section 6)."""
        self._control = opcode.iscontrol()
        if rsv.rsv1 and (self._control or opcode is Opcode.CONTINUATION):
            return CloseReason.PROTOCOL_ERROR
        if not self._control and self._compressed is None:
            self._compressed = rsv.rsv1
            self._streams = 0
            self._room = self._limit
        return RsvBits(True, False, False)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        """Inflate a piece of a message; refuse it if the message exceeds the limit."""
        if self._control or not self._compressed:
            return data
        return self._inflate(data)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        """At the end of a message, inflate the tail that the sender removed; drop the window."""
        if self._control or not fin:
            return None
        rest = self._inflate(TAIL) if self._compressed else b""
        self._compressed = None
        self._inflater = None
        return rest

    def _inflate(self, data: bytes) -> bytes | CloseReason:
        grown = bytearray()
        while data:
            if self._inflater is None:
                self._inflater = zlib.decompressobj(-WINDOW_BITS)
            try:
                # One byte more than fits, to tell "just fits" from "too big".
                grown += self._inflater.decompress(data, self._room - len(grown) + 1)
            except zlib.error:
                return CloseReason.INVALID_FRAME_PAYLOAD_DATA
            if len(grown) > self._room:
                return CloseReason.MESSAGE_TOO_BIG
            if not self._inflater.eof:  # all input is used: the output was below its limit
                break
            # More blocks may follow a block that is marked as final (RFC 7692, 7.2.3.4).
            data = self._inflater.unused_data
            self._inflater = None
            self._streams += 1
            if self._streams > MAX_STREAMS:
                return CloseReason.MESSAGE_TOO_BIG
        self._room -= len(grown)
        return bytes(grown)
