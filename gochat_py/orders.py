"""What the hub can be asked to do: everything that goes into its inbox. All of it is frozen.

Where a user is an `OnlineUser`, the hub reads the nick when it handles the order.
"""

from __future__ import annotations

from dataclasses import dataclass

from .channel import Reply
from .connection import Connection
from .core.delivery import Written
from .message import Author, OnlineUser, RoomInfo, User


@dataclass(frozen=True, slots=True)
class Register:
    """The connection is told when the server stops."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Unregister:
    """The connection gets nothing more; one that is not registered is no error."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Identified:
    """The connection is this user's, and was told that they are called `nick`."""

    connection: Connection
    user: OnlineUser
    nick: str


@dataclass(frozen=True, slots=True)
class Enter:
    """The connection becomes a member.

    Where it `catches_up`, what is published from now on is held for it until it has. Else it gets
    what is new from now on.
    """

    connection: Connection
    user: Author
    room: str
    key: str
    catches_up: bool = False


@dataclass(frozen=True, slots=True)
class CatchUp:
    """The connection is to get `entries` (JSON, oldest first, joined by commas), up to `seq`.

    They are the first part of what it has to know, with `first`, or a further one. `last` says
    that nothing is known to follow. `reply` says whether the connection is live now, or gone;
    False when more is to follow: the next part, from `seq` on. It raises `Refusal` if the room
    may not be made. `named` is given before that how the room is shown to everybody, or
    nothing where the connection is gone.
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
    """What ``joined`` says beside its entries, as it was when they were read."""

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
    """The connection is a member no more, and is told so, unless that is not what it asked for."""

    connection: Connection
    key: str
    answers: str | None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """What was written, in order."""

    batch: tuple[Written[Connection], ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing; everyone in the room but that connection is told."""

    connection: Connection
    room: str
    key: str
    user: Author


@dataclass(frozen=True, slots=True)
class Away:
    """The connection's reader is away or back, in all rooms; it is told so if it gave an id."""

    connection: Connection
    away: bool
    answers: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A user was given a nick, which `connection` asked for.

    If it is `changed`, everyone who shares a room with the user is told, and the user's other
    connections. `connection` is told in any case, with the id `answers`, unless it asked by its
    ``hello`` (`greeting`): then ``welcome`` says it.
    """

    connection: Connection
    user: User
    answers: str | None
    changed: bool = True
    greeting: bool = False


@dataclass(frozen=True, slots=True)
class Census:
    """Asks how rooms are shown and how many members they have, by key, if they have any.

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
    """Asks for `reply` once all that was put before this is done. The journal takes it, too.

    The journal gives it when what was written before is persisted or refused, and is in the hub's
    inbox.
    """

    reply: Reply[None]


Order = (
    Register | Unregister | Identified | Enter | CatchUp | Leave | Publish | Typing | Away | Renamed
    | Census | Barrier
)  # fmt: skip
