"""Refusals: decided noes, each with its code and its remedy.

Whatever a client may not do, or the server cannot do now, is told by one `Refusal`, raised where it
is decided and turned into an ``error`` event where the connection is served. The codes are those of
docs/protocol.md; what a person reads is the sentence.
"""

from __future__ import annotations

import math
from enum import StrEnum

from .errors import GochatError


class Code(StrEnum):
    """Why something was refused; the value is the ``code`` of an ``error`` event."""

    BAD_JSON = "bad_json"  #: not one JSON object (RFC 8259), or nested too deeply
    BAD_FIELD = "bad_field"  #: a field is missing, of the wrong type or out of its range
    UNKNOWN_TYPE = "unknown_type"  #: there is no command of this type
    HELLO_FIRST = "hello_first"  #: nothing is taken before ``hello``
    NICK_TAKEN = "nick_taken"  #: the nick, or one that looks the same, belongs to another user
    BAD_NICK = "bad_nick"  #: no nick may be spelled so
    BAD_ROOM = "bad_room"  #: no room may be named so
    BAD_PASSWORD = "bad_password"  #: the password or the token is wrong
    NOT_JOINED = "not_joined"  #: this connection is not in the room
    NOT_FOUND = "not_found"  #: there is no such entry, or none that could be changed so
    NOT_YOURS = "not_yours"  #: only its author may change a message
    TOO_LONG = "too_long"  #: a string is longer than its limit
    RATE_LIMITED = "rate_limited"  #: too much at once; ``retry_after`` says when to try again
    MUTED = "muted"  #: a moderator has silenced this user for now
    BUSY = "busy"  #: the server did not get round to it; try again
    STORAGE_FAILED = "storage_failed"  #: it could not be stored, and nobody has seen it; try again
    HISTORY_TRUNCATED = "history_truncated"  #: the entries asked for are no longer kept
    DUPLICATE_JOIN = "duplicate_join"  #: this connection is in the room already
    LIMIT_REACHED = "limit_reached"  #: there are as many of something as there may be


class Refusal(GochatError):
    """A no to one command. Its attributes are the fields of the ``error`` event.

    `message` is a sentence for a person. `answers` is the ``id`` of the refused command, None if it
    had none that could be read. `retry_after` is in seconds, None where waiting does not help.
    `fatal` refusals end the connection, with the close code `close`. `notable` is of what
    there were too many, where that tells the operator of a limit that may be too low: it is logged.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        answers: str | None = None,
        retry_after: float | None = None,
        close: int | None = None,
        notable: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.answers = answers
        self.retry_after = retry_after
        self.close = close
        self.notable = notable

    @property
    def fatal(self) -> bool:
        """Whether the connection ends with this refusal."""
        return self.close is not None


def internal_error() -> Refusal:
    """The server has failed at it in a way that nobody foresaw; trying again does no harm."""
    return Refusal(Code.BUSY, "Internal error; see the server log.")


def made_too_many(what: str, wait: float) -> Refusal:
    """Somebody's address has made too many of something lately; in `wait` seconds it may again."""
    seconds = math.ceil(wait)
    return Refusal(
        Code.RATE_LIMITED,
        f"Too many {what} were made from your address; try again in {seconds} s.",
        retry_after=float(seconds),
        notable=what,
    )
