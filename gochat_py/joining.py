"""Joining a room in gochat.v1: held, then caught up in parts, then live.

Runs in the reader thread of the connection that joins, which waits for the hub, for the database
and for its own peer, one at a time (docs/architecture.md, "Catching up").
"""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable
from typing import TypeVar

from .backplane import Backplane
from .channel import Reply
from .codes import Close
from .connection import Connection
from .core import encode, prices
from .core.decisions import EnterRoom
from .hub import Hub
from .message import RoomInfo, User
from .orders import CatchUp, Enter, First, Leave
from .refusals import Code, Refusal
from .store.history import LONGEST_REPLAY, Replay

T = TypeVar("T")

#: Seconds to wait for the hub, which never waits itself; longer means that something is broken.
HUB_PATIENCE = 10.0

#: Parts that are read for somebody who joins, at the most. Each goes on where the last one ended,
#: so only a room that talks faster than it can be read needs so many.
PARTS = 200


def join(
    hub: Hub, backplane: Backplane, connection: Connection, user: User, wanted: EnterRoom
) -> None:
    """Make the connection a member and let it catch up.

    Raises `Refusal` while ``joined`` has not been said; afterwards, what goes wrong closes the
    connection with 1013, as no error can answer the command any more.
    """
    held: Reply[bool] = Reply()
    hub.inbox.put(Enter(connection, user, wanted.room, wanted.key, held))
    try:
        made = hub_answer(held)
        found, read = backplane.replay(user, wanted.key, wanted.since)
        if made and not found.room:
            count("rooms", connection.meter.new_room)
    except Refusal:
        hub.inbox.put(Leave(connection, wanted.key, None, silent=True))
        raise
    info = RoomInfo(found.room, wanted.key, found.topic, found.seq)
    first = First(user, info, found.epoch, found.recovered, found.more, read, wanted.answers)
    try:
        _catch_up(hub, backplane, connection, found, first)
    except Refusal as refusal:
        connection.close(Close.TRY_AGAIN_LATER, refusal.message)


def _catch_up(
    hub: Hub, backplane: Backplane, connection: Connection, found: Replay, begin: First
) -> None:
    """Give what came before in parts, each when the peer has taken the last, until it is live.

    Raises `Refusal` when that cannot be done.
    """
    key = begin.info.key
    first: First | None = begin
    entries, partial = found.entries, found.partial
    seq = entries[-1].seq if partial else found.seq
    for _ in range(PARTS):
        connection.meter.spend(prices.ENTRY * len(entries), time.monotonic())
        encoded = ",".join(map(encode.entry_json, entries))
        live: Reply[bool] = Reply()
        hub.inbox.put(CatchUp(connection, key, seq, encoded, not partial, live, first))
        if hub_answer(live):
            return
        first = None
        connection.drained()
        page = backplane.page(key, None, seq, LONGEST_REPLAY)
        entries, partial = page.entries, page.more
        if entries and entries[0].seq != seq + 1:
            raise Refusal(Code.BUSY, "What was to come next was trimmed meanwhile; come back.")
        seq = entries[-1].seq if entries else seq
    raise Refusal(Code.BUSY, "The room talks faster than it can be read; come back.")


def count(what: str, take: Callable[[float], float]) -> None:
    """Let an address make one more of something; raises `Refusal` if it made too many lately."""
    wait = math.ceil(take(time.monotonic()))
    if wait:
        raise Refusal(
            Code.RATE_LIMITED,
            f"Too many {what} were made from your address; try again in {wait} s.",
            retry_after=float(wait),
        )


def hub_answer(reply: Reply[T]) -> T:
    """What the hub answers. A stopping hub answers nobody, and ends the connection soon."""
    try:
        return reply.wait(HUB_PATIENCE)
    except queue.Empty:
        raise Refusal(Code.BUSY, "The server is busy; try again.", retry_after=1.0) from None
