"""The journal: the embedded backplane. One thread, one SQLite database.

Owns    the connection that writes, and with it the next seq of each room.
Waits   on its inbox, and then downstream on the hub's.
Gives   what it has written to the hub, after the commit and never before.

It takes everything that waits, makes all of it last at once, and only then tells anybody: so the
cost of writing is shared by all who speak at the same time, and nobody has seen what a killed
server could forget. Readers learn of messages that are yet to be committed from `Ahead`.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from .. import threads
from ..channel import Inbox, Reply
from ..connection import Connection
from ..core import encode
from ..errors import Closed
from ..hub import Hub
from ..message import Author, Draft, Position, RoomInfo
from ..orders import Barrier, Publish, Written
from ..refusals import Refusal
from ..store import (
    Directory,
    Found,
    NothingToDo,
    Page,
    Replay,
    StorageFailed,
    StoreError,
    history,
    search,
    users,
)
from .failing import BUSY, Failures, busy, not_stored, refused, tell_refusal
from .requests import Ask, Request, Write
from .upkeep import Upkeep
from .user_requests import UserRequests

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: Requests that may wait for the journal; beyond that, readers wait, and their peers through TCP.
INBOX = 1024


class Journal(UserRequests):
    """Numbers, keeps and passes on. `run` is one thread; the rest is for readers."""

    def __init__(
        self,
        directory: Directory,
        hub: Hub,
        upkeep: Upkeep,
        *,
        most_rooms: int = 10_000,
        most_users: int = 100_000,
    ) -> None:
        super().__init__(hub, upkeep.attendance, most_users)
        self.inbox: Inbox[Request] = Inbox(INBOX, woken=threads.give_way)
        self._upkeep = upkeep
        self._ahead = directory.ahead
        self._writer = directory.writer(most_rooms=most_rooms)
        self._readers = directory.readers()
        self._failures = Failures()

    # -- the journal thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Write what comes until the inbox is closed. The journal thread lives here."""
        try:
            while True:
                batch = self.inbox.take(self._upkeep.calm_in(time.monotonic()))
                self.handle(batch, time.time())
                self._upkeep.step(
                    self._writer, self._readers, not batch, time.monotonic(), time.time()
                )
        except Closed:
            self._upkeep.settle(self._writer)
            log.debug("the journal is complete")
        finally:
            self._writer.close()
            self._readers.close()

    def handle(self, batch: list[Request], now: float) -> None:
        """Make `batch` last, all at once, then pass it on; or tell everyone that it failed.

        Those who wait for a reply get it last: whatever they put into the hub's inbox comes after
        what was written before they asked.
        """
        if not batch:
            return
        written = []
        asked: list[tuple[Ask | Barrier, Any]] = []
        for request, outcome in zip(batch, self._outcomes(batch, now), strict=True):
            if isinstance(outcome, Written):
                written.append(outcome)
            elif not isinstance(request, Write):
                asked.append((request, outcome))
            elif request.sender is not None:
                _tell(request.sender, request.draft.id, outcome)
        self._upkeep.wrote(written)
        if written:
            self._hub.inbox.put(Publish(tuple(written)))
        for each, outcome in asked:
            self._reply(each, outcome)

    def _reply(self, request: Ask | Barrier, outcome: Any) -> None:
        if isinstance(request, Barrier):
            request.reply.give(None)  # all before it is done, also where it was refused
            return
        if not isinstance(outcome, Refusal):
            if request.kept is not None:
                request.kept(outcome)
        elif request.refused is not None:
            request.refused(outcome)
        if request.reply is not None:
            request.reply.give(outcome)

    def _outcomes(self, batch: list[Request], now: float) -> list[Any]:
        """What became of each request, which lasts now: see `_carry_out`.

        When one of them fails in a way that nobody foresaw, it may have done half of what it
        should: all is undone, and each done again by itself. So that one alone is refused, and
        what is foreseen costs nothing for it.
        """
        if type(batch[0]) is Barrier and all(type(request) is Barrier for request in batch):
            return [None] * len(batch)  # without a transaction, which would have to be committed
        try:
            return self._together(batch, now)
        except StorageFailed as error:
            return self._all_failed(batch, error)
        except Exception:
            outcomes: list[Any] = []
            try:
                self._writer.rollback()
                for request in batch:
                    outcomes.append(self._alone(request, now))  # noqa: PERF401  may end early
            except StorageFailed as error:
                outcomes += self._all_failed(batch[len(outcomes) :], error)
            return outcomes

    def _all_failed(self, batch: list[Request], error: StorageFailed) -> list[Any]:
        log.error("nothing can be stored: %s", error)
        return [not_stored() for _ in batch]

    def _together(self, batch: list[Request], now: float) -> list[Any]:
        self._writer.begin()
        outcomes = [self._carry_out(request, now) for request in batch]
        self._writer.acknowledge()
        return outcomes

    def _alone(self, request: Request, now: float) -> Any:
        try:
            return self._together([request], now)[0]
        except StorageFailed:
            raise
        except Exception as error:
            self._writer.rollback()
            self._failures.log(error, "a request could not be carried out, and is refused")
            return not_stored()

    def _carry_out(self, request: Request, now: float) -> Any:
        """What became of one request: `Written`, an answer, or the `Refusal` of this one alone."""
        try:
            if isinstance(request, Write):
                draft, sender = request
                entry, duplicate, encoded = self._writer.apply(draft, now)
                return Written(entry, sender, draft.id, duplicate, encoded)
            if isinstance(request, Ask):
                return self._writer.run(request.function, now)
            return None
        except StorageFailed:
            raise
        except NothingToDo:
            return None
        except Refusal as refusal:
            return refusal
        except StoreError as error:
            return refused(error)

    # -- reader threads --------------------------------------------------------------------------

    def publish(self, draft: Draft, sender: Connection | None) -> None:
        """Write `draft`; see `Backplane.publish`."""
        self._put(Write(draft, sender))

    def barrier(self) -> None:
        """Wait until what was put before is done; see `Backplane.barrier`."""
        reply: Reply[None] = Reply()
        self._put(Barrier(reply))
        try:
            reply.wait(BUSY)
        except queue.Empty:
            raise busy() from None

    def replay(self, user: Author, key: str, since: Position | None) -> tuple[Replay, int]:
        """What somebody who enters has to know; see `Backplane.replay`."""

        ahead = self._ahead.of(key)

        def both(connection: sqlite3.Connection) -> tuple[Replay, int]:
            found = history.since(connection, key, since, ahead=ahead)
            return found, users.last_read(connection, user.id, key)

        return self._read(both)

    def page(self, key: str, before: int | None, after: int | None, limit: int) -> Page:
        """A page of a room's history."""
        ahead = self._ahead.of(key)
        return self._read(history.page, key, before=before, after=after, ahead=ahead, limit=limit)

    def search(self, keys: tuple[str, ...], query: str, before: int | None, limit: int) -> Found:
        """Messages in the rooms `keys` that hold `query`, newest first."""
        ahead = [entry for key in keys for entry in self._ahead.of(key)]
        return self._read(search.search, keys, query, ahead=ahead, before=before, limit=limit)

    def rooms(self, after: str, limit: int) -> tuple[list[RoomInfo], bool]:
        """Rooms in the order of their keys; see `Backplane.rooms`."""
        return self._read(history.rooms, self._ahead.newest(), after=after, limit=limit)

    def _put(self, request: Request) -> None:
        try:
            self.inbox.put(request, timeout=BUSY)
        except queue.Full:
            raise busy() from None

    def _read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return self._readers.run(function, *args, **kwargs)
        except Closed:
            raise
        except Exception as error:
            if isinstance(error, StoreError) and not isinstance(error, StorageFailed):
                raise refused(error) from error
            self._failures.log(error, "something could not be read, and is refused")
            raise refused(StorageFailed()) from error


def _tell(sender: Connection, answers: str | None, outcome: Refusal | None) -> None:
    if outcome is None:
        sender.tell(encode.ok(answers=answers))
    else:
        tell_refusal(sender, answers, outcome)
