"""Errors the store raises. The backplane turns them into refusals for the client.

``StoreError``
 ├── ``NotFound``        there is no such room, message or user; or the text was deleted
 ├── ``NotYours``        only its author may change a message
 ├── ``NickTaken``       the nick still belongs to another user
 ├── ``HistoryTruncated``  the entries that follow the requested position were trimmed
 ├── ``NothingToDo``     a reaction to be removed was never set: there is no entry to answer with
 ├── ``LimitReached``    a limit on the number of something is reached; the text says which
 ├── ``Unstorable``      a text has no UTF-8 form (it has a lone surrogate)
 ├── ``ReadPoolBusy``    every database handle of the read pool was in use until the deadline
 ├── ``Damaged``         the row of a room is damaged; this concerns this room alone
 ├── ``DamagedRoom``     a page of the file that holds the room cannot be read; for maintenance
 └── ``StorageFailed``   the disk is full, locked or broken: the transaction was rolled back
      └── ``FilesReplaced``   a path no longer leads to the file that the server has open
"""

from __future__ import annotations

from ..errors import GochatError


class StoreError(GochatError):
    """The base of all errors the store raises while it runs. A start raises `StartupError`."""


class NotFound(StoreError):
    """There is no such message, or it was deleted or trimmed."""


class NotYours(StoreError):
    """Only its author may edit or delete a message."""


class NickTaken(StoreError):
    """The nick belongs to another user who was seen recently."""


class NothingToDo(StoreError):
    """A reaction to be removed was never set; nothing was written."""


class HistoryTruncated(StoreError):
    """The entries that follow were trimmed. The text of the error is a sentence for the user."""


class LimitReached(StoreError):
    """A limit is reached. The text of the error is a sentence for the user."""


class Unstorable(StoreError):
    """The text cannot be encoded as UTF-8, so it can be neither stored nor sent."""


class ReadPoolBusy(StoreError):
    """Every database handle of the read pool was in use until the deadline."""


class Damaged(StoreError):
    """A row that is needed is damaged: it has values that this program never writes there.

    The rest of the database can be used.
    """


class DamagedRoom(StoreError):
    """A page of the file cannot be read. The transaction has to be rolled back.

    Maintenance skips the room with the number `room` from now on, and goes on with other rooms.
    """

    def __init__(self, room: int) -> None:
        super().__init__(f"a page of the database with entries of room {room} is damaged")
        self.room = room


class StorageFailed(StoreError):
    """The database could not be read or written. The transaction was rolled back."""


class FilesReplaced(StorageFailed):
    """A file of the directory was removed, moved or replaced.

    The text of the error says which file, and the remedy.
    """
