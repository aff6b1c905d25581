"""Searching. Every query is taken literally: there is no syntax that a user could get wrong.

Found is every message that holds the query as it stands, wherever it begins, whatever the case and
width of its characters (`text.fold`); so it works for Chinese as for English. The index proposes
messages that hold the query's trigrams, then the messages themselves are looked at; those the
index does not know yet are looked at one by one, so search is never behind. Those that are not in
the database yet come as `ahead` (`Ahead.of`).

A query of one or two characters is answered from all trigrams that begin with it. Where these are
more than `MOST_TRIGRAMS`, or it is a single ASCII character, the query is so common that only the
newest `SCANNED` messages are looked at. `Found.complete` says whether anything was left out.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from ..core.text import fold
from ..message import Entry
from .rows import COLUMNS, Room, entry, find_room, reactions_to
from .schema import SEQ_BITS

#: A longer query asks the index for so many of its trigrams: enough to leave few wrong proposals.
ASKED_TRIGRAMS = 12
MOST_TRIGRAMS = 200

#: Messages looked at before a search gives up, without and with the index's help: some 20 ms.
SCANNED = 10_000

_WANTED = ", ".join(f"entries.{column}" for column in COLUMNS.split(", "))
_PROPOSED = (
    f"SELECT {_WANTED} FROM grams CROSS JOIN entries ON entries.id = grams.rowid"
    " WHERE grams MATCH ? AND grams.rowid BETWEEN ? AND ? ORDER BY grams.rowid DESC"
)
_SCANNED = f"SELECT {COLUMNS} FROM entries WHERE id BETWEEN ? AND ? ORDER BY id DESC"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Messages, newest first. `more` says that older ones hold the query too; `complete` that the
    search did not give up before it had looked at everything it had to.
    """

    entries: tuple[Entry, ...]
    more: bool
    complete: bool


@dataclass(slots=True)
class _Budget:
    """How many messages a search may still look at."""

    left: int
    exhausted: bool = False

    def spend(self) -> bool:
        self.left -= 1
        self.exhausted = self.exhausted or self.left < 0
        return not self.exhausted


def search(
    connection: sqlite3.Connection,
    keys: Sequence[str],
    query: str,
    *,
    ahead: Sequence[Entry] = (),
    limit: int = 50,
    before: int | None = None,
    before_time: float | None = None,
) -> Found:
    """Messages in the rooms `keys` that hold `query`, newest first, at most `limit`.

    Older than the seq `before` (of use in one room), and than `before_time` (in several: of
    messages in the very same millisecond as the last one shown, the rest is passed over).
    """
    wanted = fold(query)
    try:
        wanted.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no message holds
        return Found((), False, True)
    if not wanted:
        return Found((), False, True)
    asked = _expression(connection, wanted)
    budget = _Budget(SCANNED)
    rooms = {}
    hits = []
    for key in dict.fromkeys(keys):
        room = find_room(connection, key)
        if room is not None:
            last = room.seq if before is None else max(min(before - 1, room.seq), 0)
            if before_time is not None:
                last = min(last, _last_before(connection, room, before_time))
            rooms[room.id] = room
            newest = [
                _row(room, entry)
                for entry in reversed(ahead)
                if entry.key == room.key
                and entry.seq > room.seq
                and (before is None or entry.seq < before)
                and (before_time is None or entry.time < before_time)
            ]
            candidates = chain(newest, _candidates(connection, room, room.base + last, asked))
            hits.append(_hits(candidates, wanted, budget))
    merged = heapq.merge(*hits, key=lambda row: (row[4], row[0]), reverse=True)
    rows = list(islice(merged, limit + 1))
    reactions = reactions_to(connection, [row[0] for row in rows[:limit]])
    found = []
    for row in rows[:limit]:
        room = rooms[row[0] >> SEQ_BITS]
        found.append(entry(row, room.name, room.key, reactions.get(row[0], {})))
    return Found(tuple(found), len(rows) > limit, not budget.exhausted)


def _expression(connection: sqlite3.Connection, wanted: str) -> str | None:
    """What to ask the index for; empty when it holds no such thing, None when it is no help."""
    if len(wanted) == 1 and wanted.isascii():
        return None  # half the index would begin with it; the newest messages will hold it
    if len(wanted) < 3:
        terms = connection.execute(
            "SELECT term FROM gram_list WHERE term >= ? AND term < ? LIMIT ?",
            (wanted, wanted + chr(0x10FFFF), MOST_TRIGRAMS + 1),
        ).fetchall()
        if len(terms) > MOST_TRIGRAMS:
            return None
        return " OR ".join(_quoted(term) for (term,) in terms)
    trigrams = list(dict.fromkeys(wanted[i : i + 3] for i in range(len(wanted) - 2)))
    step = -(-len(trigrams) // ASKED_TRIGRAMS)
    return " AND ".join(_quoted(trigram) for trigram in trigrams[::step])


def _quoted(trigram: str) -> str:
    """The trigram as an FTS5 string, in which nothing but the quote has a meaning."""
    return '"' + trigram.replace('"', '""') + '"'


def _hits(candidates: Iterable[Row], wanted: str, budget: _Budget) -> Iterator[Row]:
    """Those of `candidates` that are messages and hold what is wanted."""
    for row in candidates:
        if not budget.spend():
            return
        text = row[6]
        if row[1] == 0 and text is not None and wanted in fold(text):
            yield row


def _row(room: Room, entry: Entry) -> Row:
    """A message that is not in the database yet, as the row of `COLUMNS` that it will be."""
    known = (entry.user, entry.nick, entry.time, entry.id, entry.text, entry.reply_to)
    return (room.base + entry.seq, 0, *known, None, None, None, entry.bot, None, None)


def _candidates(
    connection: sqlite3.Connection, room: Room, last: int, asked: str | None
) -> Iterator[Row]:
    """What to look at up to row `last`: what is not indexed yet, then what the index proposes."""
    oldest, indexed = room.base + room.first, room.base + room.indexed
    if last > indexed:
        yield from connection.execute(_SCANNED, (max(oldest, indexed + 1), last))
    if asked is None:
        yield from connection.execute(_SCANNED, (oldest, min(last, indexed)))
    elif asked:
        yield from connection.execute(_PROPOSED, (asked, oldest, min(last, indexed)))


def _last_before(connection: sqlite3.Connection, room: Room, time: float) -> int:
    """The seq of the newest entry older than `time`: times never go back within a room."""
    low, high = room.first - 1, room.seq
    while low < high:
        middle = (low + high + 1) // 2
        (then,) = connection.execute(
            "SELECT time FROM entries WHERE id = ?", (room.base + middle,)
        ).fetchone()
        low, high = (middle, high) if then < time else (low, middle - 1)
    return low
