from unittest import mock

from gochat_py.store import grams, search
from tests.support.store import BOB, StoreCase, delete, edit, message, react, topic


class SearchTest(StoreCase):
    def find(self, query, rooms=("tea",), **options):
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

    def test_finds_a_part_of_a_text_in_any_case_newest_first(self):
        for text in ("Green tea", "black TEA", "coffee", "teapot"):
            self.entry(message(text))
        self.both_ways(lambda: self.assertEqual(self.find("tea"), [4, 2, 1]))
        self.assertEqual(self.find("Een T"), [1])
        self.assertEqual(self.find("tea green"), [])

    def test_finds_chinese_words_of_any_length(self):
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

    def test_width_and_accents_written_in_two_ways_are_one(self):
        self.entry(message("ＧＯｃｈａｔ Café straße"))

        def check():
            for query in ("gochat", "cafe\u0301", "CAFÉ", "STRASSE", "ß"):
                self.assertEqual(self.find(query), [1], query)

        self.both_ways(check)

    def test_nothing_in_a_query_has_a_meaning(self):
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

    def test_follows_edits_and_deletions(self):
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

    def test_only_messages_are_found_and_whole_ones(self):
        self.entry(message("hello there"))
        self.entry(topic("hello topic"))
        self.entry(edit(1, "hello again"))
        self.entry(react(1, "👍", user=BOB))

        def check():
            (entry,) = self.read(search.search, ["tea"], "hello").entries
            self.assertEqual((entry.seq, entry.text), (1, "hello again"))
            self.assertEqual(entry.reactions, {"👍": (BOB.id,)})

        self.both_ways(check)

    def test_only_in_the_rooms_that_are_named(self):
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

    def test_goes_on_before_a_seq_or_a_time(self):
        for number in range(1, 8):
            self.entry(message(f"spoon {number}"))

        def check():
            self.assertEqual(self.find("spoon", limit=3), [7, 6, 5])
            self.assertEqual(self.find("spoon", limit=3, before=5), [4, 3, 2])
            self.assertEqual(self.find("spoon", limit=3, before=1), [])
            for far in (1 << 70, -(1 << 70)):
                self.find("spoon", before=far)
            times = {e.seq: e.time for e in self.read(search.search, ["tea"], "spoon").entries}
            self.assertEqual(self.find("spoon", before_time=times[3]), [2, 1])
            self.assertEqual(self.find("spoon", before_time=times[1]), [])
            self.assertEqual(self.find("spoon", before_time=times[7] + 9)[0], 7)

        self.both_ways(check)

    def test_says_when_it_gave_up(self):
        for number in range(20):
            self.entry(message(f"spoon {number}"))
        with mock.patch.object(search, "SCANNED", 10):
            found = self.read(search.search, ["tea"], "spoon 1")
            self.assertFalse(found.complete)
            self.assertEqual([entry.seq for entry in found.entries], list(range(20, 10, -1)))
            self.index()
            self.assertFalse(self.read(search.search, ["tea"], "z").complete)
            self.assertTrue(self.read(search.search, ["tea"], "spoon 7").complete)

    def test_a_common_pair_of_characters_is_looked_for_in_the_newest(self):
        for number in range(20):
            self.entry(message(f"ab{number:02}"))
        self.index()
        with mock.patch.object(search, "MOST_TRIGRAMS", 1):
            self.assertEqual(len(self.find("ab")), 20)

    def test_indexing_goes_in_steps_through_all_rooms(self):
        for room in ("Tea", "Milk", "Tea", "Milk", "Tea"):
            self.entry(message("spoon", room=room))
        self.assertEqual(self.read(grams.backlog), 5)
        steps = []
        while taken := self.write(grams.index_some, 2):
            steps.append((taken, self.read(grams.backlog)))
        self.assertEqual(steps, [(2, 3), (2, 1), (1, 0)])
        self.assertEqual(self.find("spoon"), [3, 2, 1])

    def test_indexing_that_was_undone_is_done_again(self):
        self.entry(message("spoon"))
        self.writer.begin()
        self.writer.run(grams.index_some, 100)
        self.writer.rollback()
        self.assertEqual(self.read(grams.backlog), 1)
        self.index()
        self.assertEqual(self.find("spoon"), [1])
