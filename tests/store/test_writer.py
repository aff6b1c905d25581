from unittest import mock

from gochat_py.message import Kind
from gochat_py.store import (
    NotFound,
    NothingToDo,
    NotYours,
    Unstorable,
    history,
    ledger,
    retention,
)
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react, topic


class NumberingTest(StoreCase):
    def test_the_seqs_of_each_room_begin_at_one(self):
        seqs = [
            (entry.room, entry.seq)
            for entry in (
                self.entry(message("1", room="Tea")),
                self.entry(message("2", room="Milk")),
                self.entry(message("3", room="Tea")),
                self.entry(topic("4", room="Tea")),
            )
        ]
        self.assertEqual(seqs, [("Tea", 1), ("Milk", 1), ("Tea", 2), ("Tea", 3)])

    def test_the_seqs_continue_after_a_restart(self):
        self.entry(message("1"))
        self.reopen()
        self.assertEqual(self.entry(message("2")).seq, 2)

    def test_a_room_keeps_its_first_spelling(self):
        self.entry(message("1", room="Tea"))
        again = self.entry(message("2", room="TEA"))
        self.assertEqual((again.room, again.key, again.seq), ("Tea", "tea", 2))

    def test_the_seqs_of_a_rolled_back_batch_are_used_again(self):
        self.entry(message("1"))
        self.writer.begin()
        self.writer.apply(message("lost"), 2.0)
        self.writer.apply(message("lost", room="New"), 2.0)
        self.writer.rollback()
        self.assertEqual(self.entry(message("2")).seq, 2)
        self.assertEqual(self.entry(message("first", room="new")).room, "new")

    def test_each_entry_has_the_clock_s_time_whatever_earlier_entries_have(self):
        self.writer.begin()
        times = [
            self.writer.apply(message("x", room=room), now).entry.time
            for room, now in (("a", 5.0004), ("a", 4.0), ("b", 4.0), ("a", 5.5))
        ]
        self.writer.commit()
        self.assertEqual(times, [5.0, 4.0, 4.0, 5.5])
        self.reopen()
        self.writer.begin()
        self.assertEqual(self.writer.apply(message("x", room="a"), 1.0).entry.time, 1.0)
        self.writer.rollback()

    def test_readers_see_all_of_a_transaction_or_nothing(self):
        self.writer.begin()
        self.writer.apply(message("1"), 1.0)
        self.writer.apply(message("2"), 1.0)
        self.assertEqual(self.read(history.newest, "tea").entries, ())
        self.writer.commit()
        self.assertEqual(len(self.read(history.newest, "tea").entries), 2)


class RetryTest(StoreCase):
    def test_a_retry_of_a_message_returns_the_first_one(self):
        first = self.apply(message("hi", id="7"))
        again = self.apply(message("hi!", id="7"))
        self.assertEqual((first.duplicate, again.duplicate), (False, True))
        self.assertEqual(again.entry, first.entry)
        self.reopen()
        self.assertEqual(self.apply(message("hi", id="7")).entry, first.entry)
        self.assertEqual(self.entry(message("next")).seq, 2)

    def test_a_retry_in_the_same_transaction_returns_the_first_one(self):
        self.writer.begin()
        first = self.writer.apply(message("hi", id="7"), 1.0)
        again = self.writer.apply(message("hi", id="7"), 1.0)
        self.writer.commit()
        self.assertEqual(again.entry, first.entry)
        self.assertTrue(again.duplicate)

    def test_a_message_of_another_user_or_room_or_without_an_id_is_no_retry(self):
        self.entry(message("hi", id="7"))
        for other in (
            message("hi", BOB, id="7"),
            message("hi", room="Milk", id="7"),
            message("hi"),
        ):
            self.assertFalse(self.apply(other).duplicate)

    def test_messages_whose_hashes_collide_are_distinguished(self):
        with mock.patch.object(ledger, "mark", lambda *_: 7):
            first = self.apply(message("a", id="1"))
            second = self.apply(message("b", id="2"))
            third = self.apply(message("c", BOB, room="Milk", id="1"))
            self.assertFalse(first.duplicate or second.duplicate or third.duplicate)
            again = [self.apply(message("x", id=sent)) for sent in ("1", "2")]
            self.assertEqual([a.entry for a in again], [first.entry, second.entry])

    def test_a_retry_returns_the_current_state_of_the_message(self):
        self.entry(message("hi", id="7"))
        edited = self.entry(edit(1, "hello"))
        again = self.entry(message("hi", id="7"))
        self.assertEqual((again.seq, again.text, again.edited), (1, "hello", edited.time))
        self.entry(delete(1))
        again = self.entry(message("hi", id="7"))
        self.assertEqual((again.text, again.deleted), (None, True))

    def test_a_retry_of_an_edit_returns_the_first_one(self):
        self.entry(message("one"))
        first = self.apply(edit(1, "ONE", id="e"))
        self.reopen()
        self.entry(react(1, "👍", user=BOB))
        self.entry(message("next"))
        again = self.apply(edit(1, "ONE", id="e"))
        self.assertEqual((first.duplicate, again.duplicate), (False, True))
        self.assertEqual(again.entry, first.entry)

    def test_an_edit_after_another_edit_is_no_retry(self):
        """A bot shows a state and counts its ids anew: each change of it has to be seen."""
        self.entry(message("the light is"))
        seqs: list[int] = []
        for text, sent in (("on", "3"), ("off", "4"), ("on", "3"), ("off", "4"), ("on", "3")):
            applied = self.apply(edit(1, text, id=sent))
            self.assertFalse(applied.duplicate, seqs)
            seqs.append(applied.entry.seq)
            self.assertEqual(self.read(history.one, "tea", 1).text, text)
        self.assertEqual(seqs, [2, 3, 4, 5, 6])

    def test_an_edit_is_no_retry_with_another_id_text_or_target_or_without_an_id(self):
        self.entry(message("one"))
        self.entry(message("two"))
        self.entry(edit(1, "ONE", id="e"))
        for other in (edit(2, "ONE", id="e"), edit(1, "ONE!", id="e"), edit(1, "ONE!", id="f")):
            self.assertFalse(self.apply(other).duplicate)
        for _ in range(2):
            self.assertFalse(self.apply(edit(1, "ONE!")).duplicate)
        self.assertFalse(self.apply(edit(1, "ONE!", id="f")).duplicate, "one without id was last")

    def test_a_retry_of_an_edit_is_refused_if_the_message_was_deleted_since(self):
        self.entry(message("one"))
        self.entry(edit(1, "ONE", id="e"))
        self.entry(delete(1))
        with self.assertRaises(NotFound):
            self.apply(edit(1, "ONE", id="e"))

    def test_a_retry_of_a_topic_returns_the_first_one_even_after_others(self):
        first = self.apply(topic("biscuits", id="t"))
        self.entry(topic("cake", BOB))
        self.reopen()
        again = self.apply(topic("biscuits", id="t"))
        self.assertTrue(again.duplicate)
        self.assertEqual(again.entry, first.entry)
        self.assertEqual(self.read(history.newest, "tea").topic, "cake")

    def test_a_topic_after_another_of_its_user_is_no_retry(self):
        for text, sent in (("Online", "3"), ("Offline", "4"), ("Online", "3"), ("Offline", None)):
            self.assertFalse(self.apply(topic(text, id=sent)).duplicate)
            self.assertEqual(self.read(history.newest, "tea").topic, text)
        self.assertFalse(self.apply(topic("Online", id="3")).duplicate)
        self.assertFalse(self.apply(topic("Online", room="Milk", id="3")).duplicate)
        self.assertFalse(self.apply(topic("Online", BOB, id="3")).duplicate)
        self.assertFalse(self.apply(topic("Online", id="4")).duplicate)

    def test_a_retry_is_found_by_an_index(self):
        """One row of an index is enough, however many topics and edits there are."""
        for newest, values in ((ledger.NEWEST_EDIT, (1,)), (ledger.NEWEST_TOPIC, ("u", 1))):
            plan = self.read(
                lambda c, q=newest, v=values: c.execute(f"EXPLAIN QUERY PLAN {q}", v).fetchall()
            )
            self.assertRegex(plan[0][3], "^SEARCH entries USING INDEX")
            self.assertEqual(len(plan), 1, plan)

    def test_a_second_deletion_returns_the_first_one(self):
        self.entry(message("hi"))
        first = self.apply(delete(1, id="a"))
        again = self.apply(delete(1, id="b"))
        self.assertEqual((again.entry, again.duplicate), (first.entry, True))


class ChangesTest(StoreCase):
    def now_is(self, seq):
        return self.read(history.one, "tea", seq)

    def test_an_edit_has_its_own_seq_and_changes_the_message(self):
        self.entry(message("helo"))
        entry = self.entry(edit(1, "hello", id="e"))
        self.assertEqual((entry.kind, entry.seq, entry.target), (Kind.EDITED, 2, 1))
        self.assertEqual((entry.text, entry.id), ("hello", "e"))
        now = self.now_is(1)
        self.assertEqual((now.text, now.edited), ("hello", entry.time))
        self.assertEqual(self.now_is(2), entry)

    def test_a_deletion_removes_texts_edits_and_reactions(self):
        self.entry(message("secret"))
        self.entry(edit(1, "more secret"))
        self.entry(react(1, "🎉"))
        entry = self.entry(delete(1))
        self.assertEqual((entry.kind, entry.seq, entry.target), (Kind.DELETED, 4, 1))
        now = self.now_is(1)
        self.assertEqual((now.text, now.deleted, now.reactions), (None, True, {}))
        self.assertIsNone(self.now_is(2).text)

    def test_only_the_author_may_edit_or_delete(self):
        self.entry(message("mine"))
        for change in (edit(1, "yours", BOB), delete(1, BOB)):
            with self.assertRaises(NotYours):
                self.apply(change)
        self.assertEqual(self.now_is(1).text, "mine")

    def test_only_an_undeleted_message_can_be_changed(self):
        self.entry(message("hi"))
        self.entry(topic("x"))
        self.entry(delete(1))
        for target in (0, -1, 1, 2, 3, 4, 1 << 40, (1 << 40) + 1, 1 << 70):
            for change in (edit(target, "x"), react(target, "x")):
                with self.assertRaises(NotFound):
                    self.apply(change)
            if target != 1:
                with self.assertRaises(NotFound):
                    self.apply(delete(target))
        with self.assertRaises(NotFound):
            self.apply(edit(1, "x", room="Nowhere"))
        self.assertEqual(self.entry(message("next")).seq, 4)

    def test_a_reply_needs_an_existing_message(self):
        self.entry(message("hi"))
        self.assertEqual(self.entry(message("re", reply_to=1)).reply_to, 1)
        for nothing in (0, 3, 1 << 70):
            with self.assertRaises(NotFound):
                self.apply(message("re", reply_to=nothing))

    def test_only_an_undeleted_message_can_be_replied_to(self):
        for draft in (message("1"), edit(1, "2"), react(1, "👍"), topic("4"), message("5")):
            self.entry(draft)
        self.entry(delete(5))
        for seq in (2, 3, 4, 5, 6):
            with self.subTest(seq=seq), self.assertRaises(NotFound):
                self.apply(message("re", reply_to=seq))
        self.assertEqual(self.entry(message("re", reply_to=1)).seq, 7)
        with self.assertRaises(NotFound):
            self.apply(message("elsewhere", room="Milk", reply_to=1))

    def test_a_trimmed_message_cannot_be_replied_to(self):
        self.entry(message("1"))
        self.entry(message("2"))
        self.write(retention.trim, retention.Rule(1e9, keep=1.0), batch=1)
        with self.assertRaises(NotFound):
            self.apply(message("re", reply_to=1))
        self.assertEqual(self.entry(message("re", reply_to=2)).reply_to, 2)

    def test_an_uncommitted_message_can_be_replied_to(self):
        self.entry(message("0"))
        self.writer.begin()
        self.writer.apply(message("1"), 10.0)
        self.assertEqual(self.writer.apply(message("2", reply_to=2), 10.0).entry.reply_to, 2)
        self.writer.acknowledge()
        self.writer.begin()
        self.assertEqual(self.writer.apply(message("3", reply_to=3), 10.0).entry.seq, 4)
        with self.assertRaises(NotFound):
            self.writer.apply(message("4", reply_to=5), 10.0)
        self.writer.apply(delete(2), 10.0)
        with self.assertRaises(NotFound):
            self.writer.apply(message("5", reply_to=2), 10.0)
        self.writer.commit()

    def test_a_retry_of_a_reply_works_after_its_target_was_deleted(self):
        self.entry(message("1"))
        answer = message("re", reply_to=1, id="r")
        first = self.entry(answer)
        self.entry(delete(1))
        again = self.apply(answer)
        self.assertEqual((again.entry.seq, again.duplicate), (first.seq, True))

    def test_a_reply_reads_one_row_and_other_messages_none(self):
        self.entry(message("1"))
        said: list[str] = []
        self.writer.begin()
        self.writer.run(lambda connection: connection.set_trace_callback(said.append))
        self.writer.apply(message("2"), 10.0)
        self.writer.apply(message("3", reply_to=2), 10.0)  # that one waits
        self.assertEqual(said, [])
        self.writer.apply(message("4", reply_to=1), 10.0)
        self.assertEqual(len(said), 1, said)
        self.writer.run(lambda connection: connection.set_trace_callback(None))
        self.writer.commit()

    def test_reactions_can_be_added_and_removed(self):
        self.entry(message("hi"))
        with self.assertRaises(NothingToDo):
            self.apply(react(1, "👍", on=False))
        on = self.apply(react(1, "👍"))
        self.assertEqual(self.apply(react(1, "👍", id="other")).entry, on.entry)
        self.entry(react(1, "🎉", user=BOB))
        self.entry(react(1, "👍", user=BOB))
        self.assertEqual(self.now_is(1).reactions, {"👍": (ANN.id, BOB.id), "🎉": (BOB.id,)})
        off = self.apply(react(1, "👍", on=False))
        again = self.apply(react(1, "👍", on=False))
        self.assertEqual((again.entry, again.duplicate), (off.entry, True))
        self.assertEqual(self.now_is(1).reactions, {"🎉": (BOB.id,), "👍": (BOB.id,)})
        self.assertFalse(self.apply(react(1, "👍")).duplicate)
        self.assertEqual(self.now_is(1).reactions["👍"], (BOB.id, ANN.id))

    def test_a_refused_draft_changes_nothing_in_the_transaction(self):
        self.writer.begin()
        self.writer.apply(message("one"), 1.0)
        for refused, error in (
            (edit(9, "x"), NotFound),
            (edit(1, "x", BOB), NotYours),
            (react(1, "x", on=False), NothingToDo),
            (message("\ud800"), Unstorable),
            (message("x", id="\ud800"), Unstorable),
            (edit(1, "\ud800"), Unstorable),
            (react(1, "\ud800"), Unstorable),
            (topic("\ud800"), Unstorable),
            (message("x", room="\ud800"), Unstorable),
        ):
            with self.assertRaises(error):
                self.writer.apply(refused, 1.0)
        self.writer.apply(message("two"), 1.0)
        self.writer.commit()
        kept = self.read(history.newest, "tea").entries
        self.assertEqual([(entry.seq, entry.text) for entry in kept], [(1, "one"), (2, "two")])
