"""Deleted, replaced and trimmed text is gone from every file, and the rest is complete."""

import random

from gochat_py.core.text import fold
from gochat_py.store import history, retention, search, trigrams
from gochat_py.store.budget import Budget
from tests.support.case import PATIENCE
from tests.support.narrow import not_none
from tests.support.store import BOB, StoreCase, delete, edit, message, react

#: Characters that stand for nothing else in these tests: their bytes are sought in the files. The
#: index holds three at a time, and may hold the first bytes only once for several trigrams.
SECRET = "ꙮꙬꙪꙨꙦ"
TRACES = (SECRET.encode(), SECRET[0:3].encode()[3:], SECRET[1:4].encode()[3:])
FOLDED = fold(SECRET)
INDEX_TRACES = tuple(FOLDED[i : i + 3].encode()[3:] for i in range(3))


class ForgettingTest(StoreCase):
    def tidy(self):
        self.scrub()
        self.assertTrue(self.writer.checkpoint())

    def assert_gone(self):
        raw = self.raw()
        for trace in TRACES + INDEX_TRACES:
            self.assertEqual(raw.count(trace), 0, trace.decode(errors="replace"))

    def assert_there(self):
        raw = self.raw()
        self.assertIn(TRACES[0], raw)
        self.assertIn(INDEX_TRACES[0], raw)

    def crowd(self, seed):
        """Other messages, before and after, so that pages split and the index has segments."""
        chance = random.Random(seed)
        self.writer.begin()
        for _ in range(150):
            words = chance.choices(["spoon", "cup", "kettle", "sugar", "leaf", "milk"], k=12)
            self.writer.apply(message(" ".join(words), BOB), self.now)
        self.writer.run(trigrams.index_some, 1000)
        self.writer.commit()

    def test_a_deleted_message_is_gone_from_the_file_the_log_and_the_index(self):
        self.crowd(1)
        seq = self.entry(message(f"so {SECRET} it was")).seq
        self.index()
        self.crowd(2)
        self.assert_there()
        self.entry(delete(seq))
        self.tidy()
        self.assert_gone()
        self.assertEqual(self.read(trigrams.residue), 0)
        self.assertEqual(
            len(self.read(search.search, ["tea"], "kettle", limit=900).entries),
            300 - self.without("kettle"),
        )

    def without(self, word):
        found = self.read(history.page, "tea", limit=1000).entries
        return sum(1 for entry in found if entry.text is None or word not in entry.text) - 2

    def test_the_edits_of_a_deleted_message_are_gone_too(self):
        seq = self.entry(message(f"{SECRET} first")).seq
        self.index()
        self.crowd(3)
        self.entry(edit(seq, f"{SECRET} second"))
        self.crowd(4)
        self.entry(edit(seq, "harmless"))
        self.entry(delete(seq))
        self.tidy()
        self.assert_gone()

    def test_the_text_before_an_edit_is_gone_too(self):
        seq = self.entry(message(f"{SECRET} first")).seq
        self.index()
        self.crowd(5)
        self.entry(edit(seq, "harmless"))
        self.tidy()
        self.assert_gone()

    def test_deleted_text_is_gone_after_a_kill_and_a_restart(self):
        seq = self.entry(message(SECRET)).seq
        self.entry(delete(seq))
        self.assertIn(TRACES[0], self.raw())  # in the log
        self.reopen()
        self.assert_gone()

    def test_a_deletion_and_the_start_of_a_pass_may_share_a_transaction(self):
        self.crowd(6)
        seq = self.entry(message(SECRET)).seq
        self.index()
        self.writer.begin()
        self.writer.apply(delete(seq), self.now)
        self.writer.run(trigrams.scrub)
        self.writer.commit()
        self.tidy()
        self.assert_gone()

    def test_a_deletion_during_a_pass_gets_a_pass_of_its_own(self):
        for seed in range(10, 20):
            self.crowd(seed)
        first = self.entry(message("something")).seq
        second = self.entry(message(SECRET)).seq
        self.index()
        self.entry(delete(first))
        self.assertTrue(self.write(trigrams.scrub, 1))
        self.entry(delete(second))
        self.tidy()
        self.assertEqual(self.read(trigrams.residue), 0)
        self.assert_gone()

    def test_a_step_that_was_rolled_back_is_repeated(self):
        self.crowd(7)
        seq = self.entry(message(SECRET)).seq
        self.index()
        self.entry(delete(seq))
        self.writer.begin()
        self.writer.run(trigrams.scrub, 1)
        self.writer.rollback()
        self.tidy()
        self.assert_gone()

    def test_many_random_deletions_leave_no_trace(self):
        chance = random.Random(8)
        doomed = []
        for seed in range(8):
            self.crowd(seed)
            for _ in range(5):
                filling = "x" * chance.randrange(3000)
                doomed.append(self.entry(message(filling + SECRET + filling)).seq)
            if chance.random() < 0.5:
                self.index()
        chance.shuffle(doomed)
        for seq in doomed:
            if chance.random() < 0.3:
                self.entry(edit(seq, SECRET * chance.randrange(1, 300)))
            self.entry(delete(seq))
        self.tidy()
        self.assert_gone()

    def test_a_thread_that_reads_only_delays_the_erasure(self):
        seq = self.entry(message(SECRET)).seq
        with self.read_pool.borrow() as connection:
            self.assertEqual(not_none(history.one(connection, "tea", seq)).text, SECRET)
            self.entry(delete(seq))
            self.assertFalse(self.writer.checkpoint())
            self.assertEqual(not_none(history.one(connection, "tea", seq)).text, SECRET)
        self.assertTrue(self.writer.checkpoint())
        self.assert_gone()


class RetentionTest(StoreCase):
    def trim(self, *, older_than=None, history_limit=None, now=1e9, batch=1000):
        """Trim until nothing is left to trim; returns how many entries went, step by step."""
        keep = None if older_than is None else now - older_than
        rule = retention.Rule(now, keep, history_limit)
        steps, after, again = [], 0, False
        while True:
            step = self.write(
                retention.trim, rule, batch=batch, after=after, budget=Budget(PATIENCE)
            )
            steps.append(step.entries)
            again = again or step.more
            if step.after is None and not again:
                return steps
            again, after = again and step.after is not None, step.after or 0

    def kept(self, room="tea"):
        return [entry.seq for entry in self.read(history.page, room, limit=1000).entries]

    def test_older_entries_are_trimmed_and_the_seqs_continue(self):
        entries = [self.entry(message(str(number))) for number in range(6)]
        self.trim(older_than=entries[4].time)
        self.assertEqual(self.kept(), [5, 6])
        self.trim(older_than=1e9)
        self.assertEqual(self.kept(), [])
        self.assertEqual(self.read(history.newest, "tea").seq, 6)
        self.reopen()
        self.assertEqual(self.entry(message("next")).seq, 7)
        self.assertEqual(self.kept(), [7])

    def test_trimming_is_done_in_small_steps_through_all_rooms(self):
        for number in range(7):
            self.entry(message("x", room=f"room{number % 3}"))
        self.assertEqual(self.trim(older_than=1e9, batch=2), [2, 2, 2, 0, 1])

    def test_the_history_limit_keeps_the_newest_entries(self):
        for number in range(6):
            self.entry(message("x", room="Tea" if number else "Milk"))
        self.trim(history_limit=2)
        self.assertEqual(self.kept(), [4, 5])
        self.assertEqual(self.kept("milk"), [1])

    def test_the_history_limit_keeps_what_retries_need(self):
        entries = [self.entry(message("x", id=str(number))) for number in range(6)]
        self.trim(history_limit=2, now=entries[1].time + 3_600.5)
        self.assertEqual(self.kept(), [3, 4, 5, 6])
        self.assertTrue(self.apply(message("x", id="2")).duplicate)

    def test_trimming_removes_index_edits_and_reactions_too(self):
        self.entry(message(SECRET))
        self.index()
        self.entry(react(1, "👍"))
        self.entry(edit(1, SECRET * 2))
        later = self.entry(message("later"))
        self.index()
        rule = retention.Rule(1e9, 1e9 - later.time)
        step = self.write(retention.trim, rule, batch=1)
        self.assertEqual((step.entries, self.kept()), (1, [2, 3, 4]))
        self.assertIsNone(self.read(history.one, "tea", 3).text)
        self.trim(older_than=later.time)
        self.assertEqual(self.read(search.search, ["tea"], SECRET).entries, ())
        self.scrub()
        self.writer.checkpoint()
        self.assertEqual(self.raw().count(SECRET.encode()), 0)
        self.assertEqual(self.raw().count(INDEX_TRACES[1]), 0)

    def test_the_file_becomes_smaller(self):
        self.writer.begin()
        for _ in range(300):
            self.writer.apply(message("x" * 3000), self.now)
        self.writer.commit()
        self.writer.checkpoint()
        before = self.directory.database.stat().st_size
        self.trim(older_than=1e9)
        while self.write(retention.shrink):
            pass
        self.writer.checkpoint()
        self.assertLess(self.directory.database.stat().st_size, before / 4)
