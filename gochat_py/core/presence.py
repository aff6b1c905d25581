"""Who is in a room, told in gathered news: a thousand who come make a few events.

Two things are kept apart: who *is* here, and what is *told*, which is what the news so far adds up
to. Whoever joins is given what is told, so that the next news is right for them as for everybody;
and who comes and goes between two pieces of news is in neither.

Of the told, the first thousand by arrival are *shown*, each by name. The others are only *counted*,
until somebody who is shown leaves and the next in the row takes the place. So what is told of a
room has an end: with everybody in it, ten thousand who join would be sent a hundred million names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from ..message import User

#: Members of one room that are told by name; more than anybody reads, and about 50 KB.
SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is in a room; `away` if none of their connections there has a reader now."""

    user: User
    away: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the last news: who is shown now, or in another way; whose ids are no more.

    `member_count` is how many there are in all.
    """

    joined: tuple[Member, ...]
    left: tuple[str, ...]
    member_count: int


class Presence:
    """The users in one room, each counted once. Owned by one thread."""

    def __init__(self, most: int = SHOWN) -> None:
        self._most = most
        self._shown: dict[str, Member] = {}
        #: Told by number only, in the order of arrival; none while there is a place to be shown in.
        self._counted: dict[str, Member] = {}
        #: Not told yet: who is new, or shown but in another way than now.
        self._came: dict[str, Member] = {}
        self._went: dict[str, None] = {}

    @property
    def shown(self) -> Iterable[Member]:
        """Those whom the news so far tells of; changes with `flush` and `renamed` only."""
        return self._shown.values()

    def shows(self, user_id: str) -> bool:
        """Whether the user is among the shown."""
        return user_id in self._shown

    def member(self, user_id: str) -> Member:
        """How the user, who is here, is now; told or not."""
        for members in (self._came, self._shown, self._counted):
            if user_id in members:
                return members[user_id]
        raise KeyError(user_id)

    def count_with(self, user_id: str) -> int:
        """How many the news so far tells of, and the user, if it does not tell of them yet."""
        told = user_id in self._shown or user_id in self._counted
        return len(self._shown) + len(self._counted) + (not told)

    def came(self, member: Member) -> None:
        """`member` is here, as they are: with a first connection, or otherwise than before."""
        user_id = member.user.id
        self._went.pop(user_id, None)  # gone for a moment only
        if user_id in self._counted:
            self._counted[user_id] = member  # nobody knows how they were
        elif self._shown.get(user_id) == member:
            self._came.pop(user_id, None)
        else:
            self._came[user_id] = member

    def went(self, user_id: str) -> None:
        """The user is gone, with their last connection."""
        self._came.pop(user_id, None)
        if user_id in self._shown or user_id in self._counted:
            self._went[user_id] = None

    def set_away(self, user_id: str, away: bool) -> None:
        """The user, who is here, is away or back."""
        self.came(replace(self.member(user_id), away=away))

    def renamed(self, user: User) -> None:
        """`user`, who is here, has another nick; ``renamed`` tells those who know them."""
        for members in (self._shown, self._counted, self._came):
            if user.id in members:
                members[user.id] = replace(members[user.id], user=user)

    @property
    def changed(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._came or self._went)

    def flush(self) -> News:
        """What is to be told now; from here on it is told."""
        left = tuple(user_id for user_id in self._went if self._shown.pop(user_id, None))
        for user_id in self._went:
            self._counted.pop(user_id, None)
        changed = [user_id for user_id in self._came if user_id in self._shown]
        for user_id, member in self._came.items():
            (self._shown if user_id in self._shown else self._counted)[user_id] = member
        next_in_the_row = list(islice(self._counted, self._most - len(self._shown)))
        for user_id in next_in_the_row:
            self._shown[user_id] = self._counted.pop(user_id)
        joined = tuple(self._shown[user_id] for user_id in (*changed, *next_in_the_row))
        self._came.clear()
        self._went.clear()
        return News(joined, left, len(self._shown) + len(self._counted))
