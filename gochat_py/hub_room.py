"""A room in the hub, and the schedule of the rooms' presence events."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from .connection import Connection
from .core import encode
from .core.presence import Member
from .core.room import Room
from .message import Author, Entry, Kind, RoomInfo, User
from .orders import First

#: The least seconds between two presence events of one room.
PRESENCE_PERIOD = 0.1

#: Seconds without presence events for each connection that got one: ten times what sending it
#: takes. So presence takes at most a tenth of the hub's time, however many users join and leave.
PRESENCE_REST = 100e-6

#: Connections that get presence events before the hub handles its inbox again, so that messages
#: wait only for some milliseconds. (One room of 5,000 takes 40 ms; a room is not split.)
PRESENCE_AT_ONCE = 500

#: Members named in a presence event that cost as much as one more connection to send it to.
NAMES = 32


class HubRoom(Room[Connection]):
    """A room with the name that all clients show. Owned by the hub thread."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__()
        #: As it is stored; if nothing is stored yet, as its first member spelled it.
        self.name = name
        self.key = key
        #: The first member, until it is known that they may create a room.
        self.creator: Connection | None = None
        #: How far users have read meanwhile whose connections have no `joined` yet.
        self._read: dict[Connection, int] = {}
        self._shown_json: str | None = None  # the shown members; None after a change

    def members_json(self, user: Author) -> str:
        """The shown members, and `user` in any case, as JSON objects joined by commas."""
        if self._shown_json is None:
            self._shown_json = ",".join(map(_member_json, self.presence.shown))
        if self.presence.shows(user.id):
            return self._shown_json
        own = _member_json(self.presence.member(user.id))
        return f"{self._shown_json},{own}" if self._shown_json else own

    def joined(
        self, connection: Connection, first: First, entries: str, missed: Sequence[Entry] | None
    ) -> bytes:
        """The answer to a join, with `entries` as JSON; without `missed`, only its first part.

        `missed` are the last of these entries: those published while the others were read.
        """
        topic, seq = first.info.topic, first.info.seq
        for entry in missed or ():
            seq = entry.seq
            topic = entry.text or "" if entry.kind is Kind.TOPIC else topic
        return encode.joined(
            RoomInfo(self.name, first.info.key, topic, seq),
            epoch=first.epoch,
            members=self.members_json(first.user),
            member_count=self.presence.count_with(first.user.id),
            entries=entries,
            recovered=first.recovered,
            more=first.more,
            read=max(first.read, self._read.pop(connection, 0)),
            partial=missed is None,
            truncated=first.truncated,
            answers=first.answers,
        )

    def read(self, connections: Collection[Connection], seq: int) -> list[Connection]:
        """Those of `connections` that get an event, because their user has read up to `seq`.

        One that has no `joined` yet gets the seq in it: the reader thread may have read an older
        one from the database.
        """
        recipients = []
        for connection in connections:
            if self.is_introduced(connection):
                recipients.append(connection)
            elif connection in self:
                self._read[connection] = max(seq, self._read.get(connection, 0))
        return recipients

    def leave(self, connection: Connection) -> None:
        """Remove the connection. It need not be in the room."""
        self._read.pop(connection, None)
        super().leave(connection)

    def renamed(self, user: User) -> bool:
        """Whether `user` is a member; if so, under this nick from now on."""
        self._shown_json = None
        return super().renamed(user)

    def presence_event(self) -> tuple[bytes, int]:
        """The event with the members who joined and left, and the number of members in it."""
        changes = self.presence.flush()
        self._shown_json = None
        event = encode.presence(
            self.name,
            joined=map(_member_json, changes.joined),
            left=changes.left,
            member_count=changes.member_count,
        )
        return event, len(changes.joined) + len(changes.left)


def _member_json(member: Member) -> str:
    return encode.member_json(member.user, away=member.away)


class ChangedRooms:
    """The rooms with changes of presence that were not sent yet, in the order of the first change.

    Owned by the hub thread; times are from its clock.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, HubRoom] = {}
        self._not_before = -math.inf

    def add(self, room: HubRoom) -> None:
        """Add a room; if it is there already, it stays in its place."""
        self._rooms.setdefault(room.key, room)

    def drop(self, room: HubRoom) -> None:
        """Remove a room, because it has no members any more."""
        self._rooms.pop(room.key, None)

    def due_in(self, now: float) -> float | None:
        """Seconds until an event is due; None if there is none."""
        return max(0.0, self._not_before - now) if self._rooms else None

    def due(
        self, now: float, failed: Callable[[HubRoom, Exception], None]
    ) -> Iterator[tuple[HubRoom, bytes]]:
        """The rooms whose events are due, each with its event. The next are due after a while.

        `failed` is called with a room whose event cannot be made, and the error; the other rooms
        still get theirs.
        """
        if now < self._not_before or not self._rooms:
            return
        sent = 0
        for key in list(islice(self._rooms, PRESENCE_AT_ONCE)):  # an eviction meanwhile adds a room
            if sent >= PRESENCE_AT_ONCE:
                break
            room = self._rooms.pop(key, None)
            if room is not None and room.presence.changed:
                try:
                    event, names = room.presence_event()
                except Exception as error:
                    failed(room, error)
                    continue
                sent += len(room) * (1 + names // NAMES)
                yield room, event
        self._not_before = now + max(PRESENCE_PERIOD, sent * PRESENCE_REST)
