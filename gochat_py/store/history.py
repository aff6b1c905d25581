"""Reading what was written. Functions of a connection, for `Readers.run` and `Writer.run`.

`ahead` are the newest messages of the room as `Ahead.of` gave them before the connection's snapshot
was taken: some may be in the database meanwhile, and none is missing in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ..message import Entry, Position, RoomInfo
from .rows import COLUMNS, Room, entries, find_room, one_entry
from .schema import read_epoch

#: Entries that a client who just comes gets, and one who lost the thread.
NEWEST = 50

#: More than this many missed entries are not replayed.
LONGEST_REPLAY = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a room's history, oldest first; `more` says that it goes on in that direction."""

    entries: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """What somebody who enters a room has to know, as of one moment.

    `entries` come oldest first. If `recovered`, they are exactly those after the position asked
    for; else the newest. `more` says that older ones than these are kept. `seq` is that of the
    newest entry, 0 if there never was one. `room` is empty where nothing was ever written.
    """

    entries: tuple[Entry, ...]
    recovered: bool
    more: bool
    seq: int
    room: str
    topic: str
    epoch: str
    partial: bool = False


def since(
    connection: sqlite3.Connection,
    key: str,
    position: Position | None,
    *,
    ahead: Sequence[Entry] = (),
    limit: int = LONGEST_REPLAY,
    newest: int = NEWEST,
) -> Replay:
    """All entries after `position`, or, where that cannot be, the `newest`.

    It cannot be without a position, in another epoch, beyond the newest entry, when any of them
    was trimmed, or when they are more than `limit`.
    """
    epoch = read_epoch(connection)
    room = _find(connection, key, ahead)
    if room is None:
        fits = position == Position(epoch, 0)
        return Replay((), fits, False, 0, "", "", epoch)
    recovered = (
        position is not None
        and position.epoch == epoch
        and room.first - 1 <= position.seq <= room.seq <= position.seq + limit
    )
    start = position.seq if position and recovered else max(room.first - 1, room.seq - newest)
    found = _between(connection, room, start, room.seq, ahead)
    return Replay(
        tuple(found), recovered, start >= room.first, room.seq, room.name, room.topic, epoch
    )


def newest(connection: sqlite3.Connection, key: str, limit: int = NEWEST) -> Replay:
    """The newest entries of a room, for somebody who just comes."""
    return since(connection, key, None, newest=limit)


def page(
    connection: sqlite3.Connection,
    key: str,
    *,
    before: int | None = None,
    after: int | None = None,
    ahead: Sequence[Entry] = (),
    limit: int = NEWEST,
) -> Page:
    """Up to `limit` entries older than the seq `before`, or newer than `after`, or the newest."""
    room = _find(connection, key, ahead)
    if room is None:
        return Page((), False)
    if after is not None:
        start = min(max(after, room.first - 1), room.seq)
        end = min(start + limit, room.seq)
        return Page(tuple(_between(connection, room, start, end, ahead)), end < room.seq)
    end = room.seq if before is None else max(min(before - 1, room.seq), room.first - 1)
    start = max(room.first - 1, end - limit)
    return Page(tuple(_between(connection, room, start, end, ahead)), end > start >= room.first)


def one(connection: sqlite3.Connection, key: str, seq: int) -> Entry | None:
    """The entry of this seq as it stands now, if it is kept."""
    room = find_room(connection, key)
    if room is None or not room.first <= seq <= room.seq:
        return None
    return one_entry(connection, room.base + seq, room.name, room.key)


def rooms(
    connection: sqlite3.Connection, ahead: Mapping[str, int] = MappingProxyType({})
) -> list[RoomInfo]:
    """Every room in which anything was ever written, by its key; `ahead` as `Ahead.newest`."""
    found = connection.execute("SELECT name, key, topic, seq FROM rooms ORDER BY key")
    rooms = [
        RoomInfo(name, key, topic, max(seq, ahead.get(key, 0))) for name, key, topic, seq in found
    ]
    return [room for room in rooms if room.seq]


def _find(connection: sqlite3.Connection, key: str, ahead: Sequence[Entry]) -> Room | None:
    """The room called `key`, with the seq of its newest entry wherever that is."""
    room = find_room(connection, key)
    if room is None or not ahead:
        return room
    return room._replace(seq=max(room.seq, ahead[-1].seq))


def _between(
    connection: sqlite3.Connection, room: Room, after: int, last: int, ahead: Sequence[Entry]
) -> list[Entry]:
    """The entries after the seq `after`, up to and with `last`: no hole lies between them."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM entries WHERE id > ? AND id <= ? ORDER BY id",
        (room.base + after, room.base + last),
    )
    found = entries(connection, room.name, room.key, rows)
    known = found[-1].seq if found else after
    return found + [entry for entry in ahead if known < entry.seq <= last]
