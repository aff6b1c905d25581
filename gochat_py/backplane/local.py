"""The journal: the embedded backplane. One thread, one SQLite database.

Owns    the connection that writes, and with it the next seq of each room.
Waits   on its inbox, and then downstream on the hub's.
Gives   what it has written to the hub, after the commit and never before.

It takes everything that waits, makes all of it last at once, and only then tells anybody: so the
cost of writing is shared by all who speak at the same time, and nobody has seen what a killed
server could forget. Readers learn of messages that are yet to be committed from `Ahead`.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from .. import threads
from ..channel import Inbox, Reply
from ..connection import Connection
from ..core import encode
from ..errors import Closed
from ..hub import Hub
from ..message import Draft, Position, RoomInfo, User
from ..orders import Publish, Written
from ..refusals import Code, Refusal
from ..store import (
    Directory,
    Found,
    NickTaken,
    NotFound,
    NothingToDo,
    NotYours,
    Page,
    ReadersBusy,
    Replay,
    StorageFailed,
    StoreError,
    Unstorable,
    history,
    search,
    users,
)
from .upkeep import Upkeep

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: Requests that may wait for the journal; beyond that, readers wait, and their peers through TCP.
INBOX = 1024

#: Seconds a reader waits for room in the inbox, or for an answer, before its peer is told `busy`.
BUSY = 10.0

#: Renames remembered for connections that do not know of them yet.
RENAMES = 10_000


class Write(NamedTuple):
    """A draft to be written; what becomes of it is told to `sender`."""

    draft: Draft
    sender: Connection | None


@dataclass(frozen=True, slots=True)
class Ask:
    """A function to be called within the transaction, with the time; nobody may wait for it."""

    function: Callable[[sqlite3.Connection, float], Any]
    reply: Reply[Any] | None


Request = Write | Ask


class Journal:
    """Numbers, keeps and passes on. `run` is one thread; the rest is for readers."""

    def __init__(self, directory: Directory, hub: Hub, upkeep: Upkeep) -> None:
        self.inbox: Inbox[Request] = Inbox(INBOX, woken=threads.give_way)
        self._hub = hub
        self._upkeep = upkeep
        self._ahead = directory.ahead
        self._writer = directory.writer()
        self._readers = directory.readers()
        #: Nicks taken while running, by user: their other connections may not know. Journal's own.
        self._renames: dict[str, str] = {}

    # -- the journal thread ----------------------------------------------------------------------

    def run(self) -> None:
        """Write what comes until the inbox is closed. The journal thread lives here."""
        try:
            while True:
                batch = self.inbox.take(self._upkeep.calm_in(time.monotonic()))
                self.handle(batch, time.time())
                self._upkeep.step(self._writer, not batch, time.monotonic(), time.time())
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
        try:
            self._writer.begin()
            outcomes = [(request, self._carry_out(request, now)) for request in batch]
            self._writer.acknowledge()
        except StorageFailed as error:
            log.error("nothing can be stored: %s", error)
            refusal = Refusal(
                Code.STORAGE_FAILED, "The server could not store this, and nobody has seen it."
            )
            outcomes = [(request, refusal) for request in batch]
        written = []
        for request, outcome in outcomes:
            if isinstance(outcome, Written):
                written.append(outcome)
            elif isinstance(request, Ask):
                if request.reply is not None:
                    request.reply.give(outcome)
            elif request.sender is not None:
                self._tell(request.sender, request.draft.id, outcome)
        self._upkeep.wrote(written)
        if written:
            self._hub.inbox.put(Publish(tuple(written)))

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
        except StoreError as error:
            return _refusal(error)

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

    def identify(self, nick: str, nick_key: str, token: str | None) -> tuple[User, str]:
        """Whom `token` brings back, or a new user; see `Backplane.identify`."""
        newcomer = User(secrets.token_hex(8), nick)
        new_token = secrets.token_urlsafe(32)

        def known_or_new(connection: sqlite3.Connection, now: float) -> tuple[User, str]:
            user = users.find(connection, _digest(token)) if token else None
            if user is None or token is None:
                users.create(connection, newcomer, _digest(new_token), nick_key, now)
                return newcomer, new_token
            self._rename(connection, user, nick, nick_key, now)
            return User(user.id, nick), token

        return self._ask(known_or_new)

    def rename(self, user: User, nick: str, nick_key: str) -> User:
        """Give `user` another nick; see `Backplane.rename`."""

        def claim(connection: sqlite3.Connection, now: float) -> User:
            return self._rename(connection, user, nick, nick_key, now)

        return self._ask(claim)

    def _rename(
        self, connection: sqlite3.Connection, user: User, nick: str, nick_key: str, now: float
    ) -> User:
        """Claim the nick; runs in the journal thread."""
        renamed = users.claim_nick(connection, user.id, nick, nick_key, now)
        if user.nick != nick:
            if len(self._renames) >= RENAMES:
                self._renames.clear()
            self._renames[user.id] = nick
        return renamed

    def mark_read(self, user: User, key: str, seq: int) -> None:
        """Remember how far `user` has read; see `Backplane.mark_read`."""
        self._put(Ask(lambda connection, _: users.mark_read(connection, user.id, key, seq), None))

    def seen(self, user: User) -> None:
        """Note that `user` was here just now; see `Backplane.seen`."""
        self._put(Ask(lambda connection, now: users.saw(connection, {user.id: now}), None))

    def release_nick(self, user: User) -> None:
        """Let others take the nick of `user`; see `Backplane.release_nick`."""
        self._put(Ask(lambda connection, _: users.release_nick(connection, user.id), None))

    def replay(self, user: User, key: str, since: Position | None) -> tuple[Replay, int]:
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

    def rooms(self) -> list[RoomInfo]:
        """Every room in which anything was written."""
        return self._read(history.rooms, self._ahead.newest())

    def _put(self, request: Request) -> None:
        try:
            self.inbox.put(request, timeout=BUSY)
        except queue.Full:
            raise _busy() from None

    def _ask(self, function: Callable[[sqlite3.Connection, float], T]) -> T:
        reply: Reply[T] = Reply()
        self._put(Ask(function, reply))
        try:
            return reply.wait(BUSY)
        except queue.Empty:
            raise _busy() from None

    def _read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            return self._readers.run(function, *args, **kwargs)
        except StoreError as error:
            raise _refusal(error) from error


#: What the store's noes are on the wire, and the sentence for a person.
REFUSALS: dict[type[StoreError], tuple[Code, str]] = {
    NotFound: (Code.NOT_FOUND, "There is no such message, or it was deleted."),
    NotYours: (Code.NOT_YOURS, "Only its author may change a message."),
    NickTaken: (Code.NICK_TAKEN, "This name, or one that looks the same, belongs to another user."),
    Unstorable: (Code.BAD_FIELD, '"text" holds half of a surrogate pair.'),
    ReadersBusy: (Code.BUSY, "The server is busy; try again."),
    StorageFailed: (Code.STORAGE_FAILED, "The server could not read its storage; try again."),
}


def _refusal(error: StoreError) -> Refusal:
    code, sentence = REFUSALS[type(error)]
    return Refusal(code, sentence)


def _busy() -> Refusal:
    return Refusal(Code.BUSY, "The server is busy; try again.", retry_after=BUSY)


def _digest(token: str) -> bytes:
    """What is kept of a token: enough to know it again, too little to use it."""
    return hashlib.sha256(token.encode()).digest()
