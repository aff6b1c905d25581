"""The one connection that writes, and its transactions.

Belongs  to one thread, the journal's: it begins, applies what is waiting, makes it last, and only
then tells anybody. Readers see nothing of a transaction before its commit, but for what `Ahead`
tells them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..message import Draft
from .ahead import Ahead
from .connect import Durability, connect
from .errors import StorageFailed
from .ledger import Applied, Ledger

P = ParamSpec("P")
T = TypeVar("T")


class Writer:
    """Writes in batches: `begin`, any number of `apply` and `run`, then `acknowledge` or `commit`.

    Both make a batch last. `acknowledge` costs little, and leaves the transaction open for the next
    batch; whoever calls it sees to it that a `commit` follows soon (`unsettled`).

    Any of them raises `StorageFailed` when the disk is full, or the database locked by a foreign
    program for longer than `busy_timeout` seconds, or broken. Then nothing of the batch was kept,
    it is over, and the next `begin` opens the database anew: service resumes by itself.

    The connection is opened by the first `begin`, and belongs to that thread.
    """

    def __init__(
        self,
        database: Path,
        ahead: Ahead,
        durability: Durability,
        epoch: str,
        *,
        busy_timeout: float,
    ) -> None:
        self.epoch = epoch
        self._ahead = ahead
        self._database = database
        self._durability: Durability = durability
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self._ledger: Ledger | None = None  # lives on from commit to commit, dies with a rollback
        self._active: Ledger | None = None  # the same, while a batch is open

    def begin(self) -> None:
        """Begin a batch. Waits for a foreign program's lock at most `busy_timeout`."""
        assert self._active is None, "a batch is open already"
        try:
            if self._connection is None:
                self._connection = connect(
                    self._database, self._durability, busy_timeout=self._busy_timeout
                )
            if self._ledger is None and self._ahead.entries:
                self._connection.execute("BEGIN IMMEDIATE")
                ledger = Ledger(self._connection)
                ledger.restore(self._ahead.entries)
                ledger.write()
                self._connection.execute("COMMIT")
                self._ahead.clear()
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            raise self._undone(error) from error
        if self._ledger is None:
            self._ledger = Ledger(self._connection)
        self._active = self._ledger

    def apply(self, draft: Draft, now: float) -> Applied:
        """Write one draft at time `now`. A retry gives what its first attempt wrote.

        Raises `NotFound`, `NotYours`, `NothingToDo`, `Unstorable`, which concern this draft alone
        and leave the transaction as it was; and `StorageFailed`, which ends it.
        """
        if self._active is None:
            raise StorageFailed("no transaction is open")
        try:
            return self._active.apply(draft, now)
        except sqlite3.Error as error:
            raise self._undone(error) from error

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `function(connection, …)` within the transaction: users, read marks, upkeep.

        Raises what `function` raises, and `StorageFailed`, which ends the transaction.
        """
        if self._active is None or self._connection is None:
            raise StorageFailed("no transaction is open")
        try:
            self._active.write()
            self._active.changed = True
            return function(self._connection, *args, **kwargs)
        except sqlite3.Error as error:
            raise self._undone(error) from error

    def acknowledge(self) -> None:
        """Make it last, as far as the durability goes; afterwards it may be told to everybody.

        Readers have to ask `Ahead` too, as the transaction may go on.
        """
        if self._active is None:
            raise StorageFailed("no transaction is open")
        try:
            noted = not self._active.changed and self._ahead.append(*self._active.fresh)
        except OSError as error:
            raise self._undone(error) from error
        if not noted:
            self.commit()
            return
        self._active.fresh = ([], [])
        self._active = None

    @property
    def unsettled(self) -> bool:
        """Whether a commit is due: a transaction is open, or one that failed has to be redone."""
        if self._ahead.entries:
            return True
        return self._connection is not None and self._connection.in_transaction

    def commit(self) -> None:
        """Make it last, with all that was acknowledged before, and show it to readers."""
        if self._active is None or self._connection is None:
            raise StorageFailed("no transaction is open")
        try:
            self._active.write()
            self._connection.execute("COMMIT")
            self._ahead.clear()
        except (sqlite3.Error, OSError) as error:
            raise self._undone(error) from error
        self._active.fresh = ([], [])
        self._active.changed = False
        self._active = None

    def rollback(self) -> None:
        """Undo the batch. Does nothing if none is open."""
        self._active = self._ledger = None
        if self._connection is not None and self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise self._undone(error) from error

    def checkpoint(self) -> bool:
        """Copy the log into the database and empty it, between transactions, without waiting.

        What was deleted is in the log until then. Returns False, having done part of it, while a
        reader still needs the log. Raises `StorageFailed`.
        """
        assert not self.unsettled, "a transaction is open"
        if self._connection is None:
            return True
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1000)}")
        except sqlite3.Error as error:
            raise self._undone(error) from error
        return not busy

    def close(self) -> None:
        """Close the connection; what was not committed is undone. The writing thread calls this."""
        self._active = self._ledger = None
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _undone(self, error: Exception) -> StorageFailed:
        """Drop the connection, which undoes its transaction; a new one reads what is so.

        What was acknowledged in it is not lost: the next `begin` writes it again.
        """
        self.close()
        return StorageFailed(str(error))
