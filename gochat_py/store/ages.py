"""Finds the age of an entry whose time lies in the future because the clock was wrong.

The seqs of entries give their order. Their times come from the clock, which may have been wrong. If
a time is later than the clock's time now, by more than is allowed, it says nothing about the age of
its entry. Two other things do: a later entry with a valid time; and, if there is none, the moment
at which maintenance first found such a time. The table `meta` stores that moment: ``future`` is the
latest such time that was found, and ``future_met`` is when it was found.

If the clock is slow, valid times look like future ones. So stored times are never changed: they are
valid again when the clock is right again.
"""

from __future__ import annotations

import sqlite3

from .rows import Room


def met(db: sqlite3.Connection, time: float, now: float) -> float:
    """When the future time `time` was first found, at the latest. Stores this if it is new."""
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
    """The latest times at which the entries of a room were written, for one step at time `now`.

    A time later than `now` + `allowance` (seconds) counts as a future time.
    """

    def __init__(self, db: sqlite3.Connection, room: Room, now: float, allowance: float) -> None:
        self._db = db
        self._room = room
        self._now = now
        self._latest = now + allowance
        self._until, self._written = -1, 0.0  # the last result, which holds for rows below this one

    def written(self, number: int, time: float) -> float:
        """The latest time at which the entry in row `number`, which has this `time`, was written.

        Costs nothing if the time is valid, else twice the logarithm of the room's length.
        """
        if time <= self._latest:
            return time
        if number >= self._until:
            self._find_after(number)
        return self._written

    def _find_after(self, number: int) -> None:
        """Find an entry after row `number` that has a valid time.

        A million entries with future times may come before it. The search assumes that they form
        one run: it doubles its steps until it is past the run, then halves the rest. If there are
        several runs, it may miss the first entry with a valid time; the one it finds is later, and
        serves as well.
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
        """The time of the entry in row `number`; `now` if there is no such entry."""
        row: tuple[float] | None = self._db.execute(
            "SELECT time FROM entries WHERE id = ?", (number,)
        ).fetchone()
        return row[0] if row else self._now
