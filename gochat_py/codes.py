"""WebSocket close codes, and what a client should do after each.

The first group is RFC 6455, section 7.4.1, and the IANA registry of close codes; those from 4000
are this project's own (section 7.4.2 leaves 4000 to 4999 to applications).
"""

from enum import IntEnum


class Close(IntEnum):
    """Why a connection ends. The page decides by this number whether to reconnect."""

    NORMAL = 1000  #: the client closed the connection
    GOING_AWAY = 1001  #: the server stops: reconnect, with jitter
    PROTOCOL_ERROR = 1002  #: the bytes break RFC 6455: reconnect, with growing waits
    UNSUPPORTED_DATA = 1003  #: a binary message; chat is text
    INVALID_PAYLOAD = 1007  #: text that is not UTF-8, or data that does not inflate
    MESSAGE_TOO_BIG = 1009  #: more than ``max_message_size`` bytes, deflated or inflated
    INTERNAL_ERROR = 1011  #: the server failed: reconnect
    TRY_AGAIN_LATER = 1013  #: the server is overloaded: reconnect later
    NO_HELLO = 4000  #: no ``hello`` in time
    BAD_PASSWORD = 4001  #: the password or the token is wrong: ask the user
    #: The send buffer was full, or nothing was received for ``pong_wait``: reconnect at once.
    SLOW = 4008
    FLOODING = 4029  #: too many refused commands: reconnect later
