"""The hub: one thread that knows who is in which room, and gives everyone what is new there.

Owns    rooms, members, who is catching up, and its own inbox. Nothing else touches them, so
        nothing is locked.
Waits   on its inbox, at most until there is news of somebody's presence to tell.
Gives   frames to connections by `offer`; a connection whose send buffer is full is evicted.

goChat's hub selects over three channels: register, unregister, broadcast. Its channels are
unbuffered, so a registration is received before the next line of code runs. A bounded queue does
not promise that across three queues; one queue of tagged commands does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .channel import Inbox
from .codes import Close
from .connection import Connection
from .core import encode
from .core.presence import Member
from .core.rendering import Rendering, of_entries, of_event
from .core.replay import Hole
from .core.room import Room
from .errors import Closed
from .message import Kind, RoomInfo, User
from .orders import (
    Away,
    CaughtUp,
    Census,
    Enter,
    Leave,
    Order,
    Publish,
    Register,
    Renamed,
    Typing,
    Unregister,
    Written,
)

log = logging.getLogger(__name__)

#: Commands that may wait for the hub; beyond that, producers wait, and their peers through TCP.
INBOX = 1024

#: Messages joined into one send at the most. A batch that a connection's kernel buffer cannot take
#: at once must not by itself fill a send buffer (256 by default).
JOIN = 128


class Named(Room[Connection]):
    """A room with the name by which it was first entered."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__()
        self.name = name
        self.key = key
        #: The shown members as JSON; None when that has changed.
        self.shown_json: list[str] | None = None

    def members_json(self, user: User) -> list[str]:
        """The shown members, and `user`, who is one in any case."""
        if self.shown_json is None:
            self.shown_json = [_member_json(each) for each in self.presence.shown]
        if self.presence.shows(user.id):
            return self.shown_json
        return [*self.shown_json, _member_json(self.presence.member(user.id))]


class Hub:
    """Multiplexes what connections ask of it. `run` is one thread; `handle` needs none."""

    def __init__(self, compress_from: int) -> None:
        self.inbox: Inbox[Order] = Inbox(INBOX)
        self._compress_from = compress_from
        #: Each registered connection, and in which rooms it is, by key.
        self._connections: dict[Connection, dict[str, Named]] = {}
        self._rooms: dict[str, Named] = {}
        #: Connections whose readers are away, in whatever room.
        self._away: set[Connection] = set()
        #: Rooms with news of somebody's presence that is not told yet.
        self._restless: dict[str, Named] = {}

    def run(self) -> None:
        """Handle commands until the inbox is closed, then dismiss everyone.

        The hub thread lives here.
        """
        try:
            while True:
                self.handle(self.inbox.take(self._until_news(time.monotonic())))
                self.tell_news(time.monotonic())
        except Closed:
            for connection in self._connections:
                connection.close(Close.GOING_AWAY, "the server is stopping")

    def handle(self, batch: Iterable[Order]) -> None:
        """Carry out `batch` in order; entries that follow each other are sent together."""
        written: list[Written] = []
        for order in batch:
            if isinstance(order, Publish):
                written += order.batch
                continue
            if written:
                self._publish(written)
                written = []
            RULES[type(order)](self, order)
        if written:
            self._publish(written)

    def tell_news(self, now: float) -> None:
        """Tell each restless room who came and went, if it is time."""
        for key, room in list(self._restless.items()):
            due = room.presence.due(now)
            if due is None:
                del self._restless[key]
            elif due == 0.0:
                del self._restless[key]
                news = room.presence.flush(now)
                room.shown_json = None
                event = encode.presence(
                    room.name,
                    joined=map(_member_json, news.joined),
                    left=news.left,
                    member_count=news.member_count,
                )
                self._give(room.live, of_event(event, self._compress_from))

    def _until_news(self, now: float) -> float | None:
        waits = [room.presence.due(now) for room in self._restless.values()]
        return min((wait for wait in waits if wait is not None), default=None)

    # -- who is where ----------------------------------------------------------------------------

    def _register(self, order: Register) -> None:
        self._connections[order.connection] = {}

    def _unregister(self, order: Unregister) -> None:
        self._forget(order.connection)

    def _forget(self, connection: Connection) -> None:
        self._away.discard(connection)
        for room in self._connections.pop(connection, {}).values():
            self._depart(connection, room)

    def _depart(self, connection: Connection, room: Named) -> None:
        room.leave(connection)
        if room:
            self._restless[room.key] = room
        else:
            self._rooms.pop(room.key, None)
            self._restless.pop(room.key, None)

    def _enter(self, order: Enter) -> None:
        rooms = self._connections.get(order.connection)
        if rooms is not None:  # else it was evicted meanwhile, and its reader will learn that
            room = self._rooms.setdefault(order.key, Named(order.room, order.key))
            room.enter(order.connection, order.user, away=order.connection in self._away)
            rooms[order.key] = room
            self._restless[order.key] = room
            if order.reply is None:
                room.caught_up(order.connection, (), 0)
        if order.reply is not None:
            order.reply.give(None)

    def _caught_up(self, order: CaughtUp) -> None:
        connection, info = order.connection, order.info
        room = self._connections.get(connection, {}).get(info.key)
        if room is None:
            order.reply.give(True)  # gone: there is nobody to tell
            return
        try:
            held = room.caught_up(connection, (), info.seq) or []
        except Hole:
            order.reply.give(False)
            return
        topic, seq = info.topic, info.seq
        for entry in held:
            seq = entry.seq
            topic = entry.text or "" if entry.kind is Kind.TOPIC else topic
        event = encode.joined(
            RoomInfo(info.room or room.name, info.key, topic, seq),
            epoch=order.epoch,
            members=room.members_json(order.user),
            member_count=room.presence.count_with(order.user.id),
            entries=(*order.entries, *map(encode.entry_json, held)),
            recovered=order.recovered,
            more=order.more,
            read=order.read,
            answers=order.answers,
        )
        self._give([connection], of_event(event, self._compress_from))
        order.reply.give(True)

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
        for room in rooms.values():
            room.set_away(order.connection, order.away)
            self._restless[room.key] = room
        if order.answers is not None:
            told = of_event(encode.ok(answers=order.answers), self._compress_from)
            self._give([order.connection], told)

    def _census(self, order: Census) -> None:
        order.reply.give({key: (room.name, room.member_count) for key, room in self._rooms.items()})

    # -- who is told what ------------------------------------------------------------------------

    def _publish(self, batch: Sequence[Written]) -> None:
        """Give each room what was written there."""
        by_room: dict[str, list[Written]] = {}
        for written in batch:
            by_room.setdefault(written.entry.key, []).append(written)
        for key, all_written in by_room.items():
            for start in range(0, len(all_written), JOIN):
                self._publish_in(self._rooms.get(key), all_written[start : start + JOIN])

    def _publish_in(self, room: Named | None, batch: Sequence[Written]) -> None:
        new = [written.entry for written in batch if not written.duplicate]
        ahead = room.ahead_of(new) if room is not None else {}
        own = self._own_words(batch, ahead)
        if room is not None:
            live = room.publish(new)
            if own or ahead:
                live = [each for each in live if each not in own and each not in ahead]
            encoded = [written.encoded for written in batch if not written.duplicate]
            self._give(live, of_entries(new, self._compress_from, encoded))
            for connection, known in ahead.items():
                if connection not in own:
                    rest = [entry for entry in new if entry.seq > known]
                    self._give([connection], of_entries(rest, self._compress_from))
        for connection, payloads in own.items():
            self._give([connection], Rendering(lambda _, p=payloads: p, self._compress_from))  # type: ignore[misc]  # a default argument, bound now

    def _own_words(
        self, batch: Sequence[Written], ahead: dict[Connection, int]
    ) -> dict[Connection, list[bytes]]:
        """What goes to senders that get other words than everybody: a retry, or an answer's id."""
        special = {
            written.sender
            for written in batch
            if written.sender is not None
            and (
                written.duplicate
                or (written.answers is not None and written.entry.kind is not Kind.MESSAGE)
            )
        }
        own: dict[Connection, list[bytes]] = {}
        for connection in special:
            rooms = self._connections.get(connection)
            if rooms is None or connection.form.classic:
                continue
            room = rooms.get(batch[0].entry.key)
            live = room is not None and room.is_live(connection)
            known = ahead.get(connection, 0)
            own[connection] = [
                encode.entry_json(
                    written.entry,
                    answers=written.answers if written.sender is connection else None,
                ).encode()
                for written in batch
                if (
                    written.sender is connection
                    if written.duplicate
                    else live and written.entry.seq > known
                )
            ]
        return own

    def _typing(self, order: Typing) -> None:
        room = self._rooms.get(order.key)
        if room is not None:
            others = [each for each in room.live if each is not order.connection]
            event = encode.typing(room.name, order.user)
            self._give(others, of_event(event, self._compress_from))

    def _renamed(self, order: Renamed) -> None:
        told: dict[Connection, None] = {}
        for room in self._rooms.values():
            if room.renamed(order.user):
                room.shown_json = None
                told.update(dict.fromkeys(room.live))
        told.pop(order.connection, None)
        self._give(told, of_event(encode.renamed(order.user), self._compress_from))
        answer = encode.renamed(order.user, answers=order.answers)
        self._give([order.connection], of_event(answer, self._compress_from))

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


def _member_json(member: Member) -> str:
    return encode.member_json(member.user, away=member.away)


#: How each order is carried out; `Publish` is apart, for what follows each other goes together.
RULES: dict[type[Order], Callable[[Hub, Any], None]] = {
    Register: Hub._register,
    Unregister: Hub._unregister,
    Enter: Hub._enter,
    CaughtUp: Hub._caught_up,
    Leave: Hub._leave,
    Typing: Hub._typing,
    Away: Hub._set_away,
    Renamed: Hub._renamed,
    Census: Hub._census,
}
