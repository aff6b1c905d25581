"""The pure part of a room: who is in it, by which connections, and who is still catching up.

A member's connection is any hashable token. It is in one of two states:

    enter -> catching up -> (caught_up) -> live -> leave

`publish` gives live connections what is new; for those who catch up it is held, until what they
read of the past is merged with it (`replay.merge`). Owned by one thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from ..message import Entry, User
from . import replay
from .presence import SHOWN, Member, Presence

#: Entries held for one connection that is catching up. One that falls further behind reads again.
HELD = 1_000

Token = TypeVar("Token")


class Room(Generic[Token]):
    """The members of one room. A user with several connections is one member."""

    def __init__(self, held: int = HELD, shown: int = SHOWN) -> None:
        self.presence = Presence(most=shown)
        self._most_held = held
        self._users: dict[Token, str] = {}
        #: Each user's connections, and whether nobody looks at that one now.
        self._tokens: dict[str, dict[Token, bool]] = {}
        #: A dict for its order: everyone is served in the order of arrival.
        self._live: dict[Token, None] = {}
        #: Up to where live connections have read what is yet to be published. The past is read
        #: from where entries are kept, and that is ahead of what was published here.
        self._ahead: dict[Token, int] = {}
        #: What is held for each that is catching up; None once it was too much.
        self._catching_up: dict[Token, list[Entry] | None] = {}

    def __len__(self) -> int:
        """How many connections there are; a room with none need not be kept."""
        return len(self._users)

    @property
    def live(self) -> Iterable[Token]:
        """The connections that get what is new, in the order in which they became live."""
        return self._live

    def is_live(self, token: Token) -> bool:
        """Whether the connection gets what is new."""
        return token in self._live

    @property
    def member_count(self) -> int:
        """How many users are here."""
        return len(self._tokens)

    def enter(self, token: Token, user: User, *, away: bool = False) -> None:
        """`user` comes in by `token`; from now on everything is held for it.

        One that is here already begins again: nothing is live for it until it has caught up.
        """
        if token not in self._users:
            self._users[token] = user.id
            tokens = self._tokens.setdefault(user.id, {})
            if not tokens:
                self.presence.came(Member(user, away))
            tokens[token] = away
            self.presence.set_away(user.id, all(tokens.values()))
        self._live.pop(token, None)
        self._ahead.pop(token, None)
        self._catching_up[token] = []

    def publish(self, entries: Sequence[Entry]) -> Iterable[Token]:
        """Hold `entries` for those catching up; gives those who are to have them now."""
        for token, held in self._catching_up.items():
            if held is None:
                continue
            if len(held) + len(entries) > self._most_held:
                self._catching_up[token] = None
            else:
                held += entries
        return self._live

    def caught_up(self, token: Token, history: Sequence[Entry], seq: int) -> list[Entry] | None:
        """All that `token` is to get, each entry once, in order; from now on it is live.

        `history` was read when the room's newest entry was number `seq`. Gives None if the
        connection has left meanwhile. Raises `replay.Hole` if too much was held or something
        is missing; then it goes on catching up, afresh: read history again.
        """
        if token not in self._catching_up:
            return None
        held = self._catching_up[token]
        self._catching_up[token] = []
        if held is None:
            raise replay.Hole("more was said meanwhile than is held")
        merged = replay.merge(history, seq, held)
        del self._catching_up[token]
        self._live[token] = None
        known = merged[-1].seq if merged else seq
        if known:
            self._ahead[token] = known
        return merged

    def ahead_of(self, entries: Sequence[Entry]) -> dict[Token, int]:
        """Live connections that know some of `entries` already, each with the seq up to which.

        To be asked once for all that is published, in order: who has been overtaken is forgotten.
        """
        if not self._ahead or not entries:
            return {}
        first, last = entries[0].seq, entries[-1].seq
        known = {token: seq for token, seq in self._ahead.items() if seq >= first}
        self._ahead = {token: seq for token, seq in self._ahead.items() if seq > last}
        return known

    def leave(self, token: Token) -> None:
        """The connection is gone; one that is not here is no error."""
        user_id = self._users.pop(token, None)
        if user_id is None:
            return
        self._live.pop(token, None)
        self._ahead.pop(token, None)
        self._catching_up.pop(token, None)
        tokens = self._tokens[user_id]
        del tokens[token]
        if tokens:
            self.presence.set_away(user_id, all(tokens.values()))
        else:
            del self._tokens[user_id]
            self.presence.went(user_id)

    def set_away(self, token: Token, away: bool) -> None:
        """The reader of a connection that is here is away or back.

        The member is away when all of their connections here are.
        """
        user_id = self._users[token]
        tokens = self._tokens[user_id]
        tokens[token] = away
        self.presence.set_away(user_id, all(tokens.values()))

    def renamed(self, user: User) -> bool:
        """Whether `user` is here; if so, under this nick from now on."""
        if user.id in self._tokens:
            self.presence.renamed(user)
        return user.id in self._tokens
