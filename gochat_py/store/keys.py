"""Computes the stored keys of nicks and rooms again when the rule for keys has changed.

Names are compared by their keys, which are stored with users and rooms. Under keys of another rule,
two users could have nicks that look the same, and rooms would not be found. Runs at a start, before
the server accepts connections.
"""

from __future__ import annotations

import sqlite3

from ..core.names import KEY_VERSION, nick_key, room_key


def renew(db: sqlite3.Connection) -> None:
    """Compute all keys by the current rule, if the file has keys of another rule.

    If several users have the same nick under the new rule, the one seen last keeps it; the others
    get theirs back, or another, with their next `hello`. If several rooms have the same key, the
    room that was made first gets it; the others keep their old keys, so that none of their history
    is lost. Raises `sqlite3.Error`.
    """
    (version,) = db.execute("SELECT value FROM meta WHERE name = 'keys'").fetchone()
    if version == KEY_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    _renew_nicks(db)
    _renew_rooms(db)
    db.execute("UPDATE meta SET value = ? WHERE name = 'keys'", (KEY_VERSION,))
    db.execute("COMMIT")


def _renew_nicks(db: sqlite3.Connection) -> None:
    holders: dict[str, str] = {}
    for user, nick in db.execute(
        "SELECT id, nick FROM users WHERE nick_key IS NOT NULL AND typeof(nick) = 'text'"
        " ORDER BY seen DESC, id"
    ).fetchall():
        holders.setdefault(nick_key(nick), user)
    db.execute("UPDATE users SET nick_key = NULL")
    db.executemany("UPDATE users SET nick_key = ? WHERE id = ?", holders.items())


def _renew_rooms(db: sqlite3.Connection) -> None:
    rooms = db.execute(
        "SELECT id, key, name FROM rooms WHERE typeof(name) = 'text' ORDER BY id"
    ).fetchall()
    taken = {key for _, key, _ in rooms}
    for room, key, name in rooms:
        renewed = room_key(name)
        if renewed not in taken:
            taken.discard(key)
            taken.add(renewed)
            db.execute("UPDATE rooms SET key = ? WHERE id = ?", (renewed, room))
