"""The pure part of a room: who is in it, by which connections, and who is still catching up.

A member's connection is any hashable token. It is in one of two states:

    enter -> catching up -> (caught_up) -> live -> leave

`publish` gives live connections what is new. While anybody catches up, the newest of it is kept
beside, once for all of them, and `caught_up` gives each what came after the past that it has read.
Owned by one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Generic, TypeVar

from ..message import Entry, User
from . import replay
from .presence import SHOWN, Member, Presence

#: Entries kept for those who catch up, and characters of their texts. Whoever needs older ones
#: reads on in the database, where those are by now.
HELD = 256
HELD_CHARS = 64 * 1024

Token = TypeVar("Token")


class Room(Generic[Token]):
    """The members of one room. A user with several connections is one member."""

    def __init__(self, held: int = HELD, shown: int = SHOWN, held_chars: int = HELD_CHARS) -> None:
        self.presence = Presence(shown)
        self._most_held = held
        self._most_chars = held_chars
        self._users: dict[Token, str] = {}
        #: Each user's connections, and whether nobody looks at that one now.
        self._tokens: dict[str, dict[Token, bool]] = {}
        #: A dict for its order: everyone is served in the order of arrival.
        self._live: dict[Token, None] = {}
        #: Up to where live connections have read what is yet to be published. The past is read
        #: from where entries are kept, and that is ahead of what was published here.
        self._ahead: dict[Token, int] = {}
        #: Those who catch up, and whether they were told who is here.
        self._catching_up: dict[Token, bool] = {}
        #: The newest that was published since somebody began to catch up, without a hole.
        self._held: deque[Entry] = deque()
        self._chars = 0  # of their texts
        self._dropped = 0  # the seq of the newest that was held, and is not any more

    def __len__(self) -> int:
        """How many connections there are; a room with none need not be kept."""
        return len(self._users)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every connection that is here, live or not."""
        return tuple(self._users)

    @property
    def live(self) -> Iterable[Token]:
        """The connections that get what is new, in the order in which they became live."""
        return self._live

    def is_live(self, token: Token) -> bool:
        """Whether the connection gets what is new."""
        return token in self._live

    @property
    def introduced(self) -> Iterable[Token]:
        """The connections that know who is here, and so get the news of it."""
        return chain(self._live, (token for token, knows in self._catching_up.items() if knows))

    @property
    def member_count(self) -> int:
        """How many users are here."""
        return len(self._tokens)

    def enter(self, token: Token, user: User, *, away: bool = False) -> None:
        """`user` comes in by `token`; from now on what is published is held for it.

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
        self._catching_up[token] = False

    def introduce(self, token: Token) -> None:
        """The connection, which catches up, is told who is here; from now on it gets the news."""
        self._catching_up[token] = True

    def publish(self, entries: Sequence[Entry]) -> Collection[Token]:
        """Hold `entries` for those catching up; gives those who are to have them now."""
        if self._catching_up:
            for entry in entries:
                self._held.append(entry)
                self._chars += len(entry.text or "")
            while len(self._held) > self._most_held or self._chars > self._most_chars:
                oldest = self._held.popleft()
                self._chars -= len(oldest.text or "")
                self._dropped = oldest.seq
        return self._live

    def caught_up(self, token: Token, seq: int) -> list[Entry] | None:
        """What came after `seq`, in order, for a connection that knows all before; it is live now.

        Gives None if the connection has left meanwhile. Raises `replay.Hole` if that is not held
        any more; then it goes on catching up, and has to read on from `seq`.
        """
        if token not in self._catching_up:
            return None
        if seq < self._dropped:
            raise replay.Hole(f"what came after {seq} is not held any more")
        missed = replay.after(seq, self._held)
        del self._catching_up[token]
        self._let_go()
        self._live[token] = None
        known = missed[-1].seq if missed else seq
        if known:
            self._ahead[token] = known
        return missed

    def _let_go(self) -> None:
        """Hold nothing where nobody catches up."""
        if not self._catching_up:
            self._held.clear()
            self._chars = self._dropped = 0

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
        self._let_go()
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
