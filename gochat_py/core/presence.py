"""Who is in a room, told in gathered news: a thousand who come make ten events a second.

Two lists are kept apart: who *is* here, and who is *shown*, which is what the news so far adds up
to. Whoever joins is given the shown ones, so that the next news is right for them as for
everybody; and who comes and goes between two pieces of news is in neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..message import User

#: Seconds between two pieces of news of one room: at most ten a second.
PERIOD = 0.1


@dataclass(frozen=True, slots=True)
class News:
    """What changed since the last news: who came, whose ids left, how many are shown now."""

    joined: tuple[User, ...]
    left: tuple[str, ...]
    member_count: int


class Presence:
    """The users in one room, each counted once. Owned by one thread; times are its clock's."""

    def __init__(self, period: float = PERIOD) -> None:
        self._period = period
        self._shown: dict[str, User] = {}
        self._came: dict[str, User] = {}
        self._went: dict[str, None] = {}
        self._not_before = float("-inf")

    @property
    def shown(self) -> Iterable[User]:
        """Those whom the news so far tells of; changes with `flush` and `renamed` only."""
        return self._shown.values()

    def shows(self, user_id: str) -> bool:
        """Whether the user is among the shown."""
        return user_id in self._shown

    def came(self, user: User) -> None:
        """`user` is here, with a first connection."""
        if user.id in self._shown:
            self._went.pop(user.id, None)
            # Away for a moment, and back under another nick: that is news too.
            if self._shown[user.id] != user:
                self._came[user.id] = user
        else:
            self._came[user.id] = user

    def went(self, user_id: str) -> None:
        """The user is gone, with their last connection."""
        self._came.pop(user_id, None)
        if user_id in self._shown:
            self._went[user_id] = None

    def renamed(self, user: User) -> None:
        """`user`, who is here, has another nick; ``renamed`` tells those who know them."""
        for users in (self._shown, self._came):
            if user.id in users:
                users[user.id] = user

    def due(self, now: float) -> float | None:
        """Seconds until there is something to tell, 0.0 if it is time; None without news."""
        if not self._came and not self._went:
            return None
        return max(0.0, self._not_before - now)

    def flush(self, now: float) -> News:
        """What is to be told now; from here on it is shown."""
        joined, left = tuple(self._came.values()), tuple(self._went)
        self._shown.update(self._came)
        for user_id in left:
            del self._shown[user_id]
        self._came.clear()
        self._went.clear()
        self._not_before = now + self._period
        return News(joined, left, len(self._shown))
