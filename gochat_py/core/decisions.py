"""What is to be done after a command: what `session` decides, and the shell carries out.

A `message.Draft` is a decision too: to be written. `answers` is the ``id`` of the command, None if
it had none. A room is named twice, `room` as the client wrote it and `key` as it is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..message import Author, Draft, Position


@dataclass(frozen=True, slots=True)
class Identify:
    """Find out who this is, or give them a new user; then `Session.welcomed`, or an error."""

    nick: str
    nick_key: str
    token: str | None
    password: str | None
    client: str | None
    answers: str | None


@dataclass(frozen=True, slots=True)
class EnterRoom:
    """Make the connection a member, and let it catch up; if that fails, `Session.left`."""

    room: str
    key: str
    since: Position | None
    answers: str | None


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Make the connection a member no more, and answer `ok`."""

    room: str
    key: str
    answers: str | None


@dataclass(frozen=True, slots=True)
class ShowTyping:
    """Tell the room that `user` is writing."""

    room: str
    key: str
    user: Author


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Remember that `user` has read the room up to `seq`; answer only if that is refused."""

    key: str
    user: Author
    seq: int
    answers: str | None


@dataclass(frozen=True, slots=True)
class SetAway:
    """Let the connection count as one without a reader, or with one; answer `ok` where asked."""

    away: bool
    answers: str | None


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Answer with entries before or after a seq, or the newest; at most `limit`."""

    room: str
    key: str
    before: int | None
    after: int | None
    limit: int
    answers: str | None


@dataclass(frozen=True, slots=True)
class RunSearch:
    """Answer with messages that hold `query` in the rooms `keys`, newest first.

    They are older than the seq `before`, or come after the place `next` (`core.cursor`).
    """

    query: str
    keys: tuple[str, ...]
    before: int | None
    limit: int
    answers: str | None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class ListRooms:
    """Answer with up to `limit` rooms whose keys come after `after`, in the order of their keys."""

    after: str
    limit: int
    answers: str | None


@dataclass(frozen=True, slots=True)
class Rename:
    """Let `user` be called `nick`, if it is free."""

    user: Author
    nick: str
    nick_key: str
    answers: str | None


@dataclass(frozen=True, slots=True)
class AnswerPing:
    """Send `fields` back, with the time."""

    fields: dict[str, Any]


Decision = (
    Draft | Identify | EnterRoom | LeaveRoom | ShowTyping | MarkRead | SetAway | ReadHistory
    | RunSearch | ListRooms | Rename | AnswerPing
)  # fmt: skip
