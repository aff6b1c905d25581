"""Turns rows of the database into entries, for reading and for writing.

A file may be damaged by a disk, or because another program wrote into it. SQLite stores any type in
any column. So each row is checked when it is read: a damaged row is shown as a deleted message, and
the other rows are not affected.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, islice
from math import isfinite
from operator import itemgetter
from typing import Any, NamedTuple

from ..core.entry_json import weigh
from ..failures import Failures
from ..message import Entry, Kind
from .bounds import EMOJI, REACTIONS
from .errors import Damaged, DamagedRoom
from .schema import CODES, KINDS, LAST_ROOM, SEQ_BITS, SEQ_MASK

#: The columns that `entry` reads, in its order.
COLUMNS = (
    "id, kind, user, nick, time, sent, text, reply_to, target, emoji, state, bot, edited, deleted"
)

Reactions = dict[str, tuple[str, ...]]

MESSAGE, REACTED, TOPIC = CODES[Kind.MESSAGE], CODES[Kind.REACTED], CODES[Kind.TOPIC]

#: The condition, in SQL, that the numbers in a room's row are valid.
VALID_ROOM = (
    f"rooms.id BETWEEN 1 AND {LAST_ROOM} AND typeof(seq) = 'integer' AND seq BETWEEN 0 AND"
    f" {SEQ_MASK} AND typeof(first) = 'integer' AND typeof(indexed) = 'integer'"
)

#: The author of a damaged entry whose author cannot be read.
UNKNOWN = "unknown"

#: Logs damaged rows and pages.
failures = Failures()


class Room(NamedTuple):
    """The row of a room."""

    id: int
    key: str
    name: str
    topic: str
    seq: int
    first: int
    indexed: int
    start: int = 0  # the seq before the first that it ever had; 0 if that is not known

    @property
    def truncated(self) -> bool:
        """Whether entries of this room were trimmed."""
        return self.first - 1 > self.start

    @property
    def base(self) -> int:
        """The offset of its entries' row numbers, which are `base + seq`."""
        return self.id << SEQ_BITS


def find_room(db: sqlite3.Connection, key: str) -> Room | None:
    """The room with this key; None if no entry was ever written there.

    Raises `Damaged` if the numbers in its row are not valid.
    """
    row = db.execute(
        "SELECT id, key, name, topic, seq, first, indexed, start FROM rooms WHERE key = ?", (key,)
    ).fetchone()
    return checked_room(Room(*row)) if row else None


def checked_room(room: Room) -> Room:
    """`room` with a valid name and topic. Raises `Damaged` if its numbers are not valid.

    `id`, `seq`, `first` and `indexed` are those of the stored row.
    """
    numbers = (room.id, room.seq, room.first, room.indexed)
    if (
        any(type(number) is not int for number in numbers)
        or not 1 <= room.id <= LAST_ROOM
        or not 0 <= room.seq <= SEQ_MASK
    ):
        raise Damaged(f"the row of the room {room.key!r} is damaged: {numbers}")
    if type(room.name) is str and type(room.topic) is str:
        return room
    name = room.name if type(room.name) is str else room.key
    return room._replace(name=name, topic=room.topic if type(room.topic) is str else "")


def entry(row: tuple[Any, ...], room: str, key: str, reactions: Reactions) -> Entry:
    """The entry from a row of `COLUMNS`; if the row is damaged, a deleted message in its place."""
    if not is_valid(row):
        return _damaged(row, room, key)
    (
        number,
        kind,
        user,
        nick,
        time,
        sent,
        text,
        reply_to,
        target,
        emoji,
        state,
        bot,
        edited,
        gone,
    ) = row
    return Entry(
        kind=KINDS[kind],
        room=room,
        key=key,
        seq=number & SEQ_MASK,
        user=user,
        nick=nick,
        time=time,
        id=sent,
        text=text,
        reply_to=reply_to,
        target=None if target is None else target & SEQ_MASK,
        emoji=emoji,
        on=None if state is None else bool(state),
        bot=bool(bot),
        edited=edited,
        deleted=gone is not None,
        reactions=reactions,
    )


def is_valid(row: tuple[Any, ...]) -> bool:
    """Whether each column has a valid type. Costs less than 1 µs."""
    _, kind, user, nick, time, sent, text, reply_to, target, emoji, _, _, edited, gone = row
    return (
        type(user) is str
        and type(nick) is str
        and type(time) is float
        and isfinite(time)
        and type(kind) is int
        and 0 <= kind < len(KINDS)
        and (sent is None or type(sent) is str)
        and (reply_to is None or (type(reply_to) is int and reply_to > 0))
        and (edited is None or (type(edited) is float and isfinite(edited)))
        and (
            (text is None and gone is not None) or type(text) is str
            if kind == MESSAGE
            else (text is None or type(text) is str)
            and (type(text) is str if kind == TOPIC else type(target) is int)
            and (type(emoji) is str or (emoji is None and kind != REACTED))
        )
    )


def _damaged(row: tuple[Any, ...], room: str, key: str) -> Entry:
    """A deleted message in place of a damaged row, with those of its fields that are valid."""
    number, _, user, nick, time, *_ = row
    failures.warn(
        "entry %d of the room %r is damaged; it is shown as deleted", number & SEQ_MASK, key
    )
    return Entry(
        kind=Kind.MESSAGE,
        room=room,
        key=key,
        seq=number & SEQ_MASK,
        user=user if type(user) is str else UNKNOWN,
        nick=nick if type(nick) is str else UNKNOWN,
        time=time if type(time) is float and isfinite(time) else 0.0,
        deleted=True,
    )


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether SQLite has found a damaged page (SQLITE_CORRUPT)."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_CORRUPT


@contextmanager
def raising_damaged_room(room: int) -> Iterator[None]:
    """Raise `DamagedRoom` if a damaged page is read within the block."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        raise DamagedRoom(room) from error


def up_to_damage(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Those of `entries` that come before the first page that cannot be read.

    Raises `sqlite3.DatabaseError` if there are none.
    """
    any_read = False
    try:
        for each in entries:
            yield each
            any_read = True
    except sqlite3.DatabaseError as error:
        if not (any_read and is_corrupt(error)):
            raise
        failures.log(error, "a page of history cannot be read; only newer entries are shown")


def walk(
    db: sqlite3.Connection, room: Room, after: int, last: int, *, newest_first: bool
) -> Iterator[Entry]:
    """The entries after the seq `after`, up to and including `last`, with their reactions.

    They are read one by one while the caller iterates: if it stops early, no more are read.
    """
    bounds = (room.base + after, room.base + last)
    order = "DESC" if newest_first else "ASC"
    rows = db.execute(
        f"SELECT {COLUMNS} FROM entries WHERE id > ? AND id <= ? ORDER BY id {order}", bounds
    )
    reacted = Reacted(
        db.execute(
            "SELECT message, emoji, user FROM reactions WHERE message > ? AND message <= ?"
            f" AND state = 1 ORDER BY message {order}, entry",
            bounds,
        )
    )
    for row in rows:
        yield entry(row, room.name, room.key, reacted.to(row[0]))


class Reacted:
    """Reads the reactions to messages, one message at a time, in the order of the messages."""

    def __init__(self, rows: Iterable[tuple[int, str, str]]) -> None:
        self._messages = groupby(rows, itemgetter(0))
        self._next: tuple[int, Iterable[tuple[int, str, str]]] | None = next(self._messages, None)

    def to(self, number: int) -> Reactions:
        """The reactions to the message in row `number`, which is the next."""
        if self._next is None or self._next[0] != number:
            return {}
        found = gather(self._next[1])
        self._next = next(self._messages, None)
        return found


def fitting(entries: Iterable[Entry], budget: int) -> tuple[list[Entry], bool]:
    """The first of `entries` that fit into `budget` bytes of JSON, at least one; whether all do."""
    taken: list[Entry] = []
    for each in entries:
        budget -= weigh(each)
        if budget < 0 and taken:
            return taken, False
        taken.append(each)
    return taken, True


def one_entry(
    db: sqlite3.Connection, number: int, room: str, key: str, *, reactions: bool
) -> Entry | None:
    """The entry in row `number` as it is now; None if it was trimmed or never existed.

    With `reactions`, it has its reactions, of which there may be hundreds.
    """
    row = db.execute(f"SELECT {COLUMNS} FROM entries WHERE id = ?", (number,)).fetchone()
    if row is None:
        return None
    return entry(row, room, key, reactions_to(db, [number]).to(number) if reactions else {})


def is_undeleted_message(db: sqlite3.Connection, number: int) -> bool:
    """Whether row `number` is a message that was not deleted."""
    row = db.execute(
        "SELECT 1 FROM entries WHERE id = ? AND kind = 0 AND deleted IS NULL", (number,)
    ).fetchone()
    return row is not None


def reactions_to(db: sqlite3.Connection, numbers: Sequence[int]) -> Reacted:
    """The reactions to the messages of these row numbers, the greatest first."""
    places = ", ".join("?" * len(numbers))
    return Reacted(
        db.execute(
            f"SELECT message, emoji, user FROM reactions"
            f" WHERE message IN ({places}) AND state = 1 ORDER BY message DESC, entry",
            numbers,
        )
    )


def gather(rows: Iterable[tuple[int, str, str]]) -> Reactions:
    """The users who reacted to one message, by emoji, in the order in which they reacted.

    At most as many as the limits allow; a message from before the limits may have more, which are
    omitted.
    """
    gathered: dict[str, list[str]] = {}
    for _, emoji, user in islice(rows, REACTIONS):
        if type(emoji) is not str or type(user) is not str:
            continue  # damaged
        if emoji in gathered or len(gathered) < EMOJI:
            gathered.setdefault(emoji, []).append(user)
    return {emoji: tuple(users) for emoji, users in gathered.items()}
