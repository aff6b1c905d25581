"""Locks the files of a directory for one server, and checks that no file was replaced.

A server writes through file descriptors. If a file is removed, replaced or moved while the server
runs, or something is mounted over it, the descriptors still refer to the old file, and what is
written there is lost. So the device and the inode of each file are remembered at the start. They
are compared with those of the path before a write is acknowledged.

Two locks prevent a second server from using the directory. One is on ``lock``, by flock(2). The
other is on the database itself, so it holds even if ``lock`` is removed: an open file description
lock (fcntl(2), F_OFD_SETLK; Linux) on one byte that SQLite never locks. Where the system has no
such locks, there is only the first one.

All other code of this process must open and close the database through SQLite only: closing any
descriptor of a file releases all POSIX locks of the process on that file, including SQLite's.
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

#: What an operator can do about a replaced file.
REMEDY = "put the original back, or restart the server"


class _Known(NamedTuple):
    """The identity of a file when the directory was opened."""

    path: str
    name: str
    device: int
    inode: int


class Files:
    """The locked files of a directory. Any thread may `check`; the one that opened it closes it."""

    def __init__(self, place: Path) -> None:
        """Lock the directory for this process; create ``lock`` and the database if necessary.

        Only the owner may read the files, whatever the umask is; SQLite gives its own files the
        mode of the database. Raises `BlockingIOError` at once if another server uses the directory,
        and `OSError`.
        """
        self._place = place
        self._all: tuple[_Known, ...] = ()
        self._needed_to_commit: tuple[_Known, ...] = ()
        self._needed_to_append: tuple[_Known, ...] = ()
        self._kept_open: sqlite3.Connection | None = None
        with contextlib.ExitStack() as opened:
            database = _open_existing(place / DATABASE)
            if database is not None:
                # Before ``lock`` is opened: if it was removed, a start that is refused must not
                # create it again.
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
        """Remember the identity of the database, SQLite's other files, ``lock``, and `logs`.

        `logs` hold messages that are acknowledged and not yet in the database (the redo log).

        A database handle stays open from now on, so that SQLite does not remove its log and its
        index and create them again. Raises `OSError`, `sqlite3.Error`.
        """
        database = self._place / DATABASE
        self._kept_open = connect(database, durability, busy_timeout=1.0, reader=True)
        # SQLite opens its log and its index when it reads for the first time.
        self._kept_open.execute("SELECT count(*) FROM sqlite_master").fetchone()
        real = Path(os.path.realpath(database))  # SQLite's files are beside the target of a link
        beside = [real.with_name(f"{real.name}-{end}") for end in ("wal", "shm")]
        self._needed_to_commit = (
            _known(database, self._database),
            *(_known(path) for path in beside if path.exists()),
        )
        locked = _known(self._place / LOCK, self._lock)
        own = tuple(map(_known, logs))
        self._needed_to_append = (self._needed_to_commit[0], *own)
        self._all = (*self._needed_to_commit, locked, *own)

    def check(self) -> None:
        """Raise `FilesReplaced` unless every path leads to the file that is open.

        Takes about 2 µs for each of five files. Any thread may call this.
        """
        _compare(self._all)

    def check_redo_log(self) -> None:
        """As `check`, but only for the files that an acknowledged message needs before its commit.

        The commit, at most a second later, checks the others.
        """
        _compare(self._needed_to_append)

    def check_database(self) -> None:
        """As `check`, but only for the files that SQLite needs to read and to commit."""
        _compare(self._needed_to_commit)

    def is_database_in_place(self) -> bool:
        """Whether the path of the database itself leads to the file that is open."""
        try:
            _compare(self._needed_to_commit[:1])
        except FilesReplaced:
            return False
        return True

    def end_watch(self) -> None:
        """Close the database handle that stayed open. May be called twice."""
        kept_open, self._kept_open = self._kept_open, None
        if kept_open is not None:
            kept_open.close()

    def close(self) -> None:
        """Release the locks for the next server. Every database handle has to be closed before."""
        self.end_watch()
        self._opened.close()


def lock_directory(place: Path) -> int:
    """Lock ``lock`` and write the pid into it; return its descriptor.

    Raises `OSError`; `BlockingIOError` at once if another process has locked it.
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
    """Lock `LOCKED_BYTE` for this open file, if the system supports it.

    Raises `BlockingIOError` if another process has locked it.
    """
    if not hasattr(fcntl, "F_OFD_SETLK"):
        return
    # struct flock: l_type, l_whence, l_start, l_len, l_pid, which must be 0, and padding.
    wanted = struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, LOCKED_BYTE, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except BlockingIOError:
        raise
    except PermissionError as error:  # EACCES means the same as EAGAIN here (fcntl(2))
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
            raise FilesReplaced(f"{name} was removed or moved; {REMEDY}") from None
        except OSError as error:
            raise FilesReplaced(f"{name} cannot be reached ({error.strerror}); {REMEDY}") from None
        if found.st_ino != inode or found.st_dev != device:
            raise FilesReplaced(f"{name} was replaced; {REMEDY}")
