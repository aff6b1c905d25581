"""Users without accounts: who they are, which nick is theirs, what they have read.

Functions of a database handle: those that write for `Writer.run`, those that read for
`ReadPool.run` too.
Each asks before it writes, so that one that refuses leaves a transaction as it was.
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

#: A user is kept until this many seconds after they were last seen, with nick and read marks: 30
#: days. One who never wrote, and has read nothing, is forgotten after a day.
KEPT = 30 * DAY
UNUSED_KEPT = DAY

#: Users forgotten at once to make room for a new one, and looked at in one step of `forget`.
MAKE_ROOM = 16
LOOKED_AT = 256

#: Seconds that a step of `forget` takes: a user may have a thousand read marks.
FORGETTING = 0.01

#: Rooms in which it is remembered how far one user has read; beyond, the mark set first goes.
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
    """Make a user with a nick. `token` is the SHA-256 of the secret that brings them back.

    Where there are `most` users already, those seen longest ago are forgotten, unless that is less
    than a day ago or they are `here`; returns whether that was done. `expire` is as for
    `claim_nick`: where it is False nobody is forgotten. Raises `NickTaken`, as `claim_nick`, and
    `LimitReached`.
    """
    (there_are,) = db.execute("SELECT value FROM meta WHERE name = 'users'").fetchone()
    forgot = there_are >= most and expire and _make_room(db, now, here)
    if there_are >= most and not forgot:
        raise LimitReached(
            f"This server keeps {most:,} users at the most, and all were here within a day; "
            "come back with a token that you have, or tomorrow."
        )
    _take_from_the_long_gone(db, user.id, nick_key, now, here, expire)
    db.execute(
        "INSERT INTO users (id, token, nick, nick_key, seen, wrote) VALUES (?, ?, ?, ?, ?, 0)",
        (user.id, token, user.nick, nick_key, now),
    )
    return forgot


def find(db: sqlite3.Connection, token: bytes) -> User | None:
    """The user whom this token (its SHA-256) brings back, with the nick they had last.

    A nick that is damaged is the id until the user takes another.
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
    """Give the user this nick, under the key by which nicks are compared. Returns who they are now.

    Who is `here` keeps the nick, whenever they were last seen. `expire` is False where the clock
    cannot be trusted (`core.clock`): no nick is too old then. Raises `NickTaken` while it belongs
    to another, and `NotFound` when there is no such user.
    """
    if db.execute("SELECT 1 FROM users WHERE id = ?", (user,)).fetchone() is None:
        raise NotFound("there is no such user")
    _take_from_the_long_gone(db, user, nick_key, now, here, expire)
    db.execute(
        "UPDATE users SET nick = ?, nick_key = ?, seen = max(seen, ?) WHERE id = ?",
        (nick, nick_key, now, user),
    )
    return User(user, nick)


def release_nick(db: sqlite3.Connection, user: str) -> None:
    """Let others take the user's nick; it is theirs again if they come back before that."""
    db.execute("UPDATE users SET nick_key = NULL WHERE id = ?", (user,))


def holder(
    db: sqlite3.Connection,
    nick_key: str,
    now: float,
    here: Container[str] = (),
    *,
    expire: bool = True,
) -> str | None:
    """The id of the user to whom the nick belongs now; who is `here` is seen now.

    When they were last seen is written now and then only, and by a clock that may have been wrong.
    `expire` is as for `claim_nick`.
    """
    row: tuple[str, float] | None = db.execute(
        "SELECT id, seen FROM users WHERE nick_key = ?", (nick_key,)
    ).fetchone()
    if row is None:
        return None
    user, seen = row
    return user if not expire or seen > now - KEPT or user in here else None


def saw(db: sqlite3.Connection, users: Sequence[str], now: float) -> None:
    """Note that users, by id, were last seen at `now`; who is not known is passed over.

    It is one statement, so there may be 998 (SQLITE_MAX_VARIABLE_NUMBER): each statement releases
    the interpreter lock and waits for it, which takes far longer than the update when thousands of
    threads want it.
    """
    db.execute(
        f"UPDATE users SET seen = max(seen, ?) WHERE id IN ({','.join('?' * len(users))})",
        (now, *users),
    )


class Present(Protocol):
    """Who is connected now."""

    def after(self, user_id: str, most: int) -> list[str]:
        """The ids of the next `most` of them, in order, that come after `user_id`."""


def saw_present(
    db: sqlite3.Connection, present: Present, now: float, *, after: str = ""
) -> str | None:
    """Note for those of the next few users who are connected that they are seen now.

    So a server that is killed forgets nobody who was there. Returns where to go on, None at the
    end.
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
    """Forget those of the next few users whose time is over; who is `here` is seen now.

    Goes through users from the one seen longest ago on, `after` that time and id. Returns how many
    were forgotten, and where to go on, None at the end. What they wrote stays, under their nick. A
    step takes `budget` (`FORGETTING` if left out), or one user if that takes longer.
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
    """Let users who were seen in the future, when the clock was wrong, count as seen now.

    Done for some of them, and only when such times were first met a day ago: if the clock is behind
    for a while, what looks like the future is right. Returns whether more are left.
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


def _make_room(db: sqlite3.Connection, now: float, here: Container[str]) -> bool:
    """Forget a few users who were not seen for a day; whether there were any."""
    gone = 0
    for (user,) in db.execute(
        "SELECT id FROM users WHERE seen < ? ORDER BY seen LIMIT ?", (now - DAY, LOOKED_AT)
    ).fetchall():
        if user in here:
            saw(db, [user], now)
        elif gone < MAKE_ROOM:
            _forget(db, user)
            gone += 1
    return gone > 0


def _forget(db: sqlite3.Connection, user: str) -> None:
    db.execute("DELETE FROM reads WHERE user = ?", (user,))
    db.execute("DELETE FROM users WHERE id = ?", (user,))


def mark_read(db: sqlite3.Connection, user: str, key: str, seq: int, now: float) -> int:
    """Remember how far the user has read the room; never goes back. Returns how far that is.

    Raises `NotFound` when nothing is kept there, or there is no such user.
    """
    room = find_room(db, key)
    if room is None:
        raise NotFound("nothing was ever written in this room")
    row: tuple[int] | None = db.execute(
        "UPDATE reads SET seq = max(seq, ?), time = ? WHERE user = ? AND room = ? RETURNING seq",
        (max(0, min(seq, room.seq)), now, user, room.id),
    ).fetchone()
    if row is not None:
        return row[0]
    if db.execute("SELECT 1 FROM users WHERE id = ?", (user,)).fetchone() is None:
        raise NotFound("there is no such user")
    # A mark from the future was set when the clock was wrong; nobody knows when, so it goes first.
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
    """The seq up to which the user has read the room, 0 if they never said so, or it is lost."""
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


def _take_from_the_long_gone(
    db: sqlite3.Connection,
    user: str,
    nick_key: str,
    now: float,
    here: Container[str],
    expire: bool,
) -> None:
    """Free the nick if it belongs to nobody any more, or raise `NickTaken`."""
    owner = holder(db, nick_key, now, here, expire=expire)
    if owner not in (None, user):
        raise NickTaken("the nick belongs to somebody else")
    db.execute("UPDATE users SET nick_key = NULL WHERE nick_key = ? AND id <> ?", (nick_key, user))
