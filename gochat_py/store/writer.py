"""The writer: the one database handle that writes, and its transactions.

Only the journal thread uses it. The thread begins a batch, applies the waiting drafts, persists
them, and only then passes them on. Other threads see nothing of a transaction before its commit;
until then they read its messages from `RedoLog`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..message import Draft
from .connect import Durability, connect, decode, is_database_error
from .errors import FilesReplaced, StorageFailed
from .files import Files
from .health import Health
from .ledger import Applied, Ledger
from .redo import Redo
from .redo_log import RedoLog
from .schema import LAST_ROOM, read_commit, read_identity

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


#: What an operator can do if another database has replaced the one that was opened.
REMEDY = "nothing is written to it; restart the server"


class Writer:
    """Writes in batches: `begin`, any number of `apply` and `run`, then `acknowledge` or `commit`.

    Both persist a batch. `acknowledge` costs little, and leaves messages to be inserted by a later
    `commit`; the caller has to commit soon after it (`commit_pending`). The database is locked for
    others from `begin` to the end of the batch.

    Any of them raises `StorageFailed` if the disk is full, or the database is broken, or locked by
    another program for longer than `busy_timeout` seconds; and `FilesReplaced` if its files are not
    in their places. Then the batch is rolled back, and the next `begin` opens the database again:
    the writer recovers by itself. `health` records the failure. If `begin`, `apply`, `run`,
    `acknowledge` or `commit` raises anything but a `StoreError`, one of the requests caused it, and
    the caller has to `rollback`.

    The first `begin` opens the handle; only the thread that called it may use the writer.
    """

    def __init__(
        self,
        database: Path,
        redo_log: RedoLog,
        durability: Durability,
        files: Files,
        health: Health,
        *,
        busy_timeout: float,
        most_rooms: int = LAST_ROOM,
    ) -> None:
        self._most_rooms = most_rooms
        self._redo_log = redo_log
        self._files = files
        self._health = health
        self._rescued = False  # whether `_rescue` was tried since the files were replaced
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._durability: Durability = durability
        self._busy_timeout = busy_timeout
        self._db: sqlite3.Connection | None = None
        self._ledger: Ledger | None = None  # reused after a commit, discarded after a rollback
        self._active: Ledger | None = None  # the same, while a batch is open
        self._recognised = False  # the handle was checked: this is the database that was written
        self._changes = 0  # rows that the handle had changed when the transaction began
        self._commit = redo_log.commit  # the number of the commit that the transaction follows
        self._in_doubt = False  # a COMMIT failed, or it is not known whether it is in the database

    def begin(self) -> None:
        """Begin a batch. Waits at most `busy_timeout` for another program's lock."""
        assert self._active is None, "a batch is open already"
        try:
            if self._ledger is None:
                self._files.check()
            if self._db is None:
                self._db = self._connect()
            if self._ledger is None and self._redo_log.entries:
                self._restore(self._db)
            if not self._db.in_transaction:
                self._begin_transaction(self._db)
        except Exception as error:  # no request can have caused it
            raise self._undone(error) from error
        if self._ledger is None:
            self._ledger = Ledger(self._db, self._most_rooms)
        self._active = self._ledger

    def apply(self, draft: Draft, now: float) -> Applied:
        """Write one draft at time `now`. For a retry, return the entry of its first attempt.

        Raises `NotFound`, `NotYours`, `NothingToDo`, `LimitReached`, `Unstorable`, `Damaged`, which
        concern this draft alone and leave the transaction as it was; and `StorageFailed`, which
        rolls it back.
        """
        if self._active is None:
            raise StorageFailed("no transaction is open")
        try:
            return self._active.apply(draft, now)
        except sqlite3.Error as error:
            if not is_database_error(error):
                raise
            raise self._undone(error) from error

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `function(db, …)` within the transaction: users, read marks, maintenance.

        Raises what `function` raises, and `StorageFailed`, which rolls the transaction back.
        """
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        try:
            self._active.write()
            self._active.changed = True
            return function(self._db, *args, **kwargs)
        except sqlite3.Error as error:
            if not is_database_error(error):
                raise
            raise self._undone(error) from error

    def acknowledge(self) -> None:
        """Persist the batch, as far as `durability` says; then its entries may be sent to clients.

        Threads that read must also ask `RedoLog`, because the messages may not be inserted yet. If
        the batch wrote nothing to the database, its transaction ends here: under load one batch
        follows the other, and another program, which tries to lock every 0.1 s (SQLite's busy
        handler), would wait for many seconds.
        """
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        appended = False
        try:
            if not self._active.changed and self._db.total_changes == self._changes:
                self._db.execute("COMMIT")
                appended = self._redo_log.append(*self._active.fresh)
        except (sqlite3.Error, OSError, FilesReplaced) as error:
            raise self._undone(error) from error
        if not appended:
            self.commit()
            return
        self._active.fresh = ([], [])
        self._active = None

    @property
    def commit_pending(self) -> bool:
        """Whether a commit has to follow: messages are not inserted, or a transaction is open."""
        if self._redo_log.entries:
            return True
        return self._db is not None and self._db.in_transaction

    def commit(self) -> None:
        """Commit the batch, and all that was acknowledged before it."""
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        try:
            self._files.check()  # before the commit, so that nothing is committed and then refused
            if not self._db.in_transaction:
                self._begin_transaction(self._db)
            self._active.write()
            # Checked again after the commit, so that nothing is acknowledged and then lost.
            self._end_transaction(self._db, self._files.check_database)
        except (sqlite3.Error, OSError, StorageFailed) as error:
            raise self._undone(error) from error
        self._health.written()
        self._rescued = False
        self._active.fresh = ([], [])
        self._active.changed = False
        self._active = None

    @property
    def commits(self) -> int:
        """The number of the newest commit. Each counted commit is in SQLite's log."""
        return self._commit

    def rollback(self) -> None:
        """Roll the batch back. Does nothing if none is open."""
        self._active = self._ledger = None
        if self._db is not None and self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self._undone(error) from error

    def forget(self) -> None:
        """Drop the cached seqs of all rooms, because some were dropped. Between transactions."""
        assert not self.commit_pending, "a transaction is open"
        self._ledger = None

    def checkpoint(self, patience: float = 0.0) -> bool:
        """Copy SQLite's log into the database and empty it, between transactions.

        Deleted text is in the log until then. Returns False, with a part of this done, if a thread
        reads from the log for longer than `patience` seconds. Raises `StorageFailed`.
        """
        assert not self.commit_pending, "a transaction is open"
        if self._db is None:
            return True
        try:
            self._wait_at_most(patience)
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._wait_at_most(self._busy_timeout)
        except sqlite3.Error as error:
            raise self._undone(error) from error
        return not busy

    def _wait_at_most(self, seconds: float) -> None:
        assert self._db is not None
        self._db.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    @property
    def log_size(self) -> int:
        """The size of SQLite's log, in bytes."""
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Close the handle; an open transaction is rolled back. The journal thread calls this."""
        self._active = self._ledger = None
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def verify(self) -> None:
        """Check that the files are in their places, between batches. Raises `FilesReplaced`."""
        try:
            self._files.check()
        except FilesReplaced as error:
            raise self._undone(error) from error

    def _undone(self, error: Exception) -> StorageFailed:
        """Close the handle, which rolls its transaction back; return the error to raise.

        Acknowledged messages are not lost: the next `begin` writes them again.
        """
        failed = error if isinstance(error, StorageFailed) else StorageFailed(_describe(error))
        self._active = self._ledger = None
        if isinstance(error, FilesReplaced) and not self._rescued:
            self._rescued = True
            self._rescue()
        self.close()
        self._health.failed(str(failed))
        return failed

    def _rescue(self) -> None:
        """Commit what was acknowledged, if the database itself is still in its place.

        Then no message is lost with a log that was removed (the redo log, or SQLite's log).
        """
        if not self._files.is_database_in_place():
            return
        try:
            if self._db is None:
                self._files.check_database()  # else SQLite would open another log
                self._db = self._connect()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if self._redo_log.entries:
                self._restore(self._db)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except Exception as error:
            log.error("the newest messages are not in the database yet: %s", _describe(error))

    def _connect(self) -> sqlite3.Connection:
        db = connect(self._database, self._durability, busy_timeout=self._busy_timeout)
        # A text that is not UTF-8 must not stop maintenance, and its author must be able to delete
        # it. Few texts are read here.
        db.text_factory = decode
        self._recognised = False
        return db

    def _begin_transaction(self, db: sqlite3.Connection) -> None:
        db.execute("BEGIN IMMEDIATE")
        self._changes = db.total_changes
        if not self._recognised:
            self._recognise(db)
            self._recognised = True

    def _recognise(self, db: sqlite3.Connection) -> None:
        """Check that the database, which was just opened, is as this writer left it.

        If a COMMIT failed, that commit may be in the database or not; no other may be there. Raises
        `StorageFailed`.
        """
        if read_identity(db) != self._redo_log.identity:
            raise StorageFailed(f"the database was replaced by another database; {REMEDY}")
        self._commit, known = read_commit(db), self._redo_log.commit
        if self._commit == known + 1 and self._in_doubt:
            self._changes = -1  # so that a commit follows, and the log is erased
        elif self._commit != known:
            raise _replaced(known)

    def _end_transaction(
        self, db: sqlite3.Connection, confirm: Callable[[], None] = lambda: None
    ) -> None:
        """Commit, count the commit if it changes anything, `confirm`, and erase the redo log.

        Raises `StorageFailed` if another program has written a commit meanwhile.
        """
        if db.total_changes != self._changes:
            counted = db.execute(
                "UPDATE meta SET value = ?1 + 1 WHERE name = 'commit' AND value = ?1",
                (self._commit,),
            ).rowcount
            if counted != 1:
                raise _replaced(self._commit)
            self._commit += 1
        self._in_doubt = True
        db.execute("COMMIT")
        confirm()
        self._in_doubt = False
        self._redo_log.committed(self._commit)

    def _restore(self, db: sqlite3.Connection) -> None:
        """Commit messages that were acknowledged, and whose transaction was rolled back."""
        self._begin_transaction(db)
        Redo(db, self._most_rooms).restore(self._redo_log.entries)
        self._end_transaction(db)


def _replaced(commit: int) -> StorageFailed:
    return StorageFailed(
        f"the database was replaced while the server ran: its last commit is not {commit}; {REMEDY}"
    )


def _describe(error: Exception) -> str:
    """The text of the error, for the log and the operator."""
    return str(error) or type(error).__name__
