"""The decisions: what the server must do for a command. `session` makes them, `v1` executes them.

A `message.Draft` is a decision, too: it must be written. `answers` is the ``id`` of the command,
None if it had none. A room has two names: `room` as the client wrote it, `key` as it is compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..message import Author, Draft, Position


@dataclass(frozen=True, slots=True)
class Identify:
    """Find the user, or create one; then call `Session.welcomed`, or send an error."""

    nick: str
    nick_key: str
    token: str | None
    password: str | None
    client: str | None
    answers: str | None


@dataclass(frozen=True, slots=True)
class EnterRoom:
    """Make the connection a member, and let it catch up; if that fails, call `Session.left`."""

    room: str
    key: str
    since: Position | None
    answers: str | None


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Remove the connection from the room, and answer `ok`."""

    room: str
    key: str
    answers: str | None


@dataclass(frozen=True, slots=True)
class ShowTyping:
    """Notify the room that `user` is typing."""

    room: str
    key: str
    user: Author


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Store that `user` has read the room up to `seq`; answer only if that is refused."""

    key: str
    user: Author
    seq: int
    answers: str | None


@dataclass(frozen=True, slots=True)
class SetAway:
    """Mark the user of the connection as away, or as back; answer `ok` if the command has an id."""

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
    """Answer with messages that contain `query` in the rooms `keys`, newest first.

    With `user`, only with those of that user. They are older than the seq `before`, or follow the
    position `next` (`core.cursor`).
    """

    query: str
    user: str | None
    keys: tuple[str, ...]
    before: int | None
    limit: int
    answers: str | None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class ListRooms:
    """Answer with at most `limit` rooms whose keys come after `after`, sorted by key."""

    after: str
    limit: int
    answers: str | None


@dataclass(frozen=True, slots=True)
class Rename:
    """Give `user` the nick `nick`, if it is free."""

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
