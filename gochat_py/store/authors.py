"""Records which users have written anything: they are stored for longer than other users.

The ledger uses this within the writer's transaction, and discards it when that is rolled back.
"""

from __future__ import annotations

import sqlite3

#: Authors remembered in memory. Beyond that, all are removed from memory and recorded again.
AUTHORS_KEPT = 10_000


class Authors:
    """Marks the rows of users who wrote, once for each user while the user is remembered."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: set[str] = set()
        self._unsaved: list[str] = []

    def note(self, user: str) -> None:
        """Record that the user writes something now."""
        if user not in self._known:
            self._known.add(user)
            self._unsaved.append(user)

    def save(self) -> None:
        """Mark the users' rows; a user without a row (of a classic client) is skipped."""
        if self._unsaved:
            self._db.executemany(
                "UPDATE users SET wrote = 1 WHERE id = ? AND wrote = 0",
                [(user,) for user in self._unsaved],
            )
            self._unsaved.clear()
        if len(self._known) > AUTHORS_KEPT:
            self._known.clear()
