"""Where the past meets the present: what was read from history, and what came meanwhile.

A member who joins is told of the past by a reader, and of the present by the hub. The hub begins
to hold live entries for them *before* the reader looks at history, so the two overlap, and never
leave a gap. `after` gives what is to follow the past, and does not trust that: it looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from ..errors import GochatError


class Numbered(Protocol):
    """Anything that has its place in a room."""

    @property
    def seq(self) -> int:
        """Counted from 1, without holes."""


T = TypeVar("T", bound=Numbered)


class Hole(GochatError):
    """An entry is missing where past and present should meet; the past must be read again."""


def after(seq: int, held: Iterable[T]) -> list[T]:
    """Those of `held` that come after number `seq`, each once, in order.

    `held` are live entries in the order they came, from one at most `seq` + 1 on. Raises `Hole` if
    they begin later, or break off.
    """
    found: list[T] = []
    for entry in held:
        expected = seq + len(found) + 1
        if entry.seq > expected:
            raise Hole(f"held entries go on with {entry.seq} where {expected} should be")
        if entry.seq == expected:
            found.append(entry)
    return found
