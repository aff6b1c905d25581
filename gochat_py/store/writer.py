"""The one connection that writes, and its transactions.

Belongs  to one thread, the journal's: it begins, applies what is waiting, commits, and only then
tells anybody. Readers see nothing of a transaction before its commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..message import Draft
from .connect import Durability, connect
from .errors import StorageFailed
from .ledger import Applied, Ledger

P = ParamSpec("P")
T = TypeVar("T")


class Writer:
    """Writes in transactions: `begin`, any number of `apply` and `run`, `commit`.

    Any of them raises `StorageFailed` when the disk is full, or the database locked by a foreign
    program for longer than `busy_timeout` seconds, or broken. Then nothing of the transaction was
    kept, it is over, and the next `begin` opens the database anew: service resumes by itself.

    The connection is opened by the first `begin`, and belongs to that thread.
    """

    def __init__(
        self, database: Path, durability: Durability, epoch: str, *, busy_timeout: float
    ) -> None:
        self.epoch = epoch
        self._database = database
        self._durability: Durability = durability
        self._busy_timeout = busy_timeout
        self._connection: sqlite3.Connection | None = None
        self._ledger: Ledger | None = None  # lives on from commit to commit, dies with a rollback
        self._active: Ledger | None = None  # the same, while a transaction is open

    def begin(self) -> None:
        """Begin a transaction. Waits for a foreign program's lock at most `busy_timeout`."""
        assert self._active is None, "a transaction is open already"
        try:
            if self._connection is None:
                self._connection = connect(
                    self._database, self._durability, busy_timeout=self._busy_timeout
                )
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
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
            self._active.save()
            return function(self._connection, *args, **kwargs)
        except sqlite3.Error as error:
            raise self._undone(error) from error

    def commit(self) -> None:
        """Make it last, as far as the durability goes; afterwards it may be told to everybody."""
        if self._active is None or self._connection is None:
            raise StorageFailed("no transaction is open")
        try:
            self._active.save()
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._undone(error) from error
        self._active = None

    def rollback(self) -> None:
        """Undo everything since `begin`. Does nothing if no transaction is open."""
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
        assert self._active is None, "a transaction is open"
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

    def _undone(self, error: sqlite3.Error) -> StorageFailed:
        """Drop the connection, which undoes its transaction; a new one reads what is so."""
        self.close()
        return StorageFailed(str(error))
