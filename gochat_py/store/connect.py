"""Opens every handle of the SQLite database, with the same options."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal
from urllib.parse import quote

#: What a commit survives: a crash of the server (the kernel has the bytes), a crash or power
#: failure of the machine (the disk has them), or nothing (`--memory`).
Durability = Literal["process", "power", "none"]

SYNCHRONOUS: dict[Durability, str] = {"process": "NORMAL", "power": "FULL", "none": "OFF"}

#: The error codes that concern the whole database (https://sqlite.org/rescode.html). Any other code
#: concerns one statement, and the database can still be used. A damaged page (SQLITE_CORRUPT) is
#: one of these: only statements that need that page fail.
DATABASE_ERRORS = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip

#: KiB of pages that the handle for writing keeps in memory, and that each handle for reading does.
WRITER_CACHE = 64 * 1024
READER_CACHE = 8 * 1024

#: Pages of 4 KiB that SQLite's log (``-wal``) may hold before a commit copies them into the
#: database: with 4,000 in place of SQLite's 1,000, a page that many messages change is copied a
#: quarter as often.
CHECKPOINT_PAGES = 4_000

#: Bytes to which SQLite truncates its log when it starts the log again. While a thread reads from
#: the log, it may grow.
LOG_SIZE = CHECKPOINT_PAGES * 4096


def decode(text: bytes) -> str:
    """Decode a stored text; bytes that are not UTF-8, in a damaged file, become U+FFFD."""
    return text.decode("utf-8", "replace")


def connect(
    database: Path, durability: Durability, *, busy_timeout: float, reader: bool = False
) -> sqlite3.Connection:
    """Open the database; it waits at most `busy_timeout` seconds for another process's lock.

    Only the thread that opens a handle for writing may use it. A handle for reading (`reader`) may
    be used by any thread, but by one at a time. The caller begins and ends transactions. Raises
    `sqlite3.Error`.
    """
    db = sqlite3.connect(
        f"file:{quote(str(database))}?mode=rw",
        uri=True,
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=not reader,
        cached_statements=256,
    )
    try:
        db.execute(f"PRAGMA synchronous = {SYNCHRONOUS[durability]}")
        db.execute(f"PRAGMA cache_size = {-(READER_CACHE if reader else WRITER_CACHE)}")
        # Deleted text must not be written to a temporary file, nor stay in a freed page.
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
        if reader:
            # Not mode=ro: the first handle that opens the log of a killed server has to recover it.
            db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db


def is_database_error(error: sqlite3.Error) -> bool:
    """Whether the error concerns the database, and not one statement.

    The low byte of an extended error code is the primary one (https://sqlite.org/rescode.html).
    """
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in DATABASE_ERRORS
