"""Begins and commits transactions of the writer, and recognizes its database.

Each commit that changes something has a number, which is stored with it. So a database that was
opened again can be compared with what was written: if another database was put in its place, or an
older copy of it, nothing is written there. Only the journal thread uses this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from .errors import StorageFailed
from .redo_log import RedoLog
from .schema import read_commit, read_identity

#: What an operator can do if another database has replaced the one that was opened.
REMEDY = "nothing is written to it; restart the server"


class Transactions:
    """The transactions of one handle at a time. `newest` is the number of the newest commit."""

    def __init__(self, redo_log: RedoLog) -> None:
        self._redo_log = redo_log
        self.newest = redo_log.commit
        self._recognized = False  # the handle was checked: this is the database that was written
        self._changes = 0  # rows that the handle had changed when the transaction began
        self._in_doubt = False  # a COMMIT failed, or it is not known whether it is in the database

    def opened(self) -> None:
        """A new handle is used from now on."""
        self._recognized = False

    def begin(self, db: sqlite3.Connection) -> None:
        """Begin a transaction, which locks the database for others. Raises `StorageFailed`."""
        db.execute("BEGIN IMMEDIATE")
        self._changes = db.total_changes
        if not self._recognized:
            self._recognize(db)
            self._recognized = True

    def changed(self, db: sqlite3.Connection) -> bool:
        """Whether the transaction has changed anything, or has to be committed in any case."""
        return db.total_changes != self._changes

    def commit(self, db: sqlite3.Connection, confirm: Callable[[], None] = lambda: None) -> None:
        """Commit, count the commit if it changes anything, `confirm`, and erase the redo log.

        Raises `StorageFailed` if another program has written a commit meanwhile.
        """
        if self.changed(db):
            counted = db.execute(
                "UPDATE meta SET value = ?1 + 1 WHERE name = 'commit' AND value = ?1",
                (self.newest,),
            ).rowcount
            if counted != 1:
                raise _replaced(self.newest)
            self.newest += 1
        self._in_doubt = True
        db.execute("COMMIT")
        confirm()
        self._in_doubt = False
        self._redo_log.committed(self.newest)

    def _recognize(self, db: sqlite3.Connection) -> None:
        """Check that the database, which was just opened, is as this writer left it.

        If a COMMIT failed, that commit may be in the database or not; no other may be there. Raises
        `StorageFailed`.
        """
        if read_identity(db) != self._redo_log.identity:
            raise StorageFailed(f"the database was replaced by another database; {REMEDY}")
        self.newest, known = read_commit(db), self._redo_log.commit
        if self.newest == known + 1 and self._in_doubt:
            self._changes = -1  # so that a commit follows, and the log is erased
        elif self.newest != known:
            raise _replaced(known)


def _replaced(commit: int) -> StorageFailed:
    return StorageFailed(
        f"the database was replaced while the server ran: its last commit is not {commit}; {REMEDY}"
    )
