"""The words that travel down the river: what is wanted (drafts), and what was decided (entries).

Everything here but `OnlineUser` is frozen, so it may cross any queue. Times are seconds since 1970,
UTC, rounded to milliseconds. A room is named twice: `room` as it is shown, `key` as it is compared
(case-folded).

What every message becomes (`Draft`, `Entry`) is a named tuple: to make a frozen dataclass takes
three times as long (2.7 and 0.9 µs for a draft).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Kind(StrEnum):
    """What an entry is; the value is its ``type`` on the wire."""

    MESSAGE = "message"
    EDITED = "edited"
    DELETED = "deleted"
    REACTED = "reacted"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a room's history: everything up to and including `seq` of numbering `epoch`."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class User:
    """Somebody, with or without a connection. `id` is public and stable."""

    id: str
    nick: str


class OnlineUser:
    """A user with at least one connection: one object, which all of these connections share.

    The only thing here that changes: `nick` is what the user is called now. The journal thread sets
    it once a new nick is persisted; any thread may read it. `returned` says that somebody has come
    with the user's token since this object was made, so that the user is known to have it; only the
    journal thread uses it. To compare nicks, or to keep one, take a `User`.
    """

    __slots__ = ("id", "nick", "returned")

    def __init__(self, user: User) -> None:
        self.id = user.id
        self.nick = user.nick
        self.returned = False


#: Whoever can write: a user as they were at some time, or as they are now.
Author = User | OnlineUser


class Draft(NamedTuple):
    """What a user wants written in a room, before it has a seq.

    `id` is the sender's own; with `user` and `key` it makes a retry recognisable. What else is set
    depends on `kind`:

    * MESSAGE: `text`, and `reply_to` where it answers another message
    * EDITED: `target`, `text`
    * DELETED: `target`
    * REACTED: `target`, `emoji`, `on`
    * TOPIC: `text`
    """

    kind: Kind
    room: str
    key: str
    user: Author
    id: str | None = None
    text: str | None = None
    reply_to: int | None = None
    target: int | None = None
    emoji: str | None = None
    on: bool | None = None
    bot: bool = False


class Entry(NamedTuple):
    """One numbered thing in a room's history. `seq` counts from 1 in each room, without holes.

    The fields of `Draft` mean what they mean there; `user` and `nick` are the author's at the time
    of writing. A message's `text` is as last edited; `edited` is the time of that edit, `deleted`
    says that its text is gone, `reactions` maps an emoji to the ids of the users who react with it,
    in the order in which they did.
    """

    kind: Kind
    room: str
    key: str
    seq: int
    user: str
    nick: str
    time: float
    id: str | None = None
    text: str | None = None
    reply_to: int | None = None
    target: int | None = None
    emoji: str | None = None
    on: bool | None = None
    bot: bool = False
    edited: float | None = None
    deleted: bool = False
    reactions: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """A room as it is listed. `seq` is that of its newest entry, 0 if it has none."""

    room: str
    key: str
    topic: str
    seq: int
