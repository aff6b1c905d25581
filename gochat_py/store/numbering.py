"""Gives each room's entries their seqs; the newest seqs are cached in memory.

The ledger uses this within the writer's transaction, and discards it when that is rolled back.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from . import terms
from .errors import LimitReached
from .rows import find_room
from .schema import LAST_ROOM, SEQ_BITS, SEQ_MASK, read_floor

#: Rooms whose newest seq is cached. Beyond that, the whole cache is dropped and read again.
ROOMS_KEPT = 10_000


@dataclass(slots=True)
class Tail:
    """The end of a room's history: `seq` is that of its newest entry."""

    base: int
    room: str
    key: str
    seq: int
    in_term: bool  # the room has an entry of the current term
    saved: bool = True  # the room's row has the same seq


class Numbering:
    """The tails of rooms that were written to recently, by key."""

    def __init__(self, db: sqlite3.Connection, most_rooms: int) -> None:
        self._most_rooms = most_rooms
        self.tails: dict[str, Tail] = {}
        self._db = db
        self._term = terms.current(db).number
        self._unsaved: list[Tail] = []
        self._firsts: list[tuple[int, int, int]] = []  # room, term, first seq, to be saved

    def tail(self, key: str) -> Tail | None:
        """The tail of a room; None if there is no such room. Raises `Damaged`."""
        return self.tails.get(key) or self.find(key)

    def find(self, key: str) -> Tail | None:
        """Read the tail of a room; None if there is no such room. Raises `Damaged`."""
        found = find_room(self._db, key)
        if found is None:
            return None
        in_term = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM room_terms WHERE room = ? AND term = ?)",
            (found.id, self._term),
        ).fetchone()[0]
        tail = self.tails[key] = Tail(found.base, found.name, key, found.seq, bool(in_term))
        return tail

    def make(self, key: str, name: str) -> Tail:
        """Make the room, with `name` as its displayed name. Raises `LimitReached`."""
        (there_are,) = self._db.execute("SELECT value FROM meta WHERE name = 'rooms'").fetchone()
        if there_are >= self._most_rooms:
            raise LimitReached(
                f"This server has at most {self._most_rooms:,} rooms; use an existing room."
            )
        seq = read_floor(self._db)
        room = self._free_number()
        self._db.execute(
            "INSERT INTO rooms (id, key, name, seq, first, indexed, start)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (room, key, name, seq, seq + 1, seq, seq),
        )
        tail = self.tails[key] = Tail(room << SEQ_BITS, name, key, seq, False)
        return tail

    def _free_number(self) -> int:
        """A number for a room: the next, or, if the last one was used, the lowest free one."""
        (last,) = self._db.execute("SELECT coalesce(max(id), 0) FROM rooms").fetchone()
        if last < LAST_ROOM:
            return int(last) + 1
        row: tuple[int] = self._db.execute(
            "WITH taken (id) AS (SELECT 0 UNION ALL SELECT id FROM rooms)"
            " SELECT min(id) + 1 FROM taken WHERE id + 1 NOT IN (SELECT id FROM rooms)"
        ).fetchone()
        return row[0]

    def advance(self, tail: Tail) -> None:
        """Take the tail's next seq. Raises `LimitReached` at 2⁴⁰ entries."""
        if tail.seq >= SEQ_MASK:
            raise LimitReached("This room is full; use another room.")
        tail.seq += 1
        if not tail.in_term:
            tail.in_term = True
            self._firsts.append((tail.base >> SEQ_BITS, self._term, tail.seq))
        if tail.saved:
            tail.saved = False
            self._unsaved.append(tail)

    def save(self) -> None:
        """Store the newest seqs in the rooms' rows, and the first seq of the current term."""
        if self._firsts:
            self._db.executemany("INSERT INTO room_terms VALUES (?, ?, ?)", self._firsts)
            self._firsts.clear()
        if self._unsaved:
            self._db.executemany(
                "UPDATE rooms SET seq = ? WHERE id = ?",
                [(tail.seq, tail.base >> SEQ_BITS) for tail in self._unsaved],
            )
            for tail in self._unsaved:
                tail.saved = True
            self._unsaved.clear()
        if len(self.tails) > ROOMS_KEPT:
            self.tails.clear()
