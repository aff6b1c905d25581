"""Searches the messages of rooms. A query is a literal text: there is no query syntax.

A message matches if it contains the query anywhere, ignoring the case and width of characters
(`text.fold`); so search works for Chinese as for English. The index returns messages that contain
the query's trigrams, then the messages themselves are checked. Messages that are not indexed yet
are checked one by one, so search finds new messages at once; and all are, if what one user said is
searched for without a query. Those that are not in the database yet are passed as `uncommitted`
(`RedoLog.of`).

For a query of one or two characters, the index is asked for all trigrams that begin with it. If
these are more than `MOST_TRIGRAMS`, or if the query is a single ASCII character, it is so common
that the newest messages are checked instead.

A search takes a limited time, for any data and any query: `Found.complete` says whether it is
complete, `Found.next` where it continues (docs/decisions/0043). Possible matches (*candidates*) are
checked in one order, newest first, over all rooms. So the state of a search is only, for each room,
the seq down to which everything was checked. Each call makes progress, however short its time is.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core import cursor
from ..core.cursor import Cursor
from ..core.encode import ANSWER_BYTES
from ..core.text import fold
from ..message import Entry
from .budget import Budget
from .rows import COLUMNS, Room, entry, find_room, fitting, is_corrupt, is_valid, reactions_to
from .schema import SEQ_BITS, SEQ_MASK

#: The index is asked for at most `ASKED_TRIGRAMS` trigrams of a longer query: enough for few wrong
#: candidates. For a query of one or two characters it is asked for at most `MOST_TRIGRAMS`.
ASKED_TRIGRAMS = 12
MOST_TRIGRAMS = 200

#: Seconds that a search may take. A typical search takes 1 to 5 ms in a million messages; one for
#: trigrams that are common, but never in the same message, would take 300 ms.
TIME = 0.05

#: Entries for which the index is asked at once: few at first, so that each call completes at least
#: these; then more and more. In a search that was continued, at most what takes 20 ms.
FIRST_STRETCH = 512
GROWTH = 8
LONGEST_STRETCH = 65_536

_WANTED = ", ".join(f"entries.{column}" for column in COLUMNS.split(", "))
_PROPOSED = (
    f"SELECT {_WANTED} FROM grams CROSS JOIN entries ON entries.id = grams.rowid"
    " WHERE grams MATCH ? AND grams.rowid BETWEEN ? AND ? ORDER BY grams.rowid DESC"
)
_SCANNED = f"SELECT {COLUMNS} FROM entries WHERE id BETWEEN ? AND ? ORDER BY id DESC"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a search: messages, newest first.

    `more` means that older messages match, too. `complete` means that the search did not run out of
    time. If the search is not finished, it continues at `next`.
    """

    entries: tuple[Entry, ...]
    more: bool
    complete: bool
    next: str | None = None


def search(
    db: sqlite3.Connection,
    keys: Sequence[str],
    query: str,
    *,
    user: str | None = None,
    uncommitted: Sequence[Entry] = (),
    limit: int = 50,
    before: int | None = None,
    start: Cursor | None = None,
    budget: Budget | None = None,
) -> Found:
    """Messages in the rooms `keys` that contain `query`, newest first, at most `limit`.

    If `user` is given, only those of that user; then `query` may be empty. Only those older than
    the seq `before` (useful for one room); or from `start` on, where the same search stopped
    before: a caller that continues until there is no `next` gets each match once.
    They fit into `ANSWER_BYTES`. Within a room they are in the order of their seqs, whatever their
    times are. `budget` defaults to `TIME` seconds; the matches found until then are returned.
    """
    wanted = fold(query)
    try:
        wanted.encode()
    except UnicodeEncodeError:  # a lone surrogate, which no message contains
        return Found((), False, True)
    if not wanted and user is None:
        return Found((), False, True)
    sources = _sources(db, keys, uncommitted)
    looking = _Search(db, wanted, user, sources, budget or Budget(TIME))
    complete = looking.look(start or Cursor(0, {}), before, limit)
    rooms = {number: source.room for number, source in sources.items()}
    entries, _ = fitting(_entries(db, rooms, looking.hits), ANSWER_BYTES)
    looking.give_back(looking.hits[len(entries) :])
    place = looking.place
    going_on = None if place is None else cursor.write(place)
    return Found(tuple(entries), complete and place is not None, complete, going_on)


@dataclass(frozen=True, slots=True)
class _Source:
    """A room that is searched; `newer` are its messages not in the database yet, newest first."""

    room: Room
    newer: Sequence[Entry]

    @property
    def end(self) -> int:
        """The seq after its newest entry."""
        return max(self.room.seq, self.newer[0].seq if self.newer else 0) + 1


def _sources(
    db: sqlite3.Connection, keys: Sequence[str], uncommitted: Sequence[Entry]
) -> dict[int, _Source]:
    """The stored rooms of these keys, by number."""
    newer: dict[str, list[Entry]] = {}
    for each in reversed(uncommitted):
        newer.setdefault(each.key, []).append(each)
    found = {}
    for key in dict.fromkeys(keys):
        room = find_room(db, key)
        if room is not None:
            entries = [each for each in newer.get(key, ()) if each.seq > room.seq]
            found[room.id] = _Source(room, entries)
    return found


class _OutOfTime(Exception):
    """The budget is spent."""


class _Search:
    """One search: its matches and its progress."""

    def __init__(
        self,
        db: sqlite3.Connection,
        wanted: str,
        user: str | None,
        sources: Mapping[int, _Source],
        budget: Budget,
    ) -> None:
        self.hits: list[Row] = []
        self._db = db
        self._wanted = wanted
        self._user = user
        self._sources = sources
        self._budget = budget
        self._asked = _expression(db, wanted, budget)
        #: For each room that is not finished, by number: everything from this seq on was checked.
        self._before: dict[int, int] = {}
        self._last = 0  # the greatest number of a room that was begun
        self._moved = False  # this call has made progress
        self._damaged = False  # a part of a room cannot be read, and was skipped
        self._longest = SEQ_MASK  # entries that the index is asked for at once

    def look(self, start: Cursor, before: int | None, limit: int) -> bool:
        """Search from `start` on until there are `limit` hits and one more.

        Returns False if the time was over, or a part of a room cannot be read.
        """
        self._last = start.last
        self._longest = LONGEST_STRETCH if start.before else SEQ_MASK
        for number in start.before.keys() & self._sources.keys():
            self._begin(number, start.before[number])
        with self._budget.interrupting(self._db, may=lambda: self._moved):
            try:
                while self._before or self._begin_more(before):
                    candidates = map(self._candidates, list(self._before))
                    for row in heapq.merge(*candidates, key=_age, reverse=True):
                        if self._holds(row):
                            if len(self.hits) == limit:
                                return True
                            self.hits.append(row)
                        self._reach(row[0] >> SEQ_BITS, row[0] & SEQ_MASK)
                        self._check()
            except _OutOfTime:
                return False
        return not self._damaged

    def give_back(self, hits: Sequence[Row]) -> None:
        """Go back before these hits, the last ones found: the next call finds them again."""
        for row in hits:
            number, seq = row[0] >> SEQ_BITS, row[0] & SEQ_MASK
            self._before[number] = max(self._before.get(number, 0), seq + 1)

    @property
    def place(self) -> Cursor | None:
        """Where the search continues; None if it is finished."""
        if not self._before and max(self._sources, default=0) <= self._last:
            return None
        return Cursor(self._last, self._before)

    def _begin_more(self, before: int | None) -> bool:
        """Begin with the next rooms; False if there are none."""
        following = sorted(number for number in self._sources if number > self._last)
        for number in following[: cursor.ROOMS]:
            self._begin(number, self._sources[number].end if before is None else before)
            self._last = number
        return bool(following)

    def _begin(self, number: int, before: int) -> None:
        source = self._sources[number]
        self._before[number] = max(min(before, source.end), source.room.first)

    def _reach(self, number: int, seq: int) -> None:
        """Record that everything in the room from `seq` on was checked."""
        if seq < self._before[number]:
            self._before[number] = seq
            self._moved = True

    def _check(self) -> None:
        """Raise `_OutOfTime` if the time is over, and this call has made progress."""
        if self._moved and self._budget.spent:
            raise _OutOfTime

    def _holds(self, row: Row) -> bool:
        """Whether the row is a message that is wanted."""
        if self._user is not None and row[2] != self._user:
            return False
        text = row[6]
        return row[1] == 0 and type(text) is str and self._wanted in fold(text) and is_valid(row)

    def _candidates(self, number: int) -> Iterator[Row]:
        """The candidates of a room, newest first. Newer rows than each of them do not match.

        First those that are not stored or not indexed yet, then those from the index.
        """
        source = self._sources[number]
        room, asked = source.room, self._asked
        for each in source.newer:
            if each.seq < self._before[number]:
                self._reach(number, each.seq + 1)
                yield _row(room, each)
        try:
            lowest = room.first if asked is None else max(room.first, room.indexed + 1)
            yield from self._rows(room, lowest, _SCANNED)
            stretch = FIRST_STRETCH
            while asked and self._before[number] > room.first:
                self._check()
                lowest = max(room.first, self._before[number] - stretch)
                yield from self._rows(room, lowest, _PROPOSED, asked)
                stretch = min(stretch * GROWTH, self._longest)
        except sqlite3.DatabaseError as error:
            if is_corrupt(error):
                self._damaged = True  # the matches before the damaged page are returned
            elif self._moved and self._budget.spent:
                raise _OutOfTime from None
            else:
                raise
        del self._before[number]
        self._moved = True

    def _rows(self, room: Room, lowest: int, statement: str, *asked: str) -> Iterator[Row]:
        """The rows of a statement, down to the seq `lowest`; then that part is finished."""
        span = (room.base + lowest, room.base + self._before[room.id] - 1)
        for row in self._db.execute(statement, (*asked, *span)):
            self._reach(room.id, (row[0] & SEQ_MASK) + 1)
            yield row
        self._reach(room.id, lowest)


def _age(row: Row) -> tuple[float, int]:
    return row[4], row[0]


def _entries(
    db: sqlite3.Connection, rooms: Mapping[int, Room], rows: Sequence[Row]
) -> Iterator[Entry]:
    """The messages in `rows`, with their reactions, read while the caller iterates."""
    by_room: dict[int, list[int]] = {}
    for row in rows:
        by_room.setdefault(row[0] >> SEQ_BITS, []).append(row[0])
    reacted = {room: reactions_to(db, numbers) for room, numbers in by_room.items()}
    for row in rows:
        number = row[0] >> SEQ_BITS
        room = rooms[number]
        yield entry(row, room.name, room.key, reacted[number].to(row[0]))


def _expression(db: sqlite3.Connection, wanted: str, budget: Budget) -> str | None:
    """The query for the index; empty if nothing can match, None if the index does not help."""
    if not wanted or (len(wanted) == 1 and wanted.isascii()):
        return None  # half of the trigrams may begin with it; the newest messages will contain it
    if len(wanted) < 3:
        half = budget.half()  # if the index takes longer than this, it does not help either
        try:
            with half.interrupting(db):
                terms = db.execute(
                    "SELECT term FROM gram_list WHERE term >= ? AND term < ? LIMIT ?",
                    (wanted, wanted + chr(0x10FFFF), MOST_TRIGRAMS + 1),
                ).fetchall()
        except sqlite3.DatabaseError as error:
            if not half.spent and not is_corrupt(error):
                raise
            return None
        if len(terms) > MOST_TRIGRAMS:
            return None
        return " OR ".join(_quoted(term) for (term,) in terms)
    trigrams = list(dict.fromkeys(wanted[i : i + 3] for i in range(len(wanted) - 2)))
    step = -(-len(trigrams) // ASKED_TRIGRAMS)
    return " AND ".join(_quoted(trigram) for trigram in trigrams[::step])


def _quoted(trigram: str) -> str:
    """The trigram as an FTS5 string, in which only the quote is special."""
    return '"' + trigram.replace('"', '""') + '"'


def _row(room: Room, entry: Entry) -> Row:
    """A message that is not in the database yet, as the row of `COLUMNS` that it will be."""
    known = (entry.user, entry.nick, entry.time, entry.id, entry.text, entry.reply_to)
    return (room.base + entry.seq, 0, *known, None, None, None, entry.bot, None, None)
