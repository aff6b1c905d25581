"""Forgetting what is old, a little at a time, so that nobody who writes has to wait long."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from . import grams
from .rows import Room

#: A sender may still be retrying what is younger than this, in seconds; the retry could not be
#: recognised once its first attempt is trimmed. So `history_limit` spares it for so long.
RETRY_WINDOW = 3_600.0

#: Rooms looked at in one step.
ROOMS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What a step did. `after` is where the next one goes on; None when all had their turn."""

    entries: int
    after: int | None


def trim(
    connection: sqlite3.Connection,
    *,
    older_than: float | None,
    history_limit: int | None,
    now: float,
    batch: int = 200,
    after: int = 0,
) -> Trimmed:
    """Forget up to `batch` entries, beginning with the rooms after number `after`.

    An entry goes when its time is before `older_than`, or when `history_limit` newer ones are kept
    and it is older than `RETRY_WINDOW`; always a room's oldest first, so what is kept has no holes.
    A room keeps counting where it was. Forgetting an indexed message takes about 40 µs.
    """
    left = batch
    looked = connection.execute(
        "SELECT id, key, name, topic, seq, first, indexed FROM rooms"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (after, ROOMS_AT_ONCE),
    ).fetchall()
    for room in map(Room._make, looked):
        left -= _trim_room(connection, room, older_than, history_limit, now, left)
        if not left:
            return Trimmed(batch, room.id - 1)
    return Trimmed(batch - left, looked[-1][0] if len(looked) == ROOMS_AT_ONCE else None)


def _trim_room(
    connection: sqlite3.Connection,
    room: Room,
    older_than: float | None,
    history_limit: int | None,
    now: float,
    batch: int,
) -> int:
    """Forget up to `batch` of the room's oldest entries; returns how many."""
    surplus_until = room.base + room.seq - (room.seq if history_limit is None else history_limit)
    going = []
    for row in connection.execute(
        "SELECT id, time, kind, text FROM entries WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
        (room.base + room.first, room.base + room.seq, batch),
    ):
        number, time = row[:2]
        old = older_than is not None and time < older_than
        surplus = number <= surplus_until and time < now - RETRY_WINDOW
        if not (old or surplus):
            break
        going.append(row)
    if not going:
        return 0
    first, last = going[0][0], going[-1][0]
    grams.remove(
        connection,
        [
            (number, text)
            for number, _, kind, text in going
            if kind == 0 and text is not None and number <= room.base + room.indexed
        ],
    )
    # What an edit made of a message that is gone must not outlive it. Reactions cascade.
    connection.execute(
        "UPDATE entries SET text = NULL WHERE target BETWEEN ? AND ? AND kind = 1", (first, last)
    )
    connection.execute("DELETE FROM entries WHERE id BETWEEN ? AND ?", (first, last))
    connection.execute("UPDATE rooms SET first = ? WHERE id = ?", (last - room.base + 1, room.id))
    return len(going)


def shrink(connection: sqlite3.Connection, pages: int = 64) -> bool:
    """Give up to `pages` freed pages back to the file system; returns whether there are more.

    The file itself becomes smaller with the next checkpoint.
    """
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(free, pages)):
        # One by one: a larger number takes one step a page, of which `execute` makes but the first,
        # as the statement returns no columns.
        connection.execute("PRAGMA incremental_vacuum(1)")
    return bool(free > pages)
