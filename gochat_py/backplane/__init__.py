"""The backplane numbers and stores all entries, and passes them to the hub.

`Backplane` is the interface that the server uses. `local.Journal` implements it: it stores
everything in SQLite, in this process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..connection import Connection
from ..message import Author, Draft, OnlineUser, Position, RoomInfo
from ..refusals import Refusal
from ..store.history import Page, Replay
from ..store.search import Found


class Backplane(Protocol):
    """The interface of a backplane, which turns drafts into entries.

    Every call may wait, with a deadline. Reader threads make the calls, the hub thread never does.
    Each raises `Refusal` if it cannot be done (``busy``, ``storage_failed``, …), and `Closed` while
    the server stops.
    """

    def publish(self, draft: Draft, sender: Connection | None) -> None:
        """Write `draft`; the hub then sends the entry to all, and to `sender` with its ``id``.

        If the draft itself is refused, `sender` gets an ``error`` event later.
        """

    def barrier(self) -> None:
        """Wait until all earlier calls of this thread are persisted, or refused and answered.

        The entries are in the hub's inbox then: what is put there next comes after them.
        """

    def identify(
        self,
        connection: Connection,
        nick: str,
        nick_key: str,
        token: str | None,
        allow_new: Callable[[], None],
        unknown: Refusal | None = None,
    ) -> tuple[OnlineUser, str]:
        """The user of `token`, or a new user, under this nick; and the token for the next time.

        If `token` is no user's and there is an `unknown`, that is raised, whatever the nick.
        If the nick differs from the user's last one, all clients concerned are notified.
        `allow_new` is called before a user is made, by any thread; it must not wait, and may raise
        `Refusal`. The caller must later call `seen` or `release_nick`.
        """

    def rename(
        self, user: Author, nick: str, nick_key: str, sender: Connection, answers: str | None
    ) -> None:
        """Give `user` another nick; from now on it is on everything that they write.

        All clients concerned are notified, and `sender` with the id `answers`.
        """

    def mark_read(
        self, user: Author, key: str, seq: int, sender: Connection, answers: str | None
    ) -> None:
        """Store how far `user` has read a room. Does not wait until this is persisted.

        Then the user's other connections in the room get a `read` event. `sender` gets an answer
        only if this fails.
        """

    def seen(self, user: Author) -> None:
        """Record that a connection of `user`, which called `identify`, has ended just now.

        While a user has a connection, the user is not deleted, and keeps the nick. Does not wait
        until this is persisted.
        """

    def release_nick(self, user: OnlineUser) -> None:
        """As `seen`; and let other users take the nick, if the user cannot know that it is theirs.

        A user who has another connection, or who used the token, knows it.
        """

    def replay(self, user: Author, key: str, since: Position | None) -> tuple[Replay, int]:
        """What a client that joins a room gets, and the seq up to which `user` has read it."""

    def page(self, key: str, before: int | None, after: int | None, limit: int) -> Page:
        """A page of a room's history: fewer than `limit` entries if they do not fit one answer."""

    def name_of(self, key: str) -> str:
        """The stored name of a room; empty if no such room is stored.

        Drafts that were published before this call are written first.
        """

    def search(
        self,
        keys: tuple[str, ...],
        query: str,
        user: str | None,
        before: int | None,
        place: str | None,
        limit: int,
    ) -> Found:
        """Messages in the rooms `keys` that contain `query`, newest first.

        If `user` is given, only those of that user; then `query` may be empty. Only those older
        than the seq `before`, or from `place` on (`core.cursor`).
        """

    def rooms(self, after: str, limit: int) -> tuple[list[RoomInfo], bool]:
        """Up to `limit` stored rooms that have entries; and whether there are more.

        In the order of their keys, from the first one after the key `after` on.
        """
