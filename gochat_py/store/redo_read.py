"""Reads the redo log of a killed server: every whole message in it, and the unreadable ranges.

There are two formats: that of `redo_format`, and the one before it (docs/redo-log.md), with a JSON
array of messages on each line. Whatever the file contains, only `OSError` is raised; the cost is
linear in the number of bytes that are read.
"""

from __future__ import annotations

import errno
import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from ..core.entry_json import BEGINNING, read_message
from ..errors import GochatError
from ..message import Entry
from .redo_format import HEADER, SIZE, Header, scan
from .schema import SEQ_MASK

#: The most bytes of a file that are read. The server writes `SIZE`.
READ_AT_MOST = 4 * SIZE

#: The beginning of a line of messages in the format before this one.
LINE_BEGINNING = f"[{BEGINNING}".encode()


class Batch(NamedTuple):
    """Messages of one term, and the commit that they follow.

    The old format has neither: its messages are taken as the database's `own`, and `term` is a hash
    of the file.
    """

    term: str
    commit: int
    entries: list[Entry]
    own: bool = False


@dataclass(slots=True)
class Found:
    """The content of a file. `readable` and `unreadable` are ranges, as (start, end).

    A readable range is overwritten with `blank`, so that the other ranges can still be found.
    """

    path: Path
    blank: bytes = b"\0"
    header: Header | None = None
    batches: list[Batch] = field(default_factory=list)
    readable: list[tuple[int, int]] = field(default_factory=list)
    unreadable: list[tuple[int, int]] = field(default_factory=list)

    @property
    def unread(self) -> int:
        """The number of bytes that cannot be read."""
        return sum(end - start for start, end in self.unreadable)


def read_log(path: Path, identity: bytes) -> Found | None:
    """The content of a log in the format of `redo_format`; None if there is no file.

    Raises `OSError`.
    """
    opened = _read(path)
    if opened is None:
        return None
    data, found = opened
    scanned = scan(data, identity)
    found.header = scanned.header
    found.unreadable += scanned.damaged
    if found.header is not None and found.header.identity == identity:
        # The header is overwritten first: with it, the rest would look like a log being erased.
        found.readable.append((0, HEADER.size))
    for record in scanned.records:
        entries, whole = _messages(record.payload)
        found.batches.append(Batch(record.term, record.commit, entries))
        (found.readable if whole else found.unreadable).append((record.start, record.end))
    return found


def read_lines(path: Path) -> Found | None:
    """The content of a log in the old format; None if there is no file. Raises `OSError`.

    It has no checksums: every readable message of a damaged line is used. An incomplete last line
    was never acknowledged, and the beginning of the file may have been erased already.
    """
    opened = _read(path)
    if opened is None:
        return None
    data, found = opened
    found.blank = b" "  # zeros at the beginning would look like a log that was being erased
    name = f"lines-{blake2b(data, digest_size=16).hexdigest()}"
    start = len(data) - len(data.lstrip(b"\0"))
    erased = start > 0
    *lines, rest = data[start:].split(b"\n")
    for number, line in enumerate(lines):
        entries, whole = _messages(line)
        found.batches.append(Batch(name, 0, entries, own=True))
        stretch = (start, start + len(line))
        if whole:
            found.readable.append(stretch)
        elif line and not (number == 0 and erased):
            found.unreadable.append(stretch)
        start += len(line) + 1
    rest = rest.rstrip(b"\0")
    stretch = (start, start + len(rest))
    entries, whole = _messages(rest[:-1])  # only its end may be damaged
    if whole:
        found.batches.append(Batch(name, 0, entries, own=True))
        found.readable.append(stretch)
    elif not rest.startswith(LINE_BEGINNING[: len(rest)]):
        found.unreadable.append(stretch)
    return found


def _read(path: Path) -> tuple[bytes, Found] | None:
    """The first `READ_AT_MOST` bytes of a file; the rest is unreadable. None if there is no file.

    Raises `OSError`, also if it is not a regular file: opening a pipe might wait without limit.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        with path.open("rb") as file:
            data = file.read(READ_AT_MOST)
    except FileNotFoundError:
        return None
    found = Found(path)
    if status.st_size > len(data):
        found.unreadable.append((len(data), status.st_size))
    return data, found


def _messages(array: bytes) -> tuple[list[Entry], bool]:
    """The messages of a JSON array; whether it contains nothing else."""
    try:
        listed = json.loads(array.decode())
    except (ValueError, RecursionError):
        # A byte that is not UTF-8 becomes a lone surrogate, which no message may have.
        text = array.decode(errors="surrogateescape")
        return [entry for each in _salvaged(text) for entry in _one(each)], False
    if not isinstance(listed, list):
        return [], False
    entries = [entry for each in listed for entry in _one(each)]
    return entries, len(entries) == len(listed)


def _salvaged(text: str) -> Iterator[Any]:
    """All values that may be messages, in a line that is not valid JSON."""
    decoder = json.JSONDecoder()
    position = text.find(BEGINNING)
    while position >= 0:
        try:
            value, end = decoder.raw_decode(text, position)
            yield value
        except (ValueError, RecursionError):
            end = position + 1
        position = text.find(BEGINNING, end)


def _one(value: Any) -> Iterator[Entry]:
    """The message of a value that `entry_json` wrote; nothing for any other value."""
    try:
        entry = read_message(value)
    except (ValueError, GochatError):
        return
    if entry.seq <= SEQ_MASK:
        yield entry
