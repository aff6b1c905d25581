"""What a draft does: it gets its room's next seq, becomes an entry, and changes what it is about.

Used by the writer, within its transaction. A draft that is refused has written nothing: everything
that can refuse it is asked first, and its entry, which holds all that came from outside, is the
first row written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..message import Draft, Entry, Kind
from . import grams
from .errors import NotFound, NothingToDo, NotYours, Unstorable
from .rows import one_entry
from .schema import CODES, SEQ_BITS

INSERT_MESSAGE = (
    "INSERT INTO entries (id, kind, user, nick, time, sent, text, reply_to, bot)"
    " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
INSERT_CHANGE = (
    "INSERT INTO entries (id, kind, user, nick, time, sent, text, target, emoji, state, bot)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

#: Rooms whose newest seq is kept in memory; with more, all are forgotten and read again.
ROOMS_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a draft; `duplicate` when the entry had been there before."""

    entry: Entry
    duplicate: bool


@dataclass(slots=True)
class Tail:
    """Where a room's numbering stands, and the time of its newest entry."""

    base: int
    room: str
    key: str
    seq: int
    time: float
    saved: bool = True  # the room's row says the same seq


class Ledger:
    """Applies drafts; knows the newest seq of rooms lately written to.

    Has to be thrown away with a transaction that was rolled back: what it knows is not so then.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._tails: dict[str, Tail] = {}
        self._unsaved: list[Tail] = []

    def apply(self, draft: Draft, now: float) -> Applied:
        """Write what `draft` wants, at time `now`. Raises as `Writer.apply` says."""
        try:
            return RULES[draft.kind](self, draft, self._tails.get(draft.key), now)
        except UnicodeEncodeError as error:
            raise Unstorable("the text holds a lone surrogate") from error

    def save(self) -> None:
        """Write the newest seqs into the rooms' rows."""
        if self._unsaved:
            self._connection.executemany(
                "UPDATE rooms SET seq = ? WHERE id = ?",
                [(tail.seq, tail.base >> SEQ_BITS) for tail in self._unsaved],
            )
            for tail in self._unsaved:
                tail.saved = True
            self._unsaved.clear()
        if len(self._tails) > ROOMS_KEPT:
            self._tails.clear()

    # The kinds of draft

    def _message(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        if tail is None:
            tail = self._find(draft.key) or self._make(draft)
        if draft.reply_to is not None and not 1 <= draft.reply_to <= tail.seq:
            raise NotFound(f"there is no message {draft.reply_to} to answer")
        time = max(round(now, 3), tail.time)
        user = draft.user
        written = self._connection.execute(
            INSERT_MESSAGE,
            (
                tail.base + tail.seq + 1,
                user.id,
                user.nick,
                time,
                draft.id,
                draft.text,
                draft.reply_to,
                draft.bot,
            ),
        )
        if not written.rowcount:
            return self._sent_before(draft, tail)
        self._advance(tail, time)
        return Applied(
            Entry(
                kind=Kind.MESSAGE,
                room=tail.room,
                key=tail.key,
                seq=tail.seq,
                user=user.id,
                nick=user.nick,
                time=time,
                id=draft.id,
                text=draft.text,
                reply_to=draft.reply_to,
                bot=draft.bot,
            ),
            False,
        )

    def _edited(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, author, text, deleted = self._target(draft, tail)
        if author != draft.user.id:
            raise NotYours("only its author may edit a message")
        before = self._change_before(draft, number)
        if before:
            return self._again(before, tail)
        if deleted:
            raise NotFound("the message was deleted")
        entry = self._change(draft, tail, now)
        self._connection.execute(
            "UPDATE entries SET text = ?, edited = ? WHERE id = ?", (draft.text, entry.time, number)
        )
        if self._indexed(number):
            grams.remove(self._connection, [(number, text)])
            grams.add(self._connection, [(number, draft.text or "")])
        return Applied(entry, False)

    def _deleted(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, author, text, deleted = self._target(draft, tail)
        if author != draft.user.id:
            raise NotYours("only its author may delete a message")
        if deleted:
            return self._again(deleted, tail)
        entry = self._change(draft, tail, now)
        execute = self._connection.execute
        execute(
            "UPDATE entries SET text = NULL, deleted = ? WHERE id = ?",
            (tail.base + entry.seq, number),
        )
        execute("UPDATE entries SET text = NULL WHERE target = ? AND kind = 1", (number,))
        execute("DELETE FROM reactions WHERE message = ?", (number,))
        if self._indexed(number):
            grams.remove(self._connection, [(number, text)])
        return Applied(entry, False)

    def _reacted(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, _, _, deleted = self._target(draft, tail)
        if deleted:
            raise NotFound("the message was deleted")
        reaction = (number, draft.emoji, draft.user.id)
        before = self._connection.execute(
            "SELECT entry, state FROM reactions WHERE message = ? AND emoji = ? AND user = ?",
            reaction,
        ).fetchone()
        if before is None and not draft.on:
            raise NothingToDo("there is no such reaction to take back")
        if before is not None and bool(before[1]) == draft.on:
            return self._again(before[0], tail)
        entry = self._change(draft, tail, now)
        self._connection.execute(
            "INSERT OR REPLACE INTO reactions (message, emoji, user, entry, state)"
            " VALUES (?, ?, ?, ?, ?)",
            (*reaction, tail.base + entry.seq, draft.on),
        )
        return Applied(entry, False)

    def _topic(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail = tail or self._find(draft.key) or self._make(draft)
        before = (
            draft.id is not None
            and self._connection.execute(
                "SELECT id FROM entries WHERE user = ? AND sent = ? AND id >> 40 = ? AND kind = 4"
                " AND sent IS NOT NULL AND text = ? ORDER BY id DESC LIMIT 1",
                (draft.user.id, draft.id, tail.base >> SEQ_BITS, draft.text),
            ).fetchone()
        )
        if before:
            return self._again(before[0], tail)
        entry = self._change(draft, tail, now)
        self._connection.execute(
            "UPDATE rooms SET topic = ? WHERE id = ?", (draft.text, tail.base >> SEQ_BITS)
        )
        return Applied(entry, False)

    # Rooms and their numbering

    def _find(self, key: str) -> Tail | None:
        """Read where a room's numbering stands."""
        row = self._connection.execute(
            "SELECT id, name, seq FROM rooms WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None
        room, name, seq = row
        base = room << SEQ_BITS
        newest = self._connection.execute(
            "SELECT time FROM entries WHERE id = ?", (base + seq,)
        ).fetchone()
        tail = self._tails[key] = Tail(base, name, key, seq, newest[0] if newest else 0.0)
        return tail

    def _make(self, draft: Draft) -> Tail:
        """Make the room; it is shown as this draft spells it."""
        room = self._connection.execute(
            "INSERT INTO rooms (key, name) VALUES (?, ?)", (draft.key, draft.room)
        ).lastrowid
        assert room is not None
        tail = self._tails[draft.key] = Tail(room << SEQ_BITS, draft.room, draft.key, 0, 0.0)
        return tail

    def _advance(self, tail: Tail, time: float) -> None:
        """Note that the tail's next seq is taken."""
        tail.seq += 1
        tail.time = time
        if tail.saved:
            tail.saved = False
            self._unsaved.append(tail)

    # Changes and retries

    def _target(self, draft: Draft, tail: Tail | None) -> tuple[Tail, int, str, str, int | None]:
        """The room; and of the message that the draft is about: row, author, text, deletion."""
        tail = tail or self._find(draft.key)
        if tail is None or draft.target is None or not 1 <= draft.target <= tail.seq:
            raise NotFound("there is no such message")
        number = tail.base + draft.target
        row = self._connection.execute(
            "SELECT user, text, deleted FROM entries WHERE id = ? AND kind = 0", (number,)
        ).fetchone()
        if row is None:
            raise NotFound("there is no such message")
        return (tail, number, *row)

    def _change(self, draft: Draft, tail: Tail, now: float) -> Entry:
        """Write the entry of a draft that is not a message."""
        time = max(round(now, 3), tail.time)
        user = draft.user
        self._connection.execute(
            INSERT_CHANGE,
            (
                tail.base + tail.seq + 1,
                CODES[draft.kind],
                user.id,
                user.nick,
                time,
                draft.id,
                draft.text,
                None if draft.target is None else tail.base + draft.target,
                draft.emoji,
                draft.on,
                draft.bot,
            ),
        )
        self._advance(tail, time)
        return Entry(
            kind=draft.kind,
            room=tail.room,
            key=tail.key,
            seq=tail.seq,
            user=user.id,
            nick=user.nick,
            time=time,
            id=draft.id,
            text=draft.text,
            target=draft.target,
            emoji=draft.emoji,
            on=draft.on,
            bot=draft.bot,
        )

    def _sent_before(self, draft: Draft, tail: Tail) -> Applied:
        """The message whose retry this is, as it stands now."""
        (number,) = self._connection.execute(
            "SELECT id FROM entries WHERE user = ? AND sent = ? AND id >> 40 = ? AND kind = 0"
            " AND sent IS NOT NULL",
            (draft.user.id, draft.id, tail.base >> SEQ_BITS),
        ).fetchone()
        return self._again(number, tail)

    def _change_before(self, draft: Draft, number: int) -> int | None:
        """The row of the edit whose retry this is; its text may be gone with its message."""
        if draft.id is None:
            return None
        row: tuple[int] | None = self._connection.execute(
            "SELECT id FROM entries WHERE target = ? AND kind = ? AND user = ? AND sent = ?"
            " AND (text = ? OR text IS NULL) ORDER BY id DESC LIMIT 1",
            (number, CODES[draft.kind], draft.user.id, draft.id, draft.text),
        ).fetchone()
        return row[0] if row else None

    def _again(self, number: int, tail: Tail) -> Applied:
        """What was written before, as it stands now."""
        entry = one_entry(self._connection, number, tail.room, tail.key)
        assert entry is not None, "what changed a message is never trimmed before it"
        return Applied(entry, True)

    def _indexed(self, number: int) -> bool:
        """Whether the search index has come as far as this message."""
        row = self._connection.execute(
            "SELECT indexed FROM rooms WHERE id = ?", (number >> SEQ_BITS,)
        ).fetchone()
        return bool(row[0] >= number - (number >> SEQ_BITS << SEQ_BITS))


Rule = Callable[[Ledger, Draft, Any, float], Applied]

RULES: dict[Kind, Rule] = {
    Kind.MESSAGE: Ledger._message,
    Kind.EDITED: Ledger._edited,
    Kind.DELETED: Ledger._deleted,
    Kind.REACTED: Ledger._reacted,
    Kind.TOPIC: Ledger._topic,
}
