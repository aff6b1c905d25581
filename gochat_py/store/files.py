"""The files of an open directory: locked for one server, and compared with their paths.

A server writes through descriptors. When a file is removed, replaced or moved away while it runs,
or something is mounted over it, the descriptors still lead to the old file, and what is written
there is lost. So the device and the inode of each file are remembered at the start, and compared
with what the path leads to before anything that was written is acknowledged.

Two locks keep a second server out. One is on ``lock``, by flock(2). The other is on the database
itself, so that it holds although ``lock`` was removed: an open file description lock (fcntl(2),
F_OFD_SETLK; Linux) on one byte that SQLite never locks. Where the system has no such locks, the
first one has to do.

Nobody else in this process may open and close the database but through SQLite: closing any
descriptor of a file gives up the process's own POSIX locks on it, SQLite's among them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import struct
from pathlib import Path
from typing import NamedTuple

from .connect import Durability, connect
from .errors import FilesReplaced

LOCK = "lock"
DATABASE = "gochat.db"

#: The byte of the database that a server locks. SQLite locks 512 bytes from 2³⁰ on
#: (https://sqlite.org/src/file/src/os.h, PENDING_BYTE).
LOCKED_BYTE = (1 << 30) - 1

#: What an operator can do about it.
CURE = "put the original back, or restart the server"


class _Known(NamedTuple):
    """A file as it was when the directory was opened."""

    path: str
    name: str
    device: int
    inode: int


class Files:
    """The locked files of a directory. Any thread may `check`; the one that opened it closes it."""

    def __init__(self, place: Path) -> None:
        """Lock the directory for this process; makes ``lock`` and the database if they are missing.

        The files are private to their owner whatever the umask, and those that SQLite makes beside
        the database take its mode. Raises `BlockingIOError` at once if another server has the
        directory, and `OSError`.
        """
        self._place = place
        self._all: tuple[_Known, ...] = ()
        self._read: tuple[_Known, ...] = ()
        self._noted: tuple[_Known, ...] = ()
        self._stays: sqlite3.Connection | None = None
        with contextlib.ExitStack() as opened:
            database = _open_existing(place / DATABASE)
            if database is not None:
                # Before ``lock`` is touched: if that was removed, a start that is refused must not
                # leave another one.
                opened.callback(os.close, database)
                _lock_byte(database)
            lock = lock_directory(place)
            opened.callback(os.close, lock)
            if database is None:
                flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
                database = os.open(place / DATABASE, flags, 0o600)
                opened.callback(os.close, database)
                _lock_byte(database)
            self._opened = opened.pop_all()
        self._lock, self._database = lock, database

    def watch(self, durability: Durability, *logs: Path) -> None:
        """Remember which files these are: the database, SQLite's beside it, ``lock``, and `logs`.

        `logs` hold what is acknowledged before it is in the database.

        A SQLite connection stays open from now on, so that SQLite's log and index are not removed
        and made anew. Raises `OSError`, `sqlite3.Error`.
        """
        database = self._place / DATABASE
        self._stays = connect(database, durability, busy_timeout=1.0, reader=True)
        # SQLite opens the log and its index when it reads for the first time.
        self._stays.execute("SELECT count(*) FROM sqlite_master").fetchone()
        real = Path(os.path.realpath(database))  # SQLite's files are beside what a link leads to
        beside = [real.with_name(f"{real.name}-{end}") for end in ("wal", "shm")]
        self._read = (
            _known(database, self._database),
            *(_known(path) for path in beside if path.exists()),
        )
        locked = _known(self._place / LOCK, self._lock)
        own = tuple(map(_known, logs))
        self._noted = (self._read[0], *own)
        self._all = (*self._read, locked, *own)

    def check(self) -> None:
        """Raise `FilesReplaced` unless every path leads to the file that is open.

        Takes some 2 µs for each of five files. Any thread may call this.
        """
        _compare(self._all)

    def check_noted(self) -> None:
        """As `check`, but for what keeps a message that is acknowledged, and is not committed yet.

        The rest is compared by the commit, a second later at the most.
        """
        _compare(self._noted)

    def check_database(self) -> None:
        """As `check`, but for what SQLite needs to read and to commit."""
        _compare(self._read)

    def is_database_in_place(self) -> bool:
        """Whether the path of the database itself leads to the file that is open."""
        try:
            _compare(self._read[:1])
        except FilesReplaced:
            return False
        return True

    def end_watch(self) -> None:
        """Close the SQLite connection that stayed open. May be called twice."""
        stays, self._stays = self._stays, None
        if stays is not None:
            stays.close()

    def close(self) -> None:
        """Let the next server in. Every SQLite connection has to be closed by then."""
        self.end_watch()
        self._opened.close()


def lock_directory(place: Path) -> int:
    """Lock ``lock`` and leave the pid in it; gives its descriptor.

    Raises `OSError`; `BlockingIOError` at once if another process has it.
    """
    lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _open_existing(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _lock_byte(descriptor: int) -> None:
    """Lock `LOCKED_BYTE` for this open file, if the system can. Raises `BlockingIOError`."""
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return
    # struct flock: l_type, l_whence, l_start, l_len, l_pid, which must be 0, and padding.
    wanted = struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, LOCKED_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except BlockingIOError:
        raise
    except PermissionError as error:  # EACCES says the same as EAGAIN here (fcntl(2))
        raise BlockingIOError(error.errno, error.strerror) from None
    except OSError:  # this file system has no such locks
        return


def _known(path: Path, descriptor: int | None = None) -> _Known:
    found = os.stat(path if descriptor is None else descriptor)
    return _Known(str(path), path.name, found.st_dev, found.st_ino)


def _compare(files: tuple[_Known, ...]) -> None:
    for path, name, device, inode in files:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            raise FilesReplaced(f"{name} was removed or moved; {CURE}") from None
        except OSError as error:
            raise FilesReplaced(f"{name} cannot be reached ({error.strerror}); {CURE}") from None
        if found.st_ino != inode or found.st_dev != device:
            raise FilesReplaced(f"{name} was replaced; {CURE}")
