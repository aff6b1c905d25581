"""Refusals: a command is rejected, with a code for programs and a sentence for people.

If a client may not do something, or the server cannot do it now, the code that finds this out
raises a `Refusal`; the code that serves the connection turns it into an ``error`` event. The codes
are those of docs/protocol.md. The sentence tells a person what to do.
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
    HELLO_FIRST = "hello_first"  #: the first command must be ``hello``
    NICK_TAKEN = "nick_taken"  #: the nick, or one that looks the same, belongs to another user
    BAD_NICK = "bad_nick"  #: the nick is not allowed
    BAD_ROOM = "bad_room"  #: the room name is not allowed
    BAD_PASSWORD = "bad_password"  #: the password or the token is wrong
    NOT_JOINED = "not_joined"  #: this connection is not in the room
    NOT_FOUND = "not_found"  #: there is no such entry, or it cannot be changed in this way
    NOT_YOURS = "not_yours"  #: only its author may change a message
    TOO_LONG = "too_long"  #: a string is longer than its limit
    RATE_LIMITED = "rate_limited"  #: too many requests; ``retry_after`` says when to try again
    MUTED = "muted"  #: a moderator has muted this user for now
    BUSY = "busy"  #: the server is overloaded, or failed; try again
    STORAGE_FAILED = "storage_failed"  #: not stored, and not sent to any user; try again
    HISTORY_TRUNCATED = "history_truncated"  #: the requested entries are no longer kept
    DUPLICATE_JOIN = "duplicate_join"  #: this connection is in the room already
    LIMIT_REACHED = "limit_reached"  #: a limit on the number of something is reached


class Refusal(GochatError):
    """One command is rejected. The attributes are the fields of the ``error`` event.

    `message` is a sentence for a person. `answers` is the ``id`` of the refused command, None if it
    had none that could be read. `retry_after` is in seconds, None if waiting does not help.
    A `fatal` refusal closes the connection, with the close code `close`. `notable` names what there
    was too much of, if the operator should know because a limit may be too low; it is logged.
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
        """Whether this refusal closes the connection."""
        return self.close is not None


def internal_error() -> Refusal:
    """The refusal for an unexpected error of the server; it is safe to try again."""
    return Refusal(Code.BUSY, "Internal error; see the server log.")


def made_too_many(what: str, wait: float) -> Refusal:
    """The refusal for an address that has made too many `what`; it may try again in `wait` s."""
    seconds = math.ceil(wait)
    return Refusal(
        Code.RATE_LIMITED,
        f"Too many {what} were created from your address; try again in {seconds} s.",
        retry_after=float(seconds),
        notable=what,
    )
