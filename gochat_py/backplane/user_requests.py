"""The part of the journal for users: identify a user, change a nick, store read marks.

Reader threads call it. The functions passed to `_put` and `_ask` run in the journal thread, within
its transaction; the callbacks `arrived` and `renamed` run there after the transaction. All other
code runs in the reader thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
import secrets
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from ..channel import Inbox, Reply
from ..codes import Close
from ..connection import Connection
from ..message import Author, OnlineUser, User
from ..orders import Order, ReadMark, Renamed
from ..refusals import Code, Refusal
from ..store import NotFound, history, users
from ..store.health import Health
from .attendance import Arrival
from .departures import Departures
from .failing import BUSY, busy, send_refusal
from .maintenance import Maintenance
from .requests import Ask, Request

T = TypeVar("T")


class UserRequests:
    """The part of the journal for users. Reader threads call it.

    Every call raises `Refusal` if it cannot be done, and `Closed` while the server stops.
    """

    def __init__(
        self, hub: Inbox[Order], maintenance: Maintenance, health: Health, most_users: int
    ) -> None:
        self._hub = hub
        self._maintenance = maintenance
        self._attendance = maintenance.attendance
        self._health = health
        self._most_users = most_users
        self._departures = Departures()

    def _put(self, request: Request) -> None:
        """Put `request` into the journal's inbox."""
        raise NotImplementedError

    def _find_by_token(self, token: str) -> User | None:
        """The user of `token`, found without writing; None if there is none, or if this fails."""
        raise NotImplementedError

    def identify(
        self,
        connection: Connection,
        nick: str,
        nick_key: str,
        token: str | None,
        allow_new: Callable[[], None],
        unknown: Refusal | None = None,
    ) -> tuple[OnlineUser, str]:
        """The user of `token`, or a new user; see `Backplane.identify`."""
        known = self._find_by_token(token) if token and self._health.reason else None
        if known is None or known.nick != nick:
            try:
                return self._introduce(connection, nick, nick_key, token, allow_new, unknown)
            except Refusal as refusal:
                known = known or (self._find_by_token(token) if token else None)
                if known is None or refusal.code not in (Code.STORAGE_FAILED, Code.BUSY):
                    raise
        assert token is not None
        arrival = Arrival()
        self._attendance.connected(known, arrival, returned=True)
        assert arrival.user is not None, "a connection that still waits is counted"
        return arrival.user, token

    def _introduce(
        self,
        connection: Connection,
        nick: str,
        nick_key: str,
        token: str | None,
        allow_new: Callable[[], None],
        unknown: Refusal | None,
    ) -> tuple[OnlineUser, str]:
        if token is None and unknown is not None:
            raise unknown
        newcomer = User(secrets.token_hex(8), nick)
        new_token = secrets.token_urlsafe(32)
        here = self._attendance
        arrival = Arrival()

        def known_or_new(db: sqlite3.Connection, now: float) -> tuple[User, str]:
            user = users.find(db, digest(token)) if token else None
            expire = self._maintenance.may_expire
            if user is not None and token is not None:
                claimed = users.claim_nick(
                    db, user.id, nick, nick_key, now, here=here, expire=expire
                )
                return claimed, token
            if unknown is not None:
                raise unknown
            if users.holder(db, nick_key, now, here, expire=expire) is None:
                allow_new()  # if the nick is taken, `create` refuses it below
            if users.create(
                db,
                newcomer,
                digest(new_token),
                nick_key,
                now,
                most=self._most_users,
                here=here,
                expire=expire,
            ):
                self._maintenance.forgot()
            return newcomer, new_token

        def arrived(answer: tuple[User, str]) -> None:
            user, known_by = answer
            if here.renamed(user):
                self._hub.put(Renamed(connection, user, None, greeting=True))
            here.connected(user, arrival, returned=known_by == token)

        try:
            _, known_by = self._ask(known_or_new, on_persisted=arrived)
        except BaseException:
            here.gave_up(arrival)
            raise
        assert arrival.user is not None, "an identified connection is counted"
        return arrival.user, known_by

    def rename(
        self, user: Author, nick: str, nick_key: str, sender: Connection, answers: str | None
    ) -> None:
        """Give `user` another nick; see `Backplane.rename`."""
        here = self._attendance

        def claim(db: sqlite3.Connection, now: float) -> User:
            expire = self._maintenance.may_expire
            return users.claim_nick(db, user.id, nick, nick_key, now, here=here, expire=expire)

        def renamed(user: User) -> None:
            self._hub.put(Renamed(sender, user, answers, changed=here.renamed(user)))

        self._ask(claim, on_persisted=renamed)

    def name_of(self, key: str) -> str:
        """The stored name of a room; see `Backplane.name_of`."""
        return self._ask(lambda db, _now: history.name_of(db, key))

    def mark_read(
        self, user: Author, key: str, seq: int, sender: Connection, answers: str | None
    ) -> None:
        """Store how far `user` has read a room; see `Backplane.mark_read`."""

        def mark(db: sqlite3.Connection, now: float) -> int | None:
            with contextlib.suppress(NotFound):  # there is no such room, so nothing was read
                return users.mark_read(db, user.id, key, seq, now)
            return None

        def marked(stored: int | None) -> None:
            if stored is not None:
                self._hub.put(ReadMark(sender, user.id, key, stored))

        def refused(refusal: Refusal) -> None:
            send_refusal(sender, answers, refusal)

        self._put(Ask(mark, None, on_persisted=marked, on_refused=refused))

    def seen(self, user: Author) -> None:
        """Record that a connection of `user` has ended; see `Backplane.seen`."""
        self._attendance.disconnected(user.id)
        if self._departures.add(user.id):
            try:
                self._put(self._departures.request())
            except BaseException:
                self._departures.not_requested()
                raise

    def release_nick(self, user: OnlineUser) -> None:
        """Let other users take the nick of `user`; see `Backplane.release_nick`."""
        self._attendance.disconnected(user.id)

        def release(db: sqlite3.Connection, now: float) -> None:
            if user.returned or user.id in self._attendance:
                users.saw(db, [user.id], now)
            else:
                users.release_nick(db, user.id)

        self._put(Ask(release, None))

    def _ask(
        self,
        function: Callable[[sqlite3.Connection, float], T],
        *,
        on_persisted: Callable[[T], None] | None = None,
    ) -> T:
        reply: Reply[T] = Reply()
        self._put(Ask(function, reply, on_persisted))
        try:
            return reply.wait(BUSY)
        except queue.Empty:
            refusal = busy()
            # The journal may still do it, and answer: so the connection has to end with this one.
            refusal.close = Close.TRY_AGAIN_LATER
            raise refusal from None


def digest(token: str) -> bytes:
    """The hash of a token, which is stored in place of the token."""
    return hashlib.sha256(token.encode()).digest()
