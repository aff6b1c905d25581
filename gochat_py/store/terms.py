"""Records which run of the server wrote which seqs of each room. A run is a term, as in Raft.

Each start begins a new term with a random name; nothing else does. The name is the `epoch` of a
position in the protocol. For each room, the database has the first seq of each term that wrote
there, so it has the last one, too. A position beyond that is not recovered: the writes of the term
were lost, or the database was restored from a copy. A position of an unknown term is not recovered
either.

Functions of a database handle. `begin`, `note_dropped`, `note_replayed` and `prune` write.
"""

from __future__ import annotations

import secrets
import sqlite3
from hashlib import blake2b
from typing import NamedTuple

from .rows import Room
from .schema import read_commit, read_floor

#: Terms that are stored. Beyond that, the oldest is deleted, and its positions cannot be recovered:
#: a client that was offline for this many starts gets the newest entries.
KEPT = 1_000

#: Dropped rooms whose last seq is stored. Without it, a client that had received all entries of
#: such a room gets the newest entries in place of the missed ones.
DROPPED_KEPT = 10_000


class Term(NamedTuple):
    """A term: its number, which counts terms in this database, and its name, which is unique."""

    number: int
    name: str


def new_name() -> str:
    """A new unique name: 96 random bits, in 16 ASCII characters."""
    return secrets.token_urlsafe(12)


def current(db: sqlite3.Connection) -> Term:
    """The newest term."""
    row = db.execute(
        "SELECT number, name FROM terms WHERE number = (SELECT max(number) FROM terms)"
    ).fetchone()
    return Term(*row)


def find(db: sqlite3.Connection, name: str) -> int | None:
    """The number of the term of this name; None if this database does not have it."""
    row: tuple[int] | None = db.execute(
        "SELECT number FROM terms WHERE name = ?", (name,)
    ).fetchone()
    return row[0] if row else None


def begin(db: sqlite3.Connection, now: float, commit: int) -> Term:
    """Begin a new term at time `now` (seconds since 1970), in the commit of this number."""
    term = Term(current(db).number + 1, new_name())
    db.execute(
        "INSERT INTO terms (number, name, began, first_commit, floor) VALUES (?, ?, ?, ?, ?)",
        (*term, now, commit, read_floor(db)),
    )
    db.execute("DELETE FROM terms WHERE number <= ?", (term.number - KEPT,))
    return term


def reached(db: sqlite3.Connection, key: str, room: Room | None, term: int) -> int:
    """The last seq that the term, or one before it, wrote in the room of this key.

    If there was no such room when the term ended, it is the floor at that time, or the seq of the
    newest entry of a room that was dropped.
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
    """Store the last seq of a room that is dropped now: clients may still have this position."""
    db.execute(
        "INSERT OR REPLACE INTO dropped (key, seq, term)"
        " SELECT ?, ?, max(term) FROM room_terms WHERE room = ?",
        (digest(room.key), room.seq, room.id),
    )
    db.execute("DELETE FROM dropped WHERE id <= (SELECT max(id) FROM dropped) - ?", (DROPPED_KEPT,))


def digest(key: str) -> bytes:
    """The hash that is stored of the key of a dropped room."""
    return blake2b(key.encode(), digest_size=16).digest()


def has_committed(db: sqlite3.Connection, name: str, commit: int) -> bool:
    """Whether this database has the messages that followed this commit in the named term."""
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
    """Record that the messages that followed this commit in the named term were replayed."""
    db.execute("UPDATE meta SET value = ? WHERE name = 'replayed'", (f"{name} {commit}",))


def prune(db: sqlite3.Connection, room: int) -> None:
    """Delete a room's records of unknown terms, except the newest of them."""
    db.execute(
        "DELETE FROM room_terms WHERE room = ?1 AND term < (SELECT max(term) FROM room_terms"
        " WHERE room = ?1 AND term <= (SELECT min(number) FROM terms))",
        (room,),
    )
