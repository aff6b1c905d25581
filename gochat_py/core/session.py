"""The rules of a gochat.v1 connection: which command is allowed now, and what the server must do.

    GREETING -- Hello -> Identify ... welcomed() --> OPEN

`receive` takes a command and returns a decision. The table `RULES` has every allowed command; any
other is refused. A session is owned by the reader thread of its connection. `now` is in seconds on
any clock that does not go back, the same clock in all calls. The caller executes each decision
before it passes the next command, so a client may send `hello` and `join` together.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from ..codes import Close
from ..message import Author, Draft, Kind
from ..refusals import Code, Refusal
from . import commands as c
from .decisions import (
    AnswerPing,
    Decision,
    EnterRoom,
    Identify,
    LeaveRoom,
    ListRooms,
    MarkRead,
    ReadHistory,
    Rename,
    RunSearch,
    SetAway,
    ShowTyping,
)
from .limits import FloodRule, TokenBucket
from .names import nick_key, room_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The limits of one connection. Rates are per second; `math.inf` means no limit."""

    hello_within: float = 10.0  #: seconds
    rate: float = 10.0  #: writes: messages and their changes, topics, nicks
    burst: int = 30
    #: Other commands: join, history, search, rooms, away. A client that reconnects joins all its
    #: rooms at once, so the burst is twice their number.
    asking_rate: float = 10.0
    asking_burst: int = 100
    rooms: int = 50  #: joined at a time
    typing_every: float = 3.0  #: seconds between two `typing` in one room; more are dropped
    #: This number of refusals within this number of seconds closes the connection.
    flood_count: int = 50
    flood_seconds: float = 10.0


class Bucket(Protocol):
    """A rate limit; see `limits.TokenBucket`."""

    def take(self, now: float) -> float:
        """Take a token and return 0.0, or return the seconds until there is one."""


#: Refusals that do not count as a flood: the command was right; the client waits and tries again.
NOT_COUNTED = frozenset(
    (Code.RATE_LIMITED, Code.BUSY, Code.STORAGE_FAILED, Code.LIMIT_REACHED, Code.MUTED)
)


class State(Enum):
    """The state of a connection: before or after its `hello` was accepted."""

    GREETING = auto()
    OPEN = auto()


class Session:
    """The rules of one connection, and their state."""

    def __init__(self, allowance: Allowance, now: float) -> None:
        self._allowance = allowance
        self._user: Author | None = None
        self._rules = _RULES_IN[State.GREETING]
        #: The joined rooms, by key, and when `typing` was last sent to each.
        self._rooms: dict[str, float] = {}
        self._sending: Bucket = TokenBucket(allowance.rate, allowance.burst)
        self._asking = TokenBucket(allowance.asking_rate, allowance.asking_burst)
        self._flood = FloodRule(allowance.flood_count, allowance.flood_seconds)
        self._hello_by = now + allowance.hello_within

    @property
    def state(self) -> State:
        """OPEN once the user is known."""
        return State.GREETING if self._user is None else State.OPEN

    @property
    def user(self) -> Author:
        """The user of the connection. It must not be read in the state GREETING."""
        assert self._user is not None, "hello is not accepted yet"
        return self._user

    @property
    def rooms(self) -> tuple[str, ...]:
        """The keys of the rooms joined, in the order of joining."""
        return tuple(self._rooms)

    # --- Commands from the client -----------------------------------------------------------

    def receive(self, command: c.Command, now: float) -> Decision | None:
        """The decision for a command, None for nothing; raises `Refusal` with the command's id."""
        rule = self._rules.get(type(command))
        try:
            if rule is None:
                raise _not_allowed(self.state)
            return rule(self, command, now)
        except Refusal as refusal:
            refusal.answers = command.id
            raise

    def refused(self, refusal: Refusal, now: float) -> Refusal:
        """The refusal to send to the client; it becomes fatal if there were too many.

        Only errors that the client could have avoided count. A client that is too fast gets the
        time to wait, and each command costs it processor time, so it need not be closed.
        """
        if refusal.fatal or refusal.code in NOT_COUNTED or not self._flood.happened(now):
            return refusal
        return Refusal(
            Code.RATE_LIMITED,
            "Too many rejected commands; reconnect later.",
            answers=refusal.answers,
            retry_after=self._allowance.flood_seconds,
            close=Close.FLOODING,
        )

    def hello_due(self, now: float) -> float | None:
        """Seconds left for `hello`, never below 0; None once the user is known."""
        return max(0.0, self._hello_by - now) if self._user is None else None

    def too_late(self) -> Refusal:
        """The refusal for a client that sent no `hello` in time."""
        within = f"{self._allowance.hello_within:g} seconds"
        return Refusal(
            Code.HELLO_FIRST, f"No hello was received within {within}.", close=Close.NO_HELLO
        )

    # --- Results of decisions ---------------------------------------------------------------

    def welcomed(self, user: Author, sending: Bucket) -> None:
        """The user is known now. `sending` limits the writes of all their connections together."""
        self._user = user
        self._sending = sending
        self._rules = _RULES_IN[State.OPEN]

    def left(self, key: str) -> None:
        """Joining the room failed, or the user was removed from it."""
        self._rooms.pop(key, None)

    # --- The rules --------------------------------------------------------------------------

    def _hello(self, hello: c.Hello, now: float) -> Decision:
        key = nick_key(hello.nick)
        return Identify(hello.nick, key, hello.token, hello.password, hello.client, hello.id)

    def _join(self, join: c.Join, now: float) -> Decision:
        key = room_key(join.room)
        if key in self._rooms:
            raise Refusal(Code.DUPLICATE_JOIN, f"You are in {join.room} already.")
        most = self._allowance.rooms
        if len(self._rooms) >= most:
            raise Refusal(Code.RATE_LIMITED, f"You are in {most} rooms; leave one to join another.")
        _spend(self._asking, now)
        self._rooms[key] = -math.inf
        return EnterRoom(join.room, key, join.since, join.id)

    def _leave(self, leave: c.Leave, now: float) -> Decision:
        key = self._joined(leave.room)
        del self._rooms[key]
        return LeaveRoom(leave.room, key, leave.id)

    def _send(self, send: c.Send, now: float) -> Decision:
        key = self._joined(send.room)
        _spend(self._sending, now)
        return Draft(
            kind=Kind.MESSAGE,
            room=send.room,
            key=key,
            user=self.user,
            id=send.id,
            text=send.text,
            reply_to=send.reply_to,
        )

    def _edit(self, edit: c.Edit, now: float) -> Decision:
        return self._change(edit, Kind.EDITED, now, target=edit.seq, text=edit.text)

    def _delete(self, delete: c.Delete, now: float) -> Decision:
        return self._change(delete, Kind.DELETED, now, target=delete.seq)

    def _react(self, react: c.React, now: float) -> Decision:
        return self._change(
            react, Kind.REACTED, now, target=react.seq, emoji=react.emoji, on=react.on
        )

    def _topic(self, topic: c.Topic, now: float) -> Decision:
        return self._change(topic, Kind.TOPIC, now, text=topic.text)

    def _typing(self, typing: c.Typing, now: float) -> Decision | None:
        key = self._joined(typing.room)
        if now - self._rooms[key] < self._allowance.typing_every:
            return None
        self._rooms[key] = now
        return ShowTyping(typing.room, key, self.user)

    def _read(self, read: c.Read, now: float) -> Decision:
        key = self._joined(read.room)
        _spend(self._asking, now)
        return MarkRead(key, self.user, read.seq, read.id)

    def _away(self, away: c.Away, now: float) -> Decision:
        _spend(self._asking, now)
        return SetAway(away.away, away.id)

    def _history(self, history: c.History, now: float) -> Decision:
        key = self._joined(history.room)
        _spend(self._asking, now)
        return ReadHistory(
            history.room, key, history.before, history.after, history.limit, history.id
        )

    def _search(self, search: c.Search, now: float) -> Decision:
        keys = self.rooms if search.room is None else (self._joined(search.room),)
        _spend(self._asking, now)
        place = (search.before, search.limit, search.id, search.next)
        return RunSearch(search.query, search.user, keys, *place)

    def _list_rooms(self, rooms: c.Rooms, now: float) -> Decision:
        _spend(self._asking, now)
        after = "" if rooms.after is None else room_key(rooms.after)
        return ListRooms(after, rooms.limit, rooms.id)

    def _rename(self, nick: c.Nick, now: float) -> Decision:
        _spend(self._sending, now)
        return Rename(self.user, nick.nick, nick_key(nick.nick), nick.id)

    def _ping(self, ping: c.Ping, now: float) -> Decision:
        return AnswerPing(ping.fields)

    def _joined(self, room: str) -> str:
        """The key of a room this connection is in, or `Refusal`."""
        key = room_key(room)
        if key not in self._rooms:
            raise Refusal(Code.NOT_JOINED, f"You are not in {room}; join it first.")
        return key

    def _change(
        self,
        command: c.Edit | c.Delete | c.React | c.Topic,
        kind: Kind,
        now: float,
        *,
        target: int | None = None,
        text: str | None = None,
        emoji: str | None = None,
        on: bool | None = None,
    ) -> Draft:
        """A draft that changes a message or the topic; it is written like a message."""
        key = self._joined(command.room)
        _spend(self._sending, now)
        return Draft(
            kind=kind,
            room=command.room,
            key=key,
            user=self.user,
            id=command.id,
            target=target,
            text=text,
            emoji=emoji,
            on=on,
        )


def _spend(bucket: Bucket, now: float) -> None:
    wait = bucket.take(now)
    if wait:
        after = math.ceil(wait * 1000) / 1000  # rounded up, so that waiting so long is enough
        raise Refusal(
            Code.RATE_LIMITED, f"Too many commands; try again in {after:g} s.", retry_after=after
        )


def _not_allowed(state: State) -> Refusal:
    if state is State.GREETING:
        return Refusal(Code.HELLO_FIRST, "The first command must be hello.")
    return Refusal(Code.BAD_FIELD, '"type" must not be "hello" again; "nick" changes your nick.')


#: The commands that are allowed in each state, and the rule for each.
RULES: dict[tuple[State, type[c.Command]], Callable[..., Decision | None]] = {
    (State.GREETING, c.Hello): Session._hello,
    (State.OPEN, c.Join): Session._join,
    (State.OPEN, c.Leave): Session._leave,
    (State.OPEN, c.Send): Session._send,
    (State.OPEN, c.Edit): Session._edit,
    (State.OPEN, c.Delete): Session._delete,
    (State.OPEN, c.React): Session._react,
    (State.OPEN, c.Typing): Session._typing,
    (State.OPEN, c.Read): Session._read,
    (State.OPEN, c.Away): Session._away,
    (State.OPEN, c.History): Session._history,
    (State.OPEN, c.Search): Session._search,
    (State.OPEN, c.Rooms): Session._list_rooms,
    (State.OPEN, c.Topic): Session._topic,
    (State.OPEN, c.Nick): Session._rename,
    (State.OPEN, c.Ping): Session._ping,
}

#: The same table by state: to look up a pair with an enum in it takes 0.5 µs longer.
_RULES_IN = {
    state: {command: rule for (when, command), rule in RULES.items() if when is state}
    for state in State
}
