"""How old an entry is whose time lies in the future, because the clock was wrong.

Entries are in the order of their seqs; their times are the clock's, which may have been wrong. A
time that is later than the clock says now, by more than is allowed, tells nothing about the age of
its entry. Two things do: an entry that was written after it and has a believable time; and, where
there is none, the moment at which maintenance first met such a time. That moment is kept in the
table `meta`: ``future`` is the latest such time that was met, and ``future_met`` when.

If the clock is behind, believable times look like future ones. So times are never rewritten: when
the clock is right again, they count.
"""

from __future__ import annotations

import sqlite3

from .rows import Room


def met(db: sqlite3.Connection, time: float, now: float) -> float:
    """When a time in the future, `time`, was first met, at the latest. Writes it if it is new."""
    meta = dict(
        db.execute("SELECT name, value FROM meta WHERE name IN ('future', 'future_met')").fetchall()
    )
    if time <= meta.get("future", 0.0) and meta["future_met"] <= now:
        return float(meta["future_met"])
    db.executemany(
        "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
        [("future", time), ("future_met", now)],
    )
    return now


class Ages:
    """When the entries of a room were written, at the latest, for one step at time `now`.

    A time later than `now` + `allowance` (seconds) lies in the future.
    """

    def __init__(self, db: sqlite3.Connection, room: Room, now: float, allowance: float) -> None:
        self._db = db
        self._room = room
        self._now = now
        self._latest = now + allowance
        self._until, self._written = -1, 0.0  # what was found out, for rows below this one

    def written(self, number: int, time: float) -> float:
        """When the entry in row `number`, which has this `time`, was written, at the latest.

        Costs nothing where the time is believable, else twice the logarithm of the room's length.
        """
        if time <= self._latest:
            return time
        if number >= self._until:
            self._find_after(number)
        return self._written

    def _find_after(self, number: int) -> None:
        """Find an entry after row `number` that has a believable time.

        There may be a million before it. They are taken for one run, which a search by doubling,
        then by halving, leaves. Where they are several, an entry after the first may be found: all
        the same it was written later.
        """
        newest = self._room.base + self._room.seq
        low, step = number, 1
        while True:
            high = min(number + step, newest)
            time = self._time(high)
            if time <= self._latest:
                break
            if high == newest:
                self._until, self._written = newest + 1, met(self._db, time, self._now)
                return
            low, step = high, 2 * step
        while high - low > 1:
            middle = (low + high) // 2
            found = self._time(middle)
            if found <= self._latest:
                high, time = middle, found
            else:
                low = middle
        self._until, self._written = high, time

    def _time(self, number: int) -> float:
        """The time of the entry in row `number`; of one that is not there, now."""
        row: tuple[float] | None = self._db.execute(
            "SELECT time FROM entries WHERE id = ?", (number,)
        ).fetchone()
        return row[0] if row else self._now
