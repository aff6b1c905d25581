"""What the hub can be asked to do: everything that goes into its inbox. All of it is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .channel import Reply
from .connection import Connection
from .message import Entry, RoomInfo, User


@dataclass(frozen=True, slots=True)
class Register:
    """The connection is told when the server stops."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Unregister:
    """The connection gets nothing more; one that is not registered is no error."""

    connection: Connection


@dataclass(frozen=True, slots=True)
class Enter:
    """The connection becomes a member.

    With a `reply` it catches up first: from the reply on, everything is held for it until
    `CaughtUp`. Without, it gets what is new from now on.
    """

    connection: Connection
    user: User
    room: str
    key: str
    reply: Reply[None] | None = None


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The connection knows `entries` (JSON, oldest first), read when `info` was so.

    `reply` says whether it is live now; False when too much was said meanwhile: read again.
    """

    connection: Connection
    user: User
    info: RoomInfo
    epoch: str
    entries: tuple[str, ...]
    recovered: bool
    more: bool
    read: int
    answers: str | None
    reply: Reply[bool]


@dataclass(frozen=True, slots=True)
class Leave:
    """The connection is a member no more, and is told so, unless that is not what it asked for."""

    connection: Connection
    key: str
    answers: str | None
    silent: bool = False


class Written(NamedTuple):
    """An entry that is kept. `sender` asked for it, by a command whose id is `answers`.

    A `duplicate` was written before, and is for its sender only. `encoded` is the entry as JSON, if
    somebody needed that already.
    """

    entry: Entry
    sender: Connection | None
    answers: str | None
    duplicate: bool = False
    encoded: str | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """What was written, in order."""

    batch: tuple[Written, ...]


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing; everyone in the room but that connection is told."""

    connection: Connection
    room: str
    key: str
    user: User


@dataclass(frozen=True, slots=True)
class Away:
    """The connection's reader is away or back, in all rooms; it is told so if it gave an id."""

    connection: Connection
    away: bool
    answers: str | None


@dataclass(frozen=True, slots=True)
class Renamed:
    """A user has another nick; everyone who shares a room with them is told."""

    connection: Connection
    user: User
    answers: str | None


@dataclass(frozen=True, slots=True)
class Census:
    """Asks which rooms have members: by key, how it is shown, and how many."""

    reply: Reply[dict[str, tuple[str, int]]]


Order = (
    Register | Unregister | Enter | CaughtUp | Leave | Publish | Typing | Away | Renamed | Census
)  # fmt: skip
