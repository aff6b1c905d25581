"""How a batch of one room is divided: into portions, and into what only some connections get.

Used by the hub, whose thread calls it. What everybody gets is in `core.rendering`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from .connection import Connection
from .core import encode
from .message import Kind
from .orders import Written

#: Messages joined into one send at the most. A batch that a connection's kernel buffer cannot take
#: at once must not by itself fill a send buffer (256 by default).
JOIN = 128

#: Characters of their texts, likewise: they may be three times as many bytes, and the smallest
#: send buffer of a browser's machine takes 256 KiB.
JOIN_CHARS = 64 * 1024


def portions(batch: Sequence[Written]) -> Iterator[Sequence[Written]]:
    """The parts of a batch that are handed over in one piece each."""
    start = chars = 0
    for number, written in enumerate(batch):
        chars += len(written.entry.text or "")
        if number - start >= JOIN or (chars > JOIN_CHARS and number > start):
            yield batch[start:number]
            start, chars = number, len(written.entry.text or "")
    yield batch[start:]


def own_words(
    batch: Sequence[Written],
    ahead: Mapping[Connection, int],
    is_live: Callable[[Connection, str], bool | None],
) -> dict[Connection, list[bytes]]:
    """What goes to senders that get other words than everybody: a retry, or an answer's id.

    `ahead` are those who know the beginning of the batch, each with the seq up to which. `is_live`
    says whether a connection gets what is new in the room of that key, None if it is gone.
    """
    special = {
        written.sender
        for written in batch
        if written.sender is not None
        and (
            written.duplicate
            or (written.answers is not None and written.entry.kind is not Kind.MESSAGE)
        )
    }
    own: dict[Connection, list[bytes]] = {}
    for connection in special:
        live = is_live(connection, batch[0].entry.key)
        if live is None or connection.form.classic:
            continue
        known = ahead.get(connection, 0)
        own[connection] = [
            encode.entry_json(
                written.entry,
                answers=written.answers if written.sender is connection else None,
            ).encode()
            for written in batch
            if (
                written.sender is connection
                if written.duplicate
                else live and written.entry.seq > known
            )
        ]
    return own
