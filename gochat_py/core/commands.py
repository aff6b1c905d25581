"""The commands of gochat.v1: one frozen class for each ``type`` (docs/protocol.md).

`wire.decode` makes them. Names are checked and normalised. `id` is chosen by the client; the answer
carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..message import Position

#: Entries in an answer if the command has no limit.
PAGE = 50

#: Rooms in an answer if the command has no limit.
ROOMS = 200


@dataclass(frozen=True, slots=True)
class Hello:
    """Identify the user; must be the first command."""

    nick: str
    token: str | None = None
    password: str | None = None
    client: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """Enter a room, and get the entries after `since`, or the newest ones."""

    room: str
    since: Position | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave a room: get no more of its events."""

    room: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message; a second `send` with the same `id` is a retry of the first."""

    room: str
    text: str
    id: str
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Change the text of one's own message."""

    room: str
    seq: int
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete one's own message."""

    room: str
    seq: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class React:
    """Add a reaction to a message, or remove it."""

    room: str
    seq: int
    emoji: str
    on: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Typing:
    """Show the others in the room that the user is typing."""

    room: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Mark everything up to `seq` as read."""

    room: str
    seq: int
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """Mark the user as away on this connection, or as back."""

    away: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Get entries before or after a seq; the newest if neither is given."""

    room: str
    before: int | None = None
    after: int | None = None
    limit: int = PAGE
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Find messages that contain `query`, in one room or in all rooms the connection is in.

    With `user`, only those of that user; then `query` may be empty. `next` is the cursor of an
    earlier answer, where the same search continues.
    """

    query: str = ""
    user: str | None = None
    room: str | None = None
    before: int | None = None
    limit: int = PAGE
    id: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """List the rooms, starting behind the room `after`."""

    after: str | None = None
    limit: int = ROOMS
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """Set the topic of a room; an empty text removes it."""

    room: str
    text: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Nick:
    """Change the user's nick."""

    nick: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for a `pong` with the same `fields`: all fields of the command except the type."""

    fields: dict[str, Any]
    id: str | None = None


Command = (
    Hello | Join | Leave | Send | Edit | Delete | React | Typing | Read | Away | History | Search
    | Rooms | Topic | Nick | Ping
)  # fmt: skip
