"""Where a search goes on: what `results` gives as ``next``, and `search` takes. Pure; any thread.

The text is opaque to clients. It is ``LAST.ROOM-SEQ.ROOM-SEQ…``, all in hexadecimal; the numbers
are those of the store, and whoever changes them finds no more than the rooms they are in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Rooms that one cursor can name; of more than these, a search takes one part after the other.
ROOMS = 500

#: Characters of a cursor at the most: a room's number has 23 bits, a seq 40.
MAX_LENGTH = 12_000

_FORM = re.compile(r"[0-9a-f]{1,12}(?:\.[0-9a-f]{1,12}-[0-9a-f]{1,12}){0,500}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a search. `before` holds the rooms, by number, in which it has not come to the
    end, each with the seq below which it goes on. Rooms with numbers above `last` come after these.
    """

    last: int
    before: Mapping[int, int]


def write(cursor: Cursor) -> str:
    """The cursor as text."""
    rooms = (f".{room:x}-{seq:x}" for room, seq in cursor.before.items())
    return f"{cursor.last:x}{''.join(rooms)}"


def read(text: str) -> Cursor:
    """The cursor that `write` made this of. Raises `ValueError` for any other text."""
    if len(text) > MAX_LENGTH or _FORM.fullmatch(text) is None:
        raise ValueError("this is no cursor")
    last, *rooms = text.split(".")
    pairs = (room.split("-") for room in rooms)
    return Cursor(int(last, 16), {int(room, 16): int(seq, 16) for room, seq in pairs})
