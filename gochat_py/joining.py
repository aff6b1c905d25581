"""Joining a room in gochat.v1: the client gets the history in parts, then it is live.

Meanwhile the hub holds new entries back (docs/architecture.md, "Catching up"). This runs in the
reader thread of the connection, which waits for the hub, for the database and for its own peer, one
at a time.
"""

from __future__ import annotations

import queue
import time
from typing import TypeVar

from .backplane import Backplane
from .channel import Inbox, Reply
from .codes import Close
from .connection import Connection
from .core import prices
from .core.decisions import EnterRoom
from .core.entry_json import entry_json
from .message import Author, RoomInfo
from .orders import CatchUp, Enter, First, Leave, Order
from .refusals import Code, Refusal
from .store.history import LONGEST_REPLAY, Page, Replay

T = TypeVar("T")

#: Seconds to wait for the hub, which never waits itself. If it takes longer, something is broken.
HUB_PATIENCE = 10.0

#: Most parts that are read for one join. Each continues where the one before ended, so only a room
#: in which entries are written faster than they can be read needs so many.
PARTS = 200


def join(
    hub: Inbox[Order],
    backplane: Backplane,
    connection: Connection,
    user: Author,
    wanted: EnterRoom,
    *,
    fixed: bool = False,
) -> str:
    """Make the connection a member and let it catch up; returns the room's name.

    `fixed` means that the room has the `wanted` name even if nothing is stored. Raises `Refusal`
    before ``joined`` is sent. After that, an error cannot answer the command any more, so a failure
    closes the connection with 1013.
    """
    gate, key = connection.meter.gate, wanted.key
    try:
        with gate:
            found, first = _enter(hub, backplane, connection, user, wanted, fixed)
            part = Page(found.entries, found.partial)
            reached = part.entries[-1].seq if part.entries else found.seq
            named: Reply[str] = Reply()
            live = _hand_over(hub, connection, key, part, reached, first, named)
            room = hub_answer(named) or wanted.room
    except Refusal:
        hub.put(Leave(connection, key, None, silent=True))
        raise
    if not live:
        try:
            _read_on(hub, backplane, connection, key, reached)
        except Refusal as refusal:
            connection.close(Close.TRY_AGAIN_LATER, refusal.message)
    return room


def _enter(
    hub: Inbox[Order],
    backplane: Backplane,
    connection: Connection,
    user: Author,
    wanted: EnterRoom,
    fixed: bool,
) -> tuple[Replay, First]:
    """Let the hub hold new entries from now on, and read the first part of the history."""
    hub.put(Enter(connection, user, wanted.room, wanted.key, catches_up=True))
    # There is no need to wait for the hub here. Entries that are in its inbox already were written
    # before, so they are read here; those that come later are held.
    found, read = backplane.replay(user, wanted.key, wanted.since)
    if not found.room and not fixed:
        # Perhaps another user wrote the room's first entry and left. Then the journal is still
        # writing it, and the hub no longer knows how that user spelled the name.
        connection.meter.spend(prices.ASKED, time.monotonic())
        if backplane.name_of(wanted.key):
            found, read = backplane.replay(user, wanted.key, wanted.since)
    info = RoomInfo(found.room, wanted.key, found.topic, found.seq)
    first = First(
        user, info, found.epoch, found.recovered, found.more, read, wanted.answers, found.truncated
    )
    return found, first


def _read_on(
    hub: Inbox[Order], backplane: Backplane, connection: Connection, key: str, reached: int
) -> None:
    """Send the parts after the seq `reached`, each when the peer has received the one before."""
    for _ in range(PARTS):
        connection.drained()
        with connection.meter.gate:
            part = backplane.page(key, None, reached, LONGEST_REPLAY)
            reached = part.entries[-1].seq if part.entries else reached
            if _hand_over(hub, connection, key, part, reached):
                return
    raise Refusal(Code.BUSY, "Messages arrive faster than they can be read; reconnect later.")


def _hand_over(
    hub: Inbox[Order],
    connection: Connection,
    key: str,
    part: Page,
    reached: int,
    first: First | None = None,
    named: Reply[str] | None = None,
) -> bool:
    """Let the hub send a part, which ends at `reached`; whether the peer is live now, or gone.

    If not, the next part must follow. Raises `Refusal` if the room may not be created.
    """
    encoded = ",".join(map(entry_json, part.entries))
    live: Reply[bool] = Reply()
    hub.put(CatchUp(connection, key, reached, encoded, not part.more, live, first, named))
    return hub_answer(live)


def hub_answer(reply: Reply[T]) -> T:
    """The hub's answer. A hub that stops does not answer, and closes the connection soon.

    Raises a fatal `Refusal` after `HUB_PATIENCE`. It has to be fatal, because the hub may still
    answer the command, and each command has one answer.
    """
    try:
        return reply.wait(HUB_PATIENCE)
    except queue.Empty:
        raise Refusal(
            Code.BUSY,
            "The server is busy; try again.",
            retry_after=1.0,
            close=Close.TRY_AGAIN_LATER,
        ) from None
