"""What is acknowledged before it is committed: the redo log, a file, and the same in memory.

A commit of SQLite writes every page that it touched; for a message alone that is most of what the
message costs. So messages are first appended to a small file, and are committed later, many at
once. Until then they are here, for whoever reads.

* **journal thread**: `append`, then, after a commit, `committed`; `entries`, `commit` are its own
* **any thread**: `of`, `newest`, to be asked *before* the database is read: what is committed in
  between is then met twice, and never missed
* **before serving**: `recovery.recover` takes what a killed server left into the database

The file has a fixed size and is written in place (`os.pwrite`), so a full disk or a damaged file is
an `OSError` and never a signal, as it would be through a mapping; what was written is the kernel's,
and survives the process. `redo_format` has the format. What was deleted is not in the file: to
delete a message it has to be in the database, and then the file is erased.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..message import Entry
from .redo_format import HEADER, SIZE, Header, pack_header, pack_record

log = logging.getLogger(__name__)


class RedoLog:
    """The log, open and empty. Without a `file` (`--memory`) nothing survives the process."""

    def __init__(
        self,
        header: Header,
        file: Path | None = None,
        *,
        sync: bool = False,
        confirm: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the file, or erase the one that is there. Raises `OSError`.

        With `sync` (`--durability power`) each append is on the disk when it returns. `confirm` is
        called when a record is written; where it raises, the record is taken out again.
        """
        #: Acknowledged, and not committed.
        self.entries: list[Entry] = []
        self._header = header
        self._sync = sync
        self._confirm = confirm
        self._length = HEADER.size  # bytes in use
        self._path = file
        self._file = -1
        self._lock = threading.Lock()  # guards `_by_room`, which many threads read
        self._by_room: dict[str, list[Entry]] = {}
        if file is not None:
            self._open(file)

    @property
    def commit(self) -> int:
        """The number of the database's newest commit, which what is appended follows."""
        return self._header.commit

    @property
    def identity(self) -> bytes:
        """The identity of the database to which the log belongs."""
        return self._header.identity

    def append(self, entries: Sequence[Entry], encoded: Sequence[str]) -> bool:
        """Persist messages; `encoded` are the same, as JSON.

        Returns False if they do not fit: then they are not persisted, and have to be committed.
        Raises `OSError` if they may not have been written, and what `confirm` raises.
        """
        if self._path is None:  # then the length is only what it takes in memory
            end = self._length + sum(map(len, encoded))
            if end > SIZE:
                return False
            self._length = end
        elif entries:
            record = pack_record(self._header, f"[{','.join(encoded)}]".encode())
            end = self._length + len(record)
            if end > SIZE:
                return False
            self._write(record)
            self._length = end
        self.entries += entries
        with self._lock:
            for entry in entries:
                self._by_room.setdefault(entry.key, []).append(entry)
        return True

    def committed(self, commit: int) -> None:
        """Note that the database has this commit, and all that was appended is in it: erase it.

        Raises `OSError`; then it may be called again.
        """
        if commit == self.commit and self._length == HEADER.size:
            return  # nothing was changed, and there is nothing to erase
        self._header = self._header._replace(commit=commit)
        if self._path is not None:
            # The header comes first: if a kill interrupts this, it says what the rest is.
            self._put(pack_header(self._header) + bytes(self._used() - HEADER.size), 0)
        self._length = HEADER.size
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
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _open(self, path: Path) -> None:
        """Open the file, and write all of it: then its blocks are there, and none is a hole."""
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(self._file, SIZE)
            header = pack_header(self._header)
            self._put(header + bytes(SIZE - len(header)), 0)
            if self._sync:
                os.fsync(self._file)
                _sync_directory(path.parent)
        except BaseException:
            self.close()
            raise

    def _write(self, record: bytes) -> None:
        """Write a record behind the others. Where that fails, it is taken out again."""
        try:
            self._put(record, self._length)
            if self._sync:
                _sync(self._file)
            self._confirm()
        except Exception:
            with contextlib.suppress(OSError):
                self._put(bytes(len(record)), self._length)
            raise

    def _put(self, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`. Raises `OSError`."""
        if os.pwrite(self._file, data, offset) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))

    def _used(self) -> int:
        """How many bytes have to be erased: all of them if somebody cut the file. `OSError`.

        What was appended before is committed by then, so nothing is lost with the rest of the file
        unless the server is killed within that second.
        """
        if os.fstat(self._file).st_size == SIZE:
            return self._length
        log.warning(
            "the redo log %s was truncated while the server ran; its messages are committed now, "
            "and it is written anew",
            self._path,
        )
        return SIZE


def _sync(file: int) -> None:
    """Have the disk take what was written. Raises `OSError`."""
    getattr(os, "fdatasync", os.fsync)(file)


def _sync_directory(place: Path) -> None:
    """Have the disk take the name of a file that was made. Raises `OSError`."""
    directory = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
