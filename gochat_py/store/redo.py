"""Writes messages of the redo log into the database, each once.

After a failure, the writer redoes the messages that it acknowledged and did not commit (`restore`).
A start redoes those of a killed server (`recovery`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ..message import Draft, Entry, User
from .errors import StorageFailed
from .ledger import Ledger
from .numbering import Tail
from .schema import LAST_ROOM


class Redo:
    """Redoes messages in the newest term, within a transaction that the caller began."""

    def __init__(self, db: sqlite3.Connection, most_rooms: int = LAST_ROOM) -> None:
        self._db = db
        self._ledger = Ledger(db, most_rooms)

    def restore(self, messages: Iterable[Entry]) -> None:
        """Write acknowledged messages, of which some may be committed, while the server runs.

        Raises `StorageFailed` if they do not follow the messages in the database.
        """
        for entry in messages:
            # The caller has checked that it is the same database. So a seq up to the newest one
            # there is that of the same message.
            if entry.seq > self.newest(entry.key) and not self.in_place(entry):
                raise StorageFailed(
                    f"messages before {entry.seq} of the room {entry.room} were written but are "
                    "missing: the database was replaced; restart the server"
                )
        self.write()

    def in_place(self, entry: Entry) -> bool:
        """Write a message under its own seq, unless it is stored already.

        Returns False and writes nothing if messages before it are missing, or if another message
        has its seq. Raises `LimitReached`.
        """
        tail = self._ledger.numbering.tail(entry.key)
        if tail is None:
            return False
        if entry.seq <= tail.seq:
            return self._is_there(entry, tail)
        if entry.seq != tail.seq + 1:
            return False
        self._ledger.apply(_draft(entry, entry.reply_to), entry.time, acknowledged=True)
        return True

    def at_end(self, entry: Entry, reply_to: int | None) -> tuple[int, bool]:
        """Write a message under the next seq, unless it is stored already, with this `reply_to`.

        Returns its seq, and whether it was written. Raises `LimitReached`.
        """
        tail = self._ledger.numbering.tail(entry.key)
        if tail is not None and self._is_there(entry, tail):
            return entry.seq, False
        written, duplicate, _ = self._ledger.apply(
            _draft(entry, reply_to), entry.time, acknowledged=True
        )
        return written.seq, not duplicate

    def newest(self, key: str) -> int:
        """The seq of the newest entry of the room called `key`; 0 if there is none."""
        tail = self._ledger.numbering.tail(key)
        return tail.seq if tail is not None else 0

    def write(self) -> None:
        """Insert the waiting messages."""
        self._ledger.write()

    def _is_there(self, entry: Entry, tail: Tail) -> bool:
        """Whether a message is stored under its own seq, perhaps edited or deleted since.

        A message with an id may also be stored under another seq; `Ledger.apply` finds that.
        """
        self.write()
        row = self._db.execute(
            "SELECT user, time, sent, text, edited IS NOT NULL OR deleted IS NOT NULL FROM entries"
            " WHERE id = ? AND kind = 0",
            (tail.base + entry.seq,),
        ).fetchone()
        return (
            row is not None
            and row[:3] == (entry.user, entry.time, entry.id)
            and (bool(row[4]) or row[3] == entry.text)
        )


def _draft(entry: Entry, reply_to: int | None) -> Draft:
    """The draft that a message was made from, with this `reply_to`."""
    author = User(entry.user, entry.nick)
    return Draft(
        entry.kind, entry.room, entry.key, author, entry.id, entry.text, reply_to, bot=entry.bot
    )
