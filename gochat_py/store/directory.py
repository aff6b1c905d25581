"""Creates, locks, migrates and closes the directory that holds all files of a server.

The directory has ``lock`` (locked by the running server; its content is the server's pid) and
``gochat.db``, SQLite's ``-wal`` and ``-shm`` files, and the redo log ``-redo`` (`RedoLog`). Only
the user who runs the server may read them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ..errors import StartupError
from . import keys, schema, trigrams
from .connect import Durability, connect, decode
from .errors import StorageFailed
from .files import LOCK, Files, lock_directory
from .health import Health
from .read_pool import ReadPool
from .recovery import LOG, recover
from .redo_log import RedoLog
from .schema import LAST_ROOM
from .writer import Writer

#: RETURNING came with this version (https://sqlite.org/releaselog/3_35_0.html).
OLDEST_SQLITE = (3, 35, 0)

#: Seconds that a start waits for another program that holds the database locked.
STARTUP_PATIENCE = 5.0

MEMORY_PREFIX = "gochat-memory-"

# What an operator can do about an error at the start, by errno and by SQLite's primary result code.
_RESTORE, _FREE = "restore a backup", "free some space"
_REMEDIES = {errno.ENOSPC: _FREE, errno.EDQUOT: _FREE, errno.EINVAL: "move that file away"}
_SQLITE_REMEDIES = {
    sqlite3.SQLITE_FULL: _FREE,
    sqlite3.SQLITE_BUSY: "end the program that has it open",
}


def open_directory(
    path: Path | str, *, create: bool = True, durability: Literal["process", "power"] = "process"
) -> Directory:
    """Open the directory `path` for this process alone; with `create`, make it (mode 0700).

    Raises `StartupError`, whose sentence names the directory and the remedy, when the directory
    cannot be written, is used by another server, or holds data that this version cannot read.
    """
    place = Path(path)
    try:
        if create:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = Files(place)
    except BlockingIOError:
        raise StartupError(
            f"the directory {place} is in use by another gochat{_holder(place)}; "
            "stop that server, or choose another directory with --data"
        ) from None
    except OSError as error:
        why = "a file has this name" if isinstance(error, FileExistsError) else error.strerror
        raise StartupError(
            f"the directory {place} cannot be used ({why}); choose another directory with --data, "
            "or store nothing with --memory"
        ) from None
    return _open(place, files, durability)


def open_memory() -> Directory:
    """Open a directory that `close` removes, in memory if the system has ``/dev/shm``.

    Several handles have to share the database in WAL mode, which SQLite's own in-memory databases
    do not have. If a server is killed and cannot remove its directory, the next server does. Raises
    `StartupError`.
    """
    shared = Path("/dev/shm")
    parent = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(parent)
    try:
        place = Path(tempfile.mkdtemp(prefix=MEMORY_PREFIX, dir=parent))
        files = Files(place)
    except OSError as error:
        raise StartupError(
            f"cannot create a temporary directory in {parent} ({error.strerror}); free some space "
            "there, or choose a directory with --data"
        ) from None
    return _open(place, files, "none")


class Directory:
    """An open directory. `epoch` is the name of the term that began when it was opened.

    The thread that opened it closes it, after the writer and the read pool are closed.
    """

    def __init__(
        self, path: Path, files: Files, durability: Durability, epoch: str, redo_log: RedoLog
    ) -> None:
        self.path = path
        self.redo_log = redo_log
        self.durability = durability
        self.epoch = epoch
        #: Whether the directory can be written; any thread may read this.
        self.health = Health(str(path))
        self.files = files

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "gochat.db"

    def writer(self, *, busy_timeout: float = 1.0, most_rooms: int = LAST_ROOM) -> Writer:
        """The writer; there must be only one at a time. It makes up to `most_rooms` rooms."""
        return Writer(
            self.database,
            self.redo_log,
            self.durability,
            self.files,
            self.health,
            busy_timeout=busy_timeout,
            most_rooms=most_rooms,
        )

    def read_pool(self, size: int = 4, *, patience: float = 5.0) -> ReadPool:
        """A pool of `size` database handles for reading; a caller waits at most `patience` seconds.

        Raises `StartupError` if they cannot be opened.
        """
        try:
            return ReadPool(
                self.database,
                self.durability,
                size,
                patience=patience,
                verify=self.files.check_database,
            )
        except StorageFailed as error:
            raise _unusable(self.path, error) from error

    def close(self) -> None:
        """Unlock the directory for the next server; in memory mode, remove it.

        Nothing is removed if other files have replaced these.
        """
        self.redo_log.close()
        self.files.end_watch()
        try:
            if not self.files.is_database_in_place():
                return
            if self.durability == "none":
                shutil.rmtree(self.path, ignore_errors=True)
        finally:
            self.files.close()


def _open(place: Path, files: Files, durability: Durability) -> Directory:
    """Migrate the database and replay the redo log, under the lock. A failure releases the lock."""
    try:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StartupError(
                f"this Python has SQLite {sqlite3.sqlite_version}; gochat needs 3.35 or newer"
            )
        with _administering(place) as db:
            schema.migrate(db, str(place), time.time())
            keys.renew(db)
            trigrams.renew(db)
            header = recover(db, place, time.time())
        redo_log = RedoLog(
            header,
            None if durability == "none" else place / LOG,
            sync=durability == "power",
            confirm=files.check_redo_log,
        )
        try:
            files.watch(durability, *([] if durability == "none" else [place / LOG]))
        except BaseException:
            redo_log.close()
            raise
    except Exception as error:
        files.close()
        if isinstance(error, StartupError):
            raise
        raise _unusable(place, error) from error
    except BaseException:
        files.close()
        raise
    return Directory(place, files, durability, header.term, redo_log)


def _unusable(place: Path, error: Exception) -> StartupError:
    why = str(error)
    if isinstance(error, OSError):
        why = f"{error.filename}: {error.strerror}" if error.filename else why
        remedy = _REMEDIES.get(error.errno or 0, _RESTORE)
    elif isinstance(error, sqlite3.Error):
        remedy = _SQLITE_REMEDIES.get((getattr(error, "sqlite_errorcode", 0)) & 0xFF, _RESTORE)
    else:
        remedy = _RESTORE
        if not isinstance(error, StorageFailed):
            why = f"{type(error).__name__}: {error}"  # from damaged data
    return StartupError(
        f"the database in {place} cannot be used ({why}); {remedy}, or choose another directory "
        "with --data"
    )


@contextlib.contextmanager
def _administering(place: Path) -> Iterator[sqlite3.Connection]:
    """A database handle for the start: each of its commits is on the disk.

    It is the only handle. So when it is closed, SQLite copies its log into the database and removes
    it: text that was deleted before a server was killed does not stay in the log.
    """
    db = connect(place / "gochat.db", "power", busy_timeout=STARTUP_PATIENCE)
    db.text_factory = decode  # text that is not UTF-8 must not prevent the start
    try:
        # This takes effect in an empty file only; an existing file has it already.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError("its file system does not support a write-ahead log")
        yield db
    finally:
        db.close()


def _holder(place: Path) -> str:
    """The process that holds the lock, if the lock file names it."""
    try:
        pid = (place / LOCK).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return f" (process {pid})" if pid.isdigit() else ""


def _sweep(parent: Path) -> None:
    """Remove the `--memory` directories of killed servers: those that no process has locked."""
    for place in parent.glob(f"{MEMORY_PREFIX}*"):
        try:
            if place.lstat().st_uid != os.getuid() or not (place / LOCK).exists():
                continue
            lock = lock_directory(place)
        except OSError:  # in use, or just removed
            continue
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)
