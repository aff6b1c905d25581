"""Reading what was written. Functions of a connection, for `ReadPool.run` and `Writer.run`.

`ahead` are the newest messages of the room as `RedoLog.of` gave them before the connection's
snapshot was taken: some may be in the database meanwhile, and none is missing in between.

What is given at once takes at most `ANSWER_BYTES` as JSON, or is one entry; and no more is read.
Where a page of the file is damaged, what is newer is given; see `since`.
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
    SOUND_ROOM,
    Room,
    find_room,
    fitting,
    is_corrupt,
    one_entry,
    up_to_damage,
    walk,
)
from .schema import read_floor

#: Entries that a client who just comes gets, and one who lost the thread.
NEWEST = 50

#: More than this many missed entries are not replayed.
LONGEST_REPLAY = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's history, oldest first; `more` says that it goes on in that direction.

    `truncated` says that there is nothing older than these because older ones were trimmed.
    """

    entries: tuple[Entry, ...]
    more: bool
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """What somebody who enters a room has to know, as of one moment.

    `entries` come oldest first. If `recovered`, they are exactly those after the position asked
    for; else the newest. `more` says that older ones than these are kept. `seq` is that of the
    newest entry, or of the one before the first that there will be. `room` is empty where nothing
    is kept. If `partial`, these are the oldest of what was asked for, and more follow them up to
    `seq`: `page` gives them, part by part. `truncated` is as in `Page`.
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
    ahead: Sequence[Entry] = (),
    limit: int = LONGEST_REPLAY,
    newest: int = NEWEST,
) -> Replay:
    """All entries after `position`, or, where that cannot be, the `newest`.

    It cannot be without a position, in a term that is not known, beyond what that term wrote here,
    when any of them was trimmed or cannot be read, or when they are more than `limit`. Of the
    newest, only those are given that are newer than any that cannot be read: who comes hears what
    is live in any case.
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
    seq = _newest_seq(room, ahead)
    recovered = (
        position is not None
        and room.first - 1 <= position.seq <= seq <= position.seq + limit
        and position.seq <= _reached(db, key, room, position, current, seq)
    )
    found: list[Entry] = []
    whole = more = True
    try:
        if position is not None and recovered:
            found, whole = _forward(db, room, position.seq, seq, ahead)
            more = position.seq >= room.first
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        recovered = False
    if not recovered:
        try:
            found = _back(db, room, max(room.first - 1, seq - newest), seq, ahead)
            more = bool(found) and found[0].seq > room.first
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
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


def newest(db: sqlite3.Connection, key: str, limit: int = NEWEST) -> Replay:
    """The newest entries of a room, for somebody who just comes."""
    return since(db, key, None, newest=limit)


def page(
    db: sqlite3.Connection,
    key: str,
    *,
    before: int | None = None,
    after: int | None = None,
    ahead: Sequence[Entry] = (),
    limit: int = NEWEST,
) -> Page:
    """Up to `limit` entries older than the seq `before`, or newer than `after`, or the newest.

    Raises `HistoryTruncated` when entries between `after` and what would be given were trimmed: so
    whoever asks for one page after the other misses nothing unnoticed, also while trimming goes on.
    `after` 0 is the beginning, wherever a room's numbering began.
    """
    room = find_room(db, key)
    if room is None:
        if 0 < (after or 0) < read_floor(db):  # it may be of a room that was dropped
            raise _truncated(None)
        return Page((), False)
    seq = _newest_seq(room, ahead)
    if after is not None:
        if after < room.first - 1 and (after > 0 or room.truncated):
            raise _truncated(room)
        start = min(max(after, room.first - 1), seq)
        found, whole = _forward(db, room, start, min(start + limit, seq), ahead)
        return Page(tuple(found), not whole or start + limit < seq)
    end = seq if before is None else max(min(before - 1, seq), room.first - 1)
    found = _back(db, room, max(room.first - 1, end - limit), end, ahead)
    more = bool(found) and found[0].seq > room.first
    return Page(tuple(found), more, room.truncated and not more)


def _truncated(room: Room | None) -> HistoryTruncated:
    if room is None:
        return HistoryTruncated("What came next is not kept any more.")
    return HistoryTruncated(f"What came next is not kept any more; the oldest is {room.first}.")


def name_of(db: sqlite3.Connection, key: str) -> str:
    """The name under which a room is kept; empty if nothing is kept there."""
    room = find_room(db, key)
    return "" if room is None else room.name


def one(db: sqlite3.Connection, key: str, seq: int) -> Entry | None:
    """The entry of this seq as it stands now, if it is kept."""
    room = find_room(db, key)
    if room is None or not room.first <= seq <= room.seq:
        return None
    return one_entry(db, room.base + seq, room.name, room.key, reactions=True)


def rooms(
    db: sqlite3.Connection,
    ahead: Mapping[str, int] = MappingProxyType({}),
    *,
    after: str = "",
    limit: int = 200,
) -> tuple[list[RoomInfo], bool]:
    """Rooms in which anything is kept, in the order of their keys; whether there are more.

    Up to `limit` of those whose key comes after `after`. `ahead` is as `RedoLog.newest` gives it. A
    room takes at most 1,400 bytes of JSON.
    """
    found = db.execute(
        "SELECT name, key, topic, seq FROM rooms WHERE key > ? AND seq > 0"
        f" AND typeof(name) = 'text' AND typeof(topic) = 'text' AND {SOUND_ROOM}"
        " ORDER BY key LIMIT ?",
        (after, limit + 1),
    ).fetchall()
    listed = [
        RoomInfo(name, key, topic, max(seq, ahead.get(key, 0)))
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

    `newest` counts what is ahead, which was written in the current term.
    """
    if position.epoch == current.name:
        return newest
    term = terms.find(db, position.epoch)
    return -1 if term is None else terms.reached(db, key, room, term)


def _newest_seq(room: Room, ahead: Sequence[Entry]) -> int:
    """The seq of the room's newest entry, wherever that is."""
    return max(room.seq, ahead[-1].seq) if ahead else room.seq


def _forward(
    db: sqlite3.Connection, room: Room, after: int, last: int, ahead: Sequence[Entry]
) -> tuple[list[Entry], bool]:
    """The oldest entries after the seq `after`, up to `last`, that fit; whether that is all."""
    stored = walk(db, room, after, min(last, room.seq), newest_first=False)
    newer = (entry for entry in ahead if max(after, room.seq) < entry.seq <= last)
    return fitting(chain(stored, newer), ANSWER_BYTES)


def _back(
    db: sqlite3.Connection, room: Room, after: int, last: int, ahead: Sequence[Entry]
) -> list[Entry]:
    """The newest entries that fit and can be read, oldest first: no hole lies between them."""
    stored = walk(db, room, after, min(last, room.seq), newest_first=True)
    newer = (entry for entry in reversed(ahead) if max(after, room.seq) < entry.seq <= last)
    found, _ = fitting(up_to_damage(chain(newer, stored)), ANSWER_BYTES)
    return found[::-1]
