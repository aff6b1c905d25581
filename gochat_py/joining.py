"""Joining a room in gochat.v1: held, then caught up in parts, then live.

Runs in the reader thread of the connection that joins, which waits for the hub, for the database
and for its own peer, one at a time (docs/architecture.md, "Catching up").
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

#: Seconds to wait for the hub, which never waits itself; longer means that something is broken.
HUB_PATIENCE = 10.0

#: Parts that are read for somebody who joins, at the most. Each goes on where the last one ended,
#: so only a room that talks faster than it can be read needs so many.
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
    """Make the connection a member and let it catch up; gives the name under which it is shown.

    `fixed` says that the room is called as it is `wanted`, also where nothing is kept.
    Raises `Refusal` while ``joined`` has not been said; afterwards, what goes wrong closes the
    connection with 1013, as no error can answer the command any more.
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
    """Let the hub hold what is said from now on, and read what was said before."""
    hub.put(Enter(connection, user, wanted.room, wanted.key, catches_up=True))
    # There is no need to wait for the hub here. What the journal has put into the hub's inbox
    # before this was written before, so it is found; what it puts there later is held.
    found, read = backplane.replay(user, wanted.key, wanted.since)
    if not found.room and not fixed:
        # Perhaps somebody was here, wrote the room's first entry, and left before this one entered:
        # then it is on its way, and the hub does not know any more how the room was spelled.
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
    """Give the parts after the seq `reached`, each when the peer has taken the one before."""
    for _ in range(PARTS):
        connection.drained()
        with connection.meter.gate:
            part = backplane.page(key, None, reached, LONGEST_REPLAY)
            reached = part.entries[-1].seq if part.entries else reached
            if _hand_over(hub, connection, key, part, reached):
                return
    raise Refusal(Code.BUSY, "The room talks faster than it can be read; come back.")


def _hand_over(
    hub: Inbox[Order],
    connection: Connection,
    key: str,
    part: Page,
    reached: int,
    first: First | None = None,
    named: Reply[str] | None = None,
) -> bool:
    """Let the hub give the peer a part, which ends at `reached`; whether it is live now, or gone.

    If not, more is to come from there on. Raises `Refusal` if the room may not be made.
    """
    encoded = ",".join(map(entry_json, part.entries))
    live: Reply[bool] = Reply()
    hub.put(CatchUp(connection, key, reached, encoded, not part.more, live, first, named))
    return hub_answer(live)


def hub_answer(reply: Reply[T]) -> T:
    """What the hub answers. A stopping hub answers nobody, and ends the connection soon.

    Raises a fatal `Refusal` after `HUB_PATIENCE`: what was asked may still be done and answered, so
    nothing else can be the only answer.
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
