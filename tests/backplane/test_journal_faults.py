"""An unexpected error in one request fails only that request."""

import sqlite3
from typing import Any
from unittest import mock

from gochat_py import failures
from gochat_py.backplane.requests import Ask, Write
from gochat_py.channel import Reply
from gochat_py.errors import Closed
from gochat_py.message import Draft, Kind
from gochat_py.refusals import Code, Refusal
from gochat_py.store import StorageFailed, history, ledger
from gochat_py.store.writer import Writer
from tests.backplane.test_journal import ANN, JournalCase, message

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
        self.enterContext(mock.patch.object(failures, "REPEAT_AFTER", -1.0))

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

    def test_an_unexpected_error_refuses_that_draft_only(self):
        for number, error in enumerate(FAULTS):
            with (
                self.subTest(repr(error)),
                self.faulty("_message", error, lambda draft: draft.text == "bad"),
                self.assertLogs("gochat_py.failures", "ERROR") as logs,
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

    def test_an_unexpected_error_refuses_that_change_only_and_leaves_no_part_of_it(self):
        self.write(message("a", "1"))
        self.published()
        change = self.bad(Kind.EDITED, target=1)
        with (
            self.faulty("_change", ValueError("late"), lambda _: True),
            self.assertLogs("gochat_py.failures", "ERROR"),
        ):
            self.write(change, message("b", "2"))
        self.assertEqual([w.entry.seq for w in self.published()], [2])
        page = self.journal.page("lobby", None, None, 50)
        self.assertEqual([(entry.seq, entry.text) for entry in page.entries], [(1, "a"), (2, "b")])

    def test_an_unexpected_error_refuses_that_request_only(self):
        def fail(connection, _now):
            connection.execute("UPDATE terms SET name = 'half done'")
            raise RuntimeError

        kept, replies = list[Any](), [Reply[Any](), Reply[Any]()]
        with self.assertLogs("gochat_py.failures", "ERROR"):
            self.journal.handle(
                [
                    Ask(fail, replies[0], on_persisted=lambda _: kept.append("never")),
                    Write(message("a", "1"), self.sender),
                    Ask(lambda *_: "well", replies[1], on_persisted=kept.append),
                ],
                now=1.0,
            )
        with self.assertRaises(Refusal) as caught:
            replies[0].wait(0)
        self.assertEqual(caught.exception.code, Code.STORAGE_FAILED)
        self.assertEqual((replies[1].wait(0), kept), ("well", ["well"]))
        self.assertEqual(len(self.published()), 1)
        self.assertNotEqual(self.journal.replay(ANN, "lobby", None)[0].epoch, "half done")

    def test_a_database_error_refuses_the_batch_and_the_next_one_works(self):
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        with (
            self.faulty("_message", full, lambda draft: draft.text == "bad"),
            self.assertLogs("gochat_py.store.health", "ERROR"),
        ):
            self.write(message("a", "1"), self.bad(), message("b", "2"))
        self.assertEqual([each.code for each in self.sender.refused], [Code.STORAGE_FAILED] * 3)
        self.write(message("a", "1"))
        self.assertEqual([w.entry.seq for w in self.published()], [1])

    def test_requests_stored_before_the_database_failed_are_not_refused(self):
        full = StorageFailed("full")
        with (
            self.faulty("_message", ValueError(), lambda draft: draft.text == "bad"),
            mock.patch.object(Writer, "acknowledge", self.commit_once(full)),
            self.assertLogs("gochat_py", "ERROR"),
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

    def test_an_unexpected_error_while_reading_refuses_that_request_only(self):
        self.write(message("a", "1"))
        for error in FAULTS:
            with (
                self.subTest(repr(error)),
                mock.patch.object(history, "find_room", side_effect=error),
                self.assertLogs("gochat_py.failures", "ERROR"),
                self.assertRaises(Refusal) as caught,
            ):
                self.journal.page("lobby", None, None, 50)
            self.assertEqual(caught.exception.code, Code.STORAGE_FAILED)
        with mock.patch.object(history, "find_room", side_effect=Closed), self.assertRaises(Closed):
            self.journal.page("lobby", None, None, 50)
        self.assertTrue(self.journal.page("lobby", None, None, 50).entries)

    def test_the_same_failure_is_logged_once_a_minute(self):
        with (
            mock.patch.object(failures, "REPEAT_AFTER", 60.0),
            self.faulty("_message", ValueError(), lambda draft: draft.text == "bad"),
            self.assertLogs("gochat_py.failures", "ERROR") as logs,
        ):
            for _ in range(5):
                self.write(self.bad())
        self.assertEqual(len(logs.records), 1)
        self.assertEqual(len(self.sender.refused), 5)

    def test_a_limit_is_refused_with_its_remedy(self):
        self.journal._writer.close()
        self.journal._writer._most_rooms = 1
        self.write(message("a", "1"), Draft(Kind.MESSAGE, "B", "b", ANN, "2", "b"))
        (refusal,) = self.sender.refused
        self.assertEqual((refusal.code, refusal.answers), (Code.LIMIT_REACHED, "2"))
        self.assertIn("use an existing room", refusal.message)
        self.journal._most_users = 1
        self.identify("Ann")
        with self.assertRaises(Refusal) as caught:
            self.identify("Bob")
        self.assertEqual(caught.exception.code, Code.LIMIT_REACHED)
