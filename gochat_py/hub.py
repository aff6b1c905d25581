"""The hub: one thread that knows which users are in which room, and sends them what is new there.

Owns    rooms, members, who is catching up, and its own inbox. No other thread uses them, so nothing
        is locked.
Waits   on its inbox, at most until the next presence event is due.
Sends   frames to connections by `offer`; a connection whose send buffer is full is evicted.
Fails   one order at a time: the connections concerned are closed with 1011, and reconnect.

goChat's hub selects over three channels: register, unregister, broadcast. Its channels are
unbuffered, so a registration is received before the next statement runs. Three bounded queues do
not guarantee that; one queue of tagged orders does.
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
from .hub_room import ChangedRooms, HubRoom
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

#: Orders that may wait for the hub; beyond that, producers wait, and their peers through TCP.
INBOX = 1024


class Hub:
    """Handles the orders of all connections. `run` is the hub thread; `handle` needs no thread."""

    def __init__(self, compress_from: int) -> None:
        self.inbox: Inbox[Order] = Inbox(INBOX)
        self._compress_from = compress_from
        #: The rooms of each registered connection, by key.
        self._connections: dict[Connection, dict[str, HubRoom]] = {}
        self._rooms: dict[str, HubRoom] = {}
        self._keys: list[str] = []  # of the rooms, sorted
        #: The connections of each user, by the user's id, once ``hello`` is answered; and the
        #: reverse.
        self._of_user: dict[str, set[Connection]] = {}
        self._user_of: dict[Connection, str] = {}
        #: Connections whose users are away, in all rooms.
        self._away: set[Connection] = set()
        self._changed_rooms = ChangedRooms()
        self._failing = Failing(self._forget)

    def run(self) -> None:
        """Handle orders until the inbox is closed, then close all connections.

        The hub thread runs this. If it fails, it closes the inbox and all connections.
        """
        batch: list[Order] = []
        try:
            while True:
                batch = self.inbox.take(self._changed_rooms.due_in(time.monotonic()))
                self.handle(batch)
                batch = []
                self.send_presence(time.monotonic())
        except Closed:
            for connection in self._connections:
                connection.close(Close.GOING_AWAY, "the server is stopping")
        except BaseException:
            self._failing.hub((*batch, *self.inbox.abandon()), self._connections)
            raise

    def handle(self, batch: Iterable[Order]) -> None:
        """Handle `batch` in order; consecutive entries are sent together."""
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

    def send_presence(self, now: float) -> None:
        """Send the presence events that are due."""
        for room, event in self._changed_rooms.due(now, self._failing.room):
            try:
                self._send(room.introduced, of_event(event, self._compress_from))
            except Exception as error:
                self._failing.room(room, error)

    # -- rooms and their members -----------------------------------------------------------------

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
        if room.creator is connection:
            room.creator = None
        if room:
            self._changed_rooms.add(room)
        else:
            del self._rooms[room.key]
            del self._keys[bisect_left(self._keys, room.key)]
            self._changed_rooms.drop(room)

    def _identified(self, order: Identified) -> None:
        connection, user = order.connection, order.user
        if connection not in self._connections:
            return  # it was evicted meanwhile
        self._user_of[connection] = user.id
        self._of_user.setdefault(user.id, set()).add(connection)
        nick = user.nick
        if nick != order.nick:  # another connection changed it before this one was known here
            event = encode.renamed(User(user.id, nick))
            self._send([connection], of_event(event, self._compress_from))

    def _enter(self, order: Enter) -> None:
        connection = order.connection
        rooms = self._connections.get(connection)
        if rooms is not None:  # else it was evicted meanwhile; its reader will notice that
            room = self._rooms.get(order.key)
            if room is None:
                room = self._rooms[order.key] = HubRoom(order.room, order.key)
                insort(self._keys, order.key)
                room.creator = connection
            user = User(order.user.id, order.user.nick)
            room.enter(connection, user, away=connection in self._away)
            rooms[order.key] = room
            self._changed_rooms.add(room)
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
            order.reply.give(True)  # it is gone, so nothing is sent
            return
        if order.first is not None and room.creator is connection:
            room.creator = None
            wait = 0.0 if order.first.info.room else connection.meter.new_room(time.monotonic())
            if wait:  # nothing was ever written there; it creates too many such rooms
                order.reply.give(made_too_many("rooms", wait))
                return
        missed: list[Entry] | None = None
        if order.last:
            with contextlib.suppress(Hole):  # more was published than is held: it reads on
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
        self._send([connection], of_event(event, self._compress_from))
        order.reply.give(live)

    def _leave(self, order: Leave) -> None:
        room = self._connections.get(order.connection, {}).pop(order.key, None)
        if room is not None:
            self._depart(order.connection, room)
        if not order.silent:
            answer = of_event(encode.ok(answers=order.answers), self._compress_from)
            self._send([order.connection], answer)

    def _set_away(self, order: Away) -> None:
        rooms = self._connections.get(order.connection)
        if rooms is None:
            return
        (self._away.add if order.away else self._away.discard)(order.connection)
        recipients = 0
        for room in rooms.values():
            room.set_away(order.connection, order.away)
            recipients += room.member_count
            self._changed_rooms.add(room)
        self._charge(order.connection, prices.of_fan_out(recipients))
        if order.answers is not None:
            answer = of_event(encode.ok(answers=order.answers), self._compress_from)
            self._send([order.connection], answer)

    def _census(self, order: Census) -> None:
        start = bisect_right(self._keys, order.after)
        following = self._keys[start : start + order.limit]
        if order.last is not None:
            following = following[: bisect_right(following, order.last)]
        rooms = {key: self._rooms[key] for key in (*order.keys, *following) if key in self._rooms}
        order.reply.give({key: (room.name, room.member_count) for key, room in rooms.items()})

    # -- what is sent to whom --------------------------------------------------------------------

    def _publish(self, batch: Sequence[Written[Connection]]) -> None:
        """Deliver persisted entries, to each room its own."""
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
                room.name = new[0].room  # the same name, unless its creator was evicted
            already_sent = room.already_sent_to(new)
            live = room.publish(new)
            self._charge_senders(batch, prices.of_fan_out(len(room)))
        for delivery in plan(batch, live, already_sent, self._takes_answers):
            self._send(delivery.recipients, of_delivery(delivery, self._compress_from))

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
            self._send(others, of_event(event, self._compress_from))

    def _read(self, order: ReadMark) -> None:
        room = self._rooms.get(order.key)
        if room is not None:
            theirs = self._of_user.get(order.user, set()) - {order.connection}
            recipients = room.read(theirs, order.seq)
            self._charge(order.connection, prices.of_fan_out(len(recipients)))
            self._send(recipients, of_event(encode.read(room.name, order.seq), self._compress_from))

    def _renamed(self, order: Renamed) -> None:
        recipients: dict[Connection, None] = {}
        if order.changed:
            theirs = self._of_user.get(order.user.id, ())
            rooms = {room.key: room for each in theirs for room in self._connections[each].values()}
            for room in rooms.values():
                if room.renamed(order.user):
                    recipients.update(dict.fromkeys(room.introduced))
            recipients.update(dict.fromkeys(theirs))
            recipients.pop(order.connection, None)
        self._charge(order.connection, prices.of_fan_out(len(recipients)))
        self._send(recipients, of_event(encode.renamed(order.user), self._compress_from))
        if not order.greeting:
            answer = encode.renamed(order.user, answers=order.answers)
            self._send([order.connection], of_event(answer, self._compress_from))

    def _barrier(self, order: Barrier) -> None:
        order.reply.give(None)

    def _charge(self, connection: Connection | None, cost: float) -> None:
        """Charge the connection for what it has caused."""
        if connection is not None and cost and not connection.meter.free:
            connection.meter.spend(cost, time.monotonic())

    def _send(self, connections: Iterable[Connection], rendering: Rendering) -> None:
        """Offer each connection its form of the event; evict those whose send buffer is full."""
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
            connection.close(Close.SLOW, "too slow; reconnect")


#: The method for each order. `Publish` is not here: consecutive ones are handled together.
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
