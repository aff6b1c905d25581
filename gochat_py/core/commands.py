"""What a client may say in gochat.v1: one frozen command for each type (docs/protocol.md).

Names here are as `wire.decode` gives them: checked, and normalised. `id` is the client's own; the
answer carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..message import Position

#: Entries given when no limit is asked for.
PAGE = 50

#: Rooms given when no limit is asked for.
ROOMS = 200


@dataclass(frozen=True, slots=True)
class Hello:
    """Who is there; must come first."""

    nick: str
    token: str | None = None
    password: str | None = None
    client: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Enter a room, and get what came after `since`, or its newest entries."""

    room: str
    since: Position | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Get no more of a room."""

    room: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Say `text`; the same `id` again is the same message."""

    room: str
    text: str
    id: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Let one's own message say something else."""

    room: str
    seq: int
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take one's own message back."""

    room: str
    seq: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class React:
    """Put an emoji to a message, or take it away."""

    room: str
    seq: int
    emoji: str
    on: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """Show the others that one is writing."""

    room: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Remember that the user has read everything up to `seq`."""

    room: str
    seq: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """Say that nobody looks at this connection now, or that somebody does again."""

    away: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Entries before or after a seq; the newest without either."""

    room: str
    before: int | None = None
    after: int | None = None
    limit: int = PAGE
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Messages that hold `query`, in one room or in all that one is in.

    `next` is the cursor of an earlier answer, from which the same search goes on.
    """

    query: str
    room: str | None = None
    before: int | None = None
    limit: int = PAGE
    id: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """List the rooms, from the one that follows the room `after` on."""

    after: str | None = None
    limit: int = ROOMS
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """Say what a room is about; an empty text takes the topic away."""

    room: str
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Nick:
    """Be called otherwise."""

    nick: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a `pong` with the same `fields`: all that came, save the type."""

    fields: dict[str, Any]
    id: str | None = None


Command = (
    Hello | Join | Leave | Send | Edit | Delete | React | Typing | Read | Away | History | Search
    | Rooms | Topic | Nick | Ping
)  # fmt: skip
