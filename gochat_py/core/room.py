"""The pure part of a room: its members, their connections, and which of them still catch up.

A member's connection is any hashable token. It is in one of two states:

    enter -> catching up -> (caught_up) -> live -> leave

`publish` returns the live connections, which get new entries at once. While a connection catches
up, the newest entries are held, once for all such connections. `caught_up` gives each of them the
entries that came after the history that it has read. Owned by one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Generic, TypeVar

from ..message import Entry, User
from . import replay
from .presence import SHOWN, Member, Presence

#: Most entries held for connections that catch up, and most characters of their texts. Older ones
#: must be read from the database, where they are stored by then.
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
        #: The connections of each user, and whether the user is away on that connection.
        self._tokens: dict[str, dict[Token, bool]] = {}
        #: A dict for its order: connections are served in order of arrival.
        self._live: dict[Token, None] = {}
        #: The last seq that live connections have, if it is not published yet. History is read
        #: from the store, which has entries before they are published here.
        self._already_sent: dict[Token, int] = {}
        #: The connections that catch up, and whether they know the members (`introduce`).
        self._catching_up: dict[Token, bool] = {}
        #: The newest entries published since a connection began to catch up, without a gap.
        self._held: deque[Entry] = deque()
        self._chars = 0  # characters of the held texts
        self._dropped = 0  # the greatest seq that is no longer held

    def __len__(self) -> int:
        """The number of connections; a room without any can be dropped."""
        return len(self._users)

    @property
    def tokens(self) -> tuple[Token, ...]:
        """All connections in the room, live or not."""
        return tuple(self._users)

    @property
    def live(self) -> Iterable[Token]:
        """The connections that get new entries, in the order in which they became live."""
        return self._live

    def is_live(self, token: Token) -> bool:
        """Whether the connection gets new entries."""
        return token in self._live

    def __contains__(self, token: Token) -> bool:
        """Whether the connection is in the room, live or not."""
        return token in self._users

    def is_introduced(self, token: Token) -> bool:
        """Whether the connection knows the members: it is live, or has the first part."""
        return token in self._live or self._catching_up.get(token, False)

    @property
    def introduced(self) -> Iterable[Token]:
        """The connections that know the members, and so get presence events."""
        return chain(self._live, (token for token, knows in self._catching_up.items() if knows))

    @property
    def member_count(self) -> int:
        """The number of users in the room."""
        return len(self._tokens)

    def enter(self, token: Token, user: User, *, away: bool = False) -> None:
        """`user` enters by the connection `token`; from now on new entries are held for it.

        A connection that is in the room already starts again: it is not live until it has caught
        up.
        """
        if token not in self._users:
            self._users[token] = user.id
            tokens = self._tokens.setdefault(user.id, {})
            if not tokens:
                self.presence.update(Member(user, away))
            tokens[token] = away
            self.presence.set_away(user.id, all(tokens.values()))
        self._live.pop(token, None)
        self._already_sent.pop(token, None)
        self._catching_up[token] = False

    def introduce(self, token: Token) -> None:
        """A connection that catches up has the members; it gets presence events from now on."""
        self._catching_up[token] = True

    def publish(self, entries: Sequence[Entry]) -> Collection[Token]:
        """Hold `entries` for connections that catch up; returns those that get them now."""
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
        """Make a connection live that has all up to `seq`; returns the entries after it, in order.

        Returns None if the connection has left meanwhile. Raises `replay.Hole` if those entries are
        no longer held; then the connection still catches up, and must read the history after `seq`.
        """
        if token not in self._catching_up:
            return None
        if seq < self._dropped:
            raise replay.Hole(f"the entries after {seq} are no longer held")
        missed = replay.after(seq, self._held)
        del self._catching_up[token]
        self._drop_held()
        self._live[token] = None
        known = missed[-1].seq if missed else seq
        if known:
            self._already_sent[token] = known
        return missed

    def _drop_held(self) -> None:
        """Drop the held entries if no connection catches up."""
        if not self._catching_up:
            self._held.clear()
            self._chars = self._dropped = 0

    def already_sent_to(self, entries: Sequence[Entry]) -> dict[Token, int]:
        """Live connections that have some of `entries` already, each with the last seq it has.

        Call it once for each batch that is published, in order: it forgets the connections that
        have no unpublished entry any more.
        """
        if not self._already_sent or not entries:
            return {}
        first, last = entries[0].seq, entries[-1].seq
        known = {token: seq for token, seq in self._already_sent.items() if seq >= first}
        self._already_sent = {token: seq for token, seq in self._already_sent.items() if seq > last}
        return known

    def leave(self, token: Token) -> None:
        """Remove the connection. It need not be in the room."""
        user_id = self._users.pop(token, None)
        if user_id is None:
            return
        self._live.pop(token, None)
        self._already_sent.pop(token, None)
        self._catching_up.pop(token, None)
        self._drop_held()
        tokens = self._tokens[user_id]
        del tokens[token]
        if tokens:
            self.presence.set_away(user_id, all(tokens.values()))
        else:
            del self._tokens[user_id]
            self.presence.remove(user_id)

    def set_away(self, token: Token, away: bool) -> None:
        """The user is away or back on a connection that is in the room.

        The member is away if the user is away on all of their connections in the room.
        """
        user_id = self._users[token]
        tokens = self._tokens[user_id]
        tokens[token] = away
        self.presence.set_away(user_id, all(tokens.values()))

    def renamed(self, user: User) -> bool:
        """Set the nick of `user`, if they are in the room; returns whether they are."""
        if user.id in self._tokens:
            self.presence.renamed(user)
        return user.id in self._tokens
