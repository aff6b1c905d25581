"""From rows to entries, in the one way that reading and writing share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from ..core.encode import weigh
from ..message import Entry
from .bounds import EMOJI, REACTIONS
from .schema import KINDS, SEQ_BITS, SEQ_MASK

#: What `entry` reads, in its order.
COLUMNS = (
    "id, kind, user, nick, time, sent, text, reply_to, target, emoji, state, bot, edited, deleted"
)

Reactions = dict[str, tuple[str, ...]]


class Room(NamedTuple):
    """A room's row."""

    id: int
    key: str
    name: str
    topic: str
    seq: int
    first: int
    indexed: int
    start: int = 0  # the seq before the first that it ever had; 0 where that is not known

    @property
    def truncated(self) -> bool:
        """Whether entries of this room were trimmed."""
        return self.first - 1 > self.start

    @property
    def base(self) -> int:
        """What its entries' row numbers count from: `base + seq`."""
        return self.id << SEQ_BITS


def find_room(connection: sqlite3.Connection, key: str) -> Room | None:
    """The room called `key`, if anything was ever written there."""
    row = connection.execute(
        "SELECT id, key, name, topic, seq, first, indexed, start FROM rooms WHERE key = ?", (key,)
    ).fetchone()
    return Room(*row) if row else None


def entry(row: tuple[Any, ...], room: str, key: str, reactions: Reactions) -> Entry:
    """The entry that a row of `COLUMNS` holds."""
    (
        number,
        kind,
        user,
        nick,
        time,
        sent,
        text,
        reply_to,
        target,
        emoji,
        state,
        bot,
        edited,
        gone,
    ) = row
    return Entry(
        kind=KINDS[kind],
        room=room,
        key=key,
        seq=number & SEQ_MASK,
        user=user,
        nick=nick,
        time=time,
        id=sent,
        text=text,
        reply_to=reply_to,
        target=None if target is None else target & SEQ_MASK,
        emoji=emoji,
        on=None if state is None else bool(state),
        bot=bool(bot),
        edited=edited,
        deleted=gone is not None,
        reactions=reactions,
    )


def walk(
    connection: sqlite3.Connection, room: Room, after: int, last: int, *, newest_first: bool
) -> Iterator[Entry]:
    """The entries after the seq `after`, up to and with `last`, with what people react.

    They are read one by one, as they are asked for: who stops early has read no more.
    """
    bounds = (room.base + after, room.base + last)
    order = "DESC" if newest_first else "ASC"
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM entries WHERE id > ? AND id <= ? ORDER BY id {order}", bounds
    )
    reacted = Reacted(
        connection.execute(
            "SELECT message, emoji, user FROM reactions WHERE message > ? AND message <= ?"
            f" AND state = 1 ORDER BY message {order}, entry",
            bounds,
        )
    )
    for row in rows:
        yield entry(row, room.name, room.key, reacted.to(row[0]))


class Reacted:
    """What people react, read along with messages that are met in the same order, and no faster."""

    def __init__(self, rows: Iterable[tuple[int, str, str]]) -> None:
        self._messages = groupby(rows, itemgetter(0))
        self._next: tuple[int, Iterable[tuple[int, str, str]]] | None = next(self._messages, None)

    def to(self, number: int) -> Reactions:
        """What people react with to the message in row `number`, which is the next."""
        if self._next is None or self._next[0] != number:
            return {}
        found = gather(self._next[1])
        self._next = next(self._messages, None)
        return found


def fitting(entries: Iterable[Entry], budget: int) -> tuple[list[Entry], bool]:
    """The first of `entries` whose JSON takes `budget` bytes, at least one; whether that is all."""
    taken: list[Entry] = []
    for each in entries:
        budget -= weigh(each)
        if budget < 0 and taken:
            return taken, False
        taken.append(each)
    return taken, True


def one_entry(
    connection: sqlite3.Connection, number: int, room: str, key: str, *, reactions: bool
) -> Entry | None:
    """The entry in row `number` as it stands now, unless it was trimmed or never was.

    With `reactions`, also what people react with, of which there may be hundreds.
    """
    row = connection.execute(f"SELECT {COLUMNS} FROM entries WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    return entry(row, room, key, reactions_to(connection, [number]).to(number) if reactions else {})


def is_standing(connection: sqlite3.Connection, number: int) -> bool:
    """Whether row `number` is a message that was not deleted."""
    row = connection.execute(
        "SELECT 1 FROM entries WHERE id = ? AND kind = 0 AND deleted IS NULL", (number,)
    ).fetchone()
    return row is not None


def reactions_to(connection: sqlite3.Connection, numbers: Sequence[int]) -> Reacted:
    """What people react with to the messages of these row numbers, the greatest first."""
    places = ", ".join("?" * len(numbers))
    return Reacted(
        connection.execute(
            f"SELECT message, emoji, user FROM reactions"
            f" WHERE message IN ({places}) AND state = 1 ORDER BY message DESC, entry",
            numbers,
        )
    )


def gather(rows: Iterable[tuple[int, str, str]]) -> Reactions:
    """Of one message: by emoji, the users in the order in which they reacted.

    No more than may be set today; of a message from before there was a limit the rest is left out.
    """
    gathered: dict[str, list[str]] = {}
    for _, emoji, user in islice(rows, REACTIONS):
        if emoji in gathered or len(gathered) < EMOJI:
            gathered.setdefault(emoji, []).append(user)
    return {emoji: tuple(users) for emoji, users in gathered.items()}
