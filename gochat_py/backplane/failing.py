"""What cannot be done: the store's errors as refusals, and the errors that nobody foresaw."""

from __future__ import annotations

import logging
import threading
import time

from ..refusals import Code, Refusal
from ..store import (
    HistoryTruncated,
    LimitReached,
    NickTaken,
    NotFound,
    NotYours,
    ReadersBusy,
    StorageFailed,
    StoreError,
    Unstorable,
)

log = logging.getLogger(__name__)

#: Seconds for which an error of one kind is not logged again.
SAY_AGAIN = 60.0

#: Seconds a reader waits for room in the inbox, or for an answer, before its peer is told `busy`.
BUSY = 10.0


class Failures:
    """Logs errors that nobody foresaw: each kind once in `SAY_AGAIN` seconds, with its traceback.

    Any thread. Owns  when each kind was logged last, under one lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_logged`
        self._logged: dict[type[Exception], float] = {}

    def log(self, error: Exception, what: str) -> None:
        """Log `error`, which is being handled, and what it led to; unless that is known."""
        now = time.monotonic()
        with self._lock:
            if now < self._logged.get(type(error), now - SAY_AGAIN) + SAY_AGAIN:
                return
            self._logged[type(error)] = now
        log.exception("%s", what)


#: What the store's noes are on the wire, and the sentence for a person.
REFUSALS: dict[type[StoreError], tuple[Code, str]] = {
    NotFound: (Code.NOT_FOUND, "There is no such message, or it was deleted."),
    NotYours: (Code.NOT_YOURS, "Only its author may change a message."),
    NickTaken: (Code.NICK_TAKEN, "This name, or one that looks the same, belongs to another user."),
    Unstorable: (Code.BAD_FIELD, '"text" holds half of a surrogate pair.'),
    ReadersBusy: (Code.BUSY, "The server is busy; try again."),
    StorageFailed: (Code.STORAGE_FAILED, "The server could not read its storage; try again."),
}


def refused(error: StoreError) -> Refusal:
    """What to tell the peer of `error`."""
    if isinstance(error, LimitReached):
        return Refusal(Code.LIMIT_REACHED, str(error))
    if isinstance(error, HistoryTruncated):
        return Refusal(Code.HISTORY_TRUNCATED, str(error))
    code, sentence = REFUSALS[type(error)]
    return Refusal(code, sentence)


def not_stored() -> Refusal:
    """Nothing of what was asked for was kept."""
    return Refusal(Code.STORAGE_FAILED, "The server could not store this, and nobody has seen it.")


def busy() -> Refusal:
    """The journal did not get round to it in time."""
    return Refusal(Code.BUSY, "The server is busy; try again.", retry_after=BUSY)
