"""Turns errors of the store into refusals for clients."""

from __future__ import annotations

from ..connection import Connection
from ..refusals import Code, Refusal, internal_error
from ..store import (
    Damaged,
    HistoryTruncated,
    LimitReached,
    NickTaken,
    NotFound,
    NotYours,
    ReadPoolBusy,
    StorageFailed,
    StoreError,
    Unstorable,
)

#: Seconds that a reader waits for a free place in the journal's inbox, or for an answer, before it
#: sends `busy` to its peer.
BUSY = 10.0


#: The code of each store error in the protocol, and the sentence for the user.
REFUSALS: dict[type[StoreError], tuple[Code, str]] = {
    NotFound: (Code.NOT_FOUND, "There is no such message, or it was deleted."),
    NotYours: (Code.NOT_YOURS, "Only its author may change a message."),
    NickTaken: (Code.NICK_TAKEN, "This name, or one that looks the same, belongs to another user."),
    Unstorable: (Code.BAD_FIELD, '"text" contains half of a surrogate pair.'),
    ReadPoolBusy: (Code.BUSY, "The server is busy; try again."),
    Damaged: (Code.STORAGE_FAILED, "The stored data of this room is damaged."),
    StorageFailed: (Code.STORAGE_FAILED, "The server could not read its storage; try again."),
}


def refused(error: StoreError) -> Refusal:
    """The refusal for `error`."""
    if isinstance(error, LimitReached):
        return Refusal(Code.LIMIT_REACHED, str(error))
    if isinstance(error, HistoryTruncated):
        return Refusal(Code.HISTORY_TRUNCATED, str(error))
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            return Refusal(*REFUSALS[kind])
    return internal_error()


def not_stored() -> Refusal:
    """The refusal of a request that was rolled back."""
    return Refusal(
        Code.STORAGE_FAILED, "The server could not store this, and sent it to nobody; try again."
    )


def busy() -> Refusal:
    """The refusal of a request that the journal did not handle in time."""
    return Refusal(Code.BUSY, "The server is busy; try again.", retry_after=BUSY)


def send_refusal(sender: Connection, answers: str | None, refusal: Refusal) -> None:
    """Refuse the command of `sender` with the id `answers`, in its dialect. Any thread."""
    sender.refuse(Refusal(refusal.code, refusal.message, answers=answers))
