"""From rows to entries, in the one way that reading and writing share."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..message import Entry
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

    @property
    def base(self) -> int:
        """What its entries' row numbers count from: `base + seq`."""
        return self.id << SEQ_BITS


def find_room(connection: sqlite3.Connection, key: str) -> Room | None:
    """The room called `key`, if anything was ever written there."""
    row = connection.execute(
        "SELECT id, key, name, topic, seq, first, indexed FROM rooms WHERE key = ?", (key,)
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


def entries(
    connection: sqlite3.Connection, room: str, key: str, rows: Iterable[tuple[Any, ...]]
) -> list[Entry]:
    """The entries of one room that `rows` hold, oldest first, with what people reacted.

    `rows` may come in either direction. Reactions take one more query, however many rows there are.
    """
    found = sorted(rows)
    if not found:
        return []
    reactions = reactions_between(connection, found[0][0], found[-1][0])
    return [entry(row, room, key, reactions.get(row[0], {})) for row in found]


def reactions_between(
    connection: sqlite3.Connection, first: int, last: int
) -> dict[int, Reactions]:
    """What people react with to the messages from row `first` to row `last`."""
    return _gather(
        connection.execute(
            "SELECT message, emoji, user FROM reactions"
            " WHERE message BETWEEN ? AND ? AND state = 1 ORDER BY message, entry",
            (first, last),
        )
    )


def reactions_to(connection: sqlite3.Connection, numbers: list[int]) -> dict[int, Reactions]:
    """What people react with to the messages of these row numbers, wherever they are."""
    places = ", ".join("?" * len(numbers))
    return _gather(
        connection.execute(
            f"SELECT message, emoji, user FROM reactions"
            f" WHERE message IN ({places}) AND state = 1 ORDER BY message, entry",
            numbers,
        )
    )


def one_entry(connection: sqlite3.Connection, number: int, room: str, key: str) -> Entry | None:
    """The entry in row `number` as it stands now, unless it was trimmed or never was."""
    row = connection.execute(f"SELECT {COLUMNS} FROM entries WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    return entry(row, room, key, reactions_to(connection, [number]).get(number, {}))


def _gather(rows: Iterable[tuple[int, str, str]]) -> dict[int, Reactions]:
    """By message and emoji, the users in the order in which they reacted."""
    gathered: dict[int, dict[str, list[str]]] = {}
    for message, emoji, user in rows:
        gathered.setdefault(message, {}).setdefault(emoji, []).append(user)
    return {
        message: {emoji: tuple(users) for emoji, users in by_emoji.items()}
        for message, by_emoji in gathered.items()
    }
