"""A room as the hub keeps it, and when rooms tell who came and who went."""

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

#: Seconds between two pieces of news of one room, at the least.
NEWS_PERIOD = 0.1

#: Seconds without news for each connection that was told some: ten times what telling it takes.
#: However many come and go, and whatever the rooms' sizes, presence takes a tenth of the hub's
#: time at the most.
NEWS_REST = 100e-6

#: Connections told between two looks at the inbox, where there are more rooms with news: what is
#: said meanwhile waits for some milliseconds. (One room of 5,000 takes 40 ms.)
NEWS_AT_ONCE = 500

#: Members named in one piece of news that cost as much as one more connection to tell it to.
NAMES = 32


class HubRoom(Room[Connection]):
    """A room with the name by which it is shown to everybody. Owned by the hub thread."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__()
        #: As it is kept; where nothing is kept, as it was first entered.
        self.name = name
        self.key = key
        #: Whoever entered first, until it is known that they may make a room.
        self.maker: Connection | None = None
        #: How far users have read meanwhile whose connections have no `joined` yet.
        self._read: dict[Connection, int] = {}
        self._shown_json: str | None = None  # the shown members; None when that has changed

    def members_json(self, user: Author) -> str:
        """The shown members, and `user`, who is one in any case; JSON objects, with commas."""
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
        """Those of `connections` that are to be told now that their user has read up to `seq`.

        One that has no `joined` yet gets the seq in it: the reader thread may have read an older
        one from the database.
        """
        told = []
        for connection in connections:
            if self.is_introduced(connection):
                told.append(connection)
            elif connection in self:
                self._read[connection] = max(seq, self._read.get(connection, 0))
        return told

    def leave(self, connection: Connection) -> None:
        """Remove the connection. It need not be in the room."""
        self._read.pop(connection, None)
        super().leave(connection)

    def renamed(self, user: User) -> bool:
        """Whether `user` is here; if so, under this nick from now on."""
        self._shown_json = None
        return super().renamed(user)

    def news(self) -> tuple[bytes, int]:
        """The event that tells who came and who went, and how many it names."""
        news = self.presence.flush()
        self._shown_json = None
        event = encode.presence(
            self.name,
            joined=map(_member_json, news.joined),
            left=news.left,
            member_count=news.member_count,
        )
        return event, len(news.joined) + len(news.left)


def _member_json(member: Member) -> str:
    return encode.member_json(member.user, away=member.away)


class News:
    """The rooms in which somebody came, went or changed, and nobody was told yet.

    Owned by the hub thread; times are its clock's. They have their turn in the order in which they
    came here.
    """

    def __init__(self) -> None:
        self._rooms: dict[str, HubRoom] = {}
        self._not_before = -math.inf

    def add(self, room: HubRoom) -> None:
        """The room has news; it keeps its place if it had some already."""
        self._rooms.setdefault(room.key, room)

    def drop(self, room: HubRoom) -> None:
        """Nobody is there any more to be told."""
        self._rooms.pop(room.key, None)

    def due_in(self, now: float) -> float | None:
        """Seconds until there is something to tell; None without news."""
        return max(0.0, self._not_before - now) if self._rooms else None

    def due(
        self, now: float, failed: Callable[[HubRoom, Exception], None]
    ) -> Iterator[tuple[HubRoom, bytes]]:
        """The rooms that are to be told now, each with the event; then a rest in proportion.

        `failed` is called with a room whose event cannot be made, and why; the others get theirs.
        """
        if now < self._not_before or not self._rooms:
            return
        told = 0
        for key in list(islice(self._rooms, NEWS_AT_ONCE)):  # who is evicted meanwhile is new news
            if told >= NEWS_AT_ONCE:
                break
            room = self._rooms.pop(key, None)
            if room is not None and room.presence.changed:
                try:
                    event, names = room.news()
                except Exception as error:
                    failed(room, error)
                    continue
                told += len(room) * (1 + names // NAMES)
                yield room, event
        self._not_before = now + max(NEWS_PERIOD, told * NEWS_REST)
