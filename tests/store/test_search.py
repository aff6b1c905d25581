import itertools
from unittest import mock

from gochat_py.core.encode import ANSWER_BYTES
from gochat_py.core.entry_json import entry_json
from gochat_py.store import budget, search, trigrams
from gochat_py.store.budget import Budget
from tests.support.case import PATIENCE
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react, topic


class SearchTest(StoreCase):
    def find(self, query, rooms=("tea",), **options):
        options.setdefault("budget", Budget(PATIENCE))
        found = self.read(search.search, list(rooms), query, **options)
        self.assertTrue(found.complete)
        return [entry.seq for entry in found.entries]

    def both_ways(self, check):
        """Run the check before the messages are indexed and after."""
        with self.subTest("before indexing"):
            check()
        self.index()
        with self.subTest("after indexing"):
            check()

    def test_a_search_finds_parts_of_texts_in_any_case_newest_first(self):
        for text in ("Green tea", "black TEA", "coffee", "teapot"):
            self.entry(message(text))
        self.both_ways(lambda: self.assertEqual(self.find("tea"), [4, 2, 1]))
        self.assertEqual(self.find("Een T"), [1])
        self.assertEqual(self.find("tea green"), [])

    def test_a_search_finds_chinese_words_of_any_length(self):
        for text in ("我们在北京喝茶", "上海的茶很好", "北京", "京北"):
            self.entry(message(text))

        def check():
            self.assertEqual(self.find("北京"), [3, 1])
            self.assertEqual(self.find("茶"), [2, 1])
            self.assertEqual(self.find("在北京喝"), [1])
            self.assertEqual(self.find("很好"), [2])
            self.assertEqual(self.find("京"), [4, 3, 1])
            self.assertEqual(self.find("东京"), [])

        self.both_ways(check)

    def test_a_search_ignores_width_and_composition(self):
        self.entry(message("ＧＯｃｈａｔ Café straße"))

        def check():
            for query in ("gochat", "cafe\u0301", "CAFÉ", "STRASSE", "ß"):
                self.assertEqual(self.find(query), [1], query)

        self.both_ways(check)

    def test_a_search_for_a_user_finds_what_they_said_with_or_without_a_query(self):
        for text, user in (("green tea", ANN), ("black tea", BOB), ("coffee", BOB)):
            self.entry(message(text, user))
        self.entry(topic("tea", BOB))
        self.entry(delete(3, BOB))
        self.entry(message("milk", BOB))

        def check():
            self.assertEqual(self.find("", user=BOB.id), [6, 2])
            self.assertEqual(self.find("tea", user=BOB.id), [2])
            self.assertEqual(self.find("tea", user=ANN.id), [1])
            self.assertEqual(self.find("", user="nobody"), [])
            self.assertEqual(self.find("", user=BOB.id, before=6), [2])

        self.both_ways(check)

    def test_a_query_has_no_special_characters(self):
        texts = [
            'a "quoted" word',
            "x AND y",
            "NEAR(a b)",
            "text:column",
            "star*",
            "^hat",
            "-not",
            "50%_x",
        ]
        for text in texts:
            self.entry(message(text))

        def check():
            for number, text in enumerate(texts, 1):
                self.assertEqual(self.find(text), [number], text)
            for query in (
                '"',
                '"""',
                "x OR y",
                "*",
                "tex:",
                "(",
                "%",
                "\0",
                "\0\0\0\0",
                "' --",
                "\ud800a",
            ):
                self.find(query)
            self.assertEqual(self.find(""), [])

        self.both_ways(check)

    def test_a_search_follows_edits_and_deletions(self):
        self.entry(message("the old text"))
        self.entry(message("kept text"))

        def check():
            self.assertEqual(self.find("old text"), [])
            self.assertEqual(self.find("new text"), [1])

        self.index()
        self.assertEqual(self.find("old text"), [1])
        self.entry(edit(1, "the new text"))
        self.both_ways(check)
        self.entry(delete(1))
        self.assertEqual(self.find("text"), [2])

    def test_a_search_finds_only_messages_that_are_not_deleted(self):
        self.entry(message("hello there"))
        self.entry(topic("hello topic"))
        self.entry(edit(1, "hello again"))
        self.entry(react(1, "👍", user=BOB))

        def check():
            (entry,) = self.read(search.search, ["tea"], "hello").entries
            self.assertEqual((entry.seq, entry.text), (1, "hello again"))
            self.assertEqual(entry.reactions, {"👍": (BOB.id,)})

        self.both_ways(check)

    def test_a_search_reads_only_the_given_rooms(self):
        for room in ("Tea", "Milk", "Tea", "Sugar", "Milk"):
            self.entry(message("spoon", room=room))

        def check():
            found = self.read(search.search, ["tea", "milk", "none", "tea"], "spoon", limit=3)
            self.assertEqual(
                [(entry.room, entry.seq) for entry in found.entries],
                [("Milk", 2), ("Tea", 2), ("Milk", 1)],
            )
            self.assertTrue(found.more)
            self.assertEqual(self.find("spoon", ["sugar"]), [1])
            self.assertEqual(self.find("spoon", []), [])

        self.both_ways(check)

    def test_a_search_continues_before_a_seq(self):
        for number in range(1, 8):
            self.entry(message(f"spoon {number}"))

        def check():
            self.assertEqual(self.find("spoon", limit=3), [7, 6, 5])
            self.assertEqual(self.find("spoon", limit=3, before=5), [4, 3, 2])
            self.assertEqual(self.find("spoon", limit=3, before=1), [])
            for far in (1 << 70, -(1 << 70)):
                self.find("spoon", before=far)

        self.both_ways(check)

    def search_within(self, looks, query):
        """Search with a clock that advances by one with each reading."""
        return self.read(
            search.search, ["tea"], query, budget=Budget(looks, clock=itertools.count().__next__)
        )

    def test_a_search_that_times_out_returns_what_it_found(self):
        for number in range(20):
            self.entry(message(f"spoon {number}"))
        found = self.search_within(10, "spoon")
        self.assertFalse(found.complete)
        seqs = [entry.seq for entry in found.entries]
        self.assertEqual(seqs, list(range(20, 20 - len(seqs), -1)))
        self.assertIn(len(seqs), range(1, 10))
        self.index()
        self.assertFalse(self.search_within(10, "z").complete)
        self.assertTrue(self.search_within(10, "spoon 7").complete)

    def test_a_long_search_within_the_index_is_interrupted(self):
        """Two trigrams that half of all messages have each, and none has both."""
        self.entry(message("one"))
        self.writer.begin()
        self.writer.run(
            trigrams.add,
            (((1 << 40) + seq, "xqz" if seq % 2 else "qyw") for seq in range(2, 60_001)),
        )
        self.writer.run(lambda c: c.execute("UPDATE rooms SET seq = 60000, indexed = 60000"))
        self.writer.commit()
        asked = 'xqz" AND "qyw'
        with (
            mock.patch.object(search, "_expression", lambda *_: f'"{asked}"'),
            mock.patch.object(budget, "LOOK_EVERY", 1),
        ):
            self.assertTrue(self.find_all("x").complete)
            found = self.search_within(1, "x")
        self.assertEqual((found.entries, found.complete), ((), False))

    def find_all(self, query):
        return self.read(search.search, ["tea"], query, budget=Budget(PATIENCE))

    def test_the_results_fit_one_answer(self):
        for number in range(20):
            self.entry(message(f"spoon {number} {'x' * 60_000}"))
        found = self.find_all("spoon")
        self.assertLess(len(found.entries), 20)
        self.assertTrue(found.more)
        self.assertLessEqual(sum(len(entry_json(each)) for each in found.entries), ANSWER_BYTES)
        last = found.entries[-1].seq
        self.assertEqual(self.find("spoon", before=last)[0], last - 1)

    def test_a_common_pair_of_characters_is_searched_in_the_newest_messages(self):
        for number in range(20):
            self.entry(message(f"ab{number:02}"))
        self.index()
        with mock.patch.object(search, "MOST_TRIGRAMS", 1):
            self.assertEqual(len(self.find("ab")), 20)

    def test_indexing_is_done_in_steps_through_all_rooms(self):
        for room in ("Tea", "Milk", "Tea", "Milk", "Tea"):
            self.entry(message("spoon", room=room))
        self.assertEqual(self.read(trigrams.backlog), 5)
        steps = []
        while taken := self.write(trigrams.index_some, 2, budget=Budget(PATIENCE)):
            steps.append((taken, self.read(trigrams.backlog)))
        self.assertEqual(steps, [(2, 3), (2, 1), (1, 0)])
        self.assertEqual(self.find("spoon"), [3, 2, 1])

    def test_a_step_of_indexing_indexes_at_least_one_message_and_then_obeys_its_time_limit(self):
        for _ in range(5):
            self.entry(message("spoon"))
        clock = itertools.count().__next__
        self.assertEqual(self.write(trigrams.index_some, 100, budget=Budget(3, clock)), 3)
        self.assertEqual(self.write(trigrams.index_some, 100, budget=Budget(0, clock)), 1)
        self.assertEqual(self.find("spoon"), [5, 4, 3, 2, 1])
        self.assertEqual(self.write(trigrams.index_some, 100, budget=Budget(PATIENCE)), 1)
        self.assertEqual(self.read(trigrams.backlog), 0)
        self.assertEqual(self.find("spoon"), [5, 4, 3, 2, 1])

    def test_the_text_in_a_step_of_indexing_is_limited(self):
        for _ in range(3):
            self.entry(message("spoon " * 3_000))
        taken = [self.write(trigrams.index_some, 100, budget=Budget(PATIENCE)) for _ in range(4)]
        self.assertEqual(taken, [1, 1, 1, 0])

    def test_indexing_that_was_rolled_back_is_repeated(self):
        self.entry(message("spoon"))
        self.writer.begin()
        self.writer.run(trigrams.index_some, 100)
        self.writer.rollback()
        self.assertEqual(self.read(trigrams.backlog), 1)
        self.index()
        self.assertEqual(self.find("spoon"), [1])
