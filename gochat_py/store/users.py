"""Stores users: their ids, tokens and nicks, and how far each has read each room.

Functions of a database handle. Those that write are for `Writer.run`, those that only read also for
`ReadPool.run`. Each makes its checks before it writes, so a refusal leaves the transaction as it
was. `here` are the users who are connected now.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Sequence
from typing import Protocol

from ..core.clock import allowance
from ..message import User
from . import ages
from .budget import Budget
from .errors import LimitReached, NickTaken, NotFound
from .rows import find_room, is_corrupt

DAY = 86_400.0

#: A user is deleted, with nick and read marks, this many seconds after they were last seen: 30
#: days. A user who never wrote, and has no read mark, is deleted after a day.
KEPT = 30 * DAY
UNUSED_KEPT = DAY

#: Users deleted at once to make space for a new one, and users checked in one step of `forget`.
FORGOTTEN_AT_ONCE = 16
LOOKED_AT = 256

#: Seconds that a step of `forget` takes: a user may have a thousand read marks.
FORGETTING = 0.01

#: Read marks of one user, each in another room; beyond that, the oldest mark is deleted.
MARKS = 1_000


def create(
    db: sqlite3.Connection,
    user: User,
    token: bytes,
    nick_key: str,
    now: float,
    *,
    most: int = 1 << 62,
    here: Container[str] = (),
    expire: bool = True,
) -> bool:
    """Create a user with a nick. `token` is the SHA-256 of the secret that identifies them.

    If there are `most` users already, those seen longest ago are deleted, except users seen within
    a day and users who are `here`; returns whether users were deleted. `expire` is as for
    `claim_nick`: if it is False, no user is deleted. Raises `NickTaken`, as `claim_nick`, and
    `LimitReached`.
    """
    (there_are,) = db.execute("SELECT value FROM meta WHERE name = 'users'").fetchone()
    forgot = there_are >= most and expire and _forget_inactive(db, now, here)
    if there_are >= most and not forgot:
        raise LimitReached(
            f"This server has at most {most:,} users, and all of them were here within a day; "
            "use a token that you already have, or try again tomorrow."
        )
    _free_expired_nick(db, user.id, nick_key, now, here, expire)
    db.execute(
        "INSERT INTO users (id, token, nick, nick_key, seen, wrote) VALUES (?, ?, ?, ?, ?, 0)",
        (user.id, token, user.nick, nick_key, now),
    )
    return forgot


def find(db: sqlite3.Connection, token: bytes) -> User | None:
    """The user with this token (its SHA-256), with their last nick; None if there is none.

    If the nick is damaged, the id takes its place until the user takes another nick.
    """
    row = db.execute("SELECT id, nick FROM users WHERE token = ?", (token,)).fetchone()
    if row is None or not isinstance(row[0], str):
        return None
    user, nick = row
    return User(user, nick if isinstance(nick, str) and nick else user)


def claim_nick(
    db: sqlite3.Connection,
    user: str,
    nick: str,
    nick_key: str,
    now: float,
    *,
    here: Container[str] = (),
    expire: bool = True,
) -> User:
    """Give the user this nick; `nick_key` is the key by which nicks are compared. Returns the user.

    A user who is `here` keeps their nick, whenever they were last seen. `expire` is False while the
    clock cannot be trusted (`core.clock`): then no nick expires. Raises `NickTaken` while the nick
    belongs to another user, and `NotFound` if there is no such user.
    """
    if db.execute("SELECT 1 FROM users WHERE id = ?", (user,)).fetchone() is None:
        raise NotFound("there is no such user")
    _free_expired_nick(db, user, nick_key, now, here, expire)
    db.execute(
        "UPDATE users SET nick = ?, nick_key = ?, seen = max(seen, ?) WHERE id = ?",
        (nick, nick_key, now, user),
    )
    return User(user, nick)


def release_nick(db: sqlite3.Connection, user: str) -> None:
    """Let other users take the user's nick; if none does, the user gets it back on reconnecting."""
    db.execute("UPDATE users SET nick_key = NULL WHERE id = ?", (user,))


def holder(
    db: sqlite3.Connection,
    nick_key: str,
    now: float,
    here: Container[str] = (),
    *,
    expire: bool = True,
) -> str | None:
    """The id of the user to whom the nick belongs now; None if it is free.

    A user who is `here` counts as seen now: the time at which they were last seen is written only
    now and then, and by a clock that may have been wrong. `expire` is as for `claim_nick`.
    """
    row: tuple[str, float] | None = db.execute(
        "SELECT id, seen FROM users WHERE nick_key = ?", (nick_key,)
    ).fetchone()
    if row is None:
        return None
    user, seen = row
    return user if not expire or seen > now - KEPT or user in here else None


def saw(db: sqlite3.Connection, users: Sequence[str], now: float) -> None:
    """Record that users, by id, were last seen at `now`; unknown ids are skipped.

    This is one statement, so there may be at most 998 ids (SQLITE_MAX_VARIABLE_NUMBER): each
    statement releases the interpreter lock and waits for it, which takes far longer than the update
    if thousands of threads want it.
    """
    db.execute(
        f"UPDATE users SET seen = max(seen, ?) WHERE id IN ({','.join('?' * len(users))})",
        (now, *users),
    )


class Present(Protocol):
    """The users who are connected now."""

    def after(self, user_id: str, most: int) -> list[str]:
        """The ids of the next `most` of them, in order, that come after `user_id`."""


def saw_present(
    db: sqlite3.Connection, present: Present, now: float, *, after: str = ""
) -> str | None:
    """Record for the next few connected users that they are seen now.

    So no user who was connected expires because the server was killed. Returns where to continue;
    None at the end.
    """
    ids = present.after(after, LOOKED_AT)
    saw(db, ids, now)
    return ids[-1] if len(ids) == LOOKED_AT else None


def forget(
    db: sqlite3.Connection,
    now: float,
    *,
    here: Container[str] = (),
    after: tuple[float, str] = (0.0, ""),
    budget: Budget | None = None,
) -> tuple[int, tuple[float, str] | None]:
    """Delete the next few users if they have expired; users who are `here` count as seen now.

    Goes through the users from the one seen longest ago on, beginning `after` this time and id.
    Returns how many were deleted, and where to continue; None at the end. Their messages stay,
    under their nicks. A step takes `budget` (default: `FORGETTING` seconds), or one user if that
    takes longer.
    """
    budget = budget or Budget(FORGETTING)
    forgotten = 0
    looked = db.execute(
        "SELECT seen, id, wrote, EXISTS (SELECT 1 FROM reads WHERE user = users.id) FROM users"
        " WHERE (seen, id) > (?, ?) AND seen < ? ORDER BY seen, id LIMIT ?",
        (*after, now - UNUSED_KEPT, LOOKED_AT),
    ).fetchall()
    for seen, user, wrote, reads in looked:
        if user in here:
            saw(db, [user], now)
        elif seen < now - KEPT or not (wrote or reads):
            _forget(db, user)
            forgotten += 1
        if budget.spent:
            return forgotten, (seen, user)
    return forgotten, looked[-1][:2] if len(looked) == LOOKED_AT else None


def correct_future(db: sqlite3.Connection, now: float) -> bool:
    """Set the last-seen times that lie in the future, because the clock was wrong, to `now`.

    This corrects some of them, and only if such times were first found a day ago: if the clock is
    slow for a while, times that look like the future are right. Returns whether more are left.
    """
    latest = now + allowance(KEPT)
    (newest,) = db.execute("SELECT coalesce(max(seen), 0) FROM users").fetchone()
    if newest <= latest or ages.met(db, newest, now) > now - DAY:
        return False
    return (
        db.execute(
            "UPDATE users SET seen = ?1 WHERE id IN"
            " (SELECT id FROM users WHERE seen > ?2 ORDER BY seen DESC LIMIT ?3)",
            (now, latest, LOOKED_AT),
        ).rowcount
        == LOOKED_AT
    )


def _forget_inactive(db: sqlite3.Connection, now: float, here: Container[str]) -> bool:
    """Delete a few users who were not seen for a day; whether there were any."""
    gone = 0
    for (user,) in db.execute(
        "SELECT id FROM users WHERE seen < ? ORDER BY seen LIMIT ?", (now - DAY, LOOKED_AT)
    ).fetchall():
        if user in here:
            saw(db, [user], now)
        elif gone < FORGOTTEN_AT_ONCE:
            _forget(db, user)
            gone += 1
    return gone > 0


def _forget(db: sqlite3.Connection, user: str) -> None:
    db.execute("DELETE FROM reads WHERE user = ?", (user,))
    db.execute("DELETE FROM users WHERE id = ?", (user,))


def mark_read(db: sqlite3.Connection, user: str, key: str, seq: int, now: float) -> int:
    """Store the seq up to which the user has read the room; it never decreases. Returns it.

    Raises `NotFound` if there is no such room or no such user.
    """
    room = find_room(db, key)
    if room is None:
        raise NotFound("there is no such room")
    row: tuple[int] | None = db.execute(
        "UPDATE reads SET seq = max(seq, ?), time = ? WHERE user = ? AND room = ? RETURNING seq",
        (max(0, min(seq, room.seq)), now, user, room.id),
    ).fetchone()
    if row is not None:
        return row[0]
    if db.execute("SELECT 1 FROM users WHERE id = ?", (user,)).fetchone() is None:
        raise NotFound("there is no such user")
    # A mark from the future was set when the clock was wrong, at an unknown time: it goes first.
    marks = db.execute(
        "SELECT time, room FROM reads WHERE user = ? ORDER BY time <= ?, time",
        (user, now + allowance(KEPT)),
    ).fetchall()
    if len(marks) >= MARKS:
        db.execute("DELETE FROM reads WHERE user = ? AND room = ?", (user, marks[0][1]))
    row = db.execute(
        "INSERT INTO reads (user, room, seq, time) VALUES (?, ?, ?, ?) RETURNING seq",
        (user, room.id, max(0, min(seq, room.seq)), now),
    ).fetchone()
    assert row is not None
    return row[0]


def last_read(db: sqlite3.Connection, user: str, key: str) -> int:
    """The seq up to which the user has read the room; 0 if there is no mark, or it is damaged."""
    try:
        row = db.execute(
            "SELECT reads.seq FROM rooms JOIN reads ON reads.room = rooms.id"
            " WHERE rooms.key = ? AND reads.user = ?",
            (key, user),
        ).fetchone()
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        return 0
    return row[0] if row and isinstance(row[0], int) else 0


def _free_expired_nick(
    db: sqlite3.Connection,
    user: str,
    nick_key: str,
    now: float,
    here: Container[str],
    expire: bool,
) -> None:
    """Free the nick if its owner has expired. Raises `NickTaken` if another user owns it."""
    owner = holder(db, nick_key, now, here, expire=expire)
    if owner not in (None, user):
        raise NickTaken("the nick belongs to another user")
    db.execute("UPDATE users SET nick_key = NULL WHERE nick_key = ? AND id <> ?", (nick_key, user))
