"""How much may become of one message: each edit and each reaction is kept, and listed like it."""

from __future__ import annotations

import sqlite3

from ..message import Kind
from .errors import LimitReached
from .schema import CODES

#: Edits of one message at the most.
EDITS = 100

#: Different emoji on one message, and reactions on it in all, at the most. With a text of 4,000
#: characters it then takes up to 32 KiB of JSON, and whoever lists 50 messages may meet 50 such.
EMOJI = 20
REACTIONS = 600

#: Entries that reactions to one message may make, by being set and taken away. To take one away is
#: always allowed: that makes no more entries than were made by setting them.
CHANGES = 1_000


def check_edits(db: sqlite3.Connection, number: int) -> None:
    """Raise `LimitReached` if the message in row `number` cannot be edited once more."""
    if _changed(db, number, Kind.EDITED, EDITS):
        raise LimitReached(f"A message can be edited {EDITS} times; write a new one.")


def check_reactions(db: sqlite3.Connection, number: int, emoji: str | None) -> None:
    """Raise `LimitReached` if nobody can react with `emoji` to the message in row `number`."""
    reactions = db.execute(
        "SELECT emoji FROM reactions WHERE message = ? AND state = 1 LIMIT ?", (number, REACTIONS)
    ).fetchall()
    different = {each for (each,) in reactions}
    if len(different) >= EMOJI and emoji not in different:
        raise LimitReached(
            f"A message can have {EMOJI} different reactions; choose one that is there."
        )
    if len(reactions) >= REACTIONS:
        raise LimitReached(f"A message can have {REACTIONS} reactions; answer it instead.")
    if _changed(db, number, Kind.REACTED, CHANGES):
        raise LimitReached(
            f"The reactions to a message can change {CHANGES:,} times; answer it instead."
        )


def _changed(db: sqlite3.Connection, number: int, kind: Kind, times: int) -> bool:
    """Whether the message in row `number` has had so many entries of this kind, or more."""
    row = db.execute(
        "SELECT 1 FROM entries WHERE target = ? AND kind = ? LIMIT 1 OFFSET ?",
        (number, CODES[kind], times - 1),
    ).fetchone()
    return row is not None
