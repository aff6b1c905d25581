"""Compares any sequence of drafts with a model of a few dictionaries."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack, closing
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gochat_py.core.text import fold
from gochat_py.message import Draft, Entry, Kind, Position
from gochat_py.store import (
    NotFound,
    NothingToDo,
    NotYours,
    StoreError,
    history,
    open_directory,
    search,
    trigrams,
)
from gochat_py.store.budget import Budget
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none
from tests.support.store import ANN, BOB, delete, edit, message, react, topic

ROOMS = ("tea", "milk")


class Model:
    """The store as plain values: the entries of each room in their current state."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {key: [] for key in ROOMS}
        self.topics = dict.fromkeys(ROOMS, "")
        self.switches: dict[tuple[str, int, str, str], int] = {}  # what made a reaction so: a seq

    def copy(self) -> Model:
        other = Model()
        other.entries = {key: list(entries) for key, entries in self.entries.items()}
        other.topics, other.switches = dict(self.topics), dict(self.switches)
        return other

    def apply(self, draft: Draft, now: float) -> tuple[Entry, bool]:
        """The entry and whether it is a duplicate, or the store's own error."""
        room = self.entries[draft.key]
        before = self.before(draft, room)
        if before is not None:
            return before._replace(reactions={}), True  # nobody who tries again asks for them
        made = Entry(
            kind=draft.kind,
            room=draft.room,
            key=draft.key,
            seq=len(room) + 1,
            user=draft.user.id,
            nick=draft.user.nick,
            time=now,
            id=draft.id,
            text=draft.text,
            reply_to=draft.reply_to,
            target=draft.target,
            emoji=draft.emoji,
            on=draft.on,
        )
        room.append(made)
        if draft.kind is Kind.TOPIC:
            self.topics[draft.key] = not_none(draft.text)
        elif draft.kind is Kind.EDITED:
            self.change(draft, text=draft.text, edited=now)
        elif draft.kind is Kind.DELETED:
            self.change(draft, text=None, deleted=True, reactions={})
            for index, entry in enumerate(room):
                if entry.kind is Kind.EDITED and entry.target == draft.target:
                    room[index] = entry._replace(text=None)
        elif draft.kind is Kind.REACTED:
            self.switches[self.switch(draft)] = made.seq
            self.change(draft, reactions=self.reactions(draft.key, not_none(draft.target)))
        return made, False

    def before(self, draft: Draft, room: list[Entry]) -> Entry | None:
        """The entry that made this draft a duplicate; raises where it is refused."""
        same = [
            entry
            for entry in room
            if draft.id is not None
            and (entry.kind, entry.user, entry.id) == (draft.kind, draft.user.id, draft.id)
        ]
        if draft.kind is Kind.MESSAGE:
            if same:
                return same[0]
            if draft.reply_to is not None:
                answered = room[draft.reply_to - 1] if draft.reply_to <= len(room) else None
                if answered is None or answered.kind is not Kind.MESSAGE or answered.deleted:
                    raise NotFound
            return None
        if draft.kind is Kind.TOPIC:
            return self.newest(draft, (entry for entry in room if entry.user == draft.user.id))
        seq = not_none(draft.target)
        if not 1 <= seq <= len(room) or room[seq - 1].kind is not Kind.MESSAGE:
            raise NotFound
        target = room[seq - 1]
        if draft.kind is Kind.REACTED:
            if target.deleted:
                raise NotFound
            switch = self.switches.get(self.switch(draft))
            if switch is None and not draft.on:
                raise NothingToDo
            made = room[switch - 1] if switch else None
            return made if made and made.on == draft.on else None
        if target.user != draft.user.id:
            raise NotYours
        if draft.kind is Kind.DELETED:
            deletions = (e for e in room if e.kind is Kind.DELETED and e.target == draft.target)
            return next(deletions, None)
        if target.deleted:
            raise NotFound
        return self.newest(draft, (entry for entry in room if entry.target == draft.target))

    @staticmethod
    def newest(draft: Draft, entries: Iterable[Entry]) -> Entry | None:
        """The newest of this kind among `entries`, if the draft says the same under the same id."""
        same_kind = [entry for entry in entries if entry.kind is draft.kind]
        if draft.id is None or not same_kind:
            return None
        last = same_kind[-1]
        return last if (last.id, last.text) == (draft.id, draft.text) else None

    def switch(self, draft: Draft) -> tuple[str, int, str, str]:
        """The reaction that a draft switches on or off."""
        return draft.key, not_none(draft.target), not_none(draft.emoji), draft.user.id

    def change(self, draft: Draft, **what: Any) -> None:
        room, index = self.entries[draft.key], not_none(draft.target) - 1
        room[index] = room[index]._replace(**what)

    def reactions(self, key: str, target: int) -> dict[str, tuple[str, ...]]:
        """In the order of the entries that made them so."""
        found: dict[str, tuple[str, ...]] = {}
        for (room, seq, emoji, user), switch in sorted(
            self.switches.items(), key=lambda item: item[1]
        ):
            if (room, seq) == (key, target) and self.entries[key][switch - 1].on:
                found[emoji] = (*found.get(emoji, ()), user)
        return found


texts = st.text("ab我Éé\u0301ß\"' \0%", min_size=1, max_size=6)
targets = st.integers(0, 6)
users = st.sampled_from([ANN, BOB])
names = st.sampled_from(ROOMS)
ids = st.sampled_from([None, None, "1", "2", "3"])
drafts = st.one_of(
    st.builds(message, texts, users, names, id=ids),
    st.builds(message, texts, users, names, id=ids, reply_to=targets.filter(bool)),
    st.builds(edit, targets, texts | st.just("same"), users, names, id=ids),
    st.builds(delete, targets, users, names, id=ids),
    st.builds(react, targets, st.sampled_from("👍🎉"), st.booleans(), users, room=names, id=ids),
    st.builds(topic, texts | st.just("same"), users, names, id=ids),
)
transactions = st.lists(
    st.tuples(
        st.lists(drafts, max_size=8),
        st.sampled_from(
            ["commit", "acknowledge", "acknowledge", "rollback", "reopen", "index", "scrub"]
        ),
    ),
    max_size=8,
)


class StorePropertyTest(TestCase):
    @settings(max_examples=120)
    @given(transactions, texts)
    def test_any_drafts_have_the_effect_of_the_model(self, steps, query):
        with ExitStack() as stack:
            place = stack.enter_context(tempfile.TemporaryDirectory())
            model, now = Model(), 1.0
            opened = stack.enter_context(ExitStack())
            directory, writer, read_pool = self.open(place, opened)
            for drafts, then in steps:
                committed = model.copy()
                writer.begin()
                for draft in drafts:
                    now += 1.0
                    self.apply_to_both(model, writer, draft, now)
                if then == "rollback":
                    writer.rollback()
                    model = committed
                    self.compare(model, directory, read_pool, query)
                    continue
                if then in ("index", "scrub"):
                    writer.run(trigrams.index_some, 3)
                if then == "scrub":
                    writer.run(trigrams.scrub)
                if then in ("acknowledge", "reopen"):
                    writer.acknowledge()
                else:
                    writer.commit()
                if then == "reopen":  # without a commit, as after a kill
                    opened.close()
                    directory, writer, read_pool = self.open(place, opened)
                self.compare(model, directory, read_pool, query)

    def open(self, place, opened):
        directory = opened.enter_context(closing(open_directory(place)))
        writer = opened.enter_context(closing(directory.writer()))
        return directory, writer, opened.enter_context(closing(directory.read_pool()))

    def apply_to_both(self, model, writer, draft, now):
        try:
            expected = model.apply(draft, now)
        except StoreError as error:
            with self.assertRaises(type(error)):
                writer.apply(draft, now)
        else:
            applied = writer.apply(draft, now)
            self.assertEqual((applied.entry, applied.duplicate), expected)

    def compare(self, model, directory, read_pool, query):
        for key in ROOMS:
            entries = tuple(model.entries[key])
            uncommitted = directory.redo_log.of(key)
            page = read_pool.run(history.page, key, uncommitted=uncommitted, limit=1000)
            self.assertEqual(page.entries, entries)
            self.assertEqual(  # dictionaries are equal in any order; this one has a meaning
                [list(entry.reactions) for entry in page.entries],
                [list(entry.reactions) for entry in entries],
            )
            for seq in range(len(entries) + 1):
                position = Position(directory.epoch, seq)
                replay = read_pool.run(
                    history.since, key, position, uncommitted=uncommitted, limit=20, newest=2
                )
                fits = len(entries) - seq <= 20
                self.assertEqual(replay.recovered, fits)
                self.assertEqual(replay.entries, entries[seq:] if fits else entries[-2:])
                self.assertEqual((replay.seq, replay.topic), (len(entries), model.topics[key]))
            for wanted in (query, query[:2], query[:1]):
                found = read_pool.run(
                    search.search,
                    [key],
                    wanted,
                    uncommitted=uncommitted,
                    limit=1000,
                    budget=Budget(PATIENCE),
                )
                self.assertTrue(found.complete)
                self.assertEqual(
                    list(found.entries),
                    [
                        entry
                        for entry in reversed(entries)
                        if entry.kind is Kind.MESSAGE
                        and not entry.deleted
                        and fold(wanted) in fold(entry.text)
                    ],
                )
