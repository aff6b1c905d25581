"""Reads a small QR code without errors (ISO/IEC 18004)."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Whether the module in this row and column was inverted, for each mask.
_MASKS = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)

QUIET = 4


def modules(path: str, side: int) -> list[list[bool]]:
    """Which modules are dark, of a picture that is drawn one square for each, with its margin."""
    dark = {(int(y), int(x)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", path)}
    inside = range(QUIET, side - QUIET)
    assert all(i in inside and j in inside for i, j in dark), "the margin is white"
    return [[(i, j) in dark for j in inside] for i in inside]


def read(code: list[list[bool]]) -> str:
    """The text of a code of version 1 to 3, whose correction is all in one block at its end."""
    mask = _MASKS[_format(code) >> 10 & 7]
    bits = "".join(str(int(code[i][j] ^ mask(i, j))) for i, j in _way(len(code)))
    mode, length = int(bits[:4], 2), int(bits[4:12], 2)
    assert mode == 4, "it is written in bytes"
    return bytes(int(bits[12 + 8 * n : 20 + 8 * n], 2) for n in range(length)).decode()


def _format(code: list[list[bool]]) -> int:
    places = [*((8, j) for j in (0, 1, 2, 3, 4, 5, 7, 8)), *((i, 8) for i in (7, 5, 4, 3, 2, 1, 0))]
    return int("".join(str(int(code[i][j])) for i, j in places), 2) ^ 0b101010000010010


def _way(size: int) -> Iterator[tuple[int, int]]:
    """The places of the data: up and down in columns of two, from the right."""
    assert size <= 29, "a code of version 3 at most"
    upward = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        for row in range(size - 1, -1, -1) if upward else range(size):
            for column in (right, right - 1):
                if not _fixed(row, column, size):
                    yield row, column
        upward = not upward


def _fixed(i: int, j: int, size: int) -> bool:
    """Whether this place belongs to what makes a camera find the code."""
    corner = (i < 9 and (j < 9 or j >= size - 8)) or (i >= size - 8 and j < 9)
    middle = size - 7
    aligns = size > 21 and abs(i - middle) <= 2 and abs(j - middle) <= 2
    return corner or i == 6 or j == 6 or aligns
