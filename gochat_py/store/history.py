"""Reads the history of rooms. Functions of a database handle, for `ReadPool.run` and `Writer.run`.

`uncommitted` are the newest messages of the room, as `RedoLog.of` returned them before the handle's
snapshot was taken: some of them may be in the database by now, but no message between is missing.

An answer takes at most `ANSWER_BYTES` as JSON, or is one entry; no more than that is read. If a
page of the file is damaged, the newer entries are returned; see `since`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from ..core.encode import ANSWER_BYTES
from ..message import Entry, Position, RoomInfo
from . import terms
from .errors import HistoryTruncated
from .rows import (
    VALID_ROOM,
    Room,
    find_room,
    fitting,
    is_corrupt,
    one_entry,
    up_to_damage,
    walk,
)
from .schema import read_floor

#: Entries that a client gets if it has no position, or if its position cannot be recovered.
NEWEST = 50

#: The most missed entries that are replayed.
LONGEST_REPLAY = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's history, oldest first; `more` means more entries in that direction.

    `truncated` means that these are the oldest entries because older ones were trimmed.
    """

    entries: tuple[Entry, ...]
    more: bool
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """What a client that joins a room gets, from one snapshot of the database.

    `entries` come oldest first. If `recovered`, they are exactly those after the requested
    position; else the newest. `more` means that older entries than these are stored. `seq` is that
    of the newest entry; in an empty room, the first entry will have the next one. `room` is empty
    if no such room is stored. If `partial`, these are the oldest of the requested entries, and more
    follow up to `seq`: `page` returns them, part by part. `truncated` is as in `Page`.
    """

    entries: tuple[Entry, ...]
    recovered: bool
    more: bool
    seq: int
    room: str
    topic: str
    epoch: str
    partial: bool = False
    truncated: bool = False


def since(
    db: sqlite3.Connection,
    key: str,
    position: Position | None,
    *,
    uncommitted: Sequence[Entry] = (),
    limit: int = LONGEST_REPLAY,
    newest: int = NEWEST,
) -> Replay:
    """All entries after `position`; the `newest` ones if `position` cannot be recovered.

    A position cannot be recovered if it is None, if its term is not known, if its seq is beyond
    what that term wrote here, if any of the entries after it was trimmed or cannot be read, or if
    they are more than `limit`. Of the newest entries, only those are returned that are newer than
    any that cannot be read: the client gets the live entries in any case.
    """
    current = terms.current(db)
    epoch = current.name
    room = find_room(db, key)
    if room is None:
        start = read_floor(db)
        fits = (
            position is not None
            and position.seq == start
            and start <= _reached(db, key, None, position, current, start)
        )
        return Replay((), fits, False, start, "", "", epoch)
    seq = _newest_seq(room, uncommitted)
    recovered = (
        position is not None
        and room.first - 1 <= position.seq <= seq <= position.seq + limit
        and position.seq <= _reached(db, key, room, position, current, seq)
    )
    found: list[Entry] = []
    whole = more = True
    try:
        if position is not None and recovered:
            found, whole = _forward(db, room, position.seq, seq, uncommitted)
            more = position.seq >= room.first
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        recovered = False
    if not recovered:
        found, more = _newest_readable(db, room, seq, newest, uncommitted)
    return Replay(
        tuple(found),
        recovered,
        more,
        seq,
        room.name,
        room.topic,
        epoch,
        partial=not whole,
        truncated=room.truncated and not more,
    )


def _newest_readable(
    db: sqlite3.Connection, room: Room, seq: int, limit: int, uncommitted: Sequence[Entry]
) -> tuple[list[Entry], bool]:
    """The newest entries up to `seq`, none if they cannot be read; whether there are older ones."""
    try:
        found = _back(db, room, max(room.first - 1, seq - limit), seq, uncommitted)
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        return [], True
    return found, bool(found) and found[0].seq > room.first


def newest(db: sqlite3.Connection, key: str, limit: int = NEWEST) -> Replay:
    """The newest entries of a room, for a client without a position."""
    return since(db, key, None, newest=limit)


def page(
    db: sqlite3.Connection,
    key: str,
    *,
    before: int | None = None,
    after: int | None = None,
    uncommitted: Sequence[Entry] = (),
    limit: int = NEWEST,
) -> Page:
    """Up to `limit` entries older than the seq `before`, or newer than `after`, or the newest.

    Raises `HistoryTruncated` if entries between `after` and the result were trimmed: so a client
    that requests one page after the other notices if it misses entries, also while maintenance
    trims. `after` 0 means the beginning, whatever the first seq of the room is.
    """
    room = find_room(db, key)
    if room is None:
        if 0 < (after or 0) < read_floor(db):  # it may be a seq of a room that was dropped
            raise _truncated(None)
        return Page((), False)
    seq = _newest_seq(room, uncommitted)
    if after is not None:
        if after < room.first - 1 and (after > 0 or room.truncated):
            raise _truncated(room)
        start = min(max(after, room.first - 1), seq)
        found, whole = _forward(db, room, start, min(start + limit, seq), uncommitted)
        return Page(tuple(found), not whole or start + limit < seq)
    end = seq if before is None else max(min(before - 1, seq), room.first - 1)
    found = _back(db, room, max(room.first - 1, end - limit), end, uncommitted)
    more = bool(found) and found[0].seq > room.first
    return Page(tuple(found), more, room.truncated and not more)


def _truncated(room: Room | None) -> HistoryTruncated:
    if room is None:
        return HistoryTruncated("The messages that followed were removed.")
    return HistoryTruncated(
        f"The messages that followed were removed; the oldest that is left is {room.first}."
    )


def name_of(db: sqlite3.Connection, key: str) -> str:
    """The stored name of a room; empty if no such room is stored."""
    room = find_room(db, key)
    return "" if room is None else room.name


def one(db: sqlite3.Connection, key: str, seq: int) -> Entry | None:
    """The entry with this seq as it is now; None if it is not stored."""
    room = find_room(db, key)
    if room is None or not room.first <= seq <= room.seq:
        return None
    return one_entry(db, room.base + seq, room.name, room.key, reactions=True)


def rooms(
    db: sqlite3.Connection,
    uncommitted: Mapping[str, int] = MappingProxyType({}),
    *,
    after: str = "",
    limit: int = 200,
) -> tuple[list[RoomInfo], bool]:
    """Stored rooms that have entries, in the order of their keys; whether there are more.

    Up to `limit` of those whose key comes after `after`. `uncommitted` is the result of
    `RedoLog.newest`. A room takes at most 1,400 bytes of JSON.
    """
    found = db.execute(
        "SELECT name, key, topic, seq FROM rooms WHERE key > ? AND seq > 0"
        f" AND typeof(name) = 'text' AND typeof(topic) = 'text' AND {VALID_ROOM}"
        " ORDER BY key LIMIT ?",
        (after, limit + 1),
    ).fetchall()
    listed = [
        RoomInfo(name, key, topic, max(seq, uncommitted.get(key, 0)))
        for name, key, topic, seq in found[:limit]
    ]
    return listed, len(found) > limit


def _reached(
    db: sqlite3.Connection,
    key: str,
    room: Room | None,
    position: Position,
    current: terms.Term,
    newest: int,
) -> int:
    """The greatest seq in the room that a position of this term may have; -1 if there is none.

    `newest` includes uncommitted entries, which were written in the current term.
    """
    if position.epoch == current.name:
        return newest
    term = terms.find(db, position.epoch)
    return -1 if term is None else terms.reached(db, key, room, term)


def _newest_seq(room: Room, uncommitted: Sequence[Entry]) -> int:
    """The seq of the room's newest entry, committed or not."""
    return max(room.seq, uncommitted[-1].seq) if uncommitted else room.seq


def _forward(
    db: sqlite3.Connection, room: Room, after: int, last: int, uncommitted: Sequence[Entry]
) -> tuple[list[Entry], bool]:
    """The oldest entries after the seq `after`, up to `last`, that fit; whether these are all."""
    stored = walk(db, room, after, min(last, room.seq), newest_first=False)
    newer = (entry for entry in uncommitted if max(after, room.seq) < entry.seq <= last)
    return fitting(chain(stored, newer), ANSWER_BYTES)


def _back(
    db: sqlite3.Connection, room: Room, after: int, last: int, uncommitted: Sequence[Entry]
) -> list[Entry]:
    """The newest entries that fit and can be read, oldest first, without a gap between them."""
    stored = walk(db, room, after, min(last, room.seq), newest_first=True)
    newer = (entry for entry in reversed(uncommitted) if max(after, room.seq) < entry.seq <= last)
    found, _ = fitting(up_to_damage(chain(newer, stored)), ANSWER_BYTES)
    return found[::-1]
