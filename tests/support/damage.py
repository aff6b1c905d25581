"""Damages a database, as a disk or another program does."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

PAGE = 4096


def execute(database: Path, statement: str, *arguments: Any) -> int:
    """Change rows as no server would: columns accept NULL, too. The server may be running.

    Returns the number of rows that were changed.
    """
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%NOT NULL%'"
            " AND sql NOT LIKE '%WITHOUT ROWID%'"
        ).fetchall()
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in tables:
            loose = sql.replace("NOT NULL", "")
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (loose, name))
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        changed = connection.execute(statement, arguments).rowcount
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in tables:
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))
    return changed


def spoil(database: Path, marker: bytes) -> int:
    """Overwrite every page with `marker`; returns how many. The file must not be open."""
    data = bytearray(database.read_bytes())
    pages = {at // PAGE for at in _found(data, marker)}
    for page in pages:
        data[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    database.write_bytes(data)
    return len(pages)


def _found(data: bytes | bytearray, marker: bytes) -> list[int]:
    found, at = [], data.find(marker)
    while at >= 0:
        found.append(at)
        at = data.find(marker, at + 1)
    return found
