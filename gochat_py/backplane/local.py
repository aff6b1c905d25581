"""The journal: the embedded backplane. One thread, one SQLite database.

Owns    the writer of the database, and with it the next seq of each room.
Waits   on its inbox, and then on the hub's inbox.
Gives   entries to the hub after they are persisted, never before.

The journal takes all waiting requests, persists them together, and only then passes them on. So
messages that are sent at the same time share the cost of writing, and no client has received a
message that a killed server could lose. Messages that are not committed yet are read from
`RedoLog`.
"""

from __future__ import annotations

import logging
import queue
import time
from typing import Any

from .. import threads
from ..channel import Inbox, Reply
from ..codes import Close
from ..connection import Connection
from ..core import encode
from ..core.delivery import Written
from ..errors import Closed
from ..message import Draft, User
from ..orders import Barrier, Order, Publish
from ..refusals import Refusal, internal_error
from ..store import Directory, NothingToDo, StorageFailed, StoreError, users
from .failing import BUSY, busy, not_stored, refused, send_refusal
from .maintenance import Maintenance
from .reading import Reading
from .requests import Ask, Request, Write
from .user_requests import UserRequests, digest
from .watching import WAIT_FOR_PROOF, Readiness, StorageWatch, touch

log = logging.getLogger(__name__)

#: Requests that may wait for the journal. Beyond that, readers wait, and their peers through TCP.
INBOX = 1024


class Journal(UserRequests, Reading):
    """Numbers and stores entries. One thread calls `run`; reader threads call the rest."""

    def __init__(
        self,
        directory: Directory,
        hub: Inbox[Order],
        maintenance: Maintenance,
        *,
        most_rooms: int = 10_000,
        most_users: int = 100_000,
    ) -> None:
        Reading.__init__(self, directory)
        UserRequests.__init__(self, hub, maintenance, directory.health, most_users)
        self.inbox: Inbox[Request] = Inbox(INBOX, woken=threads.give_way)
        self._maintenance = maintenance
        self._writer = directory.writer(most_rooms=most_rooms)
        self._watch = StorageWatch(self._writer, directory.health)
        self._readiness = Readiness(directory.files, directory.health)

    # -- the journal thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Handle requests until the inbox is closed. The journal thread runs this."""
        batch: list[Request] = []
        try:
            while True:
                batch = self.inbox.take(self._wait(time.monotonic()))
                if departed := self._departures.next_request(time.monotonic()):
                    batch.append(departed)
                wall = time.time()
                self._maintenance.observe_clock(time.monotonic(), wall)
                self.handle(batch, wall)
                self._maintenance.step(
                    self._writer, self._read_pool, not batch, time.monotonic(), time.time()
                )
                self._watch.step(time.monotonic(), time.time())
        except Closed:
            self._maintenance.commit(self._writer)
            log.debug("all messages committed")
        finally:
            for request in (*batch, *self.inbox.abandon()):  # a second answer is ignored
                if not isinstance(request, Write) and request.reply is not None:
                    request.reply.give(Closed())
            self._writer.close()
            self._read_pool.close()

    def _wait(self, now: float) -> float:
        """The most seconds to wait for a request."""
        departures = self._departures.due_in(now)
        due = min(self._maintenance.idle_timeout(now), self._watch.due_in(now))
        return due if departures is None else min(due, departures)

    def handle(self, batch: list[Request], now: float) -> None:
        """Persist `batch` together, then pass the entries on; or answer that it failed.

        Replies come last: what a thread with a reply puts into the hub's inbox next comes after
        the entries that were written before its request.
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
                self._answer(request.sender, request.draft.id, outcome)
        self._maintenance.wrote(written)
        if written:
            self._hub.put(Publish(tuple(written)))
        for each, outcome in asked:
            self._reply(each, outcome)

    def _answer(self, sender: Connection, answers: str | None, outcome: Refusal | None) -> None:
        try:
            if outcome is None:
                sender.send_event(encode.ok(answers=answers))
            else:
                send_refusal(sender, answers, outcome)
        except Exception as error:
            self._failures.log(error, "an answer could not be sent")
            sender.close(Close.INTERNAL_ERROR, "internal error; reconnect")

    def _reply(self, request: Ask | Barrier, outcome: Any) -> None:
        if isinstance(request, Barrier):
            request.reply.give(None)  # all requests before it are done or refused
            return
        try:
            if not isinstance(outcome, Refusal):
                if request.on_persisted is not None:
                    request.on_persisted(outcome)
            elif request.on_refused is not None:
                request.on_refused(outcome)
        except Exception as error:
            self._failures.log(error, "an answer could not be sent")
            outcome = internal_error()
        if request.reply is not None:
            request.reply.give(outcome)

    def _outcomes(self, batch: list[Request], now: float) -> list[Any]:
        """The outcome of each request, after the batch is persisted: see `_carry_out`.

        If a request fails unexpectedly, it may have written only a part. So the batch is rolled
        back, and each request is done again by itself: only the one that fails is refused. Expected
        errors do not need this.
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
        self._health.failed(str(error))
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
            self._failures.log(error, "a request failed and was refused")
            return not_stored()

    def _carry_out(self, request: Request, now: float) -> Any:
        """The outcome of one request: `Written`, an answer, or a `Refusal` of this one alone."""
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
        """Wait until all earlier requests are done; see `Backplane.barrier`."""
        reply: Reply[None] = Reply()
        self._put(Barrier(reply))
        try:
            reply.wait(BUSY)
        except queue.Empty:
            raise busy() from None

    def _find_by_token(self, token: str) -> User | None:
        try:
            return self._read_pool.run(users.find, digest(token))
        except StoreError:
            return None

    def unready(self) -> str | None:
        """Why nothing can be stored now; None if the storage works.

        Any thread may call this; it waits at most `WAIT_FOR_PROOF` seconds for each of the inbox
        and the answer.
        """

        def ask(reply: Reply[None]) -> None:
            self.inbox.put(Ask(touch, reply), timeout=WAIT_FOR_PROOF)

        return self._readiness.reason(ask)

    def _put(self, request: Request) -> None:
        try:
            self.inbox.put(request, timeout=BUSY)
        except queue.Full:
            raise busy() from None
