"""What cannot be done: the store's errors as refusals."""

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

#: Seconds a reader waits for room in the inbox, or for an answer, before its peer is told `busy`.
BUSY = 10.0


#: What the store's noes are on the wire, and the sentence for a person.
REFUSALS: dict[type[StoreError], tuple[Code, str]] = {
    NotFound: (Code.NOT_FOUND, "There is no such message, or it was deleted."),
    NotYours: (Code.NOT_YOURS, "Only its author may change a message."),
    NickTaken: (Code.NICK_TAKEN, "This name, or one that looks the same, belongs to another user."),
    Unstorable: (Code.BAD_FIELD, '"text" holds half of a surrogate pair.'),
    ReadPoolBusy: (Code.BUSY, "The server is busy; try again."),
    Damaged: (Code.STORAGE_FAILED, "What the server keeps of this room is damaged."),
    StorageFailed: (Code.STORAGE_FAILED, "The server could not read its storage; try again."),
}


def refused(error: StoreError) -> Refusal:
    """What to tell the peer of `error`."""
    if isinstance(error, LimitReached):
        return Refusal(Code.LIMIT_REACHED, str(error))
    if isinstance(error, HistoryTruncated):
        return Refusal(Code.HISTORY_TRUNCATED, str(error))
    for kind in type(error).__mro__:
        if kind in REFUSALS:
            return Refusal(*REFUSALS[kind])
    return internal_error()


def not_stored() -> Refusal:
    """Nothing of what was asked for was kept."""
    return Refusal(Code.STORAGE_FAILED, "The server could not store this, and nobody has seen it.")


def busy() -> Refusal:
    """The journal did not get round to it in time."""
    return Refusal(Code.BUSY, "The server is busy; try again.", retry_after=BUSY)


def tell_refusal(sender: Connection, answers: str | None, refusal: Refusal) -> None:
    """Tell `sender` that the command with this id was refused, in its dialect. Any thread."""
    sender.refuse(Refusal(refusal.code, refusal.message, answers=answers))
