"""The directory that holds everything: made, locked for one server, brought up to date, closed.

It holds ``lock`` (held by the server that runs, with its pid inside) and ``gochat.db``, beside it
SQLite's ``-wal`` and ``-shm`` and our ``-redo`` (`RedoLog`). Nobody but who runs the server may
read them.
"""

from __future__ import annotations

import contextlib
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

#: How long a start waits for a foreign program that holds the database locked, in seconds.
STARTUP_PATIENCE = 5.0

MEMORY_PREFIX = "gochat-memory-"


def open_directory(
    path: Path | str, *, create: bool = True, durability: Literal["process", "power"] = "process"
) -> Directory:
    """Open the directory `path` for this process alone, making it (0700) if `create`.

    Raises `StartupError`, whose sentence names the directory and the cure, when it cannot be
    written, is used by another server, or holds what this version cannot read.
    """
    place = Path(path)
    cure = "choose another directory with --data, or keep nothing with --memory"
    try:
        if create:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = Files(place)
    except BlockingIOError:
        raise StartupError(
            f"the directory {place} is in use by another gochat{_holder(place)}; "
            "stop that one, or choose another directory with --data"
        ) from None
    except OSError as error:
        raise StartupError(
            f"the directory {place} cannot be used ({error.strerror}); {cure}"
        ) from None
    return _open(place, files, durability)


def open_memory() -> Directory:
    """Open a directory that is gone when it is closed, in memory where the system offers that.

    Readers and the writer need a database they can share in WAL mode, which SQLite's own in-memory
    databases do not have. What a server that was killed could not remove, the next one removes.
    """
    shared = Path("/dev/shm")
    parent = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    _sweep(parent)
    try:
        place = Path(tempfile.mkdtemp(prefix=MEMORY_PREFIX, dir=parent))
        files = Files(place)
    except OSError as error:
        raise StartupError(
            f"no temporary directory can be made in {parent} ({error.strerror}); make room there, "
            "or name a directory with --data"
        ) from None
    return _open(place, files, "none")


class Directory:
    """An open directory. `epoch` is the name of the term that began when it was opened.

    The thread that opened it closes it, after its writer and readers.
    """

    def __init__(
        self, path: Path, files: Files, durability: Durability, epoch: str, redo_log: RedoLog
    ) -> None:
        self.path = path
        self.redo_log = redo_log
        self.durability = durability
        self.epoch = epoch
        #: Whether it can be written; any thread may ask.
        self.health = Health(str(path))
        self.files = files

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "gochat.db"

    def writer(self, *, busy_timeout: float = 1.0, most_rooms: int = LAST_ROOM) -> Writer:
        """The one that writes; there must be no other at the same time. It makes `most_rooms`."""
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
        """A pool of `size` reading connections, each waited for at most `patience` seconds.

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
        """Let the next server in; in memory mode, remove everything.

        Nothing is removed where other files have taken the place of these.
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
    """Bring the database up to date under the lock, which is let go if that fails."""
    try:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StartupError(
                f"this Python brings SQLite {sqlite3.sqlite_version}; gochat needs 3.35 or newer"
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
            confirm=files.check_noted,
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
    told = isinstance(error, OSError | sqlite3.Error | StorageFailed)
    why = str(error) if told else f"{type(error).__name__}: {error}"  # what is in it is damaged
    return StartupError(
        f"the database in {place} cannot be used ({why}); restore a backup, or choose "
        "another directory with --data"
    )


@contextlib.contextmanager
def _administering(place: Path) -> Iterator[sqlite3.Connection]:
    """A connection for starting and stopping: each of its commits is on the disk.

    Being the only one, it empties the log into the database when it is closed: what was deleted
    before the last server was killed does not stay there.
    """
    db = connect(place / "gochat.db", "power", busy_timeout=STARTUP_PATIENCE)
    db.text_factory = decode  # what is not UTF-8 must not keep the server from starting
    try:
        # Takes effect in an empty file only; an existing one has it already.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError("its filesystem does not allow a write-ahead log")
        yield db
    finally:
        db.close()


def _holder(place: Path) -> str:
    """Who holds the lock, as far as the lock file tells."""
    try:
        pid = (place / LOCK).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return f" (process {pid})" if pid.isdigit() else ""


def _sweep(parent: Path) -> None:
    """Remove what killed servers kept in memory: directories of ours that nobody holds locked."""
    for place in parent.glob(f"{MEMORY_PREFIX}*"):
        try:
            if place.lstat().st_uid != os.getuid() or not (place / LOCK).exists():
                continue
            lock = lock_directory(place)
        except OSError:  # in use, or just gone
            continue
        shutil.rmtree(place, ignore_errors=True)
        os.close(lock)
