"""What numbers, keeps and passes on: everything written goes in here, and comes out at the hub.

`Backplane` is what a server needs of one; `local.Journal` keeps everything in SQLite, in this
process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..connection import Connection
from ..message import Author, Draft, OnlineUser, Position, RoomInfo
from ..store.history import Page, Replay
from ..store.search import Found


class Backplane(Protocol):
    """Where drafts become entries.

    Every call may wait, with a deadline; readers make them, the hub never does. Each raises
    `Refusal` when it cannot be done (``busy``, ``storage_failed``, …) and `Closed` when the server
    is stopping.
    """

    def publish(self, draft: Draft, sender: Connection | None) -> None:
        """Write `draft`; it comes back through the hub, to `sender` with its ``id``.

        What is wrong with the draft itself is told to `sender` later, as an ``error`` event.
        """

    def barrier(self) -> None:
        """Wait until all that this thread has put before is persisted or refused, and told so.

        What was written is in the hub's inbox then: whatever is put there next comes after it.
        """

    def identify(
        self,
        connection: Connection,
        nick: str,
        nick_key: str,
        token: str | None,
        allow_new: Callable[[], None],
    ) -> tuple[OnlineUser, str]:
        """Whom `token` brings back, or a new user, under this nick; and the token for next time.

        Where that is another nick than before, all whom it concerns are told. `allow_new` is called
        before a user is made, by any thread; it must not wait, and may raise `Refusal`. `seen` or
        `release_nick` must follow.
        """

    def rename(
        self, user: Author, nick: str, nick_key: str, sender: Connection, answers: str | None
    ) -> None:
        """Give `user` another nick; from now on it stands on everything they write.

        All whom it concerns are told, and `sender` with the id `answers`.
        """

    def mark_read(
        self, user: Author, key: str, seq: int, sender: Connection, answers: str | None
    ) -> None:
        """Remember how far `user` has read a room. Does not wait until it is persisted.

        `sender` is told only if it cannot be.
        """

    def seen(self, user: Author) -> None:
        """Note that a connection of `user`, of whom `identify` told it, has ended just now.

        While one has not, the user is not forgotten, and keeps the nick. Does not wait until it is
        persisted.
        """

    def release_nick(self, user: OnlineUser) -> None:
        """As `seen`; and let others take the nick, if the user cannot know of it.

        Whoever has another connection, or came back by the token, knows of it.
        """

    def replay(self, user: Author, key: str, since: Position | None) -> tuple[Replay, int]:
        """What somebody who enters has to know, and up to where `user` had read."""

    def page(self, key: str, before: int | None, after: int | None, limit: int) -> Page:
        """A page of a room's history: fewer than `limit` where they would not fit one answer."""

    def name_of(self, key: str) -> str:
        """The name under which a room is kept, once all is written that was published before this
        call; empty if nothing is kept there.
        """

    def search(
        self, keys: tuple[str, ...], query: str, before: int | None, place: str | None, limit: int
    ) -> Found:
        """Messages in the rooms `keys` that hold `query`, newest first.

        Older than the seq `before`, or from `place` on (`core.cursor`).
        """

    def rooms(self, after: str, limit: int) -> tuple[list[RoomInfo], bool]:
        """Up to `limit` rooms in which anything is kept, in the order of their keys, from the one
        that follows the key `after` on; and whether there are more.
        """
