"""What the store says no with. Whoever serves a client turns these into refusals.

``StoreError``
 ├── ``NotFound``        no such room, message or user; or its text is gone
 ├── ``NotYours``        only its author may change a message
 ├── ``NickTaken``       the nick belongs to another user, and still does for a while
 ├── ``HistoryTruncated``  entries after the one asked for were there, and are kept no longer
 ├── ``NothingToDo``     taking back a reaction that was never there: there is no entry to show
 ├── ``LimitReached``    there are as many of something as there may be; it says of what
 ├── ``Unstorable``      a text that has no UTF-8 form (a lone surrogate)
 ├── ``ReadPoolBusy``     every reading connection was in use until the deadline
 ├── ``Damaged``         a row of the room cannot be what was written; it concerns this room alone
 ├── ``DamagedRoom``     a page of the file that holds the room cannot be read; for maintenance
 └── ``StorageFailed``   disk full, locked, or broken: nothing of the transaction was kept
      └── ``FilesReplaced``   a path does not lead to the file any more that the server has open
"""

from __future__ import annotations

from ..errors import GochatError


class StoreError(GochatError):
    """The root of what the store raises while it serves. Starting raises `StartupError`."""


class NotFound(StoreError):
    """There is no such message, or it was deleted or trimmed."""


class NotYours(StoreError):
    """Only its author may edit or delete a message."""


class NickTaken(StoreError):
    """The nick belongs to another user who was seen lately."""


class NothingToDo(StoreError):
    """A reaction is to be taken back that was never there; nothing was written."""


class HistoryTruncated(StoreError):
    """What came next is not kept any more. Its text is a sentence for the user."""


class LimitReached(StoreError):
    """There are as many of something as there may be. Its text is a sentence for the user."""


class Unstorable(StoreError):
    """The text cannot be written as UTF-8, so no file and no client could hold it."""


class ReadPoolBusy(StoreError):
    """Every reading connection was in use until the deadline passed."""


class Damaged(StoreError):
    """A row that is needed holds what was never written there. The rest of the database is used."""


class DamagedRoom(StoreError):
    """A page of the file cannot be read. The transaction has to be undone; nothing else is wrong.

    Maintenance passes over the room of number `room` from now on, so that others have their turn.
    """

    def __init__(self, room: int) -> None:
        super().__init__(f"a page that holds the room of number {room} is damaged")
        self.room = room


class StorageFailed(StoreError):
    """The database could not be read or written. Of the transaction nothing was kept."""


class FilesReplaced(StorageFailed):
    """A file of the directory was removed, moved or replaced. Its text says which, and the cure."""
