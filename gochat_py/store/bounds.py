"""Limits the edits and reactions of one message: each of them is stored as an entry of its own."""

from __future__ import annotations

import sqlite3

from ..message import Kind
from .errors import LimitReached
from .schema import CODES

#: The most edits of one message.
EDITS = 100

#: The most different emoji on one message, and the most reactions to it in all. With a text of
#: 4,000 characters it then takes up to 32 KiB of JSON, and a page of 50 messages may have 50 such.
EMOJI = 20
REACTIONS = 600

#: Entries that may result from setting and removing reactions to one message. Removing a reaction
#: is always allowed: that makes no more entries than setting reactions made.
CHANGES = 1_000


def check_edits(db: sqlite3.Connection, number: int) -> None:
    """Raise `LimitReached` if the message in row `number` cannot be edited once more."""
    if _changed(db, number, Kind.EDITED, EDITS):
        raise LimitReached(f"A message can be edited {EDITS} times; write a new one.")


def check_reactions(db: sqlite3.Connection, number: int, emoji: str | None) -> None:
    """Raise `LimitReached` if no user can react with `emoji` to the message in row `number`."""
    reactions = db.execute(
        "SELECT emoji FROM reactions WHERE message = ? AND state = 1 LIMIT ?", (number, REACTIONS)
    ).fetchall()
    different = {each for (each,) in reactions}
    if len(different) >= EMOJI and emoji not in different:
        raise LimitReached(f"A message can have {EMOJI} different reactions; choose one of them.")
    if len(reactions) >= REACTIONS:
        raise LimitReached(f"A message can have {REACTIONS} reactions; reply to it instead.")
    if _changed(db, number, Kind.REACTED, CHANGES):
        raise LimitReached(
            f"The reactions to a message can change {CHANGES:,} times; reply to it instead."
        )


def _changed(db: sqlite3.Connection, number: int, kind: Kind, times: int) -> bool:
    """Whether the message in row `number` has at least `times` entries of this kind."""
    row = db.execute(
        "SELECT 1 FROM entries WHERE target = ? AND kind = ? LIMIT 1 OFFSET ?",
        (number, CODES[kind], times - 1),
    ).fetchone()
    return row is not None
