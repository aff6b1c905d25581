"""Terms: which run of the server wrote which part of each room's numbering, as Raft's terms do.

Each start begins a new term with a random name, and no other moment does: a term is one run of one
server. The name is the `epoch` of a position on the wire. For each room the database has the first
seq of each term that wrote there, so it knows how far each term went here. A position of a term
that went further elsewhere (its writes were lost, or the database was restored from a copy) is not
recovered, and neither is one of a term that is not known.

Functions of a connection. `begin` and `prune` write.
"""

from __future__ import annotations

import secrets
import sqlite3
from hashlib import blake2b
from typing import NamedTuple

from .rows import Room
from .schema import read_commit, read_floor

#: Terms that are known. With more, the oldest is forgotten, and its positions with it: a client
#: that was away for so many starts gets the newest entries.
KEPT = 1_000

#: Rooms that were dropped of which it is remembered how far they went. Where it is forgotten, a
#: client that had all of such a room is given what is there, in place of what came after.
DROPPED_KEPT = 10_000


class Term(NamedTuple):
    """A term: its number in this database, which only counts, and its name, which is unique."""

    number: int
    name: str


def new_name() -> str:
    """A name that no term ever had: 96 random bits, in 16 characters of ASCII."""
    return secrets.token_urlsafe(12)


def current(db: sqlite3.Connection) -> Term:
    """The newest term."""
    row = db.execute(
        "SELECT number, name FROM terms WHERE number = (SELECT max(number) FROM terms)"
    ).fetchone()
    return Term(*row)


def find(db: sqlite3.Connection, name: str) -> int | None:
    """The number of the term of this name; None if it is not known here."""
    row: tuple[int] | None = db.execute(
        "SELECT number FROM terms WHERE name = ?", (name,)
    ).fetchone()
    return row[0] if row else None


def begin(db: sqlite3.Connection, now: float, commit: int) -> Term:
    """Begin a new term at time `now`, in the commit of this number."""
    term = Term(current(db).number + 1, new_name())
    db.execute(
        "INSERT INTO terms (number, name, began, first_commit, floor) VALUES (?, ?, ?, ?, ?)",
        (*term, now, commit, read_floor(db)),
    )
    db.execute("DELETE FROM terms WHERE number <= ?", (term.number - KEPT,))
    return term


def reached(db: sqlite3.Connection, key: str, room: Room | None, term: int) -> int:
    """The last seq that the term, or one before it, wrote in the room of this key.

    Where there was no such room when the term ended, it is the seq above which it would have been
    made, or that of the newest entry of a room that was dropped.
    """
    earlier = (
        room is not None
        and db.execute(
            "SELECT 1 FROM room_terms WHERE room = ? AND term <= ? LIMIT 1", (room.id, term)
        ).fetchone()
    )
    if room is None or not earlier:
        (dropped,) = db.execute(
            "SELECT coalesce(max(seq), 0) FROM dropped WHERE key = ? AND term <= ?",
            (digest(key), term),
        ).fetchone()
        return max(int(dropped), last_floor(db, term))
    row: tuple[int] | None = db.execute(
        "SELECT first - 1 FROM room_terms WHERE room = ? AND term > ? ORDER BY term LIMIT 1",
        (room.id, term),
    ).fetchone()
    return row[0] if row else room.seq


def last_floor(db: sqlite3.Connection, term: int) -> int:
    """The floor (`schema.read_floor`) when the term ended, or now if it is the newest."""
    row: tuple[int] | None = db.execute(
        "SELECT floor FROM terms WHERE number > ? ORDER BY number LIMIT 1", (term,)
    ).fetchone()
    return row[0] if row else read_floor(db)


def note_dropped(db: sqlite3.Connection, room: Room) -> None:
    """Remember how far a room went that is dropped now: clients may still have its last seq."""
    db.execute(
        "INSERT OR REPLACE INTO dropped (key, seq, term)"
        " SELECT ?, ?, max(term) FROM room_terms WHERE room = ?",
        (digest(room.key), room.seq, room.id),
    )
    db.execute("DELETE FROM dropped WHERE id <= (SELECT max(id) FROM dropped) - ?", (DROPPED_KEPT,))


def digest(key: str) -> bytes:
    """What is remembered of the key of a room that was dropped."""
    return blake2b(key.encode(), digest_size=16).digest()


def has_committed(db: sqlite3.Connection, name: str, commit: int) -> bool:
    """Whether what followed this commit in the term of this name is a part of this database."""
    replayed = db.execute("SELECT value FROM meta WHERE name = 'replayed'").fetchone()[0]
    term, _, last = str(replayed).rpartition(" ")
    if term == name and commit <= int(last):
        return True
    number = find(db, name)
    if number is None:
        return False
    row: tuple[int] | None = db.execute(
        "SELECT first_commit - 1 FROM terms WHERE number > ? ORDER BY number LIMIT 1", (number,)
    ).fetchone()
    return commit < (row[0] if row else read_commit(db))


def note_replayed(db: sqlite3.Connection, name: str, commit: int) -> None:
    """Note that what followed this commit in the term of this name was taken from the log."""
    db.execute("UPDATE meta SET value = ? WHERE name = 'replayed'", (f"{name} {commit}",))


def prune(db: sqlite3.Connection, room: int) -> None:
    """Forget what a room has of terms that are not known any more, but for the newest of them."""
    db.execute(
        "DELETE FROM room_terms WHERE room = ?1 AND term < (SELECT max(term) FROM room_terms"
        " WHERE room = ?1 AND term <= (SELECT min(number) FROM terms))",
        (room,),
    )
