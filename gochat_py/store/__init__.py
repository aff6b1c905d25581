"""The store: SQLite, in a directory of its own, with no thread of its own.

* `open_directory`, `open_memory` → `Directory`: locked, migrated, with its epoch
* `Directory.writer` → `Writer`: the journal's, one transaction for all that waits
* `Directory.read_pool` → `ReadPool`: a few reading connections for many threads
* what reads, as functions for `ReadPool.run` (or `Writer.run`): `history`, `search`
* what reads and writes: `users`
* maintenance, as functions for `Writer.run`: `trigrams.index_some`, `trigrams.scrub`,
  `retention.trim`, `retention.shrink`; then `Writer.checkpoint`
"""

from .directory import Directory, open_directory, open_memory
from .errors import (
    Damaged,
    DamagedRoom,
    FilesReplaced,
    HistoryTruncated,
    LimitReached,
    NickTaken,
    NotFound,
    NothingToDo,
    NotYours,
    ReadPoolBusy,
    StorageFailed,
    StoreError,
    Unstorable,
)
from .health import Health
from .history import Page, Replay
from .ledger import Applied
from .read_pool import ReadPool
from .search import Found
from .writer import Writer

__all__ = [
    "Applied",
    "Damaged",
    "DamagedRoom",
    "Directory",
    "FilesReplaced",
    "Found",
    "Health",
    "HistoryTruncated",
    "LimitReached",
    "NickTaken",
    "NotFound",
    "NotYours",
    "NothingToDo",
    "Page",
    "ReadPool",
    "ReadPoolBusy",
    "Replay",
    "StorageFailed",
    "StoreError",
    "Unstorable",
    "Writer",
    "open_directory",
    "open_memory",
]
