"""The store keeps messages, rooms and users in a SQLite database in its own directory.

It has no thread of its own: the threads of the server call it.

* `open_directory`, `open_memory` → `Directory`: locked, migrated, with its epoch
* `Directory.writer` → `Writer`: used by the journal thread, one transaction for each batch
* `Directory.read_pool` → `ReadPool`: a few database handles for reading, shared by many threads
* queries, as functions for `ReadPool.run` (or `Writer.run`): `history`, `search`
* queries and changes: `users`
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
