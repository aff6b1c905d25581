"""What the store's tests share: a directory, its writer and readers, and short words for drafts."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from gochat_py.message import Draft, Entry, Kind, User
from gochat_py.store import Applied, Directory, Readers, Writer, grams, open_directory
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


class StoreCase(TestCase):
    """Each test has a directory of its own, open, with a writer and readers."""

    now = 1_000_000.0

    def setUp(self) -> None:
        super().setUp()
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.directory: Directory
        self.writer: Writer
        self.readers: Readers
        self.open()
        self.addCleanup(self.close)

    def open(self) -> None:
        self.directory = open_directory(self.place / "data")
        self.writer = self.directory.writer(busy_timeout=0.1)
        self.readers = self.directory.readers(2, patience=5.0)

    def close(self) -> None:
        """May be called twice, as a test that reopens does."""
        if self.directory is not None:
            self.readers.close()
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
        return self.readers.run(function, *args, **kwargs)

    def index(self) -> None:
        while self.write(grams.index_some, 100):
            pass

    def scrub(self) -> None:
        while self.write(grams.scrub):
            pass

    def raw(self) -> bytes:
        """Every byte that the directory holds."""
        return b"".join(path.read_bytes() for path in sorted(self.directory.path.iterdir()))
