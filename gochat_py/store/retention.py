"""Forgetting what is old, a little at a time, so that nobody who writes has to wait long.

What is old is said by `Ages`: a time in the future says nothing of an entry's age.
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
from .rows import SOUND_ROOM, Room, blaming

#: A sender may still be retrying what is younger than this, in seconds; the retry could not be
#: recognised once its first attempt is trimmed. So `history_limit` spares it for so long.
RETRY_WINDOW = 3_600.0

#: Rooms looked at in one step of trimming, entries and characters of text forgotten in it. One
#: message may be longer.
ROOMS_LOOKED_AT = 1_024
ENTRIES_AT_ONCE = 200
CHARACTERS_AT_ONCE = 32_768

#: Seconds that a step of trimming takes, or one portion of so many entries if that takes longer:
#: each may have 100 edits and 1,000 reactions.
TRIMMING = 0.01
PORTION = 10

#: A room in which nothing can be read any more is dropped when nobody has written there for so many
#: seconds, and at most so many entries are left of what was deleted.
UNUSED_KEPT = 86_400.0
LEFT_OVER = 1_000

#: Rooms looked at in one step of dropping, read marks of a room deleted at once, and seconds that a
#: step takes, or one such portion if that takes longer.
ROOMS_AT_ONCE = 256
MARKS_AT_ONCE = 1_000
DROPPING = 0.01


@dataclass(frozen=True, slots=True)
class Rule:
    """What is trimmed at the time `now`: entries older than `keep` seconds, and those before the
    newest `history_limit` of a room which are older than `RETRY_WINDOW`. None means no such limit.
    """

    now: float
    keep: float | None = None
    history_limit: int | None = None

    def surplus_until(self, room: Room) -> int:
        """The row number of the newest entry that is beyond the limit; less than any if none is."""
        return 0 if self.history_limit is None else room.base + room.seq - self.history_limit

    def is_over(self, written: float, *, surplus: bool) -> bool:
        """Whether an entry written then is to go."""
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
    """What a step did. `after` is the room after which the next one goes on; None when all had
    their turn. `more` says that a room may have more to be trimmed: all should have another turn.
    """

    entries: int
    after: int | None
    more: bool


def trim(
    db: sqlite3.Connection,
    rule: Rule,
    *,
    after: int = 0,
    passing_over: Container[int] = (),
    batch: int = ENTRIES_AT_ONCE,
    budget: Budget | None = None,
) -> Trimmed:
    """Forget up to `batch` entries, beginning with the rooms after number `after`.

    Always a room's oldest first, so what is kept has no holes. A room keeps counting where it was.
    The rooms `passing_over` are left alone. Raises `DamagedRoom`. A step ends when `budget`
    (`TRIMMING` if left out) is spent, but not before it has forgotten a `PORTION`. Forgetting an
    indexed message takes about 40 µs.
    """
    budget = budget or Budget(TRIMMING)
    left, characters = batch, CHARACTERS_AT_ONCE
    looked = _rooms_with_heads(db, after)
    for room, time in looked:
        if room.id in passing_over:
            continue
        with blaming(room.id):
            ages = Ages(db, room, rule.now, rule.allowance)
            head = room.base + room.first
            if time is not None and not rule.is_over(
                ages.written(head, _sound(time)), surplus=head <= rule.surplus_until(room)
            ):
                continue
            going = _going(db, room, rule, ages, left, characters)
            gone = _trim_room(db, room, going, budget)
        left -= gone
        characters -= sum(_length(text) for _, _, text in going)
        if left <= 0 or characters <= 0 or budget.spent:
            return Trimmed(batch - left, room.id, more=True)
    after_last = looked[-1][0].id if len(looked) == ROOMS_LOOKED_AT else None
    return Trimmed(batch - left, after_last, more=False)


def _rooms_with_heads(db: sqlite3.Connection, after: int) -> list[tuple[Room, float | None]]:
    """The next rooms in which anything is kept, each with the time of its oldest entry."""
    found = db.execute(
        "SELECT rooms.id, key, name, topic, seq, first, indexed, time FROM rooms"
        " LEFT JOIN entries ON entries.id = (rooms.id << 40 | first)"
        f" WHERE rooms.id > ? AND first <= seq AND {SOUND_ROOM} ORDER BY rooms.id LIMIT ?",
        (after, ROOMS_LOOKED_AT),
    )
    return [(Room(*row[:7]), row[7]) for row in found]


def _sound(time: object) -> float:
    """The time of an entry; one that is damaged goes with what is old."""
    return time if isinstance(time, float) else 0.0


def _going(
    db: sqlite3.Connection, room: Room, rule: Rule, ages: Ages, batch: int, characters: int
) -> list[tuple[int, int, str | None]]:
    """The room's oldest entries whose time is over: number, kind and text."""
    surplus_until = rule.surplus_until(room)
    going: list[tuple[int, int, str | None]] = []
    for number, time, kind, text in db.execute(
        "SELECT id, time, kind, text FROM entries WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
        (room.base + room.first, room.base + room.seq, batch),
    ):
        written = ages.written(number, _sound(time))
        over = rule.is_over(written, surplus=number <= surplus_until)
        if not over or characters <= 0:
            break
        going.append((number, kind, text))
        characters -= _length(text)
    return going


def _length(text: object) -> int:
    """Characters of a text; there is none, or one that is damaged."""
    return len(text) if isinstance(text, str) else 0


def _trim_room(
    db: sqlite3.Connection,
    room: Room,
    going: list[tuple[int, int, str | None]],
    budget: Budget,
) -> int:
    """Forget these entries, the room's oldest, until the budget is spent; returns how many went."""
    gone = 0
    while gone < len(going) and not (gone and budget.spent):
        portion = going[gone : gone + PORTION]
        gone += len(portion)
        first, last = portion[0][0], portion[-1][0]
        trigrams.remove(
            db,
            [
                (number, text)
                for number, kind, text in portion
                if kind == 0 and text is not None and number <= room.base + room.indexed
            ],
        )
        # What an edit made of a message that is gone must not outlive it. Reactions cascade.
        db.execute(
            "UPDATE entries SET text = NULL WHERE target BETWEEN ? AND ? AND kind = 1",
            (first, last),
        )
        db.execute("DELETE FROM entries WHERE id BETWEEN ? AND ?", (first, last))
    if gone:
        db.execute(
            "UPDATE rooms SET first = ? WHERE id = ?", (going[gone - 1][0] - room.base + 1, room.id)
        )
    return gone


def drop_rooms(
    db: sqlite3.Connection,
    now: float,
    *,
    after: int = 0,
    passing_over: Container[int] = (),
) -> tuple[int, int | None]:
    """Drop rooms in which nothing can be read any more, beginning after room number `after`.

    Of the others, forgets what they have of terms that are not known any more. Returns how many
    were dropped, and where the next step goes on; None when all had their turn. `Writer.forget` has
    to follow the commit. Rooms made later count on from the greatest seq of any that was dropped: a
    position that a client still has never means two things. The rooms `passing_over` are left
    alone. Raises `DamagedRoom`.
    """
    budget = Budget(DROPPING)
    dropped = 0
    looked = _rooms_after(db, after)
    for room in looked:
        if room.id in passing_over:
            continue
        with blaming(room.id):
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
    """Whether the room has no entry, or none but traces of deleted messages, and is quiet."""
    newest = db.execute("SELECT time FROM entries WHERE id = ?", (room.base + room.seq,)).fetchone()
    if newest is None:
        return True
    if room.seq - room.first >= LEFT_OVER:
        return False
    ages = Ages(db, room, now, allowance(UNUSED_KEPT))
    if ages.written(room.base + room.seq, _sound(newest[0])) > now - UNUSED_KEPT:
        return False
    readable = db.execute(
        "SELECT 1 FROM entries WHERE id BETWEEN ? AND ? AND text IS NOT NULL LIMIT 1",
        (room.base + room.first, room.base + room.seq),
    ).fetchone()
    return readable is None


def _delete_marks(db: sqlite3.Connection, room: Room) -> bool:
    """Delete some of the room's read marks, which every user may have; whether more are left."""
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
    """The next rooms to look at, beginning after number `after`."""
    found = db.execute(
        "SELECT id, key, name, topic, seq, first, indexed FROM rooms"
        f" WHERE id > ? AND {SOUND_ROOM} ORDER BY id LIMIT ?",
        (after, ROOMS_AT_ONCE),
    )
    return [Room(*row) for row in found]


def shrink(db: sqlite3.Connection, pages: int = 64) -> bool:
    """Give up to `pages` freed pages back to the file system; returns whether there are more.

    The file itself becomes smaller with the next checkpoint.
    """
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    for _ in range(min(free, pages)):
        # One by one: a larger number takes one step a page, of which `execute` makes but the first,
        # as the statement returns no columns.
        db.execute("PRAGMA incremental_vacuum(1)")
    return bool(free > pages)
