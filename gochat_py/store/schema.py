"""The tables, and how a file of any earlier version becomes one of this version.

An entry's row number is ``room << 40 | seq``: a room's history is one range of the table, reading
it needs no second index, and the search index can be asked for one room by a range too. (2²³ rooms
and 2⁴⁰ entries in each fit into SQLite's 63 bits.)
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from ..core.emoji import emoji_form
from ..errors import StartupError
from ..message import Kind

#: Bits of an entry's row number that hold its seq.
SEQ_BITS = 40
SEQ_MASK = (1 << SEQ_BITS) - 1

#: The greatest number of a room: with a seq beside it, it still fits.
LAST_ROOM = (1 << 63 - SEQ_BITS) - 1

#: Kinds as they are stored: their place in this tuple. Only ever append.
KINDS = (Kind.MESSAGE, Kind.EDITED, Kind.DELETED, Kind.REACTED, Kind.TOPIC)
CODES = {kind: code for code, kind in enumerate(KINDS)}

FIRST_TABLES = """
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,          -- as it is compared
    name TEXT NOT NULL,                -- as it is shown
    topic TEXT NOT NULL DEFAULT '',
    seq INTEGER NOT NULL DEFAULT 0,    -- of the newest entry ever; never goes back
    first INTEGER NOT NULL DEFAULT 1,  -- of the oldest entry kept
    indexed INTEGER NOT NULL DEFAULT 0 -- the search index knows all up to here
);
-- Holds only the rooms that search has yet to catch up with.
CREATE INDEX rooms_behind ON rooms (id) WHERE indexed < seq;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,            -- room << 40 | seq
    kind INTEGER NOT NULL,             -- its place in KINDS
    user TEXT NOT NULL,
    nick TEXT NOT NULL,
    time REAL NOT NULL,                -- the clock's; what orders entries is the seq
    sent TEXT,                         -- the id its sender gave it
    mark INTEGER,                      -- of a message with such an id: `ledger.mark`
    text TEXT,                         -- as last edited; NULL once deleted
    reply_to INTEGER,                  -- a seq
    target INTEGER,                    -- the id of the entry it changes
    emoji TEXT,
    state INTEGER,                     -- of a reaction: on or off
    bot INTEGER NOT NULL DEFAULT 0,
    edited REAL,                       -- time of the last edit
    deleted INTEGER                    -- the id of the entry that deleted it
);
-- A retried send meets its first attempt here. On the mark rather than on user, room and id
-- themselves: with a third of the size, this index costs half as much a message.
CREATE UNIQUE INDEX entries_mark ON entries (mark) WHERE mark IS NOT NULL;
-- A retried topic meets its first attempt here; edits and deletes are found by their target.
CREATE INDEX entries_topic ON entries (user, sent, id >> 40) WHERE kind = 4 AND sent IS NOT NULL;
CREATE INDEX entries_target ON entries (target, kind) WHERE target IS NOT NULL;

CREATE TABLE reactions (
    message INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    emoji TEXT NOT NULL,
    user TEXT NOT NULL,
    entry INTEGER NOT NULL,            -- the id of the entry that made it so
    state INTEGER NOT NULL,            -- on or off
    PRIMARY KEY (message, emoji, user)
) WITHOUT ROWID;

CREATE TABLE users (
    id TEXT PRIMARY KEY,               -- public and stable
    token BLOB NOT NULL UNIQUE,        -- SHA-256 of the secret
    nick TEXT NOT NULL,
    nick_key TEXT UNIQUE,              -- as nicks are compared; NULL once another user took it
    seen REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE reads (
    user TEXT NOT NULL,
    room INTEGER NOT NULL REFERENCES rooms (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (user, room)
) WITHOUT ROWID;

-- Which messages hold which three characters; no text, no positions, no lengths.
CREATE VIRTUAL TABLE grams USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE gram_list USING fts5vocab (grams, row);
"""


def _create(db: sqlite3.Connection) -> None:
    """Make the tables of an empty file, and the name of its numbering."""
    for statement in statements(FIRST_TABLES):
        db.execute(statement)
    db.executemany(
        "INSERT INTO meta (name, value) VALUES (?, ?)",
        [
            ("epoch", secrets.token_urlsafe(12)),
            ("boot", ""),
            ("clean", 1),
            ("residue", 0),
            ("scrubbing", 0),
        ],
    )


#: What limits need: how many there are, who was seen when, who is known by what they wrote.
LIMITS = """
INSERT INTO meta (name, value) VALUES
    ('keys', 1),                       -- the version of the rule for names' keys
    ('fold', 1),                       -- and of that by which texts are indexed
    ('floor', 0),                      -- the greatest seq of any room that was dropped
    ('users', (SELECT count(*) FROM users)),
    ('rooms', (SELECT count(*) FROM rooms));

CREATE TRIGGER user_made AFTER INSERT ON users BEGIN
    UPDATE meta SET value = value + 1 WHERE name = 'users';
END;
CREATE TRIGGER user_forgotten AFTER DELETE ON users BEGIN
    UPDATE meta SET value = value - 1 WHERE name = 'users';
END;
CREATE TRIGGER room_made AFTER INSERT ON rooms BEGIN
    UPDATE meta SET value = value + 1 WHERE name = 'rooms';
END;
CREATE TRIGGER room_dropped AFTER DELETE ON rooms BEGIN
    UPDATE meta SET value = value - 1 WHERE name = 'rooms';
END;

-- Of those who were there before, nobody knows whether they wrote.
ALTER TABLE users ADD COLUMN wrote INTEGER NOT NULL DEFAULT 1;
CREATE INDEX users_seen ON users (seen);

ALTER TABLE reads ADD COLUMN time REAL NOT NULL DEFAULT 0; -- when it was set last
CREATE INDEX reads_room ON reads (room);
"""


def _add_limits(db: sqlite3.Connection) -> None:
    for statement in statements(LIMITS):
        db.execute(statement)


#: A retried topic is compared with the newest of its user in the room, whatever id that has.
TOPICS = """
DROP INDEX entries_topic;
CREATE INDEX entries_topic ON entries (user, id >> 40) WHERE kind = 4;
"""


def _index_topics(db: sqlite3.Connection) -> None:
    for statement in statements(TOPICS):
        db.execute(statement)


def _note_starts(db: sqlite3.Connection) -> None:
    """Let rooms know the seq before their first; of those made before this it is not known."""
    db.execute("ALTER TABLE rooms ADD COLUMN start INTEGER NOT NULL DEFAULT 0")


def _unify_reactions(db: sqlite3.Connection) -> None:
    """Give each reaction its one spelling.

    Of reactions that were two and are one now, the one made last counts: so says the room's log to
    whoever follows it.
    """
    db.create_function("emoji_form", 1, emoji_form, deterministic=True)
    db.execute("CREATE TEMP TABLE unified AS SELECT * FROM reactions ORDER BY entry")
    db.execute("DELETE FROM reactions")
    db.execute(
        "INSERT OR REPLACE INTO reactions (message, emoji, user, entry, state)"
        " SELECT message, emoji_form(emoji), user, entry, state FROM unified ORDER BY entry"
    )
    db.execute("DROP TABLE unified")
    db.execute(
        "UPDATE entries SET emoji = emoji_form(emoji)"
        " WHERE target IS NOT NULL AND kind = 3 AND emoji != emoji_form(emoji)"
    )


#: The terms of `terms.py`. The epoch becomes the name of the first, which wrote all there is.
TERMS = """
CREATE TABLE terms (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    began REAL NOT NULL,
    first_commit INTEGER NOT NULL,     -- the number of the commit in which it began
    floor INTEGER NOT NULL             -- what `floor` in `meta` was when it began
);
-- The first seq that was written in a room in a term.
CREATE TABLE room_terms (
    room INTEGER NOT NULL REFERENCES rooms (id) ON DELETE CASCADE,
    term INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (room, term)
) WITHOUT ROWID;

-- How far rooms went that were dropped, lately.
CREATE TABLE dropped (
    id INTEGER PRIMARY KEY,            -- counts, so that the oldest can be forgotten
    key BLOB NOT NULL UNIQUE,          -- `terms.digest` of the room's key
    seq INTEGER NOT NULL,              -- of its newest entry
    term INTEGER NOT NULL              -- in which that was written
);

INSERT INTO terms SELECT 1, value, 0.0, 0, 0 FROM meta WHERE name = 'epoch';
INSERT INTO room_terms SELECT id, 1, 1 FROM rooms;
DELETE FROM meta WHERE name IN ('epoch', 'boot', 'clean');
INSERT INTO meta (name, value) VALUES
    ('identity', randomblob(16)),      -- names this database, in its redo log
    ('commit', 0),                     -- counts the commits that changed anything
    ('replayed', ' -1');               -- the term and commit of the log that was replayed last
"""


def _add_terms(db: sqlite3.Connection) -> None:
    for statement in statements(TERMS):
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from the version before to this one. Its name is recorded in the file."""

    name: str
    step: Callable[[sqlite3.Connection], None]


#: Every step there ever was, oldest first; a file's version is how many of them it has taken.
MIGRATIONS = (
    Migration("rooms, entries, reactions, users, search", _create),
    Migration("limits on rooms and users", _add_limits),
    Migration("the newest topic of each user", _index_topics),
    Migration("where rooms begin", _note_starts),
    Migration("one spelling for each reaction", _unify_reactions),
    Migration("terms, identity, number of the commit", _add_terms),
)


def migrate(db: sqlite3.Connection, place: str, now: float) -> None:
    """Take every step that the file lacks, each recorded in the transaction that makes it.

    `place` is the directory as the user knows it. Raises `StartupError` when the file was written
    by a newer version, and `sqlite3.Error` when it cannot be read or written.
    """
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, time REAL NOT NULL)"
    )
    (version,) = db.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise StartupError(
            f"the data in {place} was written by a newer gochat (schema {version}, this one knows "
            f"{len(MIGRATIONS)}); upgrade gochat, or choose another directory with --data"
        )
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        db.execute("BEGIN IMMEDIATE")
        try:
            migration.step(db)
            db.execute("INSERT INTO migrations VALUES (?, ?, ?)", (number, migration.name, now))
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def statements(script: str) -> list[str]:
    """The single statements of `script`: `executescript` would commit the transaction it is in."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found


def read_identity(db: sqlite3.Connection) -> bytes:
    """What names this database: 16 random bytes, made with the file."""
    row = db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    return bytes(row[0])


def read_commit(db: sqlite3.Connection) -> int:
    """How many commits have changed anything: the number of the newest."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'commit'").fetchone()
    return row[0]


def read_floor(db: sqlite3.Connection) -> int:
    """The seq above which a room that is made now counts: no room that was dropped went further."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'floor'").fetchone()
    return row[0]
