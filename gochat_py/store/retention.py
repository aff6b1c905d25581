"""Deletes old entries and unused rooms, in small steps, so that writes do not wait long for it.

`Ages` gives the age of an entry: a time in the future says nothing about it.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Container
from dataclasses import dataclass

from ..core.clock import allowance
from . import terms, trigrams
from .ages import Ages
from .budget import Budget
from .rows import VALID_ROOM, Room, raising_damaged_room

#: Seconds during which a client may retry a message. A retry could not be recognized if its first
#: attempt were trimmed, so `history_limit` does not trim younger entries.
RETRY_WINDOW = 3_600.0

#: Rooms checked in one step of trimming; entries and characters of text deleted in it. One message
#: may be longer.
ROOMS_LOOKED_AT = 1_024
ENTRIES_AT_ONCE = 200
CHARACTERS_AT_ONCE = 32_768

#: Seconds that a step of trimming takes, or one portion of this many entries if that takes longer:
#: each may have 100 edits and 1,000 reactions.
TRIMMING = 0.01
PORTION = 10

#: A room without readable entries is dropped when no user has written there for this many seconds,
#: and at most this many entries of deleted messages are left.
UNUSED_KEPT = 86_400.0
LEFT_OVER = 1_000

#: Rooms checked in one step of dropping, read marks of a room deleted at once, and seconds that a
#: step takes, or one portion of read marks if that takes longer.
ROOMS_AT_ONCE = 256
MARKS_AT_ONCE = 1_000
DROPPING = 0.01


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule by which entries are trimmed at the time `now`.

    Trimmed are entries older than `keep` seconds, and entries older than `RETRY_WINDOW` that are
    not among the newest `history_limit` of their room. None means no such limit.
    """

    now: float
    keep: float | None = None
    history_limit: int | None = None

    def surplus_until(self, room: Room) -> int:
        """The row number of the newest entry beyond `history_limit`; less than any if none is."""
        return 0 if self.history_limit is None else room.base + room.seq - self.history_limit

    def is_over(self, written: float, *, surplus: bool) -> bool:
        """Whether an entry written at this time is to be trimmed."""
        if surplus and written < self.now - RETRY_WINDOW:
            return True
        return self.keep is not None and written < self.now - self.keep

    @property
    def allowance(self) -> float:
        """See `core.clock.allowance`."""
        window = RETRY_WINDOW if self.history_limit is not None else math.inf
        return allowance(min(window, math.inf if self.keep is None else self.keep))


@dataclass(frozen=True, slots=True)
class Trimmed:
    """The result of a step.

    The next step goes on after the room `after`; None means that all rooms were checked. `more`
    means that a room may have more to trim: then all rooms should be checked again.
    """

    entries: int
    after: int | None
    more: bool


def trim(
    db: sqlite3.Connection,
    rule: Rule,
    *,
    after: int = 0,
    skip: Container[int] = (),
    batch: int = ENTRIES_AT_ONCE,
    budget: Budget | None = None,
) -> Trimmed:
    """Delete up to `batch` old entries, beginning with the rooms after number `after`.

    The oldest entries of a room go first, so its history has no gaps. The room's seqs go on as
    before. The rooms `skip` are skipped. A step ends when `budget` (default: `TRIMMING` seconds) is
    spent, but not before it has deleted a `PORTION`. Deleting an indexed message takes about 40 µs.
    Raises `DamagedRoom`.
    """
    budget = budget or Budget(TRIMMING)
    left, characters = batch, CHARACTERS_AT_ONCE
    looked = _rooms_with_heads(db, after)
    for room, time in looked:
        if room.id in skip:
            continue
        with raising_damaged_room(room.id):
            ages = Ages(db, room, rule.now, rule.allowance)
            head = room.base + room.first
            if time is not None and not rule.is_over(
                ages.written(head, _valid_time(time)), surplus=head <= rule.surplus_until(room)
            ):
                continue
            expired = _expired(db, room, rule, ages, left, characters)
            deleted = _trim_room(db, room, expired, budget)
        left -= deleted
        characters -= sum(_length(text) for _, _, text in expired)
        if left <= 0 or characters <= 0 or budget.spent:
            return Trimmed(batch - left, room.id, more=True)
    after_last = looked[-1][0].id if len(looked) == ROOMS_LOOKED_AT else None
    return Trimmed(batch - left, after_last, more=False)


def _rooms_with_heads(db: sqlite3.Connection, after: int) -> list[tuple[Room, float | None]]:
    """The next rooms that have entries, each with the time of its oldest entry."""
    found = db.execute(
        "SELECT rooms.id, key, name, topic, seq, first, indexed, time FROM rooms"
        " LEFT JOIN entries ON entries.id = (rooms.id << 40 | first)"
        f" WHERE rooms.id > ? AND first <= seq AND {VALID_ROOM} ORDER BY rooms.id LIMIT ?",
        (after, ROOMS_LOOKED_AT),
    )
    return [(Room(*row[:7]), row[7]) for row in found]


def _valid_time(time: object) -> float:
    """The time of an entry; a damaged time counts as old."""
    return time if isinstance(time, float) else 0.0


def _expired(
    db: sqlite3.Connection, room: Room, rule: Rule, ages: Ages, batch: int, characters: int
) -> list[tuple[int, int, str | None]]:
    """The room's oldest entries, as far as they are to be trimmed: number, kind and text."""
    surplus_until = rule.surplus_until(room)
    expired: list[tuple[int, int, str | None]] = []
    for number, time, kind, text in db.execute(
        "SELECT id, time, kind, text FROM entries WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
        (room.base + room.first, room.base + room.seq, batch),
    ):
        written = ages.written(number, _valid_time(time))
        over = rule.is_over(written, surplus=number <= surplus_until)
        if not over or characters <= 0:
            break
        expired.append((number, kind, text))
        characters -= _length(text)
    return expired


def _length(text: object) -> int:
    """The number of characters of a text; 0 if there is none, or if it is damaged."""
    return len(text) if isinstance(text, str) else 0


def _trim_room(
    db: sqlite3.Connection,
    room: Room,
    expired: list[tuple[int, int, str | None]],
    budget: Budget,
) -> int:
    """Delete these entries, the room's oldest, until the budget is spent; return how many."""
    deleted = 0
    while deleted < len(expired) and not (deleted and budget.spent):
        portion = expired[deleted : deleted + PORTION]
        deleted += len(portion)
        first, last = portion[0][0], portion[-1][0]
        trigrams.remove(
            db,
            [
                (number, text)
                for number, kind, text in portion
                if kind == 0 and text is not None and number <= room.base + room.indexed
            ],
        )
        # The text of an edit must be deleted with its message. Reactions cascade.
        db.execute(
            "UPDATE entries SET text = NULL WHERE target BETWEEN ? AND ? AND kind = 1",
            (first, last),
        )
        db.execute("DELETE FROM entries WHERE id BETWEEN ? AND ?", (first, last))
    if deleted:
        db.execute(
            "UPDATE rooms SET first = ? WHERE id = ?",
            (expired[deleted - 1][0] - room.base + 1, room.id),
        )
    return deleted


def drop_rooms(
    db: sqlite3.Connection,
    now: float,
    *,
    after: int = 0,
    skip: Container[int] = (),
) -> tuple[int, int | None]:
    """Drop rooms without readable entries, beginning after room number `after`.

    Of the other rooms, delete the records of terms that are not known any more. Returns how many
    rooms were dropped, and where the next step goes on; None if all rooms were checked. The caller
    has to call `Writer.forget` after the commit. In rooms made later, the seqs go on after the
    greatest seq of any dropped room: so a position that a client still has is never ambiguous. The
    rooms `skip` are skipped. Raises `DamagedRoom`.
    """
    budget = Budget(DROPPING)
    dropped = 0
    looked = _rooms_after(db, after)
    for room in looked:
        if room.id in skip:
            continue
        with raising_damaged_room(room.id):
            if _is_unused(db, room, now):
                if _delete_marks(db, room):
                    return dropped, room.id - 1
                _drop(db, room)
                dropped += 1
            else:
                terms.prune(db, room.id)
        if budget.spent:
            return dropped, room.id
    return dropped, looked[-1].id if len(looked) == ROOMS_AT_ONCE else None


def _is_unused(db: sqlite3.Connection, room: Room, now: float) -> bool:
    """Whether the room has no readable entry, and nothing was written there recently."""
    newest = db.execute("SELECT time FROM entries WHERE id = ?", (room.base + room.seq,)).fetchone()
    if newest is None:
        return True
    if room.seq - room.first >= LEFT_OVER:
        return False
    ages = Ages(db, room, now, allowance(UNUSED_KEPT))
    if ages.written(room.base + room.seq, _valid_time(newest[0])) > now - UNUSED_KEPT:
        return False
    readable = db.execute(
        "SELECT 1 FROM entries WHERE id BETWEEN ? AND ? AND text IS NOT NULL LIMIT 1",
        (room.base + room.first, room.base + room.seq),
    ).fetchone()
    return readable is None


def _delete_marks(db: sqlite3.Connection, room: Room) -> bool:
    """Delete some of the room's read marks (every user may have one); whether more may be left."""
    return (
        db.execute(
            "DELETE FROM reads WHERE room = ?1"
            " AND user IN (SELECT user FROM reads WHERE room = ?1 LIMIT ?2)",
            (room.id, MARKS_AT_ONCE),
        ).rowcount
        == MARKS_AT_ONCE
    )


def _drop(db: sqlite3.Connection, room: Room) -> None:
    terms.note_dropped(db, room)
    db.execute(
        "DELETE FROM entries WHERE id BETWEEN ? AND ?",
        (room.base + room.first, room.base + room.seq),
    )
    db.execute("DELETE FROM rooms WHERE id = ?", (room.id,))
    db.execute("UPDATE meta SET value = max(value, ?) WHERE name = 'floor'", (room.seq,))


def _rooms_after(db: sqlite3.Connection, after: int) -> list[Room]:
    """The next rooms to check, beginning after number `after`."""
    found = db.execute(
        "SELECT id, key, name, topic, seq, first, indexed FROM rooms"
        f" WHERE id > ? AND {VALID_ROOM} ORDER BY id LIMIT ?",
        (after, ROOMS_AT_ONCE),
    )
    return [Room(*row) for row in found]


def shrink(db: sqlite3.Connection, pages: int = 64) -> bool:
    """Return up to `pages` free pages to the file system; whether there are more.

    The file itself becomes smaller with the next checkpoint.
    """
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(free, pages)):
        # One by one: a larger number takes one step for each page, and `execute` makes only the
        # first step, because the statement returns no columns.
        db.execute("PRAGMA incremental_vacuum(1)")
    return bool(free > pages)
