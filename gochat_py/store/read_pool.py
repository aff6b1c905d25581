"""The read pool: a few database handles for reading, shared by many threads.

Any thread may borrow a handle. The pool owns the idle handles, under one lock that is never held
while a thread waits or reads. A thread waits for a free handle, then while reading is paused, with
one deadline for both.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from ..deadline import Deadline
from ..errors import Closed
from .connect import Durability, connect, decode
from .errors import ReadPoolBusy, StorageFailed

P = ParamSpec("P")
T = TypeVar("T")


class ReadPool:
    """`size` database handles; each reads from its own snapshot.

    Reading never waits for writing, nor writing for reading (WAL). The handles are opened at the
    start, so that they do not compete with connections for file descriptors. A handle that failed
    is opened again when it is needed.
    """

    def __init__(
        self,
        database: Path,
        durability: Durability,
        size: int,
        *,
        patience: float,
        verify: Callable[[], None] = lambda: None,
    ) -> None:
        """Open the handles, each after a call of `verify`.

        A thread waits at most `patience` seconds for one. Raises `StorageFailed`, as `verify` may.
        """
        self._verify = verify
        self._database = database
        self._durability: Durability = durability
        self._patience = patience
        self._places = threading.Semaphore(size)
        self._not_paused = threading.Event()  # set unless reading is paused
        self._not_paused.set()
        self._lock = (
            threading.Lock()
        )  # guards the fields below; passes handles from thread to thread
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        try:
            for _ in range(size):
                self._idle.append(self._open())
        except BaseException:
            self.close()
            raise

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call `function(db, …)` on a snapshot that does not change during the call.

        If it reads a text that is not UTF-8, it is called again, and invalid bytes become U+FFFD.
        (If each text were decoded that way at once, every read would be slower.) Raises
        `ReadPoolBusy`, `StorageFailed`, `Closed`, and what `function` raises.
        """
        try:
            with self.borrow() as db:
                return function(db, *args, **kwargs)
        except StorageFailed as error:
            if not _is_undecodable(error.__cause__):
                raise
        with self.borrow(lenient=True) as db:
            return function(db, *args, **kwargs)

    @contextlib.contextmanager
    def borrow(self, *, lenient: bool = False) -> Iterator[sqlite3.Connection]:
        """Lend a database handle, with one snapshot for the whole block. See `run` for the errors.

        With `lenient`, it also reads text that is not UTF-8.
        """
        deadline = Deadline(self._patience)
        if not deadline.wait(lambda left: self._places.acquire(timeout=left)):
            raise ReadPoolBusy(f"no database handle became free within {self._patience:g} s")
        try:
            if not deadline.wait(self._not_paused.wait):
                raise ReadPoolBusy(f"reading was paused for {self._patience:g} s")
            db = self._take()
            try:
                if lenient:
                    db.text_factory = decode
                db.execute("BEGIN")
                yield db
            except BaseException as error:
                # The state of the handle is unknown: it is not used again.
                db.close()
                if isinstance(error, sqlite3.Error):
                    raise StorageFailed(str(error)) from error
                raise
            try:
                db.execute("COMMIT")
            except sqlite3.Error:  # it has read a damaged page; the result is still valid
                db.close()
                return
            db.text_factory = str
            self._give_back(db)
        finally:
            self._places.release()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Within the block no thread begins to read; reads that have begun go on.

        Only one thread at a time may call this.
        """
        self._not_paused.clear()
        try:
            yield
        finally:
            self._not_paused.set()

    def close(self) -> None:
        """Close the idle handles now, and the others when they are returned. Any thread."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise Closed
            if self._idle:
                return self._idle.pop()
        return self._open()

    def _open(self) -> sqlite3.Connection:
        self._verify()
        try:
            db = connect(self._database, self._durability, busy_timeout=1.0, reader=True)
            try:
                # SQLite opens the database and its log when it first reads.
                db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            except BaseException:
                db.close()
                raise
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error
        return db

    def _give_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(db)
                return
        db.close()


def _is_undecodable(error: BaseException | None) -> bool:
    """Whether a text that is not UTF-8 caused the error, by the message of Python's `sqlite3`."""
    return isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)
