"""Forgetting what is old, a little at a time, so that nobody who writes has to wait long."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from . import grams, terms
from .budget import Budget
from .rows import Room

#: A sender may still be retrying what is younger than this, in seconds; the retry could not be
#: recognised once its first attempt is trimmed. So `history_limit` spares it for so long.
RETRY_WINDOW = 3_600.0

#: Rooms looked at in one step, and characters of text forgotten. One message may be longer.
ROOMS_AT_ONCE = 256
CHARACTERS_AT_ONCE = 32_768

#: A room in which nothing can be read any more is dropped when nobody has written there for so many
#: seconds, and at most so many entries are left of what was deleted.
UNUSED_KEPT = 86_400.0
LEFT_OVER = 1_000

#: Seconds that a step of dropping rooms takes, or one room if that takes longer.
DROPPING = 0.01


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
    left, characters = batch, CHARACTERS_AT_ONCE
    looked = _rooms_after(connection, after)
    for room in looked:
        going = _going(connection, room, older_than, history_limit, now, left, characters)
        _trim_room(connection, room, going)
        left -= len(going)
        characters -= sum(len(text or "") for _, _, _, text in going)
        if not left or characters <= 0:
            return Trimmed(batch - left, room.id - 1)
    return Trimmed(batch - left, looked[-1].id if len(looked) == ROOMS_AT_ONCE else None)


def _going(
    connection: sqlite3.Connection,
    room: Room,
    older_than: float | None,
    history_limit: int | None,
    now: float,
    batch: int,
    characters: int,
) -> list[tuple[int, float, int, str | None]]:
    """The room's oldest entries whose time is over: number, time, kind and text."""
    surplus_until = room.base + room.seq - (room.seq if history_limit is None else history_limit)
    going: list[tuple[int, float, int, str | None]] = []
    for row in connection.execute(
        "SELECT id, time, kind, text FROM entries WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
        (room.base + room.first, room.base + room.seq, batch),
    ):
        number, time, _, text = row
        old = older_than is not None and time < older_than
        surplus = number <= surplus_until and time < now - RETRY_WINDOW
        if not (old or surplus) or characters <= 0:
            break
        going.append(row)
        characters -= len(text or "")
    return going


def _trim_room(
    connection: sqlite3.Connection, room: Room, going: list[tuple[int, float, int, str | None]]
) -> None:
    """Forget these entries, the room's oldest."""
    if not going:
        return
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


def drop_rooms(
    connection: sqlite3.Connection, now: float, *, after: int = 0
) -> tuple[int, int | None]:
    """Drop rooms in which nothing can be read any more, beginning after room number `after`.

    Of the others, forgets what they have of terms that are not known any more. Returns how many
    were dropped, and where the next step goes on; None when all had their turn. `Writer.forget` has
    to follow the commit. Rooms made later count on from the greatest seq of any that was
    dropped: a position that a client still has never means two things.
    """
    budget = Budget(DROPPING)
    dropped = 0
    looked = _rooms_after(connection, after)
    for room in looked:
        if _is_unused(connection, room, now):
            _drop(connection, room)
            dropped += 1
        else:
            terms.prune(connection, room.id)
        if budget.spent:
            return dropped, room.id
    return dropped, looked[-1].id if len(looked) == ROOMS_AT_ONCE else None


def _is_unused(connection: sqlite3.Connection, room: Room, now: float) -> bool:
    """Whether the room has no entry, or none but traces of deleted messages, and is quiet."""
    newest = connection.execute(
        "SELECT time FROM entries WHERE id = ?", (room.base + room.seq,)
    ).fetchone()
    if newest is None:
        return True
    if newest[0] > now - UNUSED_KEPT or room.seq - room.first >= LEFT_OVER:
        return False
    readable = connection.execute(
        "SELECT 1 FROM entries WHERE id BETWEEN ? AND ? AND text IS NOT NULL LIMIT 1",
        (room.base + room.first, room.base + room.seq),
    ).fetchone()
    return readable is None


def _drop(connection: sqlite3.Connection, room: Room) -> None:
    terms.note_dropped(connection, room)
    connection.execute("DELETE FROM reads WHERE room = ?", (room.id,))
    connection.execute(
        "DELETE FROM entries WHERE id BETWEEN ? AND ?",
        (room.base + room.first, room.base + room.seq),
    )
    connection.execute("DELETE FROM rooms WHERE id = ?", (room.id,))
    connection.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'floor'", (room.seq,))


def _rooms_after(connection: sqlite3.Connection, after: int) -> list[Room]:
    """The next rooms to look at, beginning after number `after`."""
    found = connection.execute(
        "SELECT id, key, name, topic, seq, first, indexed FROM rooms"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (after, ROOMS_AT_ONCE),
    )
    return [Room(*row) for row in found]


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
