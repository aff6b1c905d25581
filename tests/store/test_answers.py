"""What is read at once fits one answer, whatever is stored; all parts together are complete."""

import random

from gochat_py.core.encode import ANSWER_BYTES
from gochat_py.core.entry_json import entry_json
from gochat_py.message import Position, User
from gochat_py.store import history
from tests.support.store import StoreCase, message, react

#: More than any page asks for.
ALL = 10_000


def size(entries):
    return sum(len(entry_json(entry).encode()) + 1 for entry in entries)


class AnswersTest(StoreCase):
    def fill(self, texts):
        self.writer.begin()
        for text in texts:
            self.writer.apply(message(text), 10.0)
        self.writer.commit()

    def since(self, seq, **limits):
        position = Position(self.directory.epoch, seq)
        return self.read(history.since, "tea", position, limit=ALL, **limits)

    def assert_follow(self, entries, first, last):
        self.assertEqual([entry.seq for entry in entries], list(range(first, last + 1)))

    def test_a_long_replay_is_split_into_parts_that_fit(self):
        chance = random.Random(1)
        self.fill("é" * chance.randrange(1, 30_000) for _ in range(60))
        replay = self.since(5)
        self.assertTrue(replay.recovered and replay.partial and replay.more)
        self.assertEqual(replay.seq, 60)
        parts = [list(replay.entries)]
        while parts[-1][-1].seq < replay.seq:
            page = self.read(history.page, "tea", after=parts[-1][-1].seq, limit=ALL)
            self.assertEqual(page.more, page.entries[-1].seq < 60)
            parts.append(list(page.entries))
        self.assertGreater(len(parts), 3)
        for part in parts:
            self.assertLessEqual(size(part), ANSWER_BYTES)
        for part in parts[:-1]:  # none is needlessly small
            self.assertGreater(size(part), ANSWER_BYTES - 61_000)
        self.assert_follow([entry for part in parts for entry in part], 6, 60)

    def test_a_replay_that_fits_is_whole(self):
        self.fill(str(number) for number in range(600))
        replay = self.since(0)
        self.assertFalse(replay.partial)
        self.assert_follow(replay.entries, 1, 600)

    def test_a_replay_that_is_not_recovered_has_the_newest_entries_that_fit(self):
        self.fill("x" * 60_000 for _ in range(20))
        for replay in (self.read(history.newest, "tea"), self.since(99)):
            self.assertFalse(replay.recovered or replay.partial)
            self.assertTrue(replay.more)
            self.assert_follow(replay.entries, 17, 20)

    def test_pages_are_smaller_where_entries_are_large(self):
        self.fill("x" * 60_000 for _ in range(20))
        for where, first, last in (({}, 17, 20), ({"before": 10}, 6, 9), ({"after": 10}, 11, 14)):
            page = self.read(history.page, "tea", limit=200, **where)
            self.assert_follow(page.entries, first, last)
            self.assertTrue(page.more)

    def test_an_entry_that_is_too_large_is_a_part_of_its_own(self):
        """An old message: 64 KiB of control characters, each of which takes six bytes as JSON."""
        self.fill(["a", "\x01" * 65_536, "b"])
        self.assertGreater(size([self.read(history.one, "tea", 2)]), ANSWER_BYTES)
        self.assert_follow(self.since(0).entries, 1, 1)
        self.assert_follow(self.since(1).entries, 2, 2)
        self.assertTrue(self.since(1).partial)
        self.assert_follow(self.since(2).entries, 3, 3)
        self.assertFalse(self.since(2).partial)
        self.assert_follow(self.read(history.page, "tea", before=3).entries, 2, 2)
        self.assert_follow(self.read(history.newest, "tea").entries, 3, 3)

    def test_reactions_count_towards_the_size(self):
        self.fill("x" for _ in range(30))
        self.writer.begin()
        for seq in range(1, 31):
            for number in range(500):
                self.writer.apply(react(seq, "👍", user=User(f"{number:016}", "x")), 10.0)
        self.writer.commit()
        page = self.read(history.page, "tea", before=31)
        self.assertLessEqual(size(page.entries), ANSWER_BYTES)
        self.assertIn(len(page.entries), range(20, 28))
        self.assertEqual(page.entries[-1].reactions["👍"][7], f"{7:016}")

    def test_uncommitted_entries_count_towards_the_size(self):
        self.fill("x" * 60_000 for _ in range(3))
        self.writer.begin()
        for _ in range(3):
            self.writer.apply(message("y" * 60_000), 11.0)
        self.writer.acknowledge()
        uncommitted = self.directory.redo_log.of("tea")
        self.assertEqual(len(uncommitted), 3)
        self.assert_follow(self.read(history.page, "tea", uncommitted=uncommitted).entries, 3, 6)
        self.assert_follow(
            self.read(history.page, "tea", after=0, uncommitted=uncommitted).entries, 1, 4
        )
        replay = self.since(1, uncommitted=uncommitted)
        self.assert_follow(replay.entries, 2, 5)
        self.assertTrue(replay.partial)
        self.writer.begin()
        self.writer.commit()  # between the two looks: what is uncommitted is in the database, too
        self.assert_follow(self.read(history.page, "tea", uncommitted=uncommitted).entries, 3, 6)
        self.assert_follow(
            self.read(history.page, "tea", after=2, uncommitted=uncommitted).entries, 3, 6
        )

    def test_only_entries_that_fit_are_read(self):
        self.fill("x" * 60_000 for _ in range(200))
        rows: list[int] = []

        def count(_: object, row: tuple[object, ...]) -> tuple[object, ...]:
            rows.append(len(row))
            return row

        with self.read_pool.borrow() as connection:
            connection.row_factory = count
            found = history.page(connection, "tea", limit=200)
            connection.row_factory = None
        self.assertEqual(len(found.entries), 4)
        self.assertLess(len(rows), 10)
