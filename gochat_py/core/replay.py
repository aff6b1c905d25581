"""Where the past meets the present: what was read from history, and what came meanwhile.

A member who joins is told of the past by a reader, and of the present by the hub. The hub begins
to hold live entries for them *before* the reader looks at history, so the two overlap, and never
leave a gap. `merge` makes one of both, and trusts neither: it looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def merge(history: Sequence[T], seq: int, held: Iterable[T]) -> list[T]:
    """Each entry once, in order: `history`, then those of `held` that come after it.

    `history` was read when the room's newest entry was number `seq`, and so ends there; it may be
    empty. `held` are live entries in the order they came, from one at most `seq` + 1 on. Raises
    `Hole` if either breaks off, or the two do not meet. Neither argument is changed.
    """
    merged = list(history)
    expected = merged[0].seq if merged else seq + 1
    for entry in merged:
        if entry.seq != expected:
            raise Hole(f"history has {entry.seq} where {expected} should be")
        expected += 1
    if expected != seq + 1:
        raise Hole(f"history ends before {expected}, but was read up to {seq}")
    for entry in held:
        if entry.seq > expected:
            raise Hole(f"held entries go on with {entry.seq} where {expected} should be")
        if entry.seq == expected:
            merged.append(entry)
            expected += 1
    return merged
