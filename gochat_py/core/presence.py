"""Presence in a room, sent in batches: a thousand users who join make only a few events.

There are two states: which members *are* present, and which members the events so far have
*announced*. A user who joins gets the announced state, so the next event is right for them as for
all others. A user who joins and leaves between two events is in neither of them.

Of the announced members, the first thousand by arrival are *shown*, each by name. The others are
only *counted*; when a shown member leaves, the first counted one takes the place. This bounds the
events: if all members were named, ten thousand users who join would be sent a hundred million
names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from ..message import User

#: Members of one room that are shown by name; more than a user can read, and about 50 KB.
SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a room; `away` if the user is away on all of their connections there."""

    user: User
    away: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes since the last event: members that are newly shown or changed, ids that left.

    `member_count` is the number of all members, shown or counted.
    """

    joined: tuple[Member, ...]
    left: tuple[str, ...]
    member_count: int


class Presence:
    """The users in one room, each counted once. Owned by one thread."""

    def __init__(self, most: int = SHOWN) -> None:
        self._most = most
        self._shown: dict[str, Member] = {}
        #: Announced by number only, in order of arrival; empty while fewer than `most` are shown.
        self._counted: dict[str, Member] = {}
        #: Not announced yet: members who are new or whose shown state has changed.
        self._joined: dict[str, Member] = {}
        #: Not announced yet: announced members who have left.
        self._left: dict[str, None] = {}

    @property
    def shown(self) -> Iterable[Member]:
        """The members that the events so far have shown; changed by `flush` and `renamed` only."""
        return self._shown.values()

    def shows(self, user_id: str) -> bool:
        """Whether the user is shown."""
        return user_id in self._shown

    def member(self, user_id: str) -> Member:
        """The current state of a user who is present, announced or not."""
        for members in (self._joined, self._shown, self._counted):
            if user_id in members:
                return members[user_id]
        raise KeyError(user_id)

    def count_with(self, user_id: str) -> int:
        """The number of announced members, plus the user if they are not announced yet."""
        announced = user_id in self._shown or user_id in self._counted
        return len(self._shown) + len(self._counted) + (not announced)

    def update(self, member: Member) -> None:
        """`member` is present: with a first connection, or with a changed state."""
        user_id = member.user.id
        self._left.pop(user_id, None)  # left and came again between two events
        if user_id in self._counted:
            self._counted[user_id] = member  # the old state was never sent
        elif self._shown.get(user_id) == member:
            self._joined.pop(user_id, None)
        else:
            self._joined[user_id] = member

    def remove(self, user_id: str) -> None:
        """The last connection of the user has left."""
        self._joined.pop(user_id, None)
        if user_id in self._shown or user_id in self._counted:
            self._left[user_id] = None

    def set_away(self, user_id: str, away: bool) -> None:
        """A user who is present is away or back."""
        self.update(replace(self.member(user_id), away=away))

    def renamed(self, user: User) -> None:
        """A user who is present has a new nick; the event ``renamed`` announces it."""
        for members in (self._shown, self._counted, self._joined):
            if user.id in members:
                members[user.id] = replace(members[user.id], user=user)

    @property
    def changed(self) -> bool:
        """Whether there is a change to announce."""
        return bool(self._joined or self._left)

    def flush(self) -> Changes:
        """The changes to send now; from now on they count as announced."""
        left = tuple(user_id for user_id in self._left if self._shown.pop(user_id, None))
        for user_id in self._left:
            self._counted.pop(user_id, None)
        changed = [user_id for user_id in self._joined if user_id in self._shown]
        for user_id, member in self._joined.items():
            (self._shown if user_id in self._shown else self._counted)[user_id] = member
        shown_now = list(islice(self._counted, self._most - len(self._shown)))
        for user_id in shown_now:
            self._shown[user_id] = self._counted.pop(user_id)
        joined = tuple(self._shown[user_id] for user_id in (*changed, *shown_now))
        self._joined.clear()
        self._left.clear()
        return Changes(joined, left, len(self._shown) + len(self._counted))
