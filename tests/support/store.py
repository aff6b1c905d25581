"""Support for the store's tests: a directory, its writer and readers, and functions for drafts."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from gochat_py.message import Draft, Entry, Kind, User
from gochat_py.store import Applied, Directory, ReadPool, Writer, history, open_directory, trigrams
from gochat_py.store.recovery import LOG
from tests.support.case import TestCase

ANN = User("ann-id", "ann")
BOB = User("bob-id", "bob")


def draft(kind: Kind, user: User = ANN, room: str = "Tea", **fields: Any) -> Draft:
    return Draft(kind=kind, room=room, key=room.casefold(), user=user, **fields)


def message(text: str, user: User = ANN, room: str = "Tea", **fields: Any) -> Draft:
    return draft(Kind.MESSAGE, user, room, text=text, **fields)


def edit(target: int, text: str, user: User = ANN, room: str = "Tea", **fields: Any) -> Draft:
    return draft(Kind.EDITED, user, room, target=target, text=text, **fields)


def delete(target: int, user: User = ANN, room: str = "Tea", **fields: Any) -> Draft:
    return draft(Kind.DELETED, user, room, target=target, **fields)


def react(
    target: int, emoji: str, on: bool = True, user: User = ANN, room: str = "Tea", **fields: Any
) -> Draft:
    return draft(Kind.REACTED, user, room, target=target, emoji=emoji, on=on, **fields)


def topic(text: str, user: User = ANN, room: str = "Tea", **fields: Any) -> Draft:
    return draft(Kind.TOPIC, user, room, text=text, **fields)


def backup(source: Path, target: Path) -> None:
    """Make `target` what the database `source` is, as SQLite's own backup does."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


class StoreCase(TestCase):
    """Each test has a directory of its own, open, with a writer and readers."""

    now = 1_000_000.0

    def setUp(self) -> None:
        super().setUp()
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.directory: Directory
        self.writer: Writer
        self.read_pool: ReadPool
        self.open()
        self.addCleanup(self.close)

    def open(self) -> None:
        self.directory = open_directory(self.place / "data")
        self.writer = self.directory.writer(busy_timeout=0.1)
        self.read_pool = self.directory.read_pool(2, patience=5.0)

    def close(self) -> None:
        """May be called twice, as a test that reopens does."""
        if self.directory is not None:
            self.read_pool.close()
            self.writer.close()
            self.directory.close()
        self.directory = None  # type: ignore[assignment]  # closed: no more use

    def reopen(self) -> None:
        self.close()
        self.open()

    def apply(self, draft: Draft) -> Applied:
        """Apply one draft in a transaction of its own, a second after the one before."""
        self.now += 1.0
        self.writer.begin()
        try:
            applied = self.writer.apply(draft, self.now)
        except BaseException:
            self.writer.rollback()
            raise
        self.writer.commit()
        return applied

    def entry(self, draft: Draft) -> Entry:
        return self.apply(draft).entry

    def write(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a function that writes in a transaction of its own."""
        self.writer.begin()
        try:
            result = self.writer.run(function, *args, **kwargs)
        except BaseException:
            self.writer.rollback()
            raise
        self.writer.commit()
        return result

    def read(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        return self.read_pool.run(function, *args, **kwargs)

    def index(self) -> None:
        while self.write(trigrams.index_some, 100):
            pass

    def scrub(self) -> None:
        while self.write(trigrams.scrub):
            pass

    def raw(self) -> bytes:
        """Every byte that the directory holds."""
        return b"".join(path.read_bytes() for path in sorted(self.directory.path.iterdir()))


class RedoLogCase(StoreCase):
    """Acknowledges messages as the journal does, and ends as a killed server does."""

    @property
    def log(self) -> Path:
        """The redo log's file."""
        return self.place / "data" / LOG

    def acknowledge(self, *drafts: Draft) -> list[Applied]:
        """Write messages without a commit."""
        self.now += 1.0
        self.writer.begin()
        applied = [self.writer.apply(draft, self.now) for draft in drafts]
        self.writer.acknowledge()
        return applied

    def uncommitted(self, key: str = "tea") -> list[int]:
        """The seqs that are acknowledged and not committed."""
        return [entry.seq for entry in self.directory.redo_log.of(key)]

    def die(self) -> None:
        """Close everything without a commit, as the kernel does for a killed process."""
        self.close()

    def kill(self) -> None:
        """Die, and start again."""
        self.die()
        self.open()

    def texts(self, key: str = "tea") -> list[str | None]:
        """The texts of a room, which has no hole."""
        entries = self.read(history.page, key, limit=1_000).entries
        first = entries[0].seq if entries else 1
        self.assertEqual([e.seq for e in entries], list(range(first, first + len(entries))))
        return [entry.text for entry in entries]
