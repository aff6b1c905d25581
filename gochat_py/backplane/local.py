"""The journal: the embedded backplane. One thread, one SQLite database.

Owns    the connection that writes, and with it the next seq of each room.
Waits   on its inbox, and then downstream on the hub's.
Gives   what it has written to the hub, after the commit and never before.

It takes everything that waits, makes all of it last at once, and only then tells anybody: so the
cost of writing is shared by all who speak at the same time, and nobody has seen what a killed
server could forget. Readers learn of messages that are yet to be committed from `RedoLog`.
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
from ..errors import Closed
from ..hub import Hub
from ..message import Draft, User
from ..orders import Barrier, Publish, Written
from ..refusals import Refusal, internal_error
from ..store import Directory, NothingToDo, StorageFailed, StoreError, users
from .failing import BUSY, busy, not_stored, refused, tell_refusal
from .maintenance import Maintenance
from .reading import Reading
from .requests import Ask, Request, Write
from .user_requests import UserRequests, digest
from .watching import WAIT_FOR_PROOF, Readiness, StorageWatch, touch

log = logging.getLogger(__name__)

#: Requests that may wait for the journal; beyond that, readers wait, and their peers through TCP.
INBOX = 1024


class Journal(UserRequests, Reading):
    """Numbers, keeps and passes on. `run` is one thread; the rest is for readers."""

    def __init__(
        self,
        directory: Directory,
        hub: Hub,
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
        """Write what comes until the inbox is closed. The journal thread lives here."""
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
            log.debug("the journal is complete")
        finally:
            for request in (*batch, *self.inbox.abandon()):  # who was answered hears no more of it
                if not isinstance(request, Write) and request.reply is not None:
                    request.reply.give(Closed())
            self._writer.close()
            self._read_pool.close()

    def _wait(self, now: float) -> float:
        """Seconds to wait for a request, at the most."""
        departures = self._departures.due_in(now)
        due = min(self._maintenance.idle_timeout(now), self._watch.due_in(now))
        return due if departures is None else min(due, departures)

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
                self._tell(request.sender, request.draft.id, outcome)
        self._maintenance.wrote(written)
        if written:
            self._hub.inbox.put(Publish(tuple(written)))
        for each, outcome in asked:
            self._reply(each, outcome)

    def _tell(self, sender: Connection, answers: str | None, outcome: Refusal | None) -> None:
        try:
            if outcome is None:
                sender.tell(encode.ok(answers=answers))
            else:
                tell_refusal(sender, answers, outcome)
        except Exception as error:
            self._failures.log(error, "an answer could not be given")
            sender.close(Close.INTERNAL_ERROR, "internal error; reconnect")

    def _reply(self, request: Ask | Barrier, outcome: Any) -> None:
        if isinstance(request, Barrier):
            request.reply.give(None)  # all before it is done, also where it was refused
            return
        try:
            if not isinstance(outcome, Refusal):
                if request.on_persisted is not None:
                    request.on_persisted(outcome)
            elif request.on_refused is not None:
                request.on_refused(outcome)
        except Exception as error:
            self._failures.log(error, "an answer could not be given")
            outcome = internal_error()
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

    def _find_by_token(self, token: str) -> User | None:
        try:
            return self._read_pool.run(users.find, digest(token))
        except StoreError:
            return None

    def unready(self) -> str | None:
        """Why nothing can be stored now; None if it can. Any thread; waits for a moment."""

        def ask(reply: Reply[None]) -> None:
            self.inbox.put(Ask(touch, reply), timeout=WAIT_FOR_PROOF)

        return self._readiness.reason(ask)

    def _put(self, request: Request) -> None:
        try:
            self.inbox.put(request, timeout=BUSY)
        except queue.Full:
            raise busy() from None
