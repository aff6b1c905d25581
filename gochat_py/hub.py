"""The hub: one thread that knows who is in which room, and gives everyone what is new there.

Owns    rooms, members, who is catching up, and its own inbox. Nothing else touches them, so
        nothing is locked.
Waits   on its inbox, at most until there is news of somebody's presence to tell.
Gives   frames to connections by `offer`; a connection whose send buffer is full is evicted.
Fails   one order at a time: the connections that it concerns are closed with 1011, and come back.

goChat's hub selects over three channels: register, unregister, broadcast. Its channels are
unbuffered, so a registration is received before the next line of code runs. A bounded queue does
not promise that across three queues; one queue of tagged commands does.
"""

from __future__ import annotations

import contextlib
import logging
import time
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from .channel import Inbox
from .codes import Close
from .connection import Connection
from .core import encode, prices
from .core.delivery import Written, plan, portions
from .core.entry_json import entry_json
from .core.rendering import Rendering, of_delivery, of_event
from .core.replay import Hole
from .errors import Closed
from .hub_failing import Failing
from .hub_room import HubRoom, News
from .message import Entry, User
from .orders import (
    Away,
    Barrier,
    CatchUp,
    Census,
    Enter,
    Identified,
    Leave,
    Order,
    Publish,
    ReadMark,
    Register,
    Renamed,
    Typing,
    Unregister,
)
from .refusals import made_too_many

log = logging.getLogger(__name__)

#: Commands that may wait for the hub; beyond that, producers wait, and their peers through TCP.
INBOX = 1024


class Hub:
    """Multiplexes what connections ask of it. `run` is one thread; `handle` needs none."""

    def __init__(self, compress_from: int) -> None:
        self.inbox: Inbox[Order] = Inbox(INBOX)
        self._compress_from = compress_from
        #: Each registered connection, and in which rooms it is, by key.
        self._connections: dict[Connection, dict[str, HubRoom]] = {}
        self._rooms: dict[str, HubRoom] = {}
        self._keys: list[str] = []  # of the rooms, in order
        #: The connections of each user that said ``hello``, by the user's id; and the other way.
        self._of_user: dict[str, set[Connection]] = {}
        self._user_of: dict[Connection, str] = {}
        #: Connections whose readers are away, in whatever room.
        self._away: set[Connection] = set()
        self._news = News()
        self._failing = Failing(self._forget)

    def run(self) -> None:
        """Handle commands until the inbox is closed, then dismiss everyone.

        The hub thread lives here. Where it fails, it takes nothing more, and everyone is told so.
        """
        batch: list[Order] = []
        try:
            while True:
                batch = self.inbox.take(self._news.due_in(time.monotonic()))
                self.handle(batch)
                batch = []
                self.tell_news(time.monotonic())
        except Closed:
            for connection in self._connections:
                connection.close(Close.GOING_AWAY, "the server is stopping")
        except BaseException:
            self._failing.hub((*batch, *self.inbox.abandon()), self._connections)
            raise

    def handle(self, batch: Iterable[Order]) -> None:
        """Carry out `batch` in order; entries that follow each other are sent together."""
        written: list[Written[Connection]] = []
        for order in batch:
            if isinstance(order, Publish):
                written += order.batch
                continue
            if written:
                self._publish(written)
                written = []
            try:
                RULES[type(order)](self, order)
            except Exception as error:
                self._failing.order(order, error)
        if written:
            self._publish(written)

    def tell_news(self, now: float) -> None:
        """Tell rooms who came and who went, if it is time."""
        for room, event in self._news.due(now, self._failing.room):
            try:
                self._give(room.introduced, of_event(event, self._compress_from))
            except Exception as error:
                self._failing.room(room, error)

    # -- who is where ----------------------------------------------------------------------------

    def _register(self, order: Register) -> None:
        self._connections[order.connection] = {}

    def _unregister(self, order: Unregister) -> None:
        self._forget(order.connection)

    def _forget(self, connection: Connection) -> None:
        self._away.discard(connection)
        for room in self._connections.pop(connection, {}).values():
            self._depart(connection, room)
        user_id = self._user_of.pop(connection, None)
        if user_id is not None:
            theirs = self._of_user[user_id]
            theirs.discard(connection)
            if not theirs:
                del self._of_user[user_id]

    def _depart(self, connection: Connection, room: HubRoom) -> None:
        room.leave(connection)
        if room.maker is connection:
            room.maker = None
        if room:
            self._news.add(room)
        else:
            del self._rooms[room.key]
            del self._keys[bisect_left(self._keys, room.key)]
            self._news.drop(room)

    def _identified(self, order: Identified) -> None:
        connection, user = order.connection, order.user
        if connection not in self._connections:
            return  # evicted meanwhile
        self._user_of[connection] = user.id
        self._of_user.setdefault(user.id, set()).add(connection)
        nick = user.nick
        if nick != order.nick:  # another connection changed it before this one was known here
            event = encode.renamed(User(user.id, nick))
            self._give([connection], of_event(event, self._compress_from))

    def _enter(self, order: Enter) -> None:
        connection = order.connection
        rooms = self._connections.get(connection)
        if rooms is not None:  # else it was evicted meanwhile, and its reader will learn that
            room = self._rooms.get(order.key)
            if room is None:
                room = self._rooms[order.key] = HubRoom(order.room, order.key)
                insort(self._keys, order.key)
                room.maker = connection
            user = User(order.user.id, order.user.nick)
            room.enter(connection, user, away=connection in self._away)
            rooms[order.key] = room
            self._news.add(room)
            if not order.catches_up:
                room.caught_up(connection, 0)

    def _catch_up(self, order: CatchUp) -> None:
        connection = order.connection
        room = self._connections.get(connection, {}).get(order.key)
        if room is not None and order.first is not None and order.first.info.room:
            room.name = order.first.info.room
        if order.named is not None:
            order.named.give(room.name if room is not None else "")
        if room is None:
            order.reply.give(True)  # gone: there is nobody to tell
            return
        if order.first is not None and room.maker is connection:
            room.maker = None
            wait = 0.0 if order.first.info.room else connection.meter.new_room(time.monotonic())
            if wait:  # nothing was ever written there, and too many such rooms were made
                order.reply.give(made_too_many("rooms", wait))
                return
        missed: list[Entry] | None = None
        if order.last:
            with contextlib.suppress(Hole):  # more was said meanwhile than is held: read on
                missed = room.caught_up(connection, order.seq)
        live = missed is not None
        rest = ",".join(map(entry_json, missed or ()))
        entries = f"{order.entries},{rest}" if order.entries and rest else order.entries or rest
        if order.first is not None:
            event = room.joined(connection, order.first, entries, missed)
            if not live:
                room.introduce(connection)
        else:
            event = encode.replay(room.name, entries, end=live)
        self._give([connection], of_event(event, self._compress_from))
        order.reply.give(live)

    def _leave(self, order: Leave) -> None:
        room = self._connections.get(order.connection, {}).pop(order.key, None)
        if room is not None:
            self._depart(order.connection, room)
        if not order.silent:
            told = of_event(encode.ok(answers=order.answers), self._compress_from)
            self._give([order.connection], told)

    def _set_away(self, order: Away) -> None:
        rooms = self._connections.get(order.connection)
        if rooms is None:
            return
        (self._away.add if order.away else self._away.discard)(order.connection)
        reached = 0
        for room in rooms.values():
            room.set_away(order.connection, order.away)
            reached += room.member_count
            self._news.add(room)
        self._charge(order.connection, prices.of_fan_out(reached))
        if order.answers is not None:
            told = of_event(encode.ok(answers=order.answers), self._compress_from)
            self._give([order.connection], told)

    def _census(self, order: Census) -> None:
        start = bisect_right(self._keys, order.after)
        following = self._keys[start : start + order.limit]
        if order.last is not None:
            following = following[: bisect_right(following, order.last)]
        rooms = {key: self._rooms[key] for key in (*order.keys, *following) if key in self._rooms}
        order.reply.give({key: (room.name, room.member_count) for key, room in rooms.items()})

    # -- who is told what ------------------------------------------------------------------------

    def _publish(self, batch: Sequence[Written[Connection]]) -> None:
        """Give each room what was written there."""
        by_room: dict[str, list[Written[Connection]]] = {}
        for written in batch:
            by_room.setdefault(written.entry.key, []).append(written)
        for key, all_written in by_room.items():
            room = self._rooms.get(key)
            try:
                for portion in portions(all_written):
                    self._publish_in(room, portion)
            except Exception as error:
                self._failing.messages(room, all_written, error)

    def _publish_in(self, room: HubRoom | None, batch: Sequence[Written[Connection]]) -> None:
        live: Collection[Connection] = ()
        already_sent: Mapping[Connection, int] = {}
        if room is not None:
            new = [written.entry for written in batch if not written.duplicate]
            if new:
                room.name = new[0].room  # the same, unless the one who made it was evicted
            already_sent = room.already_sent_to(new)
            live = room.publish(new)
            self._charge_senders(batch, prices.of_fan_out(len(room)))
        for delivery in plan(batch, live, already_sent, self._takes_answers):
            self._give(delivery.recipients, of_delivery(delivery, self._compress_from))

    def _takes_answers(self, connection: Connection) -> bool:
        return connection in self._connections and not connection.form.classic

    def _charge_senders(self, batch: Sequence[Written[Connection]], cost: float) -> None:
        for written in batch if cost else ():
            if not written.duplicate:
                self._charge(written.sender, cost)

    def _typing(self, order: Typing) -> None:
        room = self._rooms.get(order.key)
        if room is not None:
            others = [each for each in room.live if each is not order.connection]
            self._charge(order.connection, prices.of_fan_out(len(others)))
            event = encode.typing(room.name, order.user)
            self._give(others, of_event(event, self._compress_from))

    def _read(self, order: ReadMark) -> None:
        room = self._rooms.get(order.key)
        if room is not None:
            theirs = self._of_user.get(order.user, set()) - {order.connection}
            told = room.read(theirs, order.seq)
            self._charge(order.connection, prices.of_fan_out(len(told)))
            self._give(told, of_event(encode.read(room.name, order.seq), self._compress_from))

    def _renamed(self, order: Renamed) -> None:
        told: dict[Connection, None] = {}
        if order.changed:
            theirs = self._of_user.get(order.user.id, ())
            rooms = {room.key: room for each in theirs for room in self._connections[each].values()}
            for room in rooms.values():
                if room.renamed(order.user):
                    told.update(dict.fromkeys(room.introduced))
            told.update(dict.fromkeys(theirs))
            told.pop(order.connection, None)
        self._charge(order.connection, prices.of_fan_out(len(told)))
        self._give(told, of_event(encode.renamed(order.user), self._compress_from))
        if not order.greeting:
            answer = encode.renamed(order.user, answers=order.answers)
            self._give([order.connection], of_event(answer, self._compress_from))

    def _barrier(self, order: Barrier) -> None:
        order.reply.give(None)

    def _charge(self, connection: Connection | None, cost: float) -> None:
        """Let the connection pay for what it has caused, before it is heard again."""
        if connection is not None and cost and not connection.meter.free:
            connection.meter.spend(cost, time.monotonic())

    def _give(self, connections: Iterable[Connection], rendering: Rendering) -> None:
        """Offer each connection its form of it; evict those that are full."""
        slow: list[Connection] = []
        form, joined, count = None, b"", 0
        for connection in connections:
            if connection.form is not form:
                form = connection.form
                joined, count = rendering.frames_for(form)
            if count and not connection.offer(joined, count):
                slow.append(connection)
        for connection in slow:
            log.info("evicting %s: its send buffer is full", connection.address)
            self._forget(connection)
            connection.close(Close.SLOW, "too slow; come back")


#: How each order is carried out; `Publish` is apart, for what follows each other goes together.
RULES: dict[type[Order], Callable[[Hub, Any], None]] = {
    Register: Hub._register,
    Unregister: Hub._unregister,
    Identified: Hub._identified,
    Enter: Hub._enter,
    CatchUp: Hub._catch_up,
    Leave: Hub._leave,
    Typing: Hub._typing,
    ReadMark: Hub._read,
    Away: Hub._set_away,
    Renamed: Hub._renamed,
    Census: Hub._census,
    Barrier: Hub._barrier,
}
