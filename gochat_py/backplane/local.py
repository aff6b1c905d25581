"""The journal: the embedded backplane. One thread, one SQLite database.

Owns    the connection that writes, and with it the next seq of each room.
Waits   on its inbox, and then downstream on the hub's.
Gives   what it has written to the hub, after the commit and never before.

It takes everything that waits, makes all of it last at once, and only then tells anybody: so the
cost of writing is shared by all who speak at the same time, and nobody has seen what a killed
server could forget. Readers learn of messages that are yet to be committed from `RedoLog`.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import secrets
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
from ..message import Draft, Position, RoomInfo, User
from ..orders import Publish, Written
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
from .failing import BUSY, Failures, busy, not_stored, refused
from .requests import Ask, Request, Write
from .upkeep import Upkeep

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: Requests that may wait for the journal; beyond that, readers wait, and their peers through TCP.
INBOX = 1024

#: Renames remembered for connections that do not know of them yet; with more, the oldest goes.
RENAMES = 10_000


class Journal:
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
        self.inbox: Inbox[Request] = Inbox(INBOX, woken=threads.give_way)
        self._hub = hub
        self._upkeep = upkeep
        self._redo_log = directory.redo_log
        self._attendance = upkeep.attendance
        self._most_users = most_users
        self._writer = directory.writer(most_rooms=most_rooms)
        self._readers = directory.readers()
        #: Nicks taken while running, by user: their other connections may not know. Journal's own.
        self._renames: dict[str, str] = {}
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
        """Make `batch` last, all at once, then pass it on; or tell everyone that it failed."""
        if not batch:
            return
        written = []
        for request, outcome in zip(batch, self._outcomes(batch, now), strict=True):
            if isinstance(outcome, Written):
                written.append(outcome)
            elif isinstance(request, Ask):
                if request.kept is not None and not isinstance(outcome, Refusal):
                    request.kept(outcome)
                if request.reply is not None:
                    request.reply.give(outcome)
            elif request.sender is not None:
                self._tell(request.sender, request.draft.id, outcome)
        self._upkeep.wrote(written)
        if written:
            self._hub.inbox.put(Publish(tuple(written)))

    def _outcomes(self, batch: list[Request], now: float) -> list[Any]:
        """What became of each request, which lasts now: see `_carry_out`.

        When one of them fails in a way that nobody foresaw, it may have done half of what it
        should: all is undone, and each done again by itself. So that one alone is refused, and
        what is foreseen costs nothing for it.
        """
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
            if isinstance(request, Ask):
                return self._writer.run(request.function, now)
            draft = request.draft
            if self._renames:
                nick = self._renames.get(draft.user.id, draft.user.nick)
                if nick != draft.user.nick:
                    draft = draft._replace(user=User(draft.user.id, nick))
            entry, duplicate, encoded = self._writer.apply(draft, now)
            return Written(entry, request.sender, draft.id, duplicate, encoded)
        except StorageFailed:
            raise
        except NothingToDo:
            return None
        except Refusal as refusal:
            return refusal
        except StoreError as error:
            return refused(error)

    def _tell(self, sender: Connection, answers: str | None, outcome: Refusal | None) -> None:
        if outcome is None:
            sender.tell(encode.ok(answers=answers))
        else:
            refusal = Refusal(outcome.code, outcome.message, answers=answers)
            sender.refuse(refusal)

    # -- reader threads --------------------------------------------------------------------------

    def publish(self, draft: Draft, sender: Connection | None) -> None:
        """Write `draft`; see `Backplane.publish`."""
        self._put(Write(draft, sender))

    def identify(
        self, nick: str, nick_key: str, token: str | None, allow_new: Callable[[], None]
    ) -> tuple[User, str]:
        """Whom `token` brings back, or a new user; see `Backplane.identify`."""
        newcomer = User(secrets.token_hex(8), nick)
        new_token = secrets.token_urlsafe(32)

        def known_or_new(connection: sqlite3.Connection, now: float) -> tuple[User, str]:
            user = users.find(connection, _digest(token)) if token else None
            if user is None or token is None:
                if users.holder(connection, nick_key, now) is None:  # else it is refused anyway
                    allow_new()
                users.create(
                    connection,
                    newcomer,
                    _digest(new_token),
                    nick_key,
                    now,
                    most=self._most_users,
                    here=self._attendance,
                )
                return newcomer, new_token
            return users.claim_nick(connection, user.id, nick, nick_key, now), token

        user, known_by = self._ask(known_or_new, kept=lambda answer: self._renamed(answer[0]))
        self._attendance.came(user.id)
        return user, known_by

    def rename(self, user: User, nick: str, nick_key: str) -> User:
        """Give `user` another nick; see `Backplane.rename`."""

        def claim(connection: sqlite3.Connection, now: float) -> User:
            return users.claim_nick(connection, user.id, nick, nick_key, now)

        return self._ask(claim, kept=self._renamed)

    def _renamed(self, user: User) -> None:
        """Remember a nick for the user's other connections; runs in the journal thread."""
        if user.id not in self._attendance:
            return  # the first one knows it
        self._renames.pop(user.id, None)  # the newest come last
        if len(self._renames) >= RENAMES:
            del self._renames[next(iter(self._renames))]
        self._renames[user.id] = user.nick

    def _ended(self, user: User) -> None:
        """Forget a nick that no connection needs to be told; runs in the journal thread."""
        if user.id not in self._attendance:
            self._renames.pop(user.id, None)

    def mark_read(self, user: User, key: str, seq: int) -> None:
        """Remember how far `user` has read; see `Backplane.mark_read`."""

        def mark(connection: sqlite3.Connection, now: float) -> int:
            return users.mark_read(connection, user.id, key, seq, now)

        self._put(Ask(mark, None))

    def seen(self, user: User) -> None:
        """Note that a connection of `user` has ended; see `Backplane.seen`."""
        self._attendance.went(user.id)

        def saw(connection: sqlite3.Connection, now: float) -> None:
            users.saw(connection, {user.id: now})

        self._put(Ask(saw, None, kept=lambda _: self._ended(user)))

    def release_nick(self, user: User) -> None:
        """Let others take the nick of `user`; see `Backplane.release_nick`."""
        self._attendance.went(user.id)

        def release(connection: sqlite3.Connection, _now: float) -> None:
            users.release_nick(connection, user.id)

        self._put(Ask(release, None, kept=lambda _: self._ended(user)))

    def replay(self, user: User, key: str, since: Position | None) -> tuple[Replay, int]:
        """What somebody who enters has to know; see `Backplane.replay`."""

        ahead = self._redo_log.of(key)

        def both(connection: sqlite3.Connection) -> tuple[Replay, int]:
            found = history.since(connection, key, since, ahead=ahead)
            return found, users.last_read(connection, user.id, key)

        return self._read(both)

    def page(self, key: str, before: int | None, after: int | None, limit: int) -> Page:
        """A page of a room's history."""
        ahead = self._redo_log.of(key)
        return self._read(history.page, key, before=before, after=after, ahead=ahead, limit=limit)

    def search(self, keys: tuple[str, ...], query: str, before: int | None, limit: int) -> Found:
        """Messages in the rooms `keys` that hold `query`, newest first."""
        ahead = [entry for key in keys for entry in self._redo_log.of(key)]
        return self._read(search.search, keys, query, ahead=ahead, before=before, limit=limit)

    def rooms(self, after: str, limit: int) -> tuple[list[RoomInfo], bool]:
        """Rooms in the order of their keys; see `Backplane.rooms`."""
        return self._read(history.rooms, self._redo_log.newest(), after=after, limit=limit)

    def _put(self, request: Request) -> None:
        try:
            self.inbox.put(request, timeout=BUSY)
        except queue.Full:
            raise busy() from None

    def _ask(
        self,
        function: Callable[[sqlite3.Connection, float], T],
        *,
        kept: Callable[[T], None],
    ) -> T:
        reply: Reply[T] = Reply()
        self._put(Ask(function, reply, kept))
        try:
            return reply.wait(BUSY)
        except queue.Empty:
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


def _digest(token: str) -> bytes:
    """What is kept of a token: enough to know it again, too little to use it."""
    return hashlib.sha256(token.encode()).digest()
