"""Turns drafts into entries: a draft gets its room's next seq, and changes its target.

The writer uses this within its transaction. Messages wait in `fresh` until they are persisted, and
in a list until they are inserted together, before anything else is read or written. A draft that is
refused has written nothing: every check that can refuse it comes first, and its entry, which holds
all data from the client, is the first row that is written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from ..core.entry_json import entry_json
from ..message import Draft, Entry, Kind
from . import bounds, trigrams
from .authors import Authors
from .errors import NotFound, NothingToDo, NotYours, Unstorable
from .numbering import Numbering, Tail
from .rows import is_undeleted_message, one_entry
from .schema import CODES, LAST_ROOM, SEQ_BITS

INSERT_MESSAGE = (
    "INSERT INTO entries (id, kind, user, nick, time, sent, text, reply_to, bot, mark)"
    " VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_CHANGE = (
    "INSERT INTO entries (id, kind, user, nick, time, sent, text, target, emoji, state, bot)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

#: The last edit of a message; the last topic that a user set in a room.
NEWEST_EDIT = (
    "SELECT id, sent, text FROM entries WHERE target = ? AND kind = 1 ORDER BY id DESC LIMIT 1"
)
NEWEST_TOPIC = (
    "SELECT id, sent, text FROM entries WHERE user = ? AND id >> 40 = ? AND kind = 4"
    " ORDER BY id DESC LIMIT 1"
)


class Applied(NamedTuple):
    """The result of a draft; `duplicate` if the entry was written before.

    `encoded` is the entry as JSON.
    """

    entry: Entry
    duplicate: bool
    encoded: str


class Ledger:
    """Applies drafts. The caller discards it when it rolls the transaction back.

    `fresh` are the messages that are not yet acknowledged, and the same as JSON. `changed` means
    that something else was written, which only a commit can persist.
    """

    def __init__(self, db: sqlite3.Connection, most_rooms: int = LAST_ROOM) -> None:
        self.fresh: tuple[list[Entry], list[str]] = ([], [])
        self.changed = False
        self._db = db
        self._numbering = Numbering(db, most_rooms)
        self._waiting: dict[int, tuple[Any, ...]] = {}  # rows to insert, by their row numbers
        self._marked: dict[int, Entry] = {}  # their messages, by their marks
        self._authors = Authors(db)
        self._now = self._rounded = 0.0

    @property
    def numbering(self) -> Numbering:
        """The next seq of each room."""
        return self._numbering

    def write(self) -> None:
        """Insert the waiting messages, and store the rooms' newest seqs."""
        if self._waiting:
            self._db.executemany(INSERT_MESSAGE, self._waiting.values())
            self._waiting.clear()
            self._marked.clear()
        self._numbering.save()
        self._authors.save()

    def apply(self, draft: Draft, now: float, *, acknowledged: bool = False) -> Applied:
        """Write `draft` at time `now`.

        `acknowledged` means that it was acknowledged before (the redo log had it): then the message
        that it replies to is not checked. Raises what `Writer.apply` raises.
        """
        try:
            tail = self._numbering.tails.get(draft.key)
            if draft.kind is Kind.MESSAGE:  # nearly all are; finding an enum in a dict costs 0.3 µs
                return self._message(draft, tail, now, acknowledged)
            self.write()
            return RULES[draft.kind](self, draft, tail, now)
        except UnicodeEncodeError as error:
            raise Unstorable("the text holds a lone surrogate") from error

    # The kinds of draft

    def _message(self, draft: Draft, tail: Tail | None, now: float, acknowledged: bool) -> Applied:
        tail = tail or self._room(draft)
        user, text, sign = draft.user, draft.text, None
        # It is acknowledged before it is inserted: so what SQLite cannot store is refused here.
        if text is not None and not text.isascii():
            text.encode()
        if not user.nick.isascii():
            user.nick.encode()
        if draft.id is not None:
            found = self._find_or_mark(draft, tail)
            if isinstance(found, Applied):
                return found
            sign = found
        if draft.reply_to is not None and not acknowledged:
            self._check_answered(tail, draft.reply_to)
        time = self._time(now)
        self._numbering.advance(tail)
        entry = _entry(draft, tail, time)
        encoded = entry_json(entry)
        row = (
            tail.base + tail.seq, user.id, user.nick, time, draft.id, text, draft.reply_to,
            int(draft.bot), sign,
        )  # fmt: skip
        self._authors.note(user.id)
        self._waiting[row[0]] = row
        if sign is not None:
            self._marked[sign] = entry
        entries, all_encoded = self.fresh
        entries.append(entry)
        all_encoded.append(encoded)
        return Applied(entry, False, encoded)

    def _edited(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, author, text, deleted = self._target(draft, tail)
        if author != draft.user.id:
            raise NotYours("only its author may edit a message")
        if deleted:
            raise NotFound("the message was deleted")
        before = self._retried(draft, NEWEST_EDIT, number)
        if before is not None:
            return self._already_written(before, tail)
        bounds.check_edits(self._db, number)
        entry = self._change(draft, tail, now)
        self._db.execute(
            "UPDATE entries SET text = ?, edited = ? WHERE id = ?", (draft.text, entry.time, number)
        )
        if trigrams.is_indexed(self._db, number):
            trigrams.remove(self._db, [(number, text)])
            trigrams.add(self._db, [(number, draft.text or "")])
        return Applied(entry, False, entry_json(entry))

    def _deleted(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, author, text, deleted = self._target(draft, tail)
        if author != draft.user.id:
            raise NotYours("only its author may delete a message")
        if deleted:
            return self._already_written(deleted, tail)
        entry = self._change(draft, tail, now)
        execute = self._db.execute
        execute(
            "UPDATE entries SET text = NULL, deleted = ? WHERE id = ?",
            (tail.base + entry.seq, number),
        )
        execute("UPDATE entries SET text = NULL WHERE target = ? AND kind = 1", (number,))
        execute("DELETE FROM reactions WHERE message = ?", (number,))
        if trigrams.is_indexed(self._db, number):
            trigrams.remove(self._db, [(number, text)])
        return Applied(entry, False, entry_json(entry))

    def _reacted(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail, number, _, _, deleted = self._target(draft, tail)
        if deleted:
            raise NotFound("the message was deleted")
        reaction = (number, draft.emoji, draft.user.id)
        before = self._db.execute(
            "SELECT entry, state FROM reactions WHERE message = ? AND emoji = ? AND user = ?",
            reaction,
        ).fetchone()
        if before is None and not draft.on:
            raise NothingToDo("there is no such reaction to remove")
        if before is not None and bool(before[1]) == draft.on:
            return self._already_written(before[0], tail)
        if draft.on:
            bounds.check_reactions(self._db, number, draft.emoji)
        entry = self._change(draft, tail, now)
        self._db.execute(
            "INSERT OR REPLACE INTO reactions (message, emoji, user, entry, state)"
            " VALUES (?, ?, ?, ?, ?)",
            (*reaction, tail.base + entry.seq, draft.on),
        )
        return Applied(entry, False, entry_json(entry))

    def _topic(self, draft: Draft, tail: Tail | None, now: float) -> Applied:
        tail = tail or self._room(draft)
        before = self._retried(draft, NEWEST_TOPIC, draft.user.id, tail.base >> SEQ_BITS)
        if before is not None:
            return self._already_written(before, tail)
        entry = self._change(draft, tail, now)
        self._db.execute(
            "UPDATE rooms SET topic = ? WHERE id = ?", (draft.text, tail.base >> SEQ_BITS)
        )
        return Applied(entry, False, entry_json(entry))

    def _time(self, now: float) -> float:
        """The time of an entry: `now`, rounded to milliseconds. The seq gives the order."""
        if now != self._now:  # a batch has one time, and rounding takes 0.4 µs
            self._now, self._rounded = now, round(now, 3)
        return self._rounded

    # Changes and retries

    def _room(self, draft: Draft) -> Tail:
        """The tail of the draft's room, which is made if necessary. Raises `LimitReached`."""
        tail = self._numbering.find(draft.key)
        if tail is None:
            if draft.reply_to is not None:
                raise NotFound("a new room has no message to reply to")
            tail = self._numbering.make(draft.key, draft.room)
            self.changed = True
        return tail

    def _check_answered(self, tail: Tail, seq: int) -> None:
        """Raise `NotFound` unless `seq` is that of a stored message that was not deleted."""
        number = tail.base + seq
        waits = number in self._waiting  # only messages are there
        if not 1 <= seq <= tail.seq or not (waits or is_undeleted_message(self._db, number)):
            raise NotFound(f"there is no message {seq} to reply to")

    def _target(self, draft: Draft, tail: Tail | None) -> tuple[Tail, int, str, str, int | None]:
        """The room's tail; and the row number, author, text and deletion of the draft's target."""
        tail = tail or self._numbering.find(draft.key)
        if tail is None or draft.target is None or not 1 <= draft.target <= tail.seq:
            raise NotFound("there is no such message")
        number = tail.base + draft.target
        row = self._db.execute(
            "SELECT user, text, deleted FROM entries WHERE id = ? AND kind = 0", (number,)
        ).fetchone()
        if row is None:
            raise NotFound("there is no such message")
        return (tail, number, *row)

    def _change(self, draft: Draft, tail: Tail, now: float) -> Entry:
        """Write the entry of a draft that is not a message."""
        self.changed = True
        time = self._time(now)
        user = draft.user
        for string in (draft.id, draft.text, draft.emoji, user.nick):
            if string is not None:
                string.encode()
        self._authors.note(user.id)
        self._numbering.advance(tail)
        self._db.execute(
            INSERT_CHANGE,
            (
                tail.base + tail.seq,
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
        return _entry(draft, tail, time)

    def _find_or_mark(self, draft: Draft, tail: Tail) -> Applied | int:
        """If the draft is a retry, its message as it is now; else the mark for a new message."""
        assert draft.id is not None
        sign = mark(tail.base, draft.user.id, draft.id)
        while True:
            entry = self._marked.get(sign)
            if entry is not None:
                if (entry.key, entry.user, entry.id) == (draft.key, draft.user.id, draft.id):
                    return Applied(entry, True, entry_json(entry))
            else:
                row = self._db.execute(
                    "SELECT id, user, sent FROM entries WHERE mark = ?", (sign,)
                ).fetchone()
                if row is None:
                    return sign
                number, user, sent = row
                if (number >> SEQ_BITS << SEQ_BITS, user, sent) == (
                    tail.base, draft.user.id, draft.id,
                ):  # fmt: skip
                    return self._already_written(number, tail)
            sign += 1  # another message has this mark: once in 2⁶³ pairs

    def _retried(self, draft: Draft, newest: str, *about: int | str) -> int | None:
        """If the draft is a retry of an edit or a topic, the row number of that; else None.

        It is a retry if `newest`, the last change of its kind that this user made there, has the
        same id and text. If another change came between, it is a new one: a client may start its
        ids again, and a user may set the same text twice.
        """
        if draft.id is None:
            return None
        row = self._db.execute(newest, about).fetchone()
        return row[0] if row is not None and row[1:] == (draft.id, draft.text) else None

    def _already_written(self, number: int, tail: Tail) -> Applied:
        """The entry that was written before, as it is now, without its reactions.

        A client that retries only needs to know that the message is stored; a message may have
        hundreds of reactions.
        """
        entry = one_entry(self._db, number, tail.room, tail.key, reactions=False)
        assert entry is not None, "a change is never trimmed before its message"
        return Applied(entry, True, entry_json(entry))


def mark(base: int, user: str, sent: str) -> int:
    """63 bits by which a retry is found: a hash of the room, the user, and the id from the user."""
    named = f"{base}\0{user}\0{sent}".encode()
    return (
        int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), "little", signed=True) >> 1
    )


def _entry(draft: Draft, tail: Tail, time: float) -> Entry:
    """The entry made from `draft`; its seq is the tail's newest."""
    user = draft.user
    return Entry(
        draft.kind, tail.room, tail.key, tail.seq, user.id, user.nick, time, draft.id, draft.text,
        draft.reply_to, draft.target, draft.emoji, draft.on, draft.bot,
    )  # fmt: skip


Rule = Callable[[Ledger, Draft, Any, float], Applied]

#: The function that applies each kind of draft except MESSAGE.
RULES: dict[Kind, Rule] = {
    Kind.EDITED: Ledger._edited,
    Kind.DELETED: Ledger._deleted,
    Kind.REACTED: Ledger._reacted,
    Kind.TOPIC: Ledger._topic,
}
