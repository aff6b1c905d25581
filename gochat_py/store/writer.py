"""The writer: the one database handle that writes, and its transactions.

Only the journal thread uses it. The thread begins a batch, applies the waiting drafts, persists
them, and only then passes them on. A batch is persisted when it is `ACKNOWLEDGED` or `COMMITTED`;
`NEXT` says what leads there. Other threads see nothing of a transaction before its commit; until
then they read its messages from `RedoLog`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from enum import StrEnum
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
from .schema import LAST_ROOM
from .transactions import Transactions

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class State(StrEnum):
    """What was done last."""

    CLOSED = "closed"  #: there is no handle: it is not open yet, or a failure closed it
    BATCH = "in a batch"  #: a transaction is open; drafts are applied only now
    ACKNOWLEDGED = "acknowledged"  #: the messages are in the redo log; a commit has to follow
    COMMITTED = "committed"  #: everything is in the database
    ROLLED_BACK = "rolled back"  #: what was known about the rooms is forgotten


class Step(StrEnum):
    """What leads from one state to another."""

    BEGIN = "begin a batch"
    ACKNOWLEDGE = "acknowledge"
    COMMIT = "commit"
    ROLLBACK = "roll back"
    FORGET = "forget the rooms"
    CLOSE = "close"


#: The state after each step that succeeds. If the storage fails, `CLOSE` follows instead. A step
#: that is not here raises `RuntimeError` and does nothing.
NEXT = {
    (State.CLOSED, Step.BEGIN): State.BATCH,  # it opens the database, and restores the redo log
    (State.CLOSED, Step.ROLLBACK): State.CLOSED,
    (State.CLOSED, Step.CLOSE): State.CLOSED,
    (State.BATCH, Step.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.BATCH, Step.COMMIT): State.COMMITTED,
    (State.BATCH, Step.ROLLBACK): State.ROLLED_BACK,
    (State.BATCH, Step.CLOSE): State.CLOSED,
    (State.ACKNOWLEDGED, Step.BEGIN): State.BATCH,
    (State.ACKNOWLEDGED, Step.ROLLBACK): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, Step.CLOSE): State.CLOSED,
    (State.COMMITTED, Step.BEGIN): State.BATCH,
    (State.COMMITTED, Step.ROLLBACK): State.COMMITTED,
    (State.COMMITTED, Step.FORGET): State.ROLLED_BACK,
    (State.COMMITTED, Step.CLOSE): State.CLOSED,
    (State.ROLLED_BACK, Step.BEGIN): State.BATCH,  # it restores the redo log
    (State.ROLLED_BACK, Step.ROLLBACK): State.ROLLED_BACK,
    (State.ROLLED_BACK, Step.CLOSE): State.CLOSED,
}

BATCH = State.BATCH


class Writer:
    """Writes in batches: `begin`, any number of `apply` and `run`, then `acknowledge` or `commit`.

    Both persist a batch. `acknowledge` costs little, and leaves messages to be inserted by a later
    `commit`; the caller has to commit soon after it (`commit_pending`). The database is locked for
    others from `begin` to the end of the batch.

    Any of them raises `StorageFailed` if the disk is full, or the database is broken, or locked by
    another program for longer than `busy_timeout` seconds; and `FilesReplaced` if its files are not
    in their places. Then the writer is `CLOSED`, which rolls the batch back, and the next `begin`
    opens the database again: the writer recovers by itself. `health` records the failure. If one
    raises anything but a `StoreError`, a request caused it, and the caller has to `rollback`.

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
        self._ledger: Ledger | None = None  # None while `CLOSED` and `ROLLED_BACK`
        self._transactions = Transactions(redo_log)
        self.state = State.CLOSED

    def begin(self) -> None:
        """Begin a batch. Waits at most `busy_timeout` for another program's lock."""
        batch = self._after(Step.BEGIN)
        try:
            if self._ledger is None:
                self._files.check()
            if self._db is None:
                self._db = self._connect()
            if self._ledger is None and self._redo_log.entries:
                self._restore(self._db)
            self._transactions.begin(self._db)
        except Exception as error:  # no request can have caused it
            raise self._undone(error) from error
        if self._ledger is None:
            self._ledger = Ledger(self._db, self._most_rooms)
        self.state = batch

    def apply(self, draft: Draft, now: float) -> Applied:
        """Write one draft at time `now`. For a retry, return the entry of its first attempt.

        Raises `NotFound`, `NotYours`, `NothingToDo`, `LimitReached`, `Unstorable`, `Damaged`, which
        concern this draft alone and leave the transaction as it was; and `StorageFailed`, which
        rolls it back.
        """
        ledger = self._ledger
        if self.state is not BATCH or ledger is None:
            raise self._cannot("apply a draft")
        try:
            return ledger.apply(draft, now)
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
        ledger, db = self._batch("write")
        try:
            ledger.write()
            ledger.changed = True
            return function(db, *args, **kwargs)
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
        ledger, db = self._batch(Step.ACKNOWLEDGE)
        if ledger.changed or self._transactions.changed(db):
            self.commit()
            return
        try:
            db.execute("COMMIT")
            appended = self._redo_log.append(*ledger.fresh)
        except (sqlite3.Error, OSError, FilesReplaced) as error:
            raise self._undone(error) from error
        if not appended:
            self.commit()
            return
        ledger.fresh = ([], [])
        self.state = self._after(Step.ACKNOWLEDGE)

    @property
    def commit_pending(self) -> bool:
        """Whether a commit has to follow: a batch is open, or messages are not inserted."""
        return self.state is BATCH or bool(self._redo_log.entries)

    def commit(self) -> None:
        """Commit the batch, and all that was acknowledged before it."""
        ledger, db = self._batch(Step.COMMIT)
        try:
            self._files.check()  # before the commit, so that nothing is committed and then refused
            if not db.in_transaction:
                self._transactions.begin(db)
            ledger.write()
            # Checked again after the commit, so that nothing is acknowledged and then lost.
            self._transactions.commit(db, self._files.check_database)
        except (sqlite3.Error, OSError, StorageFailed) as error:
            raise self._undone(error) from error
        self._health.written()
        self._rescued = False
        ledger.fresh = ([], [])
        ledger.changed = False
        self.state = self._after(Step.COMMIT)

    @property
    def commits(self) -> int:
        """The number of the newest commit. Each counted commit is in SQLite's log."""
        return self._transactions.newest

    def rollback(self) -> None:
        """Roll the batch back. Does nothing if none is open."""
        rolled_back = self._after(Step.ROLLBACK)
        if self.state is BATCH:
            _, db = self._batch(Step.ROLLBACK)
            self._ledger = None
            try:
                db.rollback()
            except sqlite3.Error as error:
                raise self._undone(error) from error
        self.state = rolled_back

    def forget(self) -> None:
        """Drop the cached seqs of all rooms, because some were dropped. After a commit."""
        self.state = self._after(Step.FORGET)
        self._ledger = None

    def checkpoint(self, patience: float = 0.0) -> bool:
        """Copy SQLite's log into the database and empty it, between transactions.

        Deleted text is in the log until then. Returns False, with a part of this done, if a thread
        reads from the log for longer than `patience` seconds. Raises `StorageFailed`.
        """
        assert not self.commit_pending, "a transaction is open"
        if self._db is None:
            return True
        wait_at_most = "PRAGMA busy_timeout = {:.0f}"
        try:
            self._db.execute(wait_at_most.format(patience * 1000))
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._db.execute(wait_at_most.format(self._busy_timeout * 1000))
        except sqlite3.Error as error:
            raise self._undone(error) from error
        return not busy

    @property
    def log_size(self) -> int:
        """The size of SQLite's log, in bytes."""
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Close the handle; an open transaction is rolled back. The journal thread calls this."""
        self.state = self._after(Step.CLOSE)
        self._ledger = None
        db, self._db = self._db, None
        if db is not None:
            db.close()

    def verify(self) -> None:
        """Check that the files are in their places, between batches. Raises `FilesReplaced`."""
        try:
            self._files.check()
        except FilesReplaced as error:
            raise self._undone(error) from error

    def _after(self, step: Step) -> State:
        """The state after `step`. Raises `RuntimeError` if `NEXT` does not allow it."""
        following = NEXT.get((self.state, step))
        if following is None:
            raise self._cannot(step)
        return following

    def _batch(self, doing: str) -> tuple[Ledger, sqlite3.Connection]:
        """The ledger and the handle of the open batch. Raises `RuntimeError` if none is open."""
        if self.state is not BATCH or self._ledger is None or self._db is None:
            raise self._cannot(doing)
        return self._ledger, self._db

    def _cannot(self, doing: str) -> RuntimeError:
        return RuntimeError(f"the writer is {self.state} and cannot {doing}")

    def _undone(self, error: Exception) -> StorageFailed:
        """Close the handle, which rolls its transaction back; return the error to raise.

        Acknowledged messages are not lost: the next `begin` writes them again.
        """
        failed = error if isinstance(error, StorageFailed) else StorageFailed(_describe(error))
        self._ledger = None
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
        # A text that is not UTF-8 must not stop maintenance; its author must be able to delete it.
        db.text_factory = decode
        self._transactions.opened()
        return db

    def _restore(self, db: sqlite3.Connection) -> None:
        """Commit messages that were acknowledged, and whose transaction was rolled back."""
        self._transactions.begin(db)
        Redo(db, self._most_rooms).restore(self._redo_log.entries)
        self._transactions.commit(db)


def _describe(error: Exception) -> str:
    """The text of the error, for the log and the operator."""
    return str(error) or type(error).__name__
