"""Joins a replay of history with the live entries that arrived meanwhile.

A client that joins a room gets old entries from its reader thread, and new ones from the hub. The
hub begins to hold live entries for it *before* the reader reads the history, so the two overlap
and there is no gap. `after` gives the held entries that follow the history. It also checks that
there is no gap.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from ..errors import GochatError


class Numbered(Protocol):
    """An item with a number in a room."""

    @property
    def seq(self) -> int:
        """Counted from 1, without gaps."""


T = TypeVar("T", bound=Numbered)


class Hole(GochatError):
    """An entry is missing between the history and the held entries; read the history again."""


def after(seq: int, held: Iterable[T]) -> list[T]:
    """The entries of `held` that come after number `seq`, each once, in order.

    `held` are live entries in order of arrival. Their first must be at most `seq` + 1. Raises
    `Hole` if it is greater, or if a number is missing between them.
    """
    found: list[T] = []
    for entry in held:
        expected = seq + len(found) + 1
        if entry.seq > expected:
            raise Hole(f"the next held entry is {entry.seq}, but {expected} is expected")
        if entry.seq == expected:
            found.append(entry)
    return found
