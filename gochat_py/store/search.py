"""Searching. Every query is taken literally: there is no syntax that a user could get wrong.

Found is every message that holds the query as it stands, wherever it begins, whatever the case and
width of its characters (`text.fold`); so it works for Chinese as for English. The index proposes
messages that hold the query's trigrams, then the messages themselves are looked at; those the
index does not know yet are looked at one by one, so search is never behind. Those that are not in
the database yet come as `ahead` (`RedoLog.of`).

A query of one or two characters is answered from all trigrams that begin with it. Where these are
more than `MOST_TRIGRAMS`, or it is a single ASCII character, the query is so common that the newest
messages are looked at instead. A search takes a limited time, whatever is stored and sought:
`Found.complete` says whether it came to its end.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from ..core.encode import ANSWER_BYTES
from ..core.text import fold
from ..message import Entry
from .budget import Budget
from .rows import COLUMNS, Room, entry, find_room, fitting, reactions_to
from .schema import SEQ_BITS

#: A longer query asks the index for so many of its trigrams: enough to leave few wrong proposals.
ASKED_TRIGRAMS = 12
MOST_TRIGRAMS = 200

#: Seconds that a search may take. Usual ones take 1 to 5 ms in a million messages; trigrams that
#: are common, and never in one message together, would take 300.
TIME = 0.05

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


class _Progress:
    """How far one search is: what it may take, and whether it gave up."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.gave_up = False


def search(
    connection: sqlite3.Connection,
    keys: Sequence[str],
    query: str,
    *,
    ahead: Sequence[Entry] = (),
    limit: int = 50,
    before: int | None = None,
    before_time: float | None = None,
    budget: Budget | None = None,
) -> Found:
    """Messages in the rooms `keys` that hold `query`, newest first, at most `limit`.

    Older than the seq `before` (of use in one room), and than `before_time` (in several: of
    messages in the very same millisecond as the last one shown, the rest is passed over). They fit
    into `ANSWER_BYTES`. `budget` is `TIME` if left out; what is found until then is given.
    """
    wanted = fold(query)
    try:
        wanted.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no message holds
        return Found((), False, True)
    if not wanted:
        return Found((), False, True)
    progress = _Progress(budget or Budget(TIME))
    rooms = {}
    hits = []
    not_stored: dict[str, list[Entry]] = {}
    for each in reversed(ahead):
        not_stored.setdefault(each.key, []).append(each)
    for key in dict.fromkeys(keys):
        room = find_room(connection, key)
        if room is not None:
            last = room.seq if before is None else max(min(before - 1, room.seq), 0)
            if before_time is not None:
                last = min(last, _last_before(connection, room, before_time))
            rooms[room.id] = room
            newest = [
                _row(room, entry)
                for entry in not_stored.get(key, ())
                if entry.seq > room.seq
                and (before is None or entry.seq < before)
                and (before_time is None or entry.time < before_time)
            ]
            hits.append((room, last, newest))
    with progress.budget.interrupting(connection):
        asked = _expression(connection, wanted, progress)
        merged = heapq.merge(
            *(
                _hits(
                    chain(newest, _candidates(connection, room, room.base + last, asked)),
                    wanted,
                    progress,
                )
                for room, last, newest in hits
            ),
            key=lambda row: (row[4], row[0]),
            reverse=True,
        )
        rows = list(islice(merged, limit + 1))
    found, whole = fitting(_entries(connection, rooms, rows[:limit]), ANSWER_BYTES)
    more = len(rows) > limit or not whole
    return Found(tuple(found), more, not progress.gave_up)


def _entries(
    connection: sqlite3.Connection, rooms: dict[int, Room], rows: Sequence[Row]
) -> Iterator[Entry]:
    """The messages in `rows`, with what people react, read as they are asked for."""
    by_room: dict[int, list[int]] = {}
    for row in rows:
        by_room.setdefault(row[0] >> SEQ_BITS, []).append(row[0])
    reacted = {room: reactions_to(connection, numbers) for room, numbers in by_room.items()}
    for row in rows:
        number = row[0] >> SEQ_BITS
        room = rooms[number]
        yield entry(row, room.name, room.key, reacted[number].to(row[0]))


def _expression(connection: sqlite3.Connection, wanted: str, progress: _Progress) -> str | None:
    """What to ask the index for; empty when it holds no such thing, None when it is no help."""
    if len(wanted) == 1 and wanted.isascii():
        return None  # half the index would begin with it; the newest messages will hold it
    if len(wanted) < 3:
        try:
            terms = connection.execute(
                "SELECT term FROM gram_list WHERE term >= ? AND term < ? LIMIT ?",
                (wanted, wanted + chr(0x10FFFF), MOST_TRIGRAMS + 1),
            ).fetchall()
        except sqlite3.OperationalError:
            if not progress.budget.spent:
                raise
            progress.gave_up = True
            return None
        if len(terms) > MOST_TRIGRAMS:
            return None
        return " OR ".join(_quoted(term) for (term,) in terms)
    trigrams = list(dict.fromkeys(wanted[i : i + 3] for i in range(len(wanted) - 2)))
    step = -(-len(trigrams) // ASKED_TRIGRAMS)
    return " AND ".join(_quoted(trigram) for trigram in trigrams[::step])


def _quoted(trigram: str) -> str:
    """The trigram as an FTS5 string, in which nothing but the quote has a meaning."""
    return '"' + trigram.replace('"', '""') + '"'


def _hits(candidates: Iterator[Row], wanted: str, progress: _Progress) -> Iterator[Row]:
    """Those of `candidates` that are messages and hold what is wanted, until time is up."""
    try:
        for row in candidates:
            if progress.gave_up or progress.budget.spent:
                progress.gave_up = True
                return
            text = row[6]
            if row[1] == 0 and text is not None and wanted in fold(text):
                yield row
    except sqlite3.OperationalError:
        if not progress.budget.spent:
            raise
        progress.gave_up = True


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
