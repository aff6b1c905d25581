"""What is acknowledged before it is in the database: a log file, and the same in memory.

A commit of SQLite writes every page that it touched; for a message alone that is most of what the
message costs. So messages are first noted in a small file, and are committed later, many at once.
Until then they are here, for whoever reads.

* **journal thread**: `append`, then, when they are committed, `clear`; `rows` is its own
* **any thread**: `of`, `newest`, to be asked *before* the database is read: what is committed in
  between is then met twice, and never missed
* **before serving**: `recover` takes what a killed server left into the database

The file is of a fixed size and mapped into memory. To write is to copy, without a system call; what
was copied is the kernel's, and survives the process. (With a `write` that makes a file longer, to
acknowledge a message alone took 62 µs instead of 46, measured at 20 a second.) Each line of it is
the JSON of a list of rows (`Row`); zeros follow. A line without its end was never acknowledged.
What was deleted is not in the file: to delete a message it has to be in the database, and then the
file is empty.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..message import Entry
from .schema import SEQ_BITS, SEQ_MASK

#: A message as it is inserted: id, user, nick, time, sent, text, reply_to, bot, mark.
Row = tuple[int, str, str, float, str | None, str | None, int | None, bool, int | None]

INSERT = (
    "INSERT INTO entries (id, kind, user, nick, time, sent, text, reply_to, bot, mark)"
    " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


#: Bytes of the file. 2,000 messages of a line each take 400,000.
SIZE = 1 << 20


class Ahead:
    """The log, open. Without a `file` (`--memory`) nothing survives the process."""

    def __init__(self, file: Path | None = None, *, sync: bool = False) -> None:
        """Make the file if there is none. Raises `OSError`."""
        #: Acknowledged, and not committed.
        self.rows: list[Row] = []
        self._sync = sync
        self._length = 0
        self._file = self._map = None
        if file is not None:
            self._file = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            try:
                self._map = _map(self._file)
            except BaseException:
                os.close(self._file)
                raise
        self._lock = threading.Lock()  # guards `_entries`, which many threads read
        self._entries: dict[str, list[Entry]] = {}

    def append(self, rows: Sequence[Row], entries: Iterable[Entry]) -> bool:
        """Make `rows`, which are `entries`, last.

        Returns False, having done nothing, if they do not fit. Raises `OSError` if they may not
        last.
        """
        if self._map is not None and rows:
            line = _encode(rows).encode()
            end = self._length + len(line)
            if end >= SIZE:
                return False
            self._map[self._length : end] = line
            # Only now: a line that has its end is whole, whenever the process is killed.
            self._map[end] = NEWLINE
            try:
                if self._sync and self._file is not None:
                    _sync(self._file, self._map)
            except OSError:
                self._map[self._length : end + 1] = bytes(len(line) + 1)
                raise
            self._length = end + 1
        self.rows += rows
        with self._lock:
            for entry in entries:
                self._entries.setdefault(entry.key, []).append(entry)
        return True

    def clear(self) -> None:
        """All of it is committed."""
        if not self.rows:
            return
        if self._map is not None:
            self._map[: self._length] = bytes(self._length)
            self._length = 0
        self.rows = []
        with self._lock:
            self._entries = {}

    def of(self, key: str) -> tuple[Entry, ...]:
        """The messages of a room that may not be in the database yet, in order."""
        with self._lock:
            return tuple(self._entries.get(key, ()))

    def newest(self) -> Mapping[str, int]:
        """Of each room that has such messages, by key, the seq of the newest."""
        with self._lock:
            return {key: entries[-1].seq for key, entries in self._entries.items()}

    def close(self) -> None:
        """Close the file; what is in it stays for the next start."""
        if self._map is not None and self._file is not None:
            self._map.close()
            os.close(self._file)


NEWLINE = ord("\n")


def _sync(file: int, mapped: mmap.mmap) -> None:
    """Have the disk take what was written. Raises `OSError`."""
    if hasattr(os, "fdatasync"):
        os.fdatasync(file)  # unlike `flush`, this lets go of the interpreter lock
    else:
        mapped.flush()


def _map(file: int) -> mmap.mmap:
    """The file in memory, all of its size on the disk: writing to a hole in it could end us."""
    size = os.fstat(file).st_size
    while size < SIZE:
        size += os.pwrite(file, bytes(SIZE - size), size)
    return mmap.mmap(file, SIZE)


def recover(connection: sqlite3.Connection, file: Path) -> None:
    """Take what is in the log into the database, and empty it. Raises `OSError`, `sqlite3.Error`.

    What is in the database already is passed over: a server may be killed between its commit and
    the emptying, or in the midst of that, with the end of a line at the front.
    """
    if not file.exists():
        return
    left = file.read_bytes().lstrip(b"\0")
    rows: list[Row] = []
    for line in left.split(b"\n")[:-1]:
        try:
            rows += map(tuple, json.loads(line))
        except (TypeError, ValueError):
            break  # emptied by half; or the machine stopped, and only a part was on the disk
    if rows:
        connection.execute("BEGIN IMMEDIATE")
        restore(connection, rows)
        connection.execute("COMMIT")
    if left:
        os.truncate(file, 0)


def restore(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Insert those of `rows` that follow what their rooms have, within a transaction.

    After the machine itself stopped, the database may have lost what lies before a row; then this
    one is lost too, as numbers have no holes.
    """
    for room, own in itertools.groupby(sorted(rows), key=lambda row: row[0] >> SEQ_BITS):
        found = connection.execute("SELECT seq FROM rooms WHERE id = ?", (room,)).fetchone()
        if found is None:
            continue
        (seq,) = found
        for row in own:
            if row[0] & SEQ_MASK == seq + 1:
                connection.execute(INSERT, row)
                seq += 1
        connection.execute("UPDATE rooms SET seq = ? WHERE id = ?", (seq, room))
