"""The orders: all requests that other threads put into the hub's inbox. They are frozen.

If a user is an `OnlineUser`, the hub reads the nick when it handles the order.
"""

from __future__ import annotations

from dataclasses import dataclass

from .channel import Reply
from .connection import Connection
from .core.delivery import Written
from .message import Author, OnlineUser, RoomInfo, User


@dataclass(frozen=True, slots=True)
class Register:
    """Add a connection, so that the hub closes it when the server stops."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Unregister:
    """Remove a connection, which gets nothing more. It need not be registered."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Identified:
    """The connection belongs to `user`. Its ``welcome`` gave their nick as `nick`."""

    connection: Connection
    user: OnlineUser
    nick: str


@dataclass(frozen=True, slots=True)
class Enter:
    """The connection enters a room.

    If it `catches_up`, the hub holds new entries for it until it has caught up. Otherwise it gets
    new entries at once.
    """

    connection: Connection
    user: Author
    room: str
    key: str
    catches_up: bool = False


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Send the connection `entries` of the history (JSON, oldest first, joined by commas).

    They go up to `seq`. With `first` they are the first part of the history that the connection
    needs, else a further part. `last` means that no further part is known. `reply` gets True if the
    connection is live now, or gone; False if the next part, after `seq`, must follow. It raises
    `Refusal` if the room may not be created. Before that, `named` gets the name by which the room
    is shown to all; nothing if the connection is gone.
    """

    connection: Connection
    key: str
    seq: int
    entries: str
    last: bool
    reply: Reply[bool]
    first: First | None = None
    named: Reply[str] | None = None


@dataclass(frozen=True, slots=True)
class First:
    """The other fields of ``joined``, as they were when its entries were read."""

    user: Author
    info: RoomInfo
    epoch: str
    recovered: bool
    more: bool
    read: int
    answers: str | None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Leave:
    """The connection leaves a room. It gets an `ok`, unless `silent`: it did not ask for that."""

    connection: Connection
    key: str
    answers: str | None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """Deliver these persisted entries, in order."""

    batch: tuple[Written[Connection], ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """`user` is typing; notify the room, except that connection."""

    connection: Connection
    room: str
    key: str
    user: Author


@dataclass(frozen=True, slots=True)
class ReadMark:
    """The user with the id `user` has read a room up to `seq`, which is persisted.

    The user's other connections in the room get a `read` event, but not `connection`, which sent
    the read mark.
    """

    connection: Connection
    user: str
    key: str
    seq: int


@dataclass(frozen=True, slots=True)
class Away:
    """The user of the connection is away or back, in all rooms; `ok` is sent if it gave an id."""

    connection: Connection
    away: bool
    answers: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A user has a nick that `connection` asked for.

    If it is `changed`, ``renamed`` is sent to all who share a room with the user, and to the user's
    other connections. `connection` gets it in any case, with the id `answers`, unless it asked in
    its ``hello`` (`greeting`): then ``welcome`` has the nick.
    """

    connection: Connection
    user: User
    answers: str | None
    changed: bool = True
    greeting: bool = False


@dataclass(frozen=True, slots=True)
class Census:
    """Asks for the shown name and the member count of rooms that have members, by key.

    These are the rooms `keys`, and the first `limit` others whose keys come after `after` and not
    after `last`.
    """

    keys: tuple[str, ...]
    after: str
    last: str | None
    limit: int
    reply: Reply[dict[str, tuple[str, int]]]


@dataclass(frozen=True, slots=True)
class Barrier:
    """Asks for `reply` once everything that was put before it is done. The journal takes it, too.

    The journal replies once all earlier drafts are persisted or refused, and are in the hub's
    inbox.
    """

    reply: Reply[None]


Order = (
    Register | Unregister | Identified | Enter | CatchUp | Leave | Publish | Typing | ReadMark
    | Away | Renamed | Census | Barrier
)  # fmt: skip
