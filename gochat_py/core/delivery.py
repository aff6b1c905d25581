"""Who receives which entries of a batch. Pure; the hub encodes and offers what is decided here.

A batch is what the journal wrote in one room, in order. Live members receive what is new. There are
three exceptions:

* a member that caught up a moment ago was already sent the beginning of the batch
* a sender that asked for anything but a message receives its answer under the id of its command
* a retry (`duplicate`) goes to its sender alone
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..message import Entry, Kind

#: A connection, for which anything hashable will do.
Token = TypeVar("Token")

#: Messages joined into one send at the most. A batch that a connection's kernel buffer cannot take
#: at once must not by itself fill a send buffer (256 by default).
JOIN = 128

#: Characters of their texts, likewise: they may be three times as many bytes, and the smallest
#: send buffer of a browser's machine takes 256 KiB.
JOIN_CHARS = 64 * 1024


class Written(NamedTuple, Generic[Token]):
    """An entry that is persisted. `sender` asked for it, by a command whose id is `answers`.

    A `duplicate` was written before, and is for its sender only. `encoded` is the entry as JSON.
    """

    entry: Entry
    sender: Token | None
    answers: str | None
    duplicate: bool
    encoded: str


class Delivery(NamedTuple, Generic[Token]):
    """`recipients` receive the entries of `batch`.

    If there is a `sender`, it is the only recipient, and its entries answer its commands.
    """

    recipients: Collection[Token]
    batch: Sequence[Written[Token]]
    sender: Token | None = None


def portions(batch: Sequence[Written[Token]]) -> Iterator[Sequence[Written[Token]]]:
    """The parts of a batch that are sent in one piece each."""
    start = chars = 0
    for number, written in enumerate(batch):
        chars += len(written.entry.text or "")
        if number - start >= JOIN or (chars > JOIN_CHARS and number > start):
            yield batch[start:number]
            start, chars = number, len(written.entry.text or "")
    yield batch[start:]


def plan(
    batch: Sequence[Written[Token]],
    live: Collection[Token],
    already_sent: Mapping[Token, int],
    takes_answers: Callable[[Token], bool],
) -> list[Delivery[Token]]:
    """Who receives what of a batch; each connection is in one delivery at the most.

    `live` are the room's live members. Those in `already_sent` were sent everything up to that seq.
    `takes_answers` says whether a sender is still connected, in a dialect that has answers.
    """
    new = [written for written in batch if not written.duplicate]
    answered = {
        written.sender: None
        for written in batch
        if written.sender is not None
        and (
            written.duplicate
            or (written.answers is not None and written.entry.kind is not Kind.MESSAGE)
        )
        and takes_answers(written.sender)
    }
    others: Collection[Token] = live
    if answered or already_sent:
        others = [each for each in live if each not in answered and each not in already_sent]
    deliveries = [Delivery(others, new)] if new and others else []
    for member, seq in already_sent.items():
        if member not in answered:
            deliveries.append(Delivery([member], _after(seq, new)))
    for sender in answered:
        seq = already_sent.get(sender, 0)
        own = [
            written
            for written in batch
            if (
                written.sender is sender
                if written.duplicate
                else sender in live and written.entry.seq > seq
            )
        ]
        deliveries.append(Delivery([sender], own, sender))
    return deliveries


def _after(seq: int, batch: Sequence[Written[Token]]) -> list[Written[Token]]:
    return [written for written in batch if written.entry.seq > seq]
