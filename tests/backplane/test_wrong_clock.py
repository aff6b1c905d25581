"""A clock that is wrong by seconds or years deletes nothing, and keeps nothing for ever."""

import logging
import random
from unittest import mock

from gochat_py.backplane import tasks
from gochat_py.backplane.maintenance import LOOK_EVERY
from gochat_py.message import User
from gochat_py.store import LimitReached, NickTaken, history, retention, search, users
from tests.support.maintained import DAY, MaintainedCase
from tests.support.store import ANN, BOB, delete, message

YEAR = 365 * DAY


class WrongClockCase(MaintainedCase):
    """Days pass here, so maintenance looks for old entries once an hour."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch.object(tasks, "TRIM_EVERY", 3_600.0))
        log, quiet = logging.getLogger("gochat_py.backplane.maintenance"), logging.NullHandler()
        log.addHandler(quiet)
        self.addCleanup(log.removeHandler, quiet)

    def set_clock(self, seconds: float) -> None:
        self.clock_offset += seconds

    def said(self, room: str = "Tea") -> int:
        (entry,) = self.say(message(f"said at {self.time}", room=room))
        return entry.seq


class HistoryTest(WrongClockCase):
    keep = 30 * DAY

    def test_a_server_that_starts_with_the_clock_ahead_trims_nothing_for_an_hour(self):
        """A server that started 31 days ahead had emptied the history within four seconds."""
        for _ in range(5):
            self.said()
        self.set_clock(31 * DAY)
        self.start()
        self.passes(3_500.0, every=60.0)
        self.assertEqual(len(self.kept()), 5)
        self.set_clock(-31 * DAY)
        self.passes(2 * DAY, every=600.0)
        self.assertEqual(len(self.kept()), 5)

    def test_a_server_whose_clock_is_set_forward_trims_nothing_for_an_hour(self):
        for _ in range(5):
            self.said()
        self.passes(DAY, every=600.0)
        for days in (31, -31, 400, -400):
            with self.assertLogs("gochat_py.backplane.maintenance", "WARNING"):
                self.set_clock(days * DAY)
                self.passes(3_500.0, every=60.0)
            self.assertEqual(len(self.kept()), 5)
        self.passes(2 * DAY, every=600.0)
        self.assertEqual(len(self.kept()), 5)

    def test_a_clock_that_was_never_set_trims_nothing(self):
        for _ in range(5):
            self.said()
        self.clock_offset = 0.0  # 1970
        self.start()
        for _ in range(5):
            self.said()
        self.passes(40 * DAY)
        self.assertEqual(len(self.kept()), 10)

    def test_a_short_retention_waits_for_a_tenth_of_its_period(self):
        self.said()
        self.passes(40.0)
        self.start(keep=30.0)
        self.passes(2.9)
        self.assertEqual(len(self.kept()), 1)
        self.passes(1.0)
        self.assertEqual(self.kept(), [])

    def test_a_message_after_one_with_a_wrong_time_has_the_right_time(self):
        """After one message with the clock a day ahead, all later ones had times a day ahead."""
        self.said()
        self.set_clock(DAY)
        self.said()
        self.set_clock(-DAY)
        self.said()
        self.passes(0.2)
        entries = self.read(history.page, "tea").entries
        times = [round(entry.time - self.wall) for entry in entries]
        self.assertEqual(times, [0, DAY, 0])
        self.assertEqual([entry.seq for entry in entries], [1, 2, 3])

    def test_one_entry_from_the_future_is_trimmed_with_those_around_it(self):
        for ahead in (DAY, 10 * YEAR):
            with self.subTest(ahead=ahead):
                room = f"Room-{ahead:g}"
                self.said(room)
                self.set_clock(ahead)
                self.said(room)
                self.set_clock(-ahead)
                self.said(room)
                self.passes(20 * DAY)
                young = self.said(room)
                self.passes(12 * DAY)
                self.assertEqual(self.kept(room.casefold()), [young])
                self.passes(20 * DAY)
                self.assertEqual(self.kept(room.casefold()), [])

    def test_a_room_that_ends_in_the_future_is_trimmed_after_the_retention(self):
        """After the clock was ten years ahead once, nothing was trimmed any more."""
        self.passes(2 * LOOK_EVERY)
        self.said()
        self.set_clock(10 * YEAR)
        for _ in range(300):
            self.said()
            self.time += 1.0
        self.set_clock(-10 * YEAR)
        self.passes(29 * DAY, every=DAY / 2)
        self.assertEqual(len(self.kept()), 301)
        self.start()  # what was met is remembered over a start
        self.passes(3 * DAY)
        self.assertEqual(self.kept(), [])

    def test_a_room_with_new_messages_after_the_future_is_trimmed(self):
        self.set_clock(10 * YEAR)
        for _ in range(300):
            self.said()
        self.set_clock(-10 * YEAR)
        self.passes(DAY)
        later = self.said()
        self.passes(29.9 * DAY)
        self.assertEqual(len(self.kept()), 301)
        self.passes(1 * DAY)
        self.assertEqual(self.kept(), [])
        self.assertEqual(self.said(), later + 1)

    def test_a_clock_that_is_behind_trims_nothing(self):
        """All that is stored lies in the future then; it is as old as before when the clock is set
        right, and what was said meanwhile is not older than what follows it.
        """
        self.said()
        self.set_clock(-100 * DAY)
        self.start()
        self.passes(2 * DAY, every=DAY / 4)
        self.said()
        self.set_clock(100 * DAY)
        self.passes(10 * DAY, every=DAY / 4)
        self.assertEqual(self.kept(), [1, 2])
        self.passes(30 * DAY, every=DAY / 4)
        self.assertEqual(self.kept(), [])

    def test_a_history_limit_trims_future_entries_except_what_may_be_retried(self):
        self.start(keep=0.0, history_limit=3)
        self.set_clock(10 * YEAR)
        for _ in range(5):
            self.said()
        self.set_clock(-10 * YEAR)
        for _ in range(5):
            self.said()
        self.passes(retention.RETRY_WINDOW - 120.0)
        self.assertEqual(len(self.kept()), 10)
        self.passes(2 * LOOK_EVERY)
        self.assertEqual(self.kept(), [8, 9, 10])

    def test_a_million_future_entries_are_passed_in_few_steps(self):
        reads: list[str] = []
        for _ in range(3_000):
            self.writer.begin()
            self.writer.apply(message("x"), self.wall + 10 * YEAR)
            self.writer.acknowledge()
        self.said()
        rule = retention.Rule(self.wall + 10 * DAY, keep=DAY)
        self.writer.begin()
        self.writer.run(lambda c: c.set_trace_callback(reads.append))
        trimmed = self.writer.run(retention.trim, rule)
        self.writer.run(lambda c: c.set_trace_callback(None))
        self.writer.commit()
        self.assertEqual(trimmed.entries, retention.ENTRIES_AT_ONCE)
        self.assertLess(sum("SELECT time FROM entries" in each for each in reads), 60)

    def test_whatever_the_clock_did_only_old_entries_at_the_beginning_are_trimmed(self):
        """With random times, only the oldest entries of the room are trimmed, and no young one."""
        chance = random.Random(5)
        for _ in range(60):
            room = f"Room-{chance.getrandbits(64)}"
            now = self.wall
            times = [
                now + chance.choice([-40 * DAY, -31 * DAY, -1.0, 0.0, 5.0, DAY, 10 * YEAR])
                for _ in range(chance.randrange(1, 30))
            ]
            self.writer.begin()
            for time in times:
                self.writer.apply(message("x", room=room), time)
            self.writer.commit()
            self.write(retention.trim, retention.Rule(now, keep=30 * DAY), batch=1_000)
            kept = self.kept(room.casefold())
            first = kept[0] if kept else len(times) + 1
            self.assertEqual(kept, list(range(first, len(times) + 1)), "a prefix went")
            for time in times[: first - 1]:
                self.assertFalse(now - 30 * DAY <= time <= now + 3_600.0, "young, and gone")
            if kept:
                self.assertGreaterEqual(times[first - 1], now - 30 * DAY, "old, and kept")
            # In time, everything goes.
            later = now + 31 * DAY
            for _ in range(2):
                self.write(retention.trim, retention.Rule(later, keep=30 * DAY), batch=1_000)
                later += 31 * DAY
            self.assertEqual(self.kept(room.casefold()), [])


class UsersTest(WrongClockCase):
    def create(self, user: User, **options: object) -> None:
        key = user.nick
        token = user.id.encode()
        self.write(users.create, user, token, key, self.wall, **options)

    def there_are(self) -> set[str]:
        rows = self.read(lambda c: c.execute("SELECT id FROM users").fetchall())
        return {row[0] for row in rows}

    def test_no_user_is_forgotten_in_the_hour_after_a_start_or_a_jump(self):
        self.passes(1.0)
        self.create(ANN)
        self.set_clock(31 * DAY)
        self.start()
        self.passes(3_500.0, every=60.0)
        self.assertEqual(self.there_are(), {ANN.id})
        self.passes(2 * LOOK_EVERY)
        self.assertEqual(self.there_are(), set())

    def test_no_nick_expires_in_the_hour_after_a_jump(self):
        self.create(ANN)
        self.create(BOB)
        self.set_clock(31 * DAY)
        self.start()
        self.passes(60.0)
        self.assertFalse(self.maintenance.may_expire)
        later = {"expire": self.maintenance.may_expire}
        self.assertEqual(self.read(users.holder, ANN.nick, self.wall, **later), ANN.id)
        with self.assertRaises(NickTaken):
            self.write(users.claim_nick, BOB.id, ANN.nick, ANN.nick, self.wall, **later)
        self.passes(LOOK_EVERY)
        self.assertTrue(self.maintenance.may_expire)

    def test_no_user_is_removed_for_a_new_one_in_the_hour_after_a_jump(self):
        self.create(ANN)
        with self.assertRaises(LimitReached):
            self.write(users.create, BOB, b"bob", "bob", self.wall + 2 * DAY, most=1, expire=False)
        self.assertTrue(
            self.write(users.create, BOB, b"bob", "bob", self.wall + 2 * DAY, most=1, expire=True)
        )

    def test_a_user_seen_in_the_future_is_forgotten_in_the_end(self):
        self.passes(2 * LOOK_EVERY)
        self.set_clock(10 * YEAR)
        self.create(ANN)
        self.say(message("hi", user=ANN))
        self.set_clock(-10 * YEAR)
        self.passes(29 * DAY, every=DAY / 2)
        self.assertEqual(self.there_are(), {ANN.id})
        self.passes(4 * DAY, every=DAY / 2)
        self.assertEqual(self.there_are(), set())

    def test_a_user_who_connects_every_day_is_not_forgotten(self):
        self.passes(2 * LOOK_EVERY)
        self.set_clock(10 * YEAR)
        self.create(ANN)
        self.say(message("hi", user=ANN))
        self.set_clock(-10 * YEAR)
        for _ in range(35):
            self.write(users.claim_nick, ANN.id, ANN.nick, ANN.nick, self.wall)
            self.passes(DAY, every=DAY / 2)
        self.assertEqual(self.there_are(), {ANN.id})

    def test_a_read_mark_from_the_future_is_removed_first(self):
        self.create(ANN)
        for number in range(3):
            self.said(f"Room-{number}")
        self.write(users.mark_read, ANN.id, "room-0", 1, self.wall + 10 * YEAR)
        self.write(users.mark_read, ANN.id, "room-1", 1, self.wall)
        users.MARKS, most = 2, users.MARKS
        try:
            self.write(users.mark_read, ANN.id, "room-2", 1, self.wall + 1.0)
        finally:
            users.MARKS = most
        marks = [self.read(users.last_read, ANN.id, f"room-{number}") for number in range(3)]
        self.assertEqual(marks, [0, 1, 1])


class RoomsTest(WrongClockCase):
    def test_a_room_whose_last_deletion_is_in_the_future_is_dropped_in_the_end(self):
        self.passes(2 * LOOK_EVERY)
        self.set_clock(10 * YEAR)
        self.said()
        self.say(delete(1))
        self.set_clock(-10 * YEAR)
        self.passes(DAY / 2, every=3_600.0)
        self.assertEqual(self.read(history.newest, "tea").room, "Tea")
        self.passes(DAY, every=3_600.0)
        self.assertEqual(self.read(history.newest, "tea").room, "")

    def test_no_room_is_dropped_because_the_clock_was_set(self):
        self.said()
        self.say(delete(1))
        self.set_clock(31 * DAY)
        self.start()
        self.passes(3_500.0, every=60.0)
        self.assertEqual(self.read(history.newest, "tea").room, "Tea")

    def test_many_read_marks_are_deleted_in_steps(self):
        self.said()
        self.said("Milk")
        self.say(delete(1))

        def marks(connection):
            connection.executemany(
                "INSERT INTO reads (user, room, seq) VALUES (?, ?, 1)",
                ((f"u{number}", room) for number in range(2_500) for room in (1, 2)),
            )

        self.write(marks)
        later = self.wall + 2 * DAY
        after, steps = 0, 0
        while after is not None:
            _, after = self.write(retention.drop_rooms, later, after=after)
            steps += 1
        self.writer.forget()
        self.assertGreaterEqual(steps, 3)
        self.assertEqual(self.read(history.newest, "tea").room, "")
        (left,) = self.read(lambda c: c.execute("SELECT count(*) FROM reads").fetchone())
        self.assertEqual(left, 2_500)


class SearchTest(WrongClockCase):
    def test_results_of_a_room_are_in_the_order_of_seqs(self):
        for jump in (0.0, DAY, -DAY, 0.0):
            self.set_clock(jump)
            self.said()
            self.said("Milk")
            self.time += 1.0
        self.passes(0.2)
        found = self.read(search.search, ["tea", "milk"], "said").entries
        for key in ("tea", "milk"):
            self.assertEqual([each.seq for each in found if each.key == key], [4, 3, 2, 1])
