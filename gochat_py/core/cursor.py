"""The cursor of a search: ``next`` in `results` and in `search`. Pure; any thread.

The text is opaque to clients. It is ``LAST.ROOM-SEQ.ROOM-SEQ…``, all in hexadecimal. The numbers
are the room numbers of the store. A client that changes them still finds messages only in rooms
that it is in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Rooms that one cursor can name; a search in more rooms handles one group after the other.
ROOMS = 500

#: Most characters of a cursor: a room's number has 23 bits, a seq 40.
MAX_LENGTH = 12_000

_FORM = re.compile(r"[0-9a-f]{1,12}(?:\.[0-9a-f]{1,12}-[0-9a-f]{1,12}){0,500}")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in a search. `before` maps the number of each room that is not searched to its end
    to the seq below which the search continues. Rooms with numbers above `last` come after these.
    """

    last: int
    before: Mapping[int, int]


def write(cursor: Cursor) -> str:
    """The cursor as text."""
    rooms = (f".{room:x}-{seq:x}" for room, seq in cursor.before.items())
    return f"{cursor.last:x}{''.join(rooms)}"


def read(text: str) -> Cursor:
    """The cursor that `write` encoded as `text`. Raises `ValueError` for any other text."""
    if len(text) > MAX_LENGTH or _FORM.fullmatch(text) is None:
        raise ValueError("this is not a cursor")
    last, *rooms = text.split(".")
    pairs = (room.split("-") for room in rooms)
    return Cursor(int(last, 16), {int(room, 16): int(seq, 16) for room, seq in pairs})
