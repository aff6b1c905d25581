"""What is acknowledged before it is in the database: a log file, and the same in memory.

A commit of SQLite writes every page that it touched; for a message alone that is most of what the
message costs. So messages are first noted in a small file, and are committed later, many at once.
Until then they are here, for whoever reads.

* **journal thread**: `append`, then, when they are committed, `clear`; `entries` is its own
* **any thread**: `of`, `newest`, to be asked *before* the database is read: what is committed in
  between is then met twice, and never missed
* **before serving**: `recover` takes what a killed server left into the database

The file is of a fixed size and mapped into memory. To write is to copy, without a system call; what
was copied is the kernel's, and survives the process. (With a `write` that makes a file longer, to
acknowledge a message alone took 62 µs instead of 46, measured at 20 a second.) Each line of it is a
list of messages as they travel in gochat.v1, which have to be encoded anyway; zeros follow. A line
without its end was never acknowledged. What was deleted is not in the file: to delete a message it
has to be in the database, and then the file is empty.
"""

from __future__ import annotations

import json
import mmap
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.names import room_key
from ..message import Entry, Kind
from .errors import FilesReplaced
from .ledger import Ledger

#: Bytes of the file. 2,000 messages of a line each take 400,000.
SIZE = 1 << 20


class Ahead:
    """The log, open. Without a `file` (`--memory`) nothing survives the process."""

    def __init__(
        self,
        file: Path | None = None,
        *,
        sync: bool = False,
        confirm: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the file if there is none. Raises `OSError`.

        `confirm` is called after each write; it raises `FilesReplaced` where what was written will
        not be found again.
        """
        self._confirm = confirm
        #: Acknowledged, and not committed.
        self.entries: list[Entry] = []
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
        self._lock = threading.Lock()  # guards `_by_room`, which many threads read
        self._by_room: dict[str, list[Entry]] = {}

    def append(self, entries: Sequence[Entry], encoded: Sequence[str]) -> bool:
        """Make messages last; `encoded` are the same, as JSON.

        Returns False, having done nothing, if they do not fit. Raises `OSError`, `FilesReplaced`
        if they may not last.
        """
        if self._map is None:  # then the length is only what it takes in memory
            end = self._length + sum(map(len, encoded))
            if end >= SIZE:
                return False
            self._length = end
        elif entries:
            line = f"[{','.join(encoded)}]".encode()
            end = self._length + len(line)
            if end >= SIZE:
                return False
            self._map[self._length : end] = line
            # Only now: a line that has its end is whole, whenever the process is killed.
            self._map[end] = NEWLINE
            try:
                if self._sync and self._file is not None:
                    _sync(self._file, self._map)
                self._confirm()
            except (OSError, FilesReplaced):
                self._map[self._length : end + 1] = bytes(len(line) + 1)
                raise
            self._length = end + 1
        self.entries += entries
        with self._lock:
            for entry in entries:
                self._by_room.setdefault(entry.key, []).append(entry)
        return True

    def clear(self) -> None:
        """All of it is committed."""
        if self._map is not None and self.entries:
            self._map[: self._length] = bytes(self._length)
        self._length = 0
        if not self.entries:
            return
        self.entries = []
        with self._lock:
            self._by_room = {}

    def of(self, key: str) -> tuple[Entry, ...]:
        """The messages of a room that may not be in the database yet, in order."""
        with self._lock:
            return tuple(self._by_room.get(key, ()))

    def newest(self) -> Mapping[str, int]:
        """Of each room that has such messages, by key, the seq of the newest."""
        with self._lock:
            return {key: entries[-1].seq for key, entries in self._by_room.items()}

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
    found: list[Entry] = []
    for line in left.split(b"\n")[:-1]:
        try:
            found += map(_entry, json.loads(line))
        except (KeyError, TypeError, ValueError):
            break  # emptied by half; or the machine stopped, and only a part was on the disk
    if found:
        connection.execute("BEGIN IMMEDIATE")
        ledger = Ledger(connection)
        ledger.restore(found)
        ledger.write()
        connection.execute("COMMIT")
    if left:
        os.truncate(file, 0)


def _entry(message: dict[str, Any]) -> Entry:
    """The message that `encode.entry_json` has put into the log."""
    room = message["room"]
    return Entry(
        Kind.MESSAGE, room, room_key(room), message["seq"], message["user"], message["nick"],
        message["time"], message.get("id"), message["text"], message.get("reply_to"),
        bot=message.get("bot", False),
    )  # fmt: skip
