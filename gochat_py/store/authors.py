"""Who has written anything: such users are kept for longer than those who only came by.

Used by the ledger, within the writer's transaction; thrown away with one that was rolled back.
"""

from __future__ import annotations

import sqlite3

#: Authors kept in memory as known; with more, all are forgotten and noted again.
AUTHORS_KEPT = 10_000


class Authors:
    """Notes in the rows of users that they wrote, once for each while it is remembered."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: set[str] = set()
        self._unsaved: list[str] = []

    def note(self, user: str) -> None:
        """The user writes something now."""
        if user not in self._known:
            self._known.add(user)
            self._unsaved.append(user)

    def save(self) -> None:
        """Write it into the users' rows; who has none (a classic client) is passed over."""
        if self._unsaved:
            self._db.executemany(
                "UPDATE users SET wrote = 1 WHERE id = ? AND wrote = 0",
                [(user,) for user in self._unsaved],
            )
            self._unsaved.clear()
        if len(self._known) > AUTHORS_KEPT:
            self._known.clear()
