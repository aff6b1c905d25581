"""The value types that threads pass to each other: users, drafts, entries, rooms.

A `Draft` is a message or change that a user wants written; an `Entry` is one that has a number.
Everything here except `OnlineUser` is frozen, so any queue may carry it. Times are seconds since
1970, UTC, rounded to milliseconds. A room has two names: `room` as it is shown, `key` as it is
compared (case-folded).

`Draft` and `Entry`, of which each message needs one, are named tuples: to make a frozen dataclass
takes three times as long (2.7 µs instead of 0.9 for a draft).
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
    """A position in a room's history: all entries up to and including `seq` of `epoch`.

    `epoch` identifies the numbering: a `seq` has a meaning only in its own epoch.
    """

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class User:
    """A user, with or without a connection. `id` is public and stable."""

    id: str
    nick: str


class OnlineUser:
    """A user with at least one connection: one object, which all of these connections share.

    It is the only mutable type here. `nick` is the current nick. The journal thread sets it after
    a new nick is committed; any thread may read it. `returned` tells that a client has presented
    the user's token since this object was made, so the user is known to have received it; only the
    journal thread uses it. To compare nicks, or to keep one, use a `User`.
    """

    __slots__ = ("id", "nick", "returned")

    def __init__(self, user: User) -> None:
        self.id = user.id
        self.nick = user.nick
        self.returned = False


#: The author of something: a user as they were at some time, or as they are now.
Author = User | OnlineUser


class Draft(NamedTuple):
    """What a user wants written in a room, before it has a seq.

    `id` is chosen by the sender; with `user` and `key` it identifies a retry. Which other fields
    are set depends on `kind`:

    * MESSAGE: `text`, and `reply_to` if it is a reply to another message
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
    """One numbered item of a room's history. `seq` counts from 1 in each room, without gaps.

    The fields that `Draft` has, too, mean the same; `user` and `nick` are the author's at the time
    of writing. The `text` of a message is as last edited; `edited` is the time of that edit.
    `deleted` means that the text was removed. `reactions` maps an emoji to the ids of the users who
    react with it, in the order in which they reacted.
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
    """A room in the list of rooms. `seq` is that of its newest entry, 0 if it has none."""

    room: str
    key: str
    topic: str
    seq: int
