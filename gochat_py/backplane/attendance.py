"""Which users are connected, and what each of them is called now.

Any thread, save where a method says otherwise. Owns  a count and the `OnlineUser` of each user with
a connection, under one lock that is never held while waiting.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass

from ..message import OnlineUser, User


class Arrival:
    """A connection that asks who it is. `user` is the answer, None until it is counted."""

    __slots__ = ("given_up", "user")

    def __init__(self) -> None:
        self.user: OnlineUser | None = None
        self.given_up = False


@dataclass(slots=True)
class _Attendee:
    user: OnlineUser
    connections: int = 0


class Attendance:
    """Counts each user's connections. ``user_id in attendance`` says whether there is any.

    A connection is counted by the journal thread, in the step that identifies it: so no rename that
    comes later misses it. A reader that has given up waiting for that is not counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_attendees`, and the fields of an `Arrival`
        self._attendees: dict[str, _Attendee] = {}

    def came(self, user: User, arrival: Arrival, *, returned: bool) -> None:
        """Count the connection as one of this user's.

        The journal thread calls this; while nothing can be stored, so that nobody is renamed, the
        reader does. `returned` says that it showed the user's token.
        """
        with self._lock:
            if arrival.given_up:
                return
            attendee = self._attendees.get(user.id)
            if attendee is None:
                attendee = self._attendees[user.id] = _Attendee(OnlineUser(user))
            attendee.connections += 1
            attendee.user.returned |= returned
            arrival.user = attendee.user

    def gave_up(self, arrival: Arrival) -> None:
        """The connection does not wait for the answer any more; it may be counted already."""
        with self._lock:
            if arrival.user is None:
                arrival.given_up = True
                return
        self.went(arrival.user.id)

    def went(self, user_id: str) -> None:
        """One of the user's connections has ended; without any, this does nothing."""
        with self._lock:
            attendee = self._attendees.get(user_id)
            if attendee is None:
                return
            attendee.connections -= 1
            if not attendee.connections:
                del self._attendees[user_id]

    def renamed(self, user: User) -> bool:
        """The user has this nick now; whether a connection of theirs knew another.

        Only the journal thread calls this.
        """
        with self._lock:
            attendee = self._attendees.get(user.id)
            if attendee is None or attendee.user.nick == user.nick:
                return False
            attendee.user.nick = user.nick
            return True

    def after(self, user_id: str, most: int) -> list[str]:
        """The ids of the next `most` connected users, in order, that come after `user_id`."""
        with self._lock:
            following = [each for each in self._attendees if each > user_id]
        return heapq.nsmallest(most, following)

    def __contains__(self, user_id: object) -> bool:
        with self._lock:
            return user_id in self._attendees
