"""Whatever one request does, it is that request's failure; and upkeep always has its turn."""

import sqlite3
from unittest import mock

from gochat_py.backplane import failing
from gochat_py.backplane.attendance import Attendance
from gochat_py.backplane.local import RENAMES, Ask, Write
from gochat_py.backplane.upkeep import (
    EMPTY_AFTER,
    ERASE_AFTER,
    LOG_MOST,
    SWEEP_EVERY,
    TURN_EVERY,
    Upkeep,
)
from gochat_py.channel import Reply
from gochat_py.core.names import nick_key
from gochat_py.errors import Closed
from gochat_py.message import Draft, Kind
from gochat_py.orders import Written
from gochat_py.refusals import Code, Refusal
from gochat_py.store import StorageFailed, grams, history, ledger
from gochat_py.store.writer import Writer
from tests.support.case import TestCase
from tests.support.store import StoreCase, delete, edit
from tests.support.store import message as tea
from tests.unit.test_journal import ANN, FakeSender, JournalCase, message

#: Errors that no rule foresees: of Python, of SQLite about one statement, of a mistake of ours.
FAULTS = (
    OverflowError("Python int too large to convert to SQLite INTEGER"),
    sqlite3.IntegrityError("UNIQUE constraint failed"),
    sqlite3.DataError("string or blob too big"),
    sqlite3.OperationalError("too many SQL variables"),
    sqlite3.InterfaceError("bad parameter"),
    ValueError("embedded null character"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    KeyError("nobody thought of it"),
)


class FaultTest(JournalCase):
    def setUp(self):
        super().setUp()
        self.enterContext(mock.patch.object(failing, "SAY_AGAIN", -1.0))

    def bad(self, kind=Kind.MESSAGE, **fields):
        return Draft(kind, "lobby", "lobby", ANN, "bad", text="bad", **fields)

    def faulty(self, name, error, when):
        """Let a method of the ledger raise `error` after it has done its work, for some drafts."""
        real = getattr(ledger.Ledger, name)

        def method(itself, draft, *args):
            result = real(itself, draft, *args)
            if when(draft):
                raise error
            return result

        return mock.patch.object(ledger.Ledger, name, method)

    def test_it_is_that_draft_s_refusal_and_all_others_are_written(self):
        for number, error in enumerate(FAULTS):
            with (
                self.subTest(repr(error)),
                self.faulty("_message", error, lambda draft: draft.text == "bad"),
                self.assertLogs("gochat_py.backplane.failing", "ERROR") as logs,
            ):
                self.write(message("a", f"a{number}"), self.bad(), message("b", f"b{number}"))
                self.assertEqual(
                    [(w.entry.text, w.entry.seq) for w in self.published()],
                    [("a", 2 * number + 1), ("b", 2 * number + 2)],
                )
                refusal = self.sender.refused.pop()
                self.assertEqual((refusal.code, refusal.answers), (Code.STORAGE_FAILED, "bad"))
                self.assertEqual(len(logs.records), 1)
                self.assertIsNotNone(logs.records[0].exc_info)
        self.assertEqual(self.sender.refused, [])
        self.write(message("a", "a0"))
        self.assertTrue(self.published()[0].duplicate)

    def test_so_it_is_for_what_changes_a_message_and_nothing_is_half_done(self):
        self.write(message("a", "1"))
        self.published()
        change = self.bad(Kind.EDITED, target=1)
        with (
            self.faulty("_change", ValueError("late"), lambda _: True),
            self.assertLogs("gochat_py.backplane.failing", "ERROR"),
        ):
            self.write(change, message("b", "2"))
        self.assertEqual([w.entry.seq for w in self.published()], [2])
        page = self.journal.page("lobby", None, None, 50)
        self.assertEqual([(entry.seq, entry.text) for entry in page.entries], [(1, "a"), (2, "b")])

    def test_so_it_is_for_what_is_asked(self):
        def fail(connection, _now):
            connection.execute("UPDATE terms SET name = 'half done'")
            raise RuntimeError

        kept, replies = [], [Reply(), Reply()]
        with self.assertLogs("gochat_py.backplane.failing", "ERROR"):
            self.journal.handle(
                [
                    Ask(fail, replies[0], kept=lambda _: kept.append("never")),
                    Write(message("a", "1"), self.sender),
                    Ask(lambda *_: "well", replies[1], kept=kept.append),
                ],
                now=1.0,
            )
        with self.assertRaises(Refusal) as caught:
            replies[0].wait(0)
        self.assertEqual(caught.exception.code, Code.STORAGE_FAILED)
        self.assertEqual((replies[1].wait(0), kept), ("well", ["well"]))
        self.assertEqual(len(self.published()), 1)
        self.assertNotEqual(self.journal.replay(ANN, "lobby", None)[0].epoch, "half done")

    def test_an_error_of_the_database_fails_all_and_is_over_with_it(self):
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        with (
            self.faulty("_message", full, lambda draft: draft.text == "bad"),
            self.assertLogs("gochat_py.backplane.local", "ERROR"),
        ):
            self.write(message("a", "1"), self.bad(), message("b", "2"))
        self.assertEqual([each.code for each in self.sender.refused], [Code.STORAGE_FAILED] * 3)
        self.write(message("a", "1"))
        self.assertEqual([w.entry.seq for w in self.published()], [1])

    def test_what_was_stored_before_the_database_failed_is_not_refused(self):
        full = StorageFailed("full")
        with (
            self.faulty("_message", ValueError(), lambda draft: draft.text == "bad"),
            mock.patch.object(Writer, "acknowledge", self.commit_once(full)),
            self.assertLogs("gochat_py.backplane", "ERROR"),
        ):
            self.write(message("a", "1"), self.bad(), message("b", "2"), message("c", "3"))
        self.journal._writer.rollback()
        self.assertEqual([w.entry.text for w in self.published()], ["a"])
        self.assertEqual([each.answers for each in self.sender.refused], ["bad", "2", "3"])

    @staticmethod
    def commit_once(error):
        """Commit the first time, then raise."""
        outcomes = iter([None])

        def acknowledge(writer):
            try:
                next(outcomes)
            except StopIteration:
                raise error from None
            writer.commit()

        return acknowledge

    def test_a_failure_while_reading_is_that_reader_s_refusal(self):
        self.write(message("a", "1"))
        for error in FAULTS:
            with (
                self.subTest(repr(error)),
                mock.patch.object(history, "find_room", side_effect=error),
                self.assertLogs("gochat_py.backplane.failing", "ERROR"),
                self.assertRaises(Refusal) as caught,
            ):
                self.journal.page("lobby", None, None, 50)
            self.assertEqual(caught.exception.code, Code.STORAGE_FAILED)
        with mock.patch.object(history, "find_room", side_effect=Closed), self.assertRaises(Closed):
            self.journal.page("lobby", None, None, 50)
        self.assertTrue(self.journal.page("lobby", None, None, 50).entries)

    def test_the_same_failure_is_logged_once_a_minute(self):
        with (
            mock.patch.object(failing, "SAY_AGAIN", 60.0),
            self.faulty("_message", ValueError(), lambda draft: draft.text == "bad"),
            self.assertLogs("gochat_py.backplane.failing", "ERROR") as logs,
        ):
            for _ in range(5):
                self.write(self.bad())
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(len(self.sender.refused), 5)

    def test_a_limit_is_told_with_its_cure(self):
        self.journal._writer.close()
        self.journal._writer._most_rooms = 1
        self.write(message("a", "1"), Draft(Kind.MESSAGE, "B", "b", ANN, "2", "b"))
        (refusal,) = self.sender.refused
        self.assertEqual((refusal.code, refusal.answers), (Code.LIMIT_REACHED, "2"))
        self.assertIn("use one that is there", refusal.message)
        self.journal._most_users = 1
        self.identify("Ann")
        with self.assertRaises(Refusal) as caught:
            self.identify("Bob")
        self.assertEqual(caught.exception.code, Code.LIMIT_REACHED)

    def test_who_is_connected_is_kept_and_renames_only_for_them(self):
        user, token = self.identify("Ann")
        self.identify("Ann", token)
        self.ask(lambda: self.journal.rename(user, "Anna", nick_key("Anna")))
        self.assertEqual(self.journal._renames, {user.id: "Anna"})
        self.ask(lambda: self.journal.seen(user))
        self.assertIn(user.id, self.journal._attendance)
        self.assertEqual(self.journal._renames, {user.id: "Anna"})
        self.ask(lambda: self.journal.seen(user))
        self.assertNotIn(user.id, self.journal._attendance)
        self.assertEqual(self.journal._renames, {})

    def test_a_rename_that_was_not_kept_is_not_remembered(self):
        user, _ = self.identify("Ann")
        with (
            mock.patch.object(self.journal._writer, "acknowledge", side_effect=StorageFailed("x")),
            self.assertLogs("gochat_py.backplane.local", "ERROR"),
            self.assertRaises(Refusal),
        ):
            self.ask(lambda: self.journal.rename(user, "Anna", nick_key("Anna")))
        self.journal._writer.rollback()
        self.assertNotEqual(self.journal._renames.get(user.id), "Anna")

    def test_of_too_many_renames_the_oldest_is_forgotten(self):
        with mock.patch("gochat_py.backplane.local.RENAMES", 2):
            people = [self.identify(f"user {number}")[0] for number in range(3)]
            for user in (*people, people[1]):
                self.ask(
                    lambda u=user: self.journal.rename(u, f"{u.nick}!", nick_key(u.nick + "!"))
                )
        self.assertEqual(list(self.journal._renames), [people[2].id, people[1].id])
        self.assertGreaterEqual(RENAMES, 1_000)


class AttendanceTest(TestCase):
    def test_counts_connections(self):
        attendance = Attendance()
        attendance.came("1")
        attendance.came("1")
        attendance.went("1")
        self.assertIn("1", attendance)
        attendance.went("1")
        attendance.went("1")
        self.assertNotIn("1", attendance)
        attendance.came("1")
        self.assertIn("1", attendance)


class NeverCalmTest(StoreCase):
    """Somebody writes all the time: no step is ever asked for because it is calm."""

    def setUp(self):
        super().setUp()
        self.upkeep = Upkeep(0.0, 0)
        self.time = 0.0
        while self.upkeep.calm_in(self.time) < 1.0:  # what is to do at the start
            self.step(calm=True)

    def step(self, *, calm=False, seconds=0.01):
        self.time += seconds
        self.upkeep.step(self.writer, self.readers, calm, self.time, 1.0)

    def say(self, draft):
        self.now += 1.0
        self.writer.begin()
        applied = self.writer.apply(draft, self.now)
        self.writer.acknowledge()
        self.upkeep.wrote([Written(applied.entry, FakeSender(), None)])
        self.step()

    def talk(self, seconds):
        until = self.time + seconds
        while self.time < until:
            self.say(tea("noise", room="Noise"))

    def test_deleted_text_is_erased_soon_after(self):
        for forget in (delete, lambda seq: edit(seq, "harmless")):
            seq = self.entry(tea("a secret text")).seq
            self.talk(2.0)
            self.assertIn(b"a secret text", self.raw())
            self.say(forget(seq))
            self.talk(ERASE_AFTER + 0.1)
            self.assertNotIn(b"a secret text", self.raw())

    def test_a_reader_in_the_way_only_delays_it(self):
        seq = self.entry(tea("a secret text")).seq
        with self.readers.borrow() as connection:
            self.assertEqual(history.one(connection, "tea", seq).text, "a secret text")
            self.say(delete(seq))
            self.talk(ERASE_AFTER + 0.2)
            self.assertIn(b"a secret text", self.raw())
        self.talk(1.2)
        self.assertNotIn(b"a secret text", self.raw())
        self.assertIsNone(self.read(history.one, "tea", seq).text, "reading goes on")

    def test_each_task_has_its_turn(self):
        self.upkeep = Upkeep(1e9, 0)
        for number in range(20):
            self.say(tea(f"deleted {number}"))
        while self.write(grams.index_some, 100):
            pass
        self.entry(delete(1))
        self.write(lambda c: c.execute("INSERT INTO users VALUES ('1', x'00', 'x', 'x', 0, 0)"))
        done = []
        for name in ("_index", "_trim", "_scrub", "_sweep"):
            tasks = [
                (wants, self.noting(name, do, done) if do.__name__ == name else do)
                for wants, do in self.upkeep._tasks
            ]
            self.upkeep._tasks = tasks
        self.upkeep._unindexed = 600  # so many that it is worth a step
        self.talk(12 * TURN_EVERY)
        self.assertEqual(set(done), {"_index", "_trim", "_scrub", "_sweep"})
        self.assertEqual(self.read(grams.residue), 0)

    @staticmethod
    def noting(name, do, done):
        def step(*args):
            done.append(name)
            do(*args)

        return step

    def test_a_log_that_has_grown_is_emptied(self):
        with self.readers.borrow() as connection:
            history.one(connection, "tea", 1)  # it cannot be used again while somebody reads
            self.entry(tea("x" * 4000))
            self.talk(1.0)
        grown = self.writer.log_size
        self.assertGreater(grown, 0)
        with mock.patch("gochat_py.backplane.upkeep.LOG_MOST", grown // 2):
            self.talk(2 * TURN_EVERY)
        self.assertLess(self.writer.log_size, grown)
        self.assertLess(LOG_MOST, 1 << 30)

    def test_after_a_quiet_minute_nothing_is_left_in_the_log(self):
        self.talk(1.0)
        self.assertGreater(self.writer.log_size, 0)
        until = self.time + EMPTY_AFTER + 5.0
        while self.time < until or self.upkeep.calm_in(self.time) < EMPTY_AFTER:
            self.step(calm=True, seconds=self.upkeep.calm_in(self.time))
        self.assertEqual(self.writer.log_size, 0)
        self.assertLess(self.time, 3 * SWEEP_EVERY, "and it sleeps until the next sweep")

    def test_what_fails_is_logged_and_the_journal_goes_on(self):
        self.say(tea("before"))
        with (
            mock.patch.object(Writer, "commit", side_effect=MemoryError),
            self.assertLogs("gochat_py.backplane.upkeep", "ERROR") as logs,
        ):
            self.step(calm=True)
            self.step(calm=True)
        self.assertEqual(len(logs.records), 1)
        self.step(calm=True, seconds=6.0)
        self.assertEqual(self.entry(tea("after")).seq, 2)
        self.assertEqual(self.read(history.one, "tea", 1).text, "before")
