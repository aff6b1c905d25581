"""The dialect gochat.v1: JSON commands in, events out (docs/protocol.md).

There is one object for each connection, owned by its reader thread. `core.session` decides what a
command does; this module carries the decision out before it reads the next command. So a client may
send `hello`, `join` and `send` without waiting for the answers. If the reader waits here, for the
journal or the hub, only its own peer is delayed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from . import connection_log
from .admission import Meter
from .backplane import Backplane
from .channel import Inbox, Reply
from .codes import Close
from .connection import PATIENCE, Connection
from .core import commands as c
from .core import decisions as d
from .core import encode, prices, wire
from .core.encode import Limits
from .core.entry_json import entry_json
from .core.names import room_key
from .core.session import Allowance, Session, State
from .core.wire import SUBPROTOCOL
from .errors import Closed
from .joining import hub_answer, join
from .message import Draft, OnlineUser, RoomInfo, User
from .orders import Away, Barrier, Census, Identified, Leave, Order, Register, Typing, Unregister
from .refusals import Code, Refusal, made_too_many
from .version import __version__


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for all connections of a server."""

    allowance: Allowance
    limits: Limits
    ping_period: float
    lobby: str
    #: By a client's password: what it is refused with if its token is unknown, None if it may come.
    unknown: Callable[[str | None, Meter], Refusal | None]


class V1:
    """One gochat.v1 connection."""

    def __init__(self, hub: Inbox[Order], backplane: Backplane, terms: Terms) -> None:
        self._hub = hub
        self._backplane = backplane
        self._terms = terms
        self._session = Session(terms.allowance, time.monotonic())
        #: The name of each joined room, by its key.
        self._names: dict[str, str] = {}
        #: A user created by `hello`, until the client shows that it has received the token.
        self._unconfirmed: OnlineUser | None = None
        self._client: str | None = None  # the client's name for itself
        #: Whether the journal may not have handled all requests of this connection yet.
        self._journal_pending = False
        #: Whether the hub may not have answered all requests of this connection yet.
        self._hub_pending = False

    # -- the connection's dialect ----------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """Register with the hub. Everything else comes after `hello`."""
        self._hub.put(Register(connection))

    def price(self, text: str) -> float:
        """The price of parsing a command. What it does is charged when it is done."""
        return prices.of_text(text)

    def received(self, connection: Connection, messages: list[str | bytes]) -> None:
        """Carry out each command; a binary message closes the connection with 1003."""
        for message in messages:
            if isinstance(message, bytes):
                self.ending(connection)
                connection.close(Close.UNSUPPORTED_DATA, "gochat.v1 is JSON in text messages")
                return
            self._unconfirmed = None
            command: c.Command | None = None
            try:
                command = wire.decode(message)
                if self._journal_pending and type(command) in OVERTAKING:
                    self._wait_for_journal(connection)
                decision = self._session.receive(command, time.monotonic())
                if decision is not None:
                    self._carry_out(connection, decision)
            except Refusal as refusal:
                if command is not None:
                    refusal.answers = command.id
                answer = self._session.refused(refusal, time.monotonic())
                if answer.fatal:
                    self.ending(connection)
                self.refuse(connection, answer)
                if answer.fatal:
                    return

    def ending(self, connection: Connection) -> None:
        """Wait until all earlier commands are answered, because a close frame will follow."""
        try:
            if self._journal_pending:
                self._wait_for_journal(connection)
            if self._hub_pending:
                with connection.meter.gate:
                    answered: Reply[None] = Reply()
                    self._hub.put(Barrier(answered))
                    hub_answer(answered)
                self._hub_pending = False
        except Refusal:
            return  # the server is too busy to wait longer; the rest may stay unanswered

    def _wait_for_journal(self, connection: Connection) -> None:
        """Wait until the journal has handled all requests of this connection.

        Then their entries are in the hub's inbox. Raises `Refusal` after a timeout.
        """
        self._spend(connection, prices.ASKED)
        with connection.meter.gate:
            self._backplane.barrier()
        self._journal_pending = False
        self._hub_pending = True

    def _carry_out(self, connection: Connection, decision: d.Decision) -> None:
        kind = type(decision)
        if isinstance(decision, Draft):  # nearly all are
            self._publish(connection, decision)
            return
        wait = self._spend(connection, prices.OF_DECISION.get(kind, 0.0))
        if wait and kind in READING:
            connection.pause(min(wait, PATIENCE))
        meter = connection.meter
        gate = meter.reading if kind in READING else meter.gate if kind in ASKING else None
        with gate or contextlib.nullcontext():
            RULES[kind](self, connection, decision)

    def closed(self, connection: Connection) -> None:
        """Unregister, and store when the user was last seen."""
        try:
            self._hub.put(Unregister(connection))
            if self._unconfirmed is not None and connection.vanished:
                # The client may not have received its token; then it asks for the same nick again.
                self._backplane.release_nick(self._unconfirmed)
            elif self.patience() is None:
                self._backplane.seen(self._session.user)
        except (Closed, Refusal):
            return  # the server is stopping, or too busy to store it

    def patience(self) -> float | None:
        """Seconds left for `hello`, which must come first."""
        return self._session.hello_due(time.monotonic())

    def timed_out(self, connection: Connection) -> None:
        """Close a connection that has not sent `hello` in time."""
        self.refuse(connection, self._session.too_late())

    def refuse(self, connection: Connection, refusal: Refusal) -> None:
        """Send an ``error`` event; a fatal one is the last. Any thread may call this."""
        connection_log.refused(connection, refusal)
        connection.send_event(encode.error(refusal))
        if refusal.close is not None:
            connection.close(refusal.close, refusal.message)

    def described(self) -> connection_log.Described:
        """The client and its user, for the log. Called when the connection has ended."""
        if self._session.state is State.GREETING:
            return connection_log.Described(SUBPROTOCOL)
        user, rooms = self._session.user, len(self._session.rooms)
        return connection_log.Described(SUBPROTOCOL, user.id, user.nick, self._client, rooms)

    # -- decisions of the session ----------------------------------------------------------------

    def _spend(self, connection: Connection, cost: float) -> float:
        """Charge the connection; returns the seconds that it has to wait."""
        return connection.meter.spend(cost, time.monotonic()) if cost else 0.0

    def _publish(self, connection: Connection, draft: Draft) -> None:
        room = self._names.get(draft.key, draft.room)
        if room != draft.room:
            draft = draft._replace(room=room)
        text = draft.text
        cost = prices.MESSAGE if text is None else prices.MESSAGE + prices.STORED_BYTE * len(text)
        self._spend(connection, cost)
        self._journal_pending = True
        self._backplane.publish(draft, connection)

    def _identify(self, connection: Connection, wanted: d.Identify) -> None:
        try:
            user, token = self._backplane.identify(
                connection,
                wanted.nick,
                wanted.nick_key,
                wanted.token,
                lambda: self._count_user(connection),
                self._terms.unknown(wanted.password, connection.meter),
            )
        except Refusal as refusal:
            if refusal.code in (Code.BUSY, Code.STORAGE_FAILED):
                refusal.close = Close.TRY_AGAIN_LATER  # the time for `hello` must not run out here
            raise
        self._session.welcomed(user, connection.meter.identify(user.id).sending)
        self._unconfirmed = user if token != wanted.token else None
        self._client = wanted.client
        nick = user.nick
        connection.send_event(
            encode.welcome(
                User(user.id, nick),
                server=f"gochat_py {__version__}",
                token=token,
                time=_now(),
                limits=self._terms.limits,
                ping_period=self._terms.ping_period,
                lobby=self._terms.lobby,
                answers=wanted.answers,
            )
        )
        self._hub.put(Identified(connection, user, nick))

    def _count_user(self, connection: Connection) -> None:
        wait = connection.meter.new_user(time.monotonic())
        if wait:
            raise made_too_many("users", wait)

    def _enter(self, connection: Connection, wanted: d.EnterRoom) -> None:
        lobby = wanted.key == room_key(self._terms.lobby)
        if lobby:
            wanted = replace(wanted, room=self._terms.lobby)
        user = self._session.user
        try:
            room = join(self._hub, self._backplane, connection, user, wanted, fixed=lobby)
        except Refusal:
            self._session.left(wanted.key)
            raise
        self._names[wanted.key] = room

    def _leave(self, connection: Connection, wanted: d.LeaveRoom) -> None:
        self._names.pop(wanted.key, None)
        self._hub_pending = True
        self._hub.put(Leave(connection, wanted.key, wanted.answers))

    def _typing(self, connection: Connection, wanted: d.ShowTyping) -> None:
        self._hub.put(Typing(connection, wanted.room, wanted.key, wanted.user))

    def _mark_read(self, connection: Connection, wanted: d.MarkRead) -> None:
        self._journal_pending = True
        self._backplane.mark_read(wanted.user, wanted.key, wanted.seq, connection, wanted.answers)

    def _set_away(self, connection: Connection, wanted: d.SetAway) -> None:
        self._hub_pending = True
        self._hub.put(Away(connection, wanted.away, wanted.answers))

    def _history(self, connection: Connection, wanted: d.ReadHistory) -> None:
        page = self._backplane.page(wanted.key, wanted.before, wanted.after, wanted.limit)
        entries = map(entry_json, page.entries)
        connection.send_event(
            encode.history(
                self._names.get(wanted.key, wanted.room),
                entries,
                more=page.more,
                truncated=page.truncated,
                answers=wanted.answers,
            )
        )

    def _search(self, connection: Connection, wanted: d.RunSearch) -> None:
        found = self._backplane.search(
            wanted.keys, wanted.query, wanted.user, wanted.before, wanted.next, wanted.limit
        )
        entries = map(entry_json, found.entries)
        connection.send_event(
            encode.results(
                entries,
                more=found.more or not found.complete,
                complete=found.complete,
                place=found.next,
                answers=wanted.answers,
            )
        )

    def _list_rooms(self, connection: Connection, wanted: d.ListRooms) -> None:
        stored, more = self._backplane.rooms(wanted.after, wanted.limit)
        counted: Reply[dict[str, tuple[str, int]]] = Reply()
        last = stored[-1].key if more else None
        keys = tuple(info.key for info in stored)
        self._hub.put(Census(keys, wanted.after, last, wanted.limit + 1, counted))
        census = hub_answer(counted)
        # Rooms that have members but no entries yet are only in the census.
        listed = {key: RoomInfo(name, key, "", 0) for key, (name, _) in census.items()}
        listed.update((info.key, info) for info in stored)
        page = sorted(listed.items())[: wanted.limit]
        pieces, whole = encode.fitting(
            [encode.room_json(info, census.get(key, ("", 0))[1]) for key, info in page]
        )
        more = more or len(listed) > len(page) or not whole
        connection.send_event(encode.rooms(pieces, more=more, answers=wanted.answers))

    def _rename(self, connection: Connection, wanted: d.Rename) -> None:
        self._hub_pending = True
        self._backplane.rename(
            wanted.user, wanted.nick, wanted.nick_key, connection, wanted.answers
        )
        self._journal_pending = False  # it has done this, and everything before it

    def _pong(self, connection: Connection, wanted: d.AnswerPing) -> None:
        connection.send_event(encode.pong(wanted.fields, time=_now()))


#: Commands that the journal does not handle. They would overtake earlier ones of the connection
#: that are in its inbox, so they wait for them. (`ping` depends on nothing else.)
OVERTAKING = frozenset((c.Join, c.Leave, c.Typing, c.Away, c.History, c.Search, c.Rooms))

#: Decisions that read the database, and those that wait for the journal. (Entering a room does
#: both, and waits for the peer in between; `joining` passes the gates itself.)
READING = frozenset((d.ReadHistory, d.RunSearch, d.ListRooms))
ASKING = frozenset((d.Identify, d.Rename))

#: The method that carries out each decision.
RULES: dict[type[d.Decision], Callable[[V1, Connection, Any], None]] = {
    d.Identify: V1._identify,
    d.EnterRoom: V1._enter,
    d.LeaveRoom: V1._leave,
    d.ShowTyping: V1._typing,
    d.MarkRead: V1._mark_read,
    d.SetAway: V1._set_away,
    d.ReadHistory: V1._history,
    d.RunSearch: V1._search,
    d.ListRooms: V1._list_rooms,
    d.Rename: V1._rename,
    d.AnswerPing: V1._pong,
}


def _now() -> float:
    return round(time.time(), 3)
