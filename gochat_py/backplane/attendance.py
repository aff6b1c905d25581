"""Knows which users are connected, and the current nick of each.

Any thread may call it, unless a method says otherwise. It owns a count and the `OnlineUser` of each
connected user, under one lock that is never held while waiting.
"""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass

from ..message import OnlineUser, User


class Arrival:
    """A connection that waits for `identify`. `user` is the result, None until it is counted."""

    __slots__ = ("given_up", "user")

    def __init__(self) -> None:
        self.user: OnlineUser | None = None
        self.given_up = False


@dataclass(slots=True)
class _Attendee:
    user: OnlineUser
    connections: int = 0


class Attendance:
    """Counts each user's connections. ``user_id in attendance`` is true if there is any.

    The journal thread counts a connection in the same step that identifies it: so no later rename
    misses it. A connection whose reader no longer waits for `identify` is not counted.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards `_attendees`, and the fields of an `Arrival`
        self._attendees: dict[str, _Attendee] = {}

    def connected(self, user: User, arrival: Arrival, *, returned: bool) -> None:
        """Count the connection as one of this user's.

        The journal thread calls this. While nothing can be stored, no user is renamed, and the
        reader calls it. `returned` means that the client sent the user's token.
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
        """The connection no longer waits for `identify`; it may be counted already."""
        with self._lock:
            if arrival.user is None:
                arrival.given_up = True
                return
        self.disconnected(arrival.user.id)

    def disconnected(self, user_id: str) -> None:
        """One of the user's connections has ended; does nothing if there is none."""
        with self._lock:
            attendee = self._attendees.get(user_id)
            if attendee is None:
                return
            attendee.connections -= 1
            if not attendee.connections:
                del self._attendees[user_id]

    def renamed(self, user: User) -> bool:
        """The user has this nick now; whether the connected user had another nick before.

        Only the journal thread calls this.
        """
        with self._lock:
            attendee = self._attendees.get(user.id)
            if attendee is None or attendee.user.nick == user.nick:
                return False
            attendee.user.nick = user.nick
            return True

    def after(self, user_id: str, most: int) -> list[str]:
        """The ids of the next `most` connected users after `user_id`, in order."""
        with self._lock:
            following = [each for each in self._attendees if each > user_id]
        return heapq.nsmallest(most, following)

    def __contains__(self, user_id: object) -> bool:
        with self._lock:
            return user_id in self._attendees
