"""Users, nicks and read marks over several connections of one user."""

import itertools
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.backplane.attendance import Arrival, Attendance
from gochat_py.backplane.maintenance import Maintenance
from gochat_py.backplane.tasks import SWEEP_EVERY
from gochat_py.codes import Close
from gochat_py.core.clock import EARLIEST
from gochat_py.message import User
from gochat_py.orders import Publish, ReadMark, Renamed
from gochat_py.refusals import Code, Refusal
from gochat_py.store import StorageFailed, users
from tests.backplane.test_journal import FakeSender, JournalCase, message
from tests.support.case import TestCase
from tests.support.narrow import as_a
from tests.support.store import StoreCase


class NickTest(JournalCase):
    def test_all_connections_of_a_user_share_one_nick(self):
        first, token = self.identify("Ann")
        second, _ = self.identify("Ann", token)
        self.assertIs(first, second)
        self.rename(second, "Anna")
        self.assertEqual(first.nick, "Anna")
        self.write(message("hello", "1", first))
        self.assertEqual(self.published()[0].entry.nick, "Anna")

    def test_the_hub_gets_a_rename_after_the_messages_under_the_old_nick(self):
        user, _ = self.identify("Ann")
        self.write(message("hello", "1", user))
        self.rename(user, "Anna")
        published, renamed = self.orders()
        self.assertEqual(as_a(Publish, published).batch[0].entry.nick, "Ann")
        self.assertEqual(renamed, Renamed(self.sender, User(user.id, "Anna"), "n"))

    def test_an_unchanged_nick_is_answered_and_sent_to_no_other_user(self):
        user, _ = self.identify("Ann")
        self.rename(user, "Ann")
        (renamed,) = self.orders()
        self.assertFalse(as_a(Renamed, renamed).changed)

    def test_hello_with_another_nick_renames_a_connected_user(self):
        user, token = self.identify("Ann")
        self.identify("Anna", token)
        (renamed,) = self.orders()
        self.assertEqual(renamed, Renamed(self.sender, User(user.id, "Anna"), None, greeting=True))
        self.assertEqual(user.nick, "Anna")

    def test_hello_with_another_nick_of_a_user_without_connections_is_not_sent(self):
        user, token = self.identify("Ann")
        self.ask(lambda: self.journal.seen(user))
        again, _ = self.identify("Anna", token)
        self.assertEqual((again.id, again.nick), (user.id, "Anna"))
        self.assertEqual(self.orders(), [])

    def test_a_rename_that_was_not_stored_has_no_effect(self):
        user, _ = self.identify("Ann")
        with (
            mock.patch.object(self.journal._writer, "acknowledge", side_effect=StorageFailed("x")),
            self.assertLogs("gochat_py", "ERROR"),
            self.assertRaises(Refusal),
        ):
            self.rename(user, "Anna")
        self.journal._writer.rollback()
        self.assertEqual(user.nick, "Ann")
        self.assertEqual(self.orders(), [])

    def test_a_request_that_times_out_closes_the_connection(self):
        """It may be done and answered later; the connection must not get a second answer."""
        user, _ = self.identify("Ann")
        with (
            mock.patch("gochat_py.backplane.user_requests.BUSY", 0.0),
            self.assertRaises(Refusal) as caught,
        ):
            self.journal.rename(user, "Anna", "anna", FakeSender(), "n")
        self.assertEqual(caught.exception.close, Close.TRY_AGAIN_LATER)

    def test_a_user_is_present_as_long_as_a_connection_is(self):
        user, token = self.identify("Ann")
        self.identify("Ann", token)
        self.ask(lambda: self.journal.seen(user))
        self.assertIn(user.id, self.journal._attendance)
        self.ask(lambda: self.journal.seen(user))
        self.assertNotIn(user.id, self.journal._attendance)

    def test_a_hello_that_is_refused_or_times_out_is_not_counted(self):
        user, _ = self.identify("Ann")
        with self.assertRaises(Refusal):
            self.identify("Ann")
        with (
            mock.patch("gochat_py.backplane.user_requests.BUSY", 0.0),
            self.assertRaises(Refusal) as caught,
        ):
            self.journal.identify(self.sender, "Bob", "bob", None, self.allow_new)
        self.assertEqual(caught.exception.code, Code.BUSY)
        self.journal.handle(self.journal.inbox.take(), now=1.0)  # it is done, and nobody is there
        self.assertEqual(self.journal._attendance.after("", 9), [user.id])

    def test_a_read_mark_that_cannot_be_stored_is_refused_with_its_id(self):
        user, _ = self.identify("Ann")
        self.write(message("hello", "1", user))
        with (
            mock.patch.object(self.journal._writer, "acknowledge", side_effect=StorageFailed("x")),
            self.assertLogs("gochat_py", "ERROR"),
        ):
            self.ask(lambda: self.journal.mark_read(user, "lobby", 1, self.sender, "r"))
        self.journal._writer.rollback()
        (refusal,) = self.sender.refused
        self.assertEqual((refusal.code, refusal.answers), (Code.STORAGE_FAILED, "r"))

    def test_a_stored_read_mark_is_sent_to_the_hub_and_never_decreases(self):
        user, _ = self.identify("Ann")
        for text in ("a", "b", "c"):
            self.write(message(text, text, user))
        for seq in (2, 1, 9):
            self.ask(lambda seq=seq: self.journal.mark_read(user, "lobby", seq, self.sender, None))
        marks = [each for each in self.orders() if isinstance(each, ReadMark)]
        self.assertEqual(marks, [ReadMark(self.sender, user.id, "lobby", n) for n in (2, 2, 3)])

    def test_a_read_mark_in_an_empty_room_is_not_refused(self):
        user, _ = self.identify("Ann")
        self.ask(lambda: self.journal.mark_read(user, "lobby", 1, self.sender, "r"))
        self.assertEqual((self.sender.refused, self.sender.sent), ([], []))


class ReleaseTest(JournalCase):
    """A new user's first connection was lost; perhaps the client did not receive the token."""

    def release(self, user) -> None:
        self.ask(lambda: self.journal.release_nick(user))

    def taken(self, nick: str) -> bool:
        try:
            self.identify(nick)
        except Refusal as refusal:
            self.assertIs(refusal.code, Code.NICK_TAKEN)
            return True
        return False

    def test_the_nick_of_a_user_who_never_got_the_token_is_released(self):
        user, _ = self.identify("Ann")
        self.release(user)
        self.assertFalse(self.taken("Ann"))

    def test_a_nick_is_not_released_if_the_user_has_another_connection(self):
        user, token = self.identify("Ann")
        self.identify("Ann", token)
        self.release(user)
        self.assertTrue(self.taken("Ann"))

    def test_a_nick_is_not_released_if_the_user_reconnected(self):
        user, token = self.identify("Ann")
        again, _ = self.identify("Ann", token)
        self.ask(lambda: self.journal.seen(again))
        self.release(user)
        self.assertTrue(self.taken("Ann"))


class ExpiryTest(JournalCase):
    """The clock of these tests is at 1.0, set by `ask`, and trusted."""

    def setUp(self) -> None:
        super().setUp()
        for seconds in (0.0, 3_600.0):
            self.journal._maintenance.observe_clock(seconds, EARLIEST + seconds)

    def test_a_connected_user_keeps_the_nick_even_if_seen_long_ago(self):
        """As when a machine starts without knowing the time, and its clock is set right."""
        user, _ = self.identify("Ann")
        self.seen_long_ago()
        for call in (
            lambda: self.identify("Ann"),
            lambda: self.rename(self.identify("Bob")[0], "Ann"),
        ):
            with self.assertRaises(Refusal) as caught:
                call()
            self.assertIs(caught.exception.code, Code.NICK_TAKEN)
        self.ask(lambda: self.journal.seen(user))
        self.seen_long_ago()
        self.assertNotEqual(self.identify("Ann")[0].id, user.id)

    def seen_long_ago(self) -> None:
        self.journal._writer.begin()
        self.journal._writer.run(
            lambda db: db.execute("UPDATE users SET seen = ?", (-31 * users.DAY,))
        )
        self.journal._writer.commit()


class PresentTest(StoreCase):
    def test_all_connected_users_are_recorded_as_seen_a_few_at_a_time(self):
        attendance = Attendance()
        people = [User(f"{number:04}", f"user {number}") for number in range(600)]
        for user in people:
            self.write(users.create, user, user.id.encode(), user.nick, 1.0)
            if int(user.id) % 2:
                attendance.connected(user, Arrival(), returned=False)
        after, steps = "", 0
        while after is not None:
            after = self.write(users.saw_present, attendance, 7.0, after=after)
            steps += 1
        self.assertEqual(steps, 2)
        seen = self.read(lambda c: c.execute("SELECT id, seen FROM users").fetchall())
        self.assertEqual({seen for user, seen in seen if int(user) % 2}, {7.0})
        self.assertEqual({seen for user, seen in seen if not int(user) % 2}, {1.0})

    def test_maintenance_records_connected_users_every_hour(self):
        maintenance, ann = Maintenance(0.0, 0), User("1", "Ann")
        self.write(users.create, ann, b"", "ann", EARLIEST)
        maintenance.attendance.connected(ann, Arrival(), returned=False)
        now, end = 0.0, 3.5 * SWEEP_EVERY
        recorded = set()
        while now < end:
            now += maintenance.idle_timeout(now)
            maintenance.step(self.writer, self.read_pool, True, now, EARLIEST + now)
            recorded |= set(self.read(lambda c: c.execute("SELECT seen FROM users").fetchall()))
        seen = sorted(each - EARLIEST for (each,) in recorded)
        self.assertEqual(seen[0], 0.0)
        self.assertLess(max(b - a for a, b in itertools.pairwise(seen)), SWEEP_EVERY + 60.0)
        self.assertGreater(seen[-1], 3 * SWEEP_EVERY - 60.0)


class AttendanceTest(TestCase):
    def test_attendance_counts_connections(self):
        attendance, ann = Attendance(), User("1", "Ann")
        for _ in range(2):
            attendance.connected(ann, Arrival(), returned=False)
        attendance.disconnected("1")
        self.assertIn("1", attendance)
        attendance.disconnected("1")
        attendance.disconnected("1")
        self.assertNotIn("1", attendance)
        attendance.connected(ann, Arrival(), returned=False)
        self.assertIn("1", attendance)

    @given(st.lists(st.tuples(st.sampled_from(["came", "gave_up", "went"]), st.integers(0, 2))))
    def test_a_user_with_a_connection_is_present(self, steps):
        attendance = Attendance()
        users_ = [User(str(number), f"user {number}") for number in range(3)]
        arrivals: dict[str, list[Arrival]] = {user.id: [] for user in users_}
        for what, number in steps:
            user = users_[number]
            mine = arrivals[user.id]
            if what == "came":
                mine.append(Arrival())
                attendance.connected(user, mine[-1], returned=False)
            elif what == "gave_up":  # before it was counted, or after
                if mine:
                    attendance.gave_up(mine.pop())
                late = Arrival()
                attendance.gave_up(late)
                attendance.connected(user, late, returned=False)
                self.assertIsNone(late.user)
            elif mine:
                mine.pop()
                attendance.disconnected(user.id)
            there = sorted(user for user, each in arrivals.items() if each)
            self.assertEqual(attendance.after("", 3), there)
            self.assertEqual(attendance.after("0", 1), [u for u in there if u > "0"][:1])
