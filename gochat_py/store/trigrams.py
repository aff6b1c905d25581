"""Maintains the search index: which messages contain which trigrams (three characters in a row).

The index (FTS5) has neither texts nor positions, only row numbers by trigram; a search checks the
messages themselves. Indexing costs more than storing, so it is done later, in larger steps: the row
of a room has the seq up to which the room is indexed.

When a message is deleted, FTS5 adds a deletion mark, and both stay in the file until a merge
removes them; the option that changes this came with SQLite 3.42. `scrub` merges the whole index, in
small steps, until the deleted text is no longer in the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from ..core.text import FOLD_VERSION, fold
from .budget import Budget
from .rows import VALID_ROOM, raising_damaged_room
from .schema import SEQ_BITS

#: Appended to each text in the index, so that its last two characters also begin trigrams, and a
#: query of one or two characters finds them. No message may contain this character.
PAD = "\x01\x01"

#: Rooms checked in one step of indexing, and characters of text indexed: this takes half of `STEP`
#: if the texts are English. One message may be longer.
ROOMS_AT_ONCE = 64
CHARACTERS_AT_ONCE = 16_384

#: Seconds that a step of indexing takes, or one message if that takes longer.
STEP = 0.01


def renew(db: sqlite3.Connection) -> None:
    """Clear the index if it was made with another version of `fold`. Raises `sqlite3.Error`.

    A message can only be removed from the index with the text that it was indexed with. Runs at a
    start; then `index_some` fills the index again, and until then a search checks every message.
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
    """Index messages, given as row number and text; fastest in the order of the numbers."""
    db.executemany(
        "INSERT INTO grams (rowid, text) VALUES (?, ?)",
        ((number, fold(text) + PAD) for number, text in messages if isinstance(text, str)),
    )


def remove(db: sqlite3.Connection, messages: Iterable[tuple[int, str]]) -> None:
    """Remove messages from the index; the texts must be those they were indexed with.

    Their traces in the file are counted as residue, which `scrub` removes.
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
    skip: Collection[int] = (),
) -> int:
    """Index up to `limit` of the entries that are not indexed yet; return how many.

    It stops earlier when `budget` (default: `STEP` seconds) is spent, or after `CHARACTERS_AT_ONCE`
    characters, but it indexes at least one entry: 0 means that only the rooms `skip` have any left.
    Raises `DamagedRoom`.

    In a transaction of 512, an entry costs half as much as in one of 128 (21 and 37 µs for 64
    characters of English), because FTS5 writes one segment for each transaction. So the caller
    waits until there are many.
    """
    step = _Step(limit, budget or Budget(STEP))
    for room, indexed, newest in db.execute(
        "SELECT id, indexed, seq FROM rooms WHERE indexed < seq"
        f" AND {VALID_ROOM} ORDER BY id LIMIT ?",
        (ROOMS_AT_ONCE + len(skip),),
    ).fetchall():
        if room in skip:
            continue
        base = room << SEQ_BITS
        rows = db.execute(
            "SELECT id, kind, text FROM entries WHERE id > ? AND id <= ? ORDER BY id",
            (base + indexed, base + newest),
        )
        step.reached = base + newest  # unless it stops earlier: missing entries were trimmed
        with raising_damaged_room(room):
            add(db, step.messages(rows))
        db.execute("UPDATE rooms SET indexed = ? WHERE id = ?", (step.reached - base, room))
        if step.over:
            break
    return step.taken


class _Step:
    """Yields the messages to index in one step, and counts them."""

    def __init__(self, limit: int, budget: Budget) -> None:
        self.taken = 0
        self.reached = 0
        self.over = False
        self._left = limit
        self._characters = CHARACTERS_AT_ONCE
        self._budget = budget

    def messages(self, rows: Iterable[tuple[int, int, str | None]]) -> Iterator[tuple[int, str]]:
        """The messages in `rows` that have a text, one by one."""
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
    """Whether the message in row `number` is indexed."""
    row = db.execute("SELECT indexed FROM rooms WHERE id = ?", (number >> SEQ_BITS,)).fetchone()
    return bool(row[0] >= number - (number >> SEQ_BITS << SEQ_BITS))


def backlog(db: sqlite3.Connection) -> int:
    """How many entries are not indexed yet. A search checks each of these."""
    row: tuple[int] = db.execute(
        "SELECT coalesce(sum(seq - indexed), 0) FROM rooms WHERE indexed < seq"
    ).fetchone()
    return row[0]


def residue(db: sqlite3.Connection) -> int:
    """How many deletions have left traces of text in the index."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'residue'").fetchone()
    return row[0]


def is_scrubbing(db: sqlite3.Connection) -> bool:
    """Whether a pass of `scrub` has begun and is not finished."""
    row: tuple[int] = db.execute("SELECT value FROM meta WHERE name = 'scrubbing'").fetchone()
    return bool(row[0])


def scrub(db: sqlite3.Connection, pages: int = 16) -> bool:
    """Rewrite `pages` more pages of the index without deleted text; whether more is to do.

    One pass rewrites the whole index once, about 100 bytes for each message: for a million messages
    3 s of work in 1,300 steps, half of them under 2 ms, the longest 23 ms. The caller should wait
    between passes over a large index. The progress is stored in the database, so a step may be
    rolled back.
    """
    meta = dict(
        db.execute("SELECT name, value FROM meta WHERE name IN ('residue', 'scrubbing')").fetchall()
    )
    if not meta["residue"]:
        return False
    starting = not meta["scrubbing"]
    if starting:
        # FTS5 collects changes in memory until the transaction or a savepoint ends. A pass that
        # began before that would not include them.
        db.execute("SAVEPOINT flushed")
        db.execute("RELEASE flushed")
        db.execute("UPDATE meta SET value = ? WHERE name = 'scrubbing'", (meta["residue"],))
        meta["scrubbing"] = meta["residue"]
    before = db.total_changes
    # A negative number starts a pass over all segments, a positive number continues it; fewer than
    # two changed rows mean that there is nothing left to do (https://sqlite.org/fts5.html,
    # "merge").
    db.execute(
        "INSERT INTO grams (grams, rank) VALUES ('merge', ?)", (-pages if starting else pages,)
    )
    if db.total_changes - before >= 2:
        return True
    db.execute("UPDATE meta SET value = value - ? WHERE name = 'residue'", (meta["scrubbing"],))
    db.execute("UPDATE meta SET value = 0 WHERE name = 'scrubbing'")
    return bool(meta["residue"] > meta["scrubbing"])
