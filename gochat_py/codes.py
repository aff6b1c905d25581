"""WebSocket close codes, each with what it tells the client to do next.

The first group is RFC 6455, section 7.4.1, and the IANA registry of close codes; those from 4000
are this project's own (section 7.4.2 leaves 4000 to 4999 to applications).
"""

from enum import IntEnum


class Close(IntEnum):
    """Why a connection ends. The page decides by this number whether to come back."""

    NORMAL = 1000  #: the client was done
    GOING_AWAY = 1001  #: the server stops: come back, with jitter
    PROTOCOL_ERROR = 1002  #: bytes that are not RFC 6455: come back, with growing waits
    UNSUPPORTED_DATA = 1003  #: a binary message; chat is text
    INVALID_PAYLOAD = 1007  #: text that is not UTF-8, or data that does not inflate
    MESSAGE_TOO_BIG = 1009  #: more than ``max_message_size`` bytes, packed or unpacked
    INTERNAL_ERROR = 1011  #: the server failed: come back
    TRY_AGAIN_LATER = 1013  #: the server is overloaded: come back later
    NO_HELLO = 4000  #: no ``hello`` in time
    SLOW = 4008  #: the send buffer was full, or nothing came for ``pong_wait``: come back at once
    FLOODING = 4029  #: refused too often: come back later
