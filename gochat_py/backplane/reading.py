"""The part of the journal that only reads: history, lists of rooms, searches.

Any thread may call it. Each call borrows a database handle from the read pool, and waits for it
with a deadline. Uncommitted messages come from `RedoLog`, which is read before the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from ..core import cursor
from ..errors import Closed
from ..failures import Failures
from ..message import Author, Position, RoomInfo
from ..store import (
    Directory,
    Found,
    Page,
    Replay,
    StorageFailed,
    StoreError,
    history,
    search,
    users,
)
from .failing import refused

P = ParamSpec("P")
T = TypeVar("T")


class Reading:
    """The part of the journal that only reads. The journal closes its read pool."""

    def __init__(self, directory: Directory) -> None:
        self._redo_log = directory.redo_log
        self._read_pool = directory.read_pool()
        self._failures = Failures()

    def replay(self, user: Author, key: str, since: Position | None) -> tuple[Replay, int]:
        """What a client that joins a room gets; see `Backplane.replay`."""

        uncommitted = self._redo_log.of(key)

        def both(db: sqlite3.Connection) -> tuple[Replay, int]:
            found = history.since(db, key, since, uncommitted=uncommitted)
            return found, users.last_read(db, user.id, key)

        return self._read(both)

    def page(self, key: str, before: int | None, after: int | None, limit: int) -> Page:
        """A page of a room's history."""
        uncommitted = self._redo_log.of(key)
        return self._read(
            history.page, key, before=before, after=after, uncommitted=uncommitted, limit=limit
        )

    def search(
        self,
        keys: tuple[str, ...],
        query: str,
        user: str | None,
        before: int | None,
        place: str | None,
        limit: int,
    ) -> Found:
        """Messages in the rooms `keys` that contain `query`; see `Backplane.search`."""
        uncommitted = [entry for key in keys for entry in self._redo_log.of(key)]
        start = None if place is None else cursor.read(place)
        return self._read(
            search.search,
            keys,
            query,
            user=user,
            uncommitted=uncommitted,
            before=before,
            start=start,
            limit=limit,
        )

    def rooms(self, after: str, limit: int) -> tuple[list[RoomInfo], bool]:
        """Rooms in the order of their keys; see `Backplane.rooms`."""
        return self._read(history.rooms, self._redo_log.newest(), after=after, limit=limit)

    def _read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return self._read_pool.run(function, *args, **kwargs)
        except Closed:
            raise
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, StorageFailed):
                raise refused(error) from error
            self._failures.log(error, "a read failed and was refused")
            raise refused(StorageFailed()) from error
