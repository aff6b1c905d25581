"""While nothing can be stored: known users can connect, and `/readyz` has the reason."""

import shutil
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from unittest import mock

from gochat_py.backplane import local, watching
from gochat_py.backplane.local import Journal
from gochat_py.backplane.maintenance import Maintenance
from gochat_py.backplane.requests import Ask, Write
from gochat_py.backplane.watching import LOOK_EVERY, PROOF_FOR, TRY_EVERY, Readiness, touch
from gochat_py.channel import Reply
from gochat_py.codes import Close
from gochat_py.connection_log import US
from gochat_py.core.names import nick_key
from gochat_py.errors import Closed
from gochat_py.hub import Hub
from gochat_py.message import Draft, Kind
from gochat_py.refusals import Code, Refusal
from gochat_py.store import StorageFailed, health, open_directory
from gochat_py.store.writer import Writer
from tests.backplane.test_journal import FakeSender, JournalCase, message
from tests.support.case import PATIENCE, TestCase
from tests.support.narrow import not_none


class StoredCase(JournalCase):
    """A journal whose directory is a real one."""

    def setUp(self) -> None:
        TestCase.setUp(self)
        self.place = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.place, ignore_errors=True)
        self.data = self.place / "data"
        self.directory = open_directory(self.data)
        self.addCleanup(self.directory.close)
        self.hub = Hub(compress_from=1 << 20)
        self.journal = Journal(self.directory, self.hub.inbox, Maintenance(0.0, 0))
        self.journal._writer._busy_timeout = 0.05
        self.addCleanup(self.finish)
        self.sender = FakeSender()

    def locked(self) -> sqlite3.Connection:
        """The write lock, held as a foreign program may."""
        self.journal._maintenance.commit(self.journal._writer)
        other = sqlite3.connect(self.data / "gochat.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN EXCLUSIVE")
        return other

    def refusal(self, call) -> Refusal:
        with self.assertRaises(Refusal) as caught:
            call()
        return caught.exception


class KnownTest(StoredCase):
    def test_if_nothing_can_be_stored_known_users_can_connect_and_new_ones_cannot(self):
        ann, token = self.identify("Ann")
        bob, _ = self.identify("Bob")
        self.write(message("hello", "1", ann))
        other = self.locked()
        with self.assertLogs("gochat_py.store.health", "ERROR") as logs:
            for _ in range(3):
                self.assertEqual(self.identify("Ann", token), (ann, token))
            self.assertEqual(self.refusal(lambda: self.identify("Cyn")).code, Code.STORAGE_FAILED)
            unknown = self.refusal(lambda: self.identify("Cyn", "no such token"))
            self.assertEqual(unknown.code, Code.STORAGE_FAILED)
        self.assertEqual(len(logs.records), 1)
        self.assertIn("locked", logs.output[0])
        self.assertIn(ann.id, self.journal._attendance)
        self.assertEqual(self.journal.replay(ann, "lobby", None)[0].entries[0].text, "hello")
        other.execute("ROLLBACK")
        with self.assertLogs("gochat_py.store.health", "INFO"):
            self.identify("Cyn")
        self.assertEqual(self.identify("Ann", token), (ann, token))
        self.assertNotEqual(bob.id, ann.id)

    def test_if_nothing_can_be_stored_a_known_user_keeps_the_old_nick(self):
        ann, token = self.identify("Ann")
        other = self.locked()
        with self.assertLogs("gochat_py.store.health", "ERROR"):
            self.assertEqual(self.identify("Anna", token), (ann, token))
            self.assertEqual(self.identify("Anna", token), (ann, token))
        other.execute("ROLLBACK")
        user, _ = self.identify("Anna", token)
        self.assertEqual((user.id, user.nick), (ann.id, "Anna"))

    def test_a_nick_of_another_user_is_refused_while_the_storage_works(self):
        _, token = self.identify("Ann")
        self.identify("Bob")
        self.assertEqual(self.refusal(lambda: self.identify("Bob", token)).code, Code.NICK_TAKEN)

    def come_in(self, nick, token):
        """As `identify`, while the journal does nothing."""
        return self.journal.identify(self.sender, nick, nick_key(nick), token, self.allow_new)

    def test_known_users_can_connect_if_the_journal_is_too_busy(self):
        ann, token = self.identify("Ann")
        with mock.patch.object(local, "BUSY", 0.01):
            known = self.journal.identify(
                self.sender, "Ann", nick_key("Ann"), token, self.allow_new
            )
            self.assertEqual(known, (ann, token))
            busy = self.refusal(
                lambda: self.journal.identify(
                    self.sender, "Bob", nick_key("Bob"), None, self.allow_new
                )
            )
        self.assertEqual(busy.code, Code.BUSY)


class ReadinessTest(StoredCase):
    def unready(self) -> str | None:
        return self.ask(self.journal.unready)

    def test_ready_without_a_failure_and_a_write_proves_it_now_and_then(self):
        commits = mock.patch.object(Writer, "commit", autospec=True, side_effect=Writer.commit)
        with commits as commit:
            for _ in range(20):
                self.assertIsNone(self.unready())
            self.assertEqual(commit.call_count, 1)
            now = self.directory.health.written_at
            with mock.patch.object(time, "monotonic", lambda: now + PROOF_FOR + 1.0):
                self.assertIsNone(self.unready())
            self.assertEqual(commit.call_count, 2)

    def test_unready_with_the_reason_until_writing_works_again(self):
        other = self.locked()
        self.directory.health.written_at = 0.0
        with (
            self.assertLogs("gochat_py.store.health", "ERROR"),
            mock.patch.object(time, "monotonic", lambda: 1e9),
        ):
            self.assertEqual(self.unready(), "cannot write: database is locked")
            self.assertEqual(self.unready(), "cannot write: database is locked")
        self.journal._watch.step(1e9, 1.0)
        self.assertIsNotNone(self.directory.health.reason)
        other.execute("ROLLBACK")
        self.journal._watch.step(1e9 + TRY_EVERY / 2, 1.0)
        self.assertIsNotNone(self.directory.health.reason, "it is not time yet")
        with self.assertLogs("gochat_py.store.health", "INFO"):
            self.journal._watch.step(1e9 + 2 * TRY_EVERY, 1.0)
        self.assertIsNone(self.unready())

    def test_unready_at_once_if_files_were_replaced(self):
        self.assertIsNone(self.unready())
        away = self.place / "away"
        self.data.rename(away)
        with self.assertLogs("gochat_py.store.health", "ERROR") as logs:
            for _ in range(3):
                self.assertRegex(
                    not_none(self.unready()), "^cannot write: gochat.db was removed or moved; "
                )
        self.assertEqual(len(logs.records), 1)
        self.assertNotIn(str(self.place), not_none(self.unready()), "nobody is told where it is")
        self.assertIn(str(self.place), logs.output[0], "but for the operator")
        away.rename(self.data)
        self.journal._watch.step(1e9, 1.0)
        self.assertIsNone(self.unready())

    def test_unready_if_the_journal_does_not_answer(self):
        with mock.patch.object(watching, "WAIT_FOR_PROOF", 0.01):
            self.assertIn("nothing was committed", not_none(self.journal.unready()))
        self.journal.inbox.queue.clear()

    def test_only_one_thread_waits_for_the_journal(self):
        asked, go = threading.Event(), threading.Event()
        readiness = Readiness(self.directory.files, self.directory.health)

        def ask(reply: Reply[None]) -> None:
            asked.set()
            go.wait(PATIENCE)
            reply.give(None)

        reasons: list[str | None] = []
        thread = threading.Thread(target=lambda: reasons.append(readiness.reason(ask)))
        thread.start()
        self.assertTrue(asked.wait(PATIENCE))
        self.assertIsNone(readiness.reason(lambda _: self.fail("nobody else asks")))
        go.set()
        thread.join(PATIENCE)
        self.assertEqual(reasons, [None])

    def test_unready_while_the_server_stops(self):
        self.journal.inbox.close()
        self.assertEqual(self.journal.unready(), "stopping")

    def test_the_same_reason_is_logged_once_a_minute(self):
        state = health.Health("here")
        with self.assertLogs("gochat_py.store.health", "INFO") as logs:
            for _ in range(10):
                state.failed("full")
                state.failed("full")
                state.written()
        self.assertEqual([record.levelname for record in logs.records].count("ERROR"), 1)


class WatchTest(StoredCase):
    def test_the_files_are_checked_while_nothing_is_written(self):
        watch = self.journal._watch
        self.assertLessEqual(watch.due_in(100.0), LOOK_EVERY)
        watch.step(100.0, 1.0)
        self.assertEqual(watch.due_in(100.0), LOOK_EVERY)
        self.data.rename(self.place / "away")
        watch.step(100.0 + LOOK_EVERY / 2, 1.0)
        self.assertIsNone(self.directory.health.reason)
        with self.assertLogs("gochat_py.store.health", "ERROR"):
            watch.step(100.0 + LOOK_EVERY, 1.0)
        self.assertIsNotNone(self.directory.health.reason)
        self.assertEqual(watch.due_in(100.0 + LOOK_EVERY), TRY_EVERY)
        (self.place / "away").rename(self.data)

    def test_a_failure_found_by_any_thread_is_retried_in_time(self):
        watch = self.journal._watch
        watch.step(100.0, 1.0)
        with self.assertLogs("gochat_py.store.health", "ERROR"):
            self.directory.health.failed("full")
        self.assertEqual(watch.due_in(100.0), TRY_EVERY)

    def test_an_unexpected_error_of_the_check_does_not_end_the_journal(self):
        with (
            mock.patch.object(Writer, "verify", side_effect=MemoryError),
            self.assertLogs("gochat_py.failures", "ERROR"),
        ):
            self.journal._watch.step(1e9, 1.0)


class AnswerTest(StoredCase):
    """An answer that cannot be sent fails only that connection."""

    def test_of_one_draft(self):
        class Broken(FakeSender):
            closed_with = 0

            def refuse(self, refusal):
                raise TypeError("a bug in one dialect")

            def close(self, code, reason="", *, by=US):
                self.closed_with = code

        broken = Broken()
        bad = Draft(Kind.DELETED, "lobby", "lobby", message("", "").user, "d", target=99)
        with self.assertLogs("gochat_py.failures", "ERROR"):
            self.journal.handle(
                [Write(bad, broken), Write(message("a", "1"), self.sender)], now=1.0
            )
        self.assertEqual(broken.closed_with, Close.INTERNAL_ERROR)
        self.assertEqual([w.entry.text for w in self.published()], ["a"])

    def test_of_one_question(self):
        replies = [Reply[Any](), Reply[Any]()]

        def fail(_):
            raise MemoryError

        with self.assertLogs("gochat_py.failures", "ERROR"):
            self.journal.handle(
                [Ask(lambda *_: 1, replies[0], on_persisted=fail), Ask(lambda *_: 2, replies[1])],
                now=1.0,
            )
        with self.assertRaises(Refusal):
            replies[0].wait(0)
        self.assertEqual(replies[1].wait(0), 2)

    def test_a_damaged_page_fails_only_the_requests_that_need_it(self):
        corrupt = sqlite3.DatabaseError("database disk image is malformed")
        corrupt.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        replies = [Reply[Any](), Reply[Any]()]

        def meet(*_):
            raise corrupt

        with self.assertLogs("gochat_py.failures", "ERROR"):
            self.journal.handle(
                [
                    Write(message("a", "1"), self.sender),
                    Ask(meet, replies[0]),
                    Ask(touch, replies[1]),
                    Write(message("b", "2"), self.sender),
                ],
                now=1.0,
            )
        with self.assertRaises(Refusal) as caught:
            replies[0].wait(0)
        self.assertEqual(caught.exception.code, Code.STORAGE_FAILED)
        self.assertIsNone(replies[1].wait(0))
        self.assertEqual([w.entry.text for w in self.published()], ["a", "b"])
        self.assertIsNone(self.directory.health.reason)

    def test_threads_that_wait_for_a_journal_that_fails_are_answered(self):
        in_hand, waiting = Reply[None](), Reply[None]()
        self.journal.inbox.put(Ask(touch, in_hand))

        def end(*_):
            self.journal.inbox.put(Ask(touch, waiting))
            raise SystemError("over")

        with mock.patch.object(self.journal, "handle", end), self.assertRaises(SystemError):
            self.journal.run()
        for reply in (in_hand, waiting):
            with self.assertRaises(Closed):
                reply.wait(0)
        with self.assertRaises(Closed):
            self.journal.inbox.put(Ask(touch, None))

    def test_an_unexpected_error_at_the_beginning_of_a_batch_is_a_storage_failure(self):
        self.write(message("a", "0"))
        self.write(message("a", "1"))
        self.published()
        self.journal._writer.close()  # so that it is written again, from the log
        with (
            mock.patch.object(Writer, "_restore", side_effect=TypeError("damaged")),
            self.assertLogs("gochat_py.store.health", "ERROR"),
        ):
            self.write(message("b", "2"))
        self.assertEqual(self.sender.refused[0].code, Code.STORAGE_FAILED)
        self.assertEqual(self.directory.health.reason, "damaged")
        self.write(message("b", "2"))
        self.assertEqual([w.entry.seq for w in self.published()], [3])


class ErrorTest(TestCase):
    def test_every_error_of_the_store_is_a_refusal(self):
        from gochat_py.backplane.failing import refused
        from gochat_py.store import errors

        kinds = [errors.StoreError]
        for kind in kinds:
            kinds += kind.__subclasses__()
        for kind in kinds:
            self.assertIsInstance(refused(kind("why")), Refusal)
        self.assertEqual(refused(StorageFailed()).code, Code.STORAGE_FAILED)
