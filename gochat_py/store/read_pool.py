"""Reading connections, a few for many threads.

Any thread may borrow. Owns  the idle connections, under one lock that is never held while waiting
or reading. Waits  for a free place, then while reading is paused, with one deadline.
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
    """`size` connections, opened at the start; each reads from a snapshot of its own.

    A reader never waits for the writer, nor the writer for a reader (WAL). Opened at the start, so
    that they do not compete with peers for descriptors; one that failed is opened anew when it is
    needed.
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
        """Open them, each after a call of `verify`. Raises `StorageFailed`, as that may."""
        self._verify = verify
        self._database = database
        self._durability: Durability = durability
        self._patience = patience
        self._places = threading.Semaphore(size)
        self._going = threading.Event()  # nobody has paused it
        self._going.set()
        self._lock = (
            threading.Lock()
        )  # guards what follows; hands connections from thread to thread
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
        """Call `function(db, …)` on a snapshot that nothing changes meanwhile.

        It is called again if it met a text that is not UTF-8; then U+FFFD stands for what is not.
        (To decode each text that way at once would make every read slower.) Raises `ReadersBusy`,
        `StorageFailed`, `Closed`, and what `function` raises.
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
        """A connection, and one snapshot for as long as it is kept. See `run` for the errors.

        A `lenient` one reads text that is not UTF-8, too.
        """
        deadline = Deadline(self._patience)
        if not deadline.wait(lambda left: self._places.acquire(timeout=left)):
            raise ReadPoolBusy(f"no reading connection became free within {self._patience:g} s")
        try:
            if not deadline.wait(self._going.wait):
                raise ReadPoolBusy(f"reading was paused for {self._patience:g} s")
            db = self._take()
            try:
                if lenient:
                    db.text_factory = decode
                db.execute("BEGIN")
                yield db
            except BaseException as error:
                # Whatever state it is in, it is not worth finding out.
                db.close()
                if isinstance(error, sqlite3.Error):
                    raise StorageFailed(str(error)) from error
                raise
            try:
                db.execute("COMMIT")
            except sqlite3.Error:  # it has met a damaged page; what was read is as good as before
                db.close()
                return
            db.text_factory = str
            self._give_back(db)
        finally:
            self._places.release()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Within the block nobody begins to read; who has begun reads on. For one thread."""
        self._going.clear()
        try:
            yield
        finally:
            self._going.set()

    def close(self) -> None:
        """Close what is idle now, and what is in use when it comes back. Any thread may call it."""
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
                # SQLite opens the database when it is first read, the log with it.
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
    """Whether a text that is not UTF-8 is at fault, as Python's `sqlite3` words it."""
    return isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)
