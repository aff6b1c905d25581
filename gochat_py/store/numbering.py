"""Where each room's numbering stands: kept in memory while a room is written to.

Used by the ledger, within the writer's transaction; thrown away with one that was rolled back.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from .schema import SEQ_BITS

#: Rooms whose newest seq is kept in memory; with more, all are forgotten and read again.
ROOMS_KEPT = 10_000


@dataclass(slots=True)
class Tail:
    """Where a room's numbering stands, and the time of its newest entry."""

    base: int
    room: str
    key: str
    seq: int
    time: float
    saved: bool = True  # the room's row says the same seq


class Numbering:
    """The tails of rooms lately written to, by key."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.tails: dict[str, Tail] = {}
        self._connection = connection
        self._unsaved: list[Tail] = []

    def find(self, key: str) -> Tail | None:
        """Read where a room's numbering stands."""
        row = self._connection.execute(
            "SELECT id, name, seq FROM rooms WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        room, name, seq = row
        base = room << SEQ_BITS
        newest = self._connection.execute(
            "SELECT time FROM entries WHERE id = ?", (base + seq,)
        ).fetchone()
        tail = self.tails[key] = Tail(base, name, key, seq, newest[0] if newest else 0.0)
        return tail

    def make(self, key: str, name: str) -> Tail:
        """Make the room; it is shown as it is spelled now."""
        room = self._connection.execute(
            "INSERT INTO rooms (key, name) VALUES (?, ?)", (key, name)
        ).lastrowid
        assert room is not None
        tail = self.tails[key] = Tail(room << SEQ_BITS, name, key, 0, 0.0)
        return tail

    def advance(self, tail: Tail, time: float) -> None:
        """Note that the tail's next seq is taken."""
        tail.seq += 1
        tail.time = time
        if tail.saved:
            tail.saved = False
            self._unsaved.append(tail)

    def save(self) -> None:
        """Write the newest seqs into the rooms' rows."""
        if self._unsaved:
            self._connection.executemany(
                "UPDATE rooms SET seq = ? WHERE id = ?",
                [(tail.seq, tail.base >> SEQ_BITS) for tail in self._unsaved],
            )
            for tail in self._unsaved:
                tail.saved = True
            self._unsaved.clear()
        if len(self.tails) > ROOMS_KEPT:
            self.tails.clear()
