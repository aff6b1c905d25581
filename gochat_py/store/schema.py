"""Defines the tables, and migrates a file of any earlier version to this version.

The row number of an entry is ``room << 40 | seq``. So the history of a room is one range of the
table, reading it needs no second index, and the search index can be queried for one room by a
range, too. (2²³ rooms and 2⁴⁰ entries in each fit into SQLite's 63 bits.)
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

#: The greatest number of a room that fits into a row number together with a seq.
LAST_ROOM = (1 << 63 - SEQ_BITS) - 1

#: The kinds of entries: the index in this tuple is stored. Only append to it.
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
    first INTEGER NOT NULL DEFAULT 1,  -- of the oldest stored entry
    indexed INTEGER NOT NULL DEFAULT 0 -- the seq up to which entries are in the search index
);
-- Only the rooms with entries that are not indexed yet.
CREATE INDEX rooms_behind ON rooms (id) WHERE indexed < seq;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,            -- room << 40 | seq
    kind INTEGER NOT NULL,             -- its place in KINDS
    user TEXT NOT NULL,
    nick TEXT NOT NULL,
    time REAL NOT NULL,                -- from the clock; the seq gives the order
    sent TEXT,                         -- the id from its sender
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
-- Finds the first attempt of a retried send. It is on the mark, not on user, room and id: it has a
-- third of the size, and costs half as much for each message.
CREATE UNIQUE INDEX entries_mark ON entries (mark) WHERE mark IS NOT NULL;
-- Finds the first attempt of a retried topic; edits and deletes are found by their target.
CREATE INDEX entries_topic ON entries (user, sent, id >> 40) WHERE kind = 4 AND sent IS NOT NULL;
CREATE INDEX entries_target ON entries (target, kind) WHERE target IS NOT NULL;

CREATE TABLE reactions (
    message INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    emoji TEXT NOT NULL,
    user TEXT NOT NULL,
    entry INTEGER NOT NULL,            -- the id of the entry that set this state
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

-- Which messages contain which trigrams; without texts, positions and lengths.
CREATE VIRTUAL TABLE grams USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE gram_list USING fts5vocab (grams, row);
"""


def _create(db: sqlite3.Connection) -> None:
    """Create the tables in an empty file, and a first epoch."""
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


#: The tables for limits: counts of users and rooms, when users were seen, and whether they wrote.
LIMITS = """
INSERT INTO meta (name, value) VALUES
    ('keys', 1),                       -- the version of the rule for names' keys
    ('fold', 1),                       -- the version of the rule for indexed texts
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

-- Of existing users, it is not known whether they wrote.
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
    """Store the seq before the first of each room; of existing rooms it is not known."""
    db.execute("ALTER TABLE rooms ADD COLUMN start INTEGER NOT NULL DEFAULT 0")


def _unify_reactions(db: sqlite3.Connection) -> None:
    """Store each reaction under the one normal form of its emoji.

    If two reactions become one, the later one counts: a client that applies the room's entries in
    order gets the same result.
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


#: The tables of `terms.py`. The epoch becomes the name of the first term, which wrote everything.
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

-- The last seqs of the rooms that were dropped most recently.
CREATE TABLE dropped (
    id INTEGER PRIMARY KEY,            -- increases, so that the oldest can be deleted
    key BLOB NOT NULL UNIQUE,          -- `terms.digest` of the room's key
    seq INTEGER NOT NULL,              -- of its newest entry
    term INTEGER NOT NULL              -- the term that wrote it
);

INSERT INTO terms SELECT 1, value, 0.0, 0, 0 FROM meta WHERE name = 'epoch';
INSERT INTO room_terms SELECT id, 1, 1 FROM rooms;
DELETE FROM meta WHERE name IN ('epoch', 'boot', 'clean');
INSERT INTO meta (name, value) VALUES
    ('identity', randomblob(16)),      -- identifies this database, in its redo log
    ('commit', 0),                     -- counts the commits that changed anything
    ('replayed', ' -1');               -- the term and commit of the log that was replayed last
"""


def _add_terms(db: sqlite3.Connection) -> None:
    for statement in statements(TERMS):
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from the version before to this one. The file records its name."""

    name: str
    step: Callable[[sqlite3.Connection], None]


#: All steps, oldest first; the version of a file is the number of steps that it has taken.
MIGRATIONS = (
    Migration("rooms, entries, reactions, users, search", _create),
    Migration("limits on rooms and users", _add_limits),
    Migration("the newest topic of each user", _index_topics),
    Migration("where rooms begin", _note_starts),
    Migration("one spelling for each reaction", _unify_reactions),
    Migration("terms, identity, number of the commit", _add_terms),
)


def migrate(db: sqlite3.Connection, place: str, now: float) -> None:
    """Take every step that the file has not taken; each is recorded in its own transaction.

    `place` is the directory, for error messages; `now` is in seconds since 1970. Raises
    `StartupError` if the file was written by a newer version, and `sqlite3.Error` if it cannot be
    read or written.
    """
    db.execute(
        "CREATE TABLE IF NOT EXISTS migrations"
        " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, time REAL NOT NULL)"
    )
    (version,) = db.execute("SELECT coalesce(max(version), 0) FROM migrations").fetchone()
    if version > len(MIGRATIONS):
        raise StartupError(
            f"the data in {place} was written by a newer gochat (schema {version}, this version "
            f"reads {len(MIGRATIONS)}); upgrade gochat, or choose another directory with --data"
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
    """The single statements of `script`: `executescript` would commit the open transaction."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found


def read_identity(db: sqlite3.Connection) -> bytes:
    """The identity of this database: 16 random bytes, created with the file."""
    row = db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    return bytes(row[0])


def read_commit(db: sqlite3.Connection) -> int:
    """The number of the newest commit. Only commits that change something are counted."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'commit'").fetchone()
    return row[0]


def read_floor(db: sqlite3.Connection) -> int:
    """The floor: the greatest seq of any dropped room. The seqs of a new room begin above it."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'floor'").fetchone()
    return row[0]
