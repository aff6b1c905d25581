"""The one connection that writes, and its transactions.

Belongs  to one thread, the journal's: it begins, applies what is waiting, makes it last, and only
then tells anybody. Readers see nothing of a transaction before its commit, but for what `RedoLog`
tells them.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..message import Draft
from .connect import Durability, concerns_the_database, connect, decode
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


#: What an operator can do about a database that is not the one that was opened.
CURE = "nothing is written to it; restart the server"


class Writer:
    """Writes in batches: `begin`, any number of `apply` and `run`, then `acknowledge` or `commit`.

    Both make a batch last. `acknowledge` costs little, and leaves messages to be inserted by a
    later `commit`; whoever calls it sees to it that one follows soon (`unsettled`). The database is
    locked for others from `begin` to the end of the batch.

    Any of them raises `StorageFailed` when the disk is full, or the database locked by a foreign
    program for longer than `busy_timeout` seconds, or broken; and `FilesReplaced` when its files
    are not where they were. Then nothing of the batch was kept, it is over, and the next `begin`
    opens the database anew: service resumes by itself. `health` is told of it. When
    `begin`, `apply`, `run`, `acknowledge` or `commit` raises anything but a `StoreError`, one of
    the requests is at fault, and the caller has to `rollback`.

    The connection is opened by the first `begin`, and belongs to that thread.
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
        self._rescued = False  # since the files were replaced
        self._database = database
        self._log = database.with_name(f"{database.name}-wal")
        self._durability: Durability = durability
        self._busy_timeout = busy_timeout
        self._db: sqlite3.Connection | None = None
        self._ledger: Ledger | None = None  # lives on from commit to commit, dies with a rollback
        self._active: Ledger | None = None  # the same, while a batch is open
        self._recognised = False  # the connection was: it leads to the database that was written
        self._changes = 0  # rows that the connection had changed when the transaction began
        self._commit = redo_log.commit  # the number of the commit that the transaction follows
        self._in_doubt = False  # a COMMIT failed, or nobody knows whether it is where it should be

    def begin(self) -> None:
        """Begin a batch. Waits for a foreign program's lock at most `busy_timeout`."""
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
        except Exception as error:  # whatever it is, it is no request's fault
            raise self._undone(error) from error
        if self._ledger is None:
            self._ledger = Ledger(self._db, self._most_rooms)
        self._active = self._ledger

    def apply(self, draft: Draft, now: float) -> Applied:
        """Write one draft at time `now`. A retry gives what its first attempt wrote.

        Raises `NotFound`, `NotYours`, `NothingToDo`, `LimitReached`, `Unstorable`, which concern
        this draft alone and leave the transaction as it was; and `StorageFailed`, which ends it.
        """
        if self._active is None:
            raise StorageFailed("no transaction is open")
        try:
            return self._active.apply(draft, now)
        except sqlite3.Error as error:
            if not concerns_the_database(error):
                raise
            raise self._undone(error) from error

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `function(db, …)` within the transaction: users, read marks, maintenance.

        Raises what `function` raises, and `StorageFailed`, which ends the transaction.
        """
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        try:
            self._active.write()
            self._active.changed = True
            return function(self._db, *args, **kwargs)
        except sqlite3.Error as error:
            if not concerns_the_database(error):
                raise
            raise self._undone(error) from error

    def acknowledge(self) -> None:
        """Make it last, as far as the durability goes; afterwards it may be told to everybody.

        Readers have to ask `RedoLog` too, as the messages may not be inserted yet. Of a batch that
        wrote nothing to the database the transaction ends here: while people talk one batch follows
        the other, and a foreign program, which looks for the lock every 0.1 s (SQLite's busy
        handler), would wait for many seconds.
        """
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        noted = False
        try:
            if not self._active.changed and self._db.total_changes == self._changes:
                self._db.execute("COMMIT")
                noted = self._redo_log.append(*self._active.fresh)
        except (sqlite3.Error, OSError, FilesReplaced) as error:
            raise self._undone(error) from error
        if not noted:
            self.commit()
            return
        self._active.fresh = ([], [])
        self._active = None

    @property
    def unsettled(self) -> bool:
        """Whether a commit is due: messages wait to be inserted, or a transaction is open."""
        if self._redo_log.entries:
            return True
        return self._db is not None and self._db.in_transaction

    def commit(self) -> None:
        """Make it last, with all that was acknowledged before, and show it to readers."""
        if self._active is None or self._db is None:
            raise StorageFailed("no transaction is open")
        try:
            self._files.check()  # so that nothing is committed that is refused
            if not self._db.in_transaction:
                self._begin_transaction(self._db)
            self._active.write()
            # Checked again, so that nothing is acknowledged that is lost.
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
        """The number of the newest commit: each that changed anything is in SQLite's log."""
        return self._commit

    def rollback(self) -> None:
        """Undo the batch. Does nothing if none is open."""
        self._active = self._ledger = None
        if self._db is not None and self._db.in_transaction:
            try:
                self._db.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self._undone(error) from error

    def forget(self) -> None:
        """Read anew where each room stands: some were dropped. Between transactions."""
        assert not self.unsettled, "a transaction is open"
        self._ledger = None

    def checkpoint(self, patience: float = 0.0) -> bool:
        """Copy the log into the database and empty it, between transactions.

        What was deleted is in the log until then. Returns False, having done part of it, when a
        reader needs the log for longer than `patience` seconds. Raises `StorageFailed`.
        """
        assert not self.unsettled, "a transaction is open"
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
        """Bytes of the log's file."""
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Close the connection; what was not committed is undone. The writing thread calls this."""
        self._active = self._ledger = None
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def verify(self) -> None:
        """Look whether the files are where they were, between batches. Raises `FilesReplaced`."""
        try:
            self._files.check()
        except FilesReplaced as error:
            raise self._undone(error) from error

    def _undone(self, error: Exception) -> StorageFailed:
        """Drop the connection, which undoes its transaction; a new one reads what is so.

        What was acknowledged in it is not lost: the next `begin` writes it again.
        """
        failed = error if isinstance(error, StorageFailed) else StorageFailed(_told(error))
        self._active = self._ledger = None
        if isinstance(error, FilesReplaced) and not self._rescued:
            self._rescued = True
            self._rescue()
        self.close()
        self._health.failed(str(failed))
        return failed

    def _rescue(self) -> None:
        """Bring what was acknowledged into the database itself, if that is still in its place.

        Then nothing of it is lost with the log that was removed, ours or SQLite's.
        """
        if not self._files.is_database_in_place():
            return
        try:
            if self._db is None:
                self._files.check_database()  # or it would open another log
                self._db = self._connect()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if self._redo_log.entries:
                self._restore(self._db)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except Exception as error:
            log.error("what was acknowledged last is not in the database yet: %s", _told(error))

    def _connect(self) -> sqlite3.Connection:
        db = connect(self._database, self._durability, busy_timeout=self._busy_timeout)
        # A text that is not UTF-8 must not keep maintenance from going on, nor its author from
        # deleting it. Few texts are read here.
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
        """See that the database, which was just opened, is as this writer left it.

        Of a commit that failed, nobody knows whether it is there; it is the only one that may be.
        Raises `StorageFailed`.
        """
        if read_identity(db) != self._redo_log.identity:
            raise StorageFailed(f"another database was put in the place of this one; {CURE}")
        self._commit, known = read_commit(db), self._redo_log.commit
        if self._commit == known + 1 and self._in_doubt:
            self._changes = -1  # so that a commit follows, and the log is erased
        elif self._commit != known:
            raise _replaced(known)

    def _end_transaction(
        self, db: sqlite3.Connection, confirm: Callable[[], None] = lambda: None
    ) -> None:
        """Commit, count the commit if it changes anything, `confirm`, and erase the redo log.

        Raises `StorageFailed` if somebody else has written a commit meanwhile.
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
        """Commit what was acknowledged, and was undone with a transaction."""
        self._begin_transaction(db)
        Redo(db, self._most_rooms).restore(self._redo_log.entries)
        self._end_transaction(db)


def _replaced(commit: int) -> StorageFailed:
    return StorageFailed(
        f"the database was replaced while the server ran: commit {commit} is not its newest; {CURE}"
    )


def _told(error: Exception) -> str:
    """What went wrong, for the log and for the operator."""
    return str(error) or type(error).__name__
