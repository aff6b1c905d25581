"""A search that is interrupted any number of times finds what one complete scan finds."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from contextlib import ExitStack, closing
from unittest import mock

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gochat_py.core import cursor
from gochat_py.core.cursor import Cursor
from gochat_py.core.text import fold
from gochat_py.message import Entry, Kind
from gochat_py.store import StoreError, budget, history, open_directory, search, trigrams
from gochat_py.store.budget import Budget
from gochat_py.store.schema import LAST_ROOM, SEQ_MASK
from tests.support.case import TestCase
from tests.support.store import ANN, BOB, delete, message, topic

ROOMS = ("tea", "milk", "sugar", "salt")

rooms = st.sampled_from(ROOMS)
texts = st.text("abc茶", min_size=1, max_size=5)
drafts = st.one_of(
    st.builds(lambda text, room: message(text, room=room), texts, rooms),
    st.builds(lambda text, room: message(text, BOB, room=room), texts, rooms),
    st.builds(lambda text, room: topic(text, room=room), texts, rooms),
    st.builds(lambda seq, room: delete(seq, room=room), st.integers(1, 6), rooms),
)
steps = st.lists(
    st.tuples(st.lists(drafts, max_size=8), st.sampled_from(["commit", "acknowledge", "index"])),
    max_size=5,
)


#: Small numbers, so that every way of being cut short comes about.
SMALL = (
    (search, "FIRST_STRETCH", 2),
    (search, "GROWTH", 2),
    (search, "LONGEST_STRETCH", 4),
    (search, "MOST_TRIGRAMS", 3),
    (cursor, "ROOMS", 2),
    (budget, "LOOK_EVERY", 1),
)


class ContinuationTest(TestCase):
    @settings(max_examples=100)
    @given(
        steps,
        st.text("abc茶", max_size=4),
        st.sampled_from([None, ANN, BOB]),
        st.integers(0, 12),
        st.integers(1, 4),
        st.sets(rooms, min_size=1),
    )
    def test_a_continued_search_finds_what_a_plain_scan_finds_once_each(
        self, steps, query, author, looks, limit, keys
    ):
        assume(query or author)
        user = author and author.id
        with ExitStack() as stack:
            for module, name, value in SMALL:
                stack.enter_context(mock.patch.object(module, name, value))
            place = stack.enter_context(tempfile.TemporaryDirectory())
            directory = stack.enter_context(closing(open_directory(place)))
            writer = stack.enter_context(closing(directory.writer()))
            read_pool = stack.enter_context(closing(directory.read_pool()))
            self.now = 1.0
            self.write(writer, steps)
            stored = {
                key: read_pool.run(
                    history.page, key, uncommitted=directory.redo_log.of(key), limit=999
                )
                for key in keys
            }
            entries = [entry for page in stored.values() for entry in page.entries]
            found: list[Entry] = []
            start: Cursor | None = None
            for calls in itertools.count(1):
                part = read_pool.run(
                    search.search,
                    sorted(keys),
                    query,
                    user=user,
                    uncommitted=[each for key in keys for each in directory.redo_log.of(key)],
                    limit=limit,
                    start=start,
                    budget=Budget(looks, itertools.count().__next__),
                )
                self.assertLessEqual(len(part.entries), limit)
                found += part.entries
                if part.next is None:
                    break
                self.assertTrue(part.more or not part.complete)
                self.assertLessEqual(calls, len(entries) + 2 * len(keys), "it gets no further")
                start = cursor.read(part.next)
                if calls == 1 and len(keys) <= 2:  # what is said now was not there at the beginning
                    said = [message(f"{query}!", room=key) for key in keys if stored[key].entries]
                    self.write(writer, [(said, "acknowledge")])
            self.assertEqual((part.more, part.complete), (False, True))
            held = [
                each for each in entries if self.holds(each, query) and user in (None, each.user)
            ]
            newest_first = sorted(held, key=lambda each: -each.time)
            if len(keys) <= 2:
                self.assertEqual(found, newest_first)
            else:  # of more rooms than one cursor names, one part comes after the other
                self.assertCountEqual(found, newest_first)

    def write(self, writer, steps):
        for drafts, then in steps:
            writer.begin()
            for draft in drafts:
                self.now += 1.0
                with contextlib.suppress(StoreError):
                    writer.apply(draft, self.now)
            if then == "index":
                writer.run(trigrams.index_some, 3)
            if then == "acknowledge":
                writer.acknowledge()
            else:
                writer.commit()

    def holds(self, entry, query):
        if entry.kind is not Kind.MESSAGE or entry.deleted:
            return False
        return fold(query) in fold(entry.text)


class CursorTest(TestCase):
    @given(
        st.integers(0, LAST_ROOM),
        st.dictionaries(st.integers(0, LAST_ROOM), st.integers(0, SEQ_MASK + 1), max_size=500),
    )
    def test_a_cursor_is_read_as_it_was_written(self, last, before):
        text = cursor.write(Cursor(last, before))
        self.assertLessEqual(len(text), cursor.MAX_LENGTH)
        self.assertEqual(cursor.read(text), Cursor(last, before))

    @given(st.text() | st.text("0123456789abcdef.-"))
    def test_any_other_text_is_an_error(self, text):
        try:
            found = cursor.read(text)
        except ValueError:
            return
        self.assertLessEqual(len(found.before), cursor.ROOMS)
