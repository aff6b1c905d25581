"""How every connection to the database is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Literal
from urllib.parse import quote

#: What a commit survives: the server's sudden end (the kernel has the bytes), the machine's (the
#: disk has them), or nothing (`--memory`).
Durability = Literal["process", "power", "none"]

SYNCHRONOUS: dict[Durability, str] = {"process": "NORMAL", "power": "FULL", "none": "OFF"}

#: What SQLite says of the database (https://sqlite.org/rescode.html). Whatever else it says is said
#: of one statement, and the database is as good as before. So it is with a page that is damaged
#: (SQLITE_CORRUPT): who needs it fails, the others do not.
OF_THE_DATABASE = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip

#: KiB of pages kept in memory by the one writing connection, and by each reading one.
WRITER_CACHE = 64 * 1024
READER_CACHE = 8 * 1024

#: Pages of 4 KiB that the log may hold before a commit copies them into the database: with 4,000
#: rather than SQLite's 1,000, a page that many messages touch is copied a quarter as often.
CHECKPOINT_PAGES = 4_000

#: Bytes to which the log's file is cut when it is begun anew; while a reader needs it, it may grow.
LOG_SIZE = CHECKPOINT_PAGES * 4096


def decode(text: bytes) -> str:
    """A text as it is stored; what is not UTF-8 in it, of a damaged file, becomes U+FFFD."""
    return text.decode("utf-8", "replace")


def connect(
    database: Path, durability: Durability, *, busy_timeout: float, reader: bool = False
) -> sqlite3.Connection:
    """Open the database; it waits at most `busy_timeout` seconds for another process's lock.

    A writing connection belongs to the thread that opens it. A reading one may be handed from
    thread to thread, to be used by one at a time. Transactions are begun and ended by hand. Raises
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
        # Deleted text must not pass through a temporary file, nor stay in a freed page.
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        db.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
        if reader:
            # Not mode=ro: the first to open a log left by a killed server has to repair it.
            db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db


def concerns_the_database(error: sqlite3.Error) -> bool:
    """Whether the database is at fault, and not the one statement. (The low byte: see there.)"""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in OF_THE_DATABASE
