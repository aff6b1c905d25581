"""The write side of search: which messages hold which three characters.

The index (FTS5, trigrams) holds neither texts nor positions, only row numbers by trigram; whoever
searches looks at the messages themselves before believing it. Indexing is done apart from storing,
in larger steps, since it costs more: a room's row says how far it has come.

FTS5 answers a deletion with a mark beside what it deletes, and both stay in the file until a merge
meets them; the option that changes this came with SQLite 3.42. `scrub` merges everything, in small
steps, until what was deleted is gone from the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from ..core.text import FOLD_VERSION, fold
from .budget import Budget
from .rows import SOUND_ROOM, blaming
from .schema import SEQ_BITS

#: Follows each text in the index, so that its last two characters start trigrams too and are found
#: by a query of one or two characters. No message may hold this character.
PAD = "\x01\x01"

#: Rooms looked at in one step of indexing, and characters of text indexed: half of `STEP` where the
#: texts are English. One message may be longer.
ROOMS_AT_ONCE = 64
CHARACTERS_AT_ONCE = 16_384

#: Seconds that a step of indexing takes, or one message if that takes longer.
STEP = 0.01


def renew(db: sqlite3.Connection) -> None:
    """Begin the index anew, if it was made with another `fold`. Raises `sqlite3.Error`.

    A message can only be taken out of the index by the text that it was put in with. Done at a
    start; then `index_some` fills it again, and until it has, search looks at the messages.
    """
    (version,) = db.execute("SELECT value FROM meta WHERE name = 'fold'").fetchone()
    if version == FOLD_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO grams (grams) VALUES ('delete-all')")
    db.execute("UPDATE rooms SET indexed = min(seq, first - 1)")
    db.execute("UPDATE meta SET value = 0 WHERE name IN ('residue', 'scrubbing')")
    db.execute("UPDATE meta SET value = ? WHERE name = 'fold'", (FOLD_VERSION,))
    db.execute("COMMIT")


def add(db: sqlite3.Connection, messages: Iterable[tuple[int, str]]) -> None:
    """Index messages, given as row number and text; quickest in the order of their numbers."""
    db.executemany(
        "INSERT INTO grams (rowid, text) VALUES (?, ?)",
        ((number, fold(text) + PAD) for number, text in messages if isinstance(text, str)),
    )


def remove(db: sqlite3.Connection, messages: Iterable[tuple[int, str]]) -> None:
    """Take messages out of the index; the texts must be those they were indexed with.

    What is left of them in the file is counted as residue, for `scrub` to remove.
    """
    rows = [(number, fold(text) + PAD) for number, text in messages if isinstance(text, str)]
    if rows:
        db.executemany("INSERT INTO grams (grams, rowid, text) VALUES ('delete', ?, ?)", rows)
        db.execute("UPDATE meta SET value = value + ? WHERE name = 'residue'", (len(rows),))


def index_some(
    db: sqlite3.Connection,
    limit: int,
    *,
    budget: Budget | None = None,
    passing_over: Collection[int] = (),
) -> int:
    """Index up to `limit` of the entries that are not indexed yet; returns how many it took.

    It stops before that when `budget` (`STEP` if left out) is spent, or `CHARACTERS_AT_ONCE` are
    taken, but never before the first: 0 means that there is nothing left but in the rooms
    `passing_over`. Raises `DamagedRoom`.

    A transaction of 512 costs half as much an entry as one of 128 (21 and 37 µs for 64 characters
    of English), since FTS5 writes one segment a transaction: so let some gather.
    """
    step = _Step(limit, budget or Budget(STEP))
    for room, indexed, newest in db.execute(
        "SELECT id, indexed, seq FROM rooms WHERE indexed < seq"
        f" AND {SOUND_ROOM} ORDER BY id LIMIT ?",
        (ROOMS_AT_ONCE + len(passing_over),),
    ).fetchall():
        if room in passing_over:
            continue
        base = room << SEQ_BITS
        rows = db.execute(
            "SELECT id, kind, text FROM entries WHERE id > ? AND id <= ? ORDER BY id",
            (base + indexed, base + newest),
        )
        step.reached = base + newest  # unless it stops earlier: the rest, if any, was trimmed
        with blaming(room):
            add(db, step.messages(rows))
        db.execute("UPDATE rooms SET indexed = ? WHERE id = ?", (step.reached - base, room))
        if step.over:
            break
    return step.taken


class _Step:
    """Hands out what is to be indexed, until it is enough for one step."""

    def __init__(self, limit: int, budget: Budget) -> None:
        self.taken = 0
        self.reached = 0
        self.over = False
        self._left = limit
        self._characters = CHARACTERS_AT_ONCE
        self._budget = budget

    def messages(self, rows: Iterable[tuple[int, int, str | None]]) -> Iterator[tuple[int, str]]:
        """Of `rows`, as they are read, the messages with a text."""
        before = 0
        for number, kind, text in rows:
            if self.over:
                self.reached = before
                return
            before = number
            self.taken += 1
            self._left -= 1
            if kind == 0 and isinstance(text, str):
                yield number, text
                self._characters -= len(text)
            self.over = self._left <= 0 or self._characters <= 0 or self._budget.spent


def is_indexed(db: sqlite3.Connection, number: int) -> bool:
    """Whether the index has come as far as the message in row `number`."""
    row = db.execute("SELECT indexed FROM rooms WHERE id = ?", (number >> SEQ_BITS,)).fetchone()
    return bool(row[0] >= number - (number >> SEQ_BITS << SEQ_BITS))


def backlog(db: sqlite3.Connection) -> int:
    """How many entries are not indexed yet. Search looks through those one by one."""
    row: tuple[int] = db.execute(
        "SELECT coalesce(sum(seq - indexed), 0) FROM rooms WHERE indexed < seq"
    ).fetchone()
    return row[0]


def residue(db: sqlite3.Connection) -> int:
    """How many deletions have left traces in the index's part of the file."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'residue'").fetchone()
    return row[0]


def is_scrubbing(db: sqlite3.Connection) -> bool:
    """Whether a pass of `scrub` has begun, and has not come to its end."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'scrubbing'").fetchone()
    return bool(row[0])


def scrub(db: sqlite3.Connection, pages: int = 16) -> bool:
    """Rewrite `pages` more of the index without what was deleted; returns whether more is to do.

    One pass rewrites the whole index once, about 100 bytes a message: for a million messages 3 s of
    work in 1,300 steps, half of them under 2 ms, the longest 23 ms. Let some time pass between
    passes over a large index. How far it is stands in the database, so any step may be undone.
    """
    meta = dict(
        db.execute("SELECT name, value FROM meta WHERE name IN ('residue', 'scrubbing')").fetchall()
    )
    if not meta["residue"]:
        return False
    starting = not meta["scrubbing"]
    if starting:
        # FTS5 gathers changes in memory until the transaction or a savepoint ends; a pass that
        # began without them would not cover them.
        db.execute("SAVEPOINT flushed")
        db.execute("RELEASE flushed")
        db.execute("UPDATE meta SET value = ? WHERE name = 'scrubbing'", (meta["residue"],))
        meta["scrubbing"] = meta["residue"]
    before = db.total_changes
    # A negative number starts a pass over all segments, a positive one goes on with it; fewer than
    # two changed rows mean that nothing was left (https://sqlite.org/fts5.html, "merge").
    db.execute(
        "INSERT INTO grams (grams, rank) VALUES ('merge', ?)", (-pages if starting else pages,)
    )
    if db.total_changes - before >= 2:
        return True
    db.execute("UPDATE meta SET value = value - ? WHERE name = 'residue'", (meta["scrubbing"],))
    db.execute("UPDATE meta SET value = 0 WHERE name = 'scrubbing'")
    return bool(meta["residue"] > meta["scrubbing"])
