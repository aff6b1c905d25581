"""Users without accounts: who they are, which nick is theirs, what they have read.

Functions of a connection: those that write for `Writer.run`, those that read for `Readers.run` too.
Each asks before it writes, so that one that refuses leaves a transaction as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from ..message import User
from .errors import NickTaken, NotFound
from .rows import find_room

#: A nick belongs to its user until this many seconds after they were last seen: 30 days.
NICK_KEPT = 30 * 86_400.0


def create(
    connection: sqlite3.Connection, user: User, token: bytes, nick_key: str, now: float
) -> None:
    """Make a user with a nick. `token` is the SHA-256 of the secret that brings them back.

    Raises `NickTaken`, as `claim_nick`.
    """
    _take_from_the_long_gone(connection, user.id, nick_key, now)
    connection.execute(
        "INSERT INTO users (id, token, nick, nick_key, seen) VALUES (?, ?, ?, ?, ?)",
        (user.id, token, user.nick, nick_key, now),
    )


def find(connection: sqlite3.Connection, token: bytes) -> User | None:
    """The user whom this token (its SHA-256) brings back, with the nick they had last."""
    row = connection.execute("SELECT id, nick FROM users WHERE token = ?", (token,)).fetchone()
    return User(*row) if row else None


def claim_nick(
    connection: sqlite3.Connection, user: str, nick: str, nick_key: str, now: float
) -> User:
    """Give the user this nick, under the key by which nicks are compared. Returns who they are now.

    Raises `NickTaken` while it belongs to another, and `NotFound` when there is no such user.
    """
    if connection.execute("SELECT 1 FROM users WHERE id = ?", (user,)).fetchone() is None:
        raise NotFound("there is no such user")
    _take_from_the_long_gone(connection, user, nick_key, now)
    connection.execute(
        "UPDATE users SET nick = ?, nick_key = ?, seen = max(seen, ?) WHERE id = ?",
        (nick, nick_key, now, user),
    )
    return User(user, nick)


def release_nick(connection: sqlite3.Connection, user: str) -> None:
    """Let others take the user's nick; it is theirs again if they come back before that."""
    connection.execute("UPDATE users SET nick_key = NULL WHERE id = ?", (user,))


def holder(connection: sqlite3.Connection, nick_key: str, now: float) -> str | None:
    """The id of the user to whom the nick belongs now."""
    row: tuple[str] | None = connection.execute(
        "SELECT id FROM users WHERE nick_key = ? AND seen > ?", (nick_key, now - NICK_KEPT)
    ).fetchone()
    return row[0] if row else None


def saw(connection: sqlite3.Connection, times: Mapping[str, float]) -> None:
    """Note when users, by id, were last seen; who is not known is passed over."""
    connection.executemany(
        "UPDATE users SET seen = max(seen, ?) WHERE id = ?",
        [(time, user) for user, time in times.items()],
    )


def mark_read(connection: sqlite3.Connection, user: str, key: str, seq: int) -> int:
    """Remember how far the user has read the room; never goes back. Returns how far that is.

    Raises `NotFound` when nothing was ever written there.
    """
    room = find_room(connection, key)
    if room is None:
        raise NotFound("nothing was ever written in this room")
    row: tuple[int] = connection.execute(
        "INSERT INTO reads (user, room, seq) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq) RETURNING seq",
        (user, room.id, max(0, min(seq, room.seq))),
    ).fetchone()
    return row[0]


def last_read(connection: sqlite3.Connection, user: str, key: str) -> int:
    """The seq up to which the user has read the room, 0 if they never said so."""
    row: tuple[int] | None = connection.execute(
        "SELECT reads.seq FROM rooms JOIN reads ON reads.room = rooms.id"
        " WHERE rooms.key = ? AND reads.user = ?",
        (key, user),
    ).fetchone()
    return row[0] if row else 0


def _take_from_the_long_gone(
    connection: sqlite3.Connection, user: str, nick_key: str, now: float
) -> None:
    """Free the nick if it belongs to nobody any more, or raise `NickTaken`."""
    owner = holder(connection, nick_key, now)
    if owner not in (None, user):
        raise NickTaken("the nick belongs to somebody else")
    connection.execute(
        "UPDATE users SET nick_key = NULL WHERE nick_key = ? AND id <> ?", (nick_key, user)
    )
