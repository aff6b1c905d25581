import shutil

from gochat_py.message import Kind, Position, RoomInfo
from gochat_py.store import history, retention, search, users
from gochat_py.store.budget import Budget
from gochat_py.store.errors import HistoryTruncated
from gochat_py.store.search import Found
from tests.support.case import PATIENCE
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react, topic


class ReplayTest(StoreCase):
    def since(self, seq, epoch=None, **limits):
        return self.read(
            history.since, "tea", Position(epoch or self.directory.epoch, seq), **limits
        )

    def fill(self, count):
        self.writer.begin()
        for number in range(1, count + 1):
            self.writer.apply(message(f"m{number}"), 10.0)
        self.writer.commit()

    def test_a_replay_has_exactly_the_entries_after_the_position(self):
        self.fill(5)
        for seq in range(6):
            replay = self.since(seq)
            self.assertEqual([entry.seq for entry in replay.entries], list(range(seq + 1, 6)))
            self.assertTrue(replay.recovered)
            self.assertEqual(replay.more, seq > 0)
            self.assertEqual((replay.seq, replay.epoch), (5, self.directory.epoch))

    def test_a_replay_that_cannot_be_recovered_has_the_newest_entries(self):
        self.fill(9)
        for replay in (
            self.since(10, newest=4),  # a place that never was
            self.since(-1, newest=4),
            self.since(8, epoch="another", newest=4),
            self.since(3, limit=5, newest=4),
            self.read(history.newest, "tea", 4),
        ):
            self.assertEqual([entry.seq for entry in replay.entries], [6, 7, 8, 9])
            self.assertFalse(replay.recovered)
            self.assertTrue(replay.more)
        self.assertTrue(self.since(3, limit=6).recovered)

    def test_a_room_without_history_is_an_empty_one(self):
        replay = self.since(0)
        self.assertEqual((replay.entries, replay.recovered, replay.seq), ((), True, 0))
        self.assertFalse(self.since(1).recovered)
        self.assertFalse(self.since(0, epoch="another").recovered)
        self.assertFalse(self.read(history.newest, "tea").recovered)

    def test_a_replay_across_trimmed_entries_is_not_recovered(self):
        self.fill(6)
        self.write(retention.trim, retention.Rule(1e9, 1.0), batch=3)
        self.assertFalse(self.since(2).recovered)
        self.assertEqual([entry.seq for entry in self.since(2).entries], [4, 5, 6])
        self.assertFalse(self.since(2).more)
        self.assertTrue(self.since(3).recovered)
        self.assertFalse(self.since(3).more)

    def test_a_replay_has_every_kind_in_order_and_messages_in_their_current_state(self):
        self.entry(message("helo", reply_to=None, bot=True))
        self.entry(topic("tea"))
        self.entry(edit(1, "hello"))
        self.entry(react(1, "👍", user=BOB))
        replay = self.since(0)
        self.assertEqual(
            [entry.kind for entry in replay.entries],
            [Kind.MESSAGE, Kind.TOPIC, Kind.EDITED, Kind.REACTED],
        )
        first = replay.entries[0]
        self.assertEqual(
            (first.text, first.reactions, first.bot), ("hello", {"👍": (BOB.id,)}, True)
        )
        self.assertEqual((replay.topic, replay.room), ("tea", "Tea"))
        self.assertEqual((replay.entries[3].emoji, replay.entries[3].on), ("👍", True))


class PageTest(StoreCase):
    def setUp(self):
        super().setUp()
        self.fill()

    def fill(self):
        self.writer.begin()
        for number in range(1, 8):
            self.writer.apply(message(f"m{number}"), 10.0)
        self.writer.commit()

    def page(self, **where):
        page = self.read(history.page, "tea", **where)
        return [entry.seq for entry in page.entries], page.more

    def test_pages_can_be_read_backwards_and_forwards(self):
        self.assertEqual(self.page(limit=3), ([5, 6, 7], True))
        self.assertEqual(self.page(before=5, limit=3), ([2, 3, 4], True))
        self.assertEqual(self.page(before=2, limit=3), ([1], False))
        self.assertEqual(self.page(before=4, limit=3), ([1, 2, 3], False))
        self.assertEqual(self.page(after=5, limit=1), ([6], True))
        self.assertEqual(self.page(after=5, limit=2), ([6, 7], False))

    def test_a_page_after_a_trimmed_seq_is_refused(self):
        self.write(retention.trim, retention.Rule(100.0, keep=0.0), batch=3)
        for after in (0, 1, 2):
            with self.assertRaises(HistoryTruncated) as caught:
                self.page(after=after)
            self.assertIn("4", str(caught.exception))
        self.assertEqual(self.page(after=3), ([4, 5, 6, 7], False))
        self.assertEqual(self.page(after=7), ([], False))

    def test_the_oldest_page_says_that_older_entries_were_trimmed(self):
        def truncated(**where):
            return self.read(history.page, "tea", **where).truncated

        self.assertFalse(truncated(before=2))
        self.write(retention.trim, retention.Rule(100.0, keep=0.0), batch=3)
        self.assertEqual(self.page(before=6), ([4, 5], False))
        for where in ({"before": 6}, {"before": 4}, {"before": 1}, {}):
            self.assertTrue(truncated(**where), where)
        self.assertFalse(truncated(before=7, limit=1))
        newest = self.read(history.newest, "tea", 10)
        self.assertEqual((newest.more, newest.truncated), (False, True))
        self.assertFalse(self.read(history.newest, "tea", 2).truncated)

    def test_a_replay_in_parts_notices_entries_trimmed_meanwhile(self):
        for trimmed_between in range(8):
            with self.subTest(trimmed_between=trimmed_between):
                self.reset()
                seen, after = [], 0
                try:
                    while True:
                        entries, more = self.page(after=after, limit=2)
                        seen += entries
                        if not more:
                            break
                        after = entries[-1]
                        rule = retention.Rule(100.0, keep=0.0)
                        self.write(retention.trim, rule, batch=trimmed_between)
                except HistoryTruncated:
                    self.assertGreater(trimmed_between, 2)
                else:
                    self.assertEqual(seen, list(range(1, 8)))
                self.assertEqual(seen, list(range(1, len(seen) + 1)), "nothing is left out")

    def reset(self):
        self.close()
        shutil.rmtree(self.place / "data")
        self.open()
        self.fill()

    def test_a_room_that_continues_the_numbers_of_a_dropped_one_has_no_older_entries(self):
        self.write(retention.trim, retention.Rule(100.0, keep=0.0))
        self.write(retention.drop_rooms, 1e9)
        self.writer.forget()
        with self.assertRaises(HistoryTruncated):
            self.page(after=5)  # the room is gone, and what came after 5 with it
        self.assertEqual(self.page(after=7), ([], False))
        self.assertEqual(self.page(after=0), ([], False))
        self.entry(message("again"))
        self.assertEqual(self.page(after=0), ([8], False))
        self.assertEqual(self.page(after=7), ([8], False))
        self.assertFalse(self.read(history.page, "tea").truncated, "nothing of this one is gone")
        with self.assertRaises(HistoryTruncated):
            self.page(after=5)

    def test_any_seq_can_be_given_for_a_page(self):
        for number in (-(1 << 70), -1, 0, 1):
            self.assertEqual(self.page(before=number), ([], False))
        for number in (7, 8, 1 << 40, 1 << 70):
            self.assertEqual(self.page(after=number), ([], False))
        self.assertEqual(self.page(before=1 << 70, limit=1), ([7], True))
        self.assertEqual(self.page(after=-(1 << 70), limit=1), ([1], True))
        self.assertIsNone(self.read(history.one, "tea", 1 << 70))
        self.assertEqual(self.read(history.page, "none").entries, ())

    def test_rooms_are_listed(self):
        self.entry(topic("cakes", room="Bakery"))
        self.assertEqual(
            self.read(history.rooms),
            ([RoomInfo("Bakery", "bakery", "cakes", 1), RoomInfo("Tea", "tea", "", 7)], False),
        )


class EffortTest(StoreCase):
    """The cost of reading does not grow with the history."""

    def setUp(self):
        super().setUp()
        self.writer.begin()
        for number in range(1, 301):
            self.writer.apply(message(f"number {number}"), 10.0)
        for number in range(1, 301, 2):
            self.writer.apply(react(number, "👍"), 10.0)
        self.writer.commit()
        self.index()
        self.entry(message("not indexed"))

    def statements(self, function, *args, **kwargs):
        """The statements that `function` runs, parameters filled in, and its result."""
        ran: list[str] = []
        with self.read_pool.borrow() as connection:
            connection.set_trace_callback(ran.append)
            result = function(connection, *args, **kwargs)
            connection.set_trace_callback(None)
            # What FTS5 asks its own tables is its own affair, and grows with nothing of ours.
            ran = [
                statement
                for statement in ran
                if statement.startswith("SELECT") and "'main'.'grams" not in statement
            ]
            plans = [
                (statement, row[3])
                for statement in ran
                for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")
            ]
        return ran, plans, result

    def test_no_query_scans_a_table(self):
        position = Position(self.directory.epoch, 200)
        for function, args in (
            (history.since, ("tea", position)),
            (history.newest, ("tea",)),
            (history.page, ("tea",)),
            (history.one, ("tea", 5)),
            (users.find, (b"token",)),
            (users.holder, ("ann", 1.0)),
            (users.last_read, (ANN.id, "tea")),
            (search.search, (["tea"], "number")),
            (search.search, (["tea"], "9")),
        ):
            ran, plans, _ = self.statements(function, *args)
            self.assertTrue(ran and plans)
            for statement, plan in plans:
                # A virtual table with an index in use is spoken of as scanned, too.
                if plan.startswith("SCAN") and "VIRTUAL TABLE INDEX" not in plan:
                    self.fail(f"{function.__name__}: {plan}: {statement}")

    def test_no_write_scans_a_table(self):
        ran: list[str] = []
        self.writer.begin()
        self.writer.run(lambda connection: connection.set_trace_callback(ran.append))
        for draft in (
            message("a", id="1"),
            message("a", id="1"),
            topic("b", id="1"),
            edit(1, "c", id="1"),
            react(1, "👍", on=False),
            react(3, "👍", on=False),
            delete(5),
        ):
            self.writer.apply(draft, 20.0)
        self.writer.run(retention.trim, retention.Rule(20.0, 5.0, 9), batch=20)
        self.writer.run(retention.drop_rooms, 1e9)
        self.writer.run(users.forget, 1e9)
        self.writer.run(users.correct_future, 0.0)
        self.writer.run(users.create, ANN, b"token", "ann", 1.0)
        self.writer.run(users.claim_nick, ANN.id, "ann", "ann", 1.0)
        self.writer.run(users.saw, [ANN.id], 2.0)
        self.writer.run(users.mark_read, ANN.id, "tea", 5, 2.0)
        self.writer.run(lambda connection: connection.set_trace_callback(None))
        ran = [
            statement
            for statement in ran
            if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
            and "grams" not in statement
        ]
        self.assertGreater(len(ran), 30)
        for statement in ran:
            explain = f"EXPLAIN QUERY PLAN {statement}"
            for row in self.writer.run(lambda c, e: c.execute(e).fetchall(), explain):
                self.assertFalse(row[3].startswith("SCAN"), f"{row[3]}: {statement}")
        self.writer.rollback()

    def test_the_number_of_queries_does_not_depend_on_the_number_of_entries(self):
        for function, few, many in (
            (history.newest, ("tea", 2), ("tea", 300)),
            (search.search, (["tea"], "number 300"), (["tea"], "number")),
        ):
            ran_few = self.statements(function, *few)[0]
            ran_many, _, result = self.statements(function, *many)
            self.assertEqual(len(ran_few), len(ran_many))
            self.assertGreaterEqual(len(result.entries), 50)

    def test_a_complete_search_without_results_is_complete(self):
        self.assertEqual(
            self.read(search.search, ["tea"], "nowhere", budget=Budget(PATIENCE)),
            Found((), False, True),
        )
