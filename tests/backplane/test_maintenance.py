"""Each task of maintenance is done in time under any load; a failure affects only that task."""

import contextlib
import itertools
import sqlite3
from unittest import mock

from gochat_py.backplane import checkpoints
from gochat_py.backplane.checkpoints import ERASE_LATEST, LOG_MOST, WARN_AFTER, WHEN_BUSY, WHEN_IDLE
from gochat_py.backplane.maintenance import COMMIT_AFTER, LOOK_EVERY
from gochat_py.core.schedule import RETRY
from gochat_py.message import User
from gochat_py.store import StorageFailed, history, retention, trigrams, users
from gochat_py.store.budget import Budget
from gochat_py.store.schema import SEQ_BITS
from gochat_py.store.writer import Writer
from tests.support.maintained import DAY, MaintainedCase
from tests.support.narrow import not_none
from tests.support.store import BOB, delete, edit, message

#: Seconds between two messages: what one person says, several, and a crowd.
TRAFFIC = (3.0, 0.5, 0.3, 0.15, 0.05)

SECRET = b"a secret text"


class IdleTest(MaintainedCase):
    def test_a_copy_of_the_database_file_is_complete_after_some_idle_seconds(self):
        for number in range(400):
            self.say(message(f"said {number}"))
        self.passes(WHEN_IDLE + 1.0)
        self.assertEqual(self.writer.log_size, 0)
        copy = self.place / "copy.db"
        copy.write_bytes(self.directory.database.read_bytes())
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
        self.assertEqual((count, said), (400, "ok"))

    def test_everything_is_indexed_and_then_maintenance_waits(self):
        for number in range(3):
            self.say(message(f"hello {number}"))
        self.passes(10.0)
        self.assertEqual(self.read(trigrams.backlog), 0)
        self.assertGreater(self.maintenance.idle_timeout(self.time), LOOK_EVERY - 60.0)

    def test_acknowledged_messages_are_committed_a_tenth_of_a_second_later(self):
        self.say(message("first"))
        self.say(message("second"))
        self.passes(0.11)
        self.assertEqual(self.read(history.newest, "tea").seq, 2)

    def test_acknowledged_messages_are_committed_at_the_stop(self):
        self.say(message("first"))
        self.say(message("second"))
        self.maintenance.commit(self.writer)
        self.assertEqual(self.read(history.newest, "tea").seq, 2)


class TrafficTest(MaintainedCase):
    """The same under load."""

    def test_under_load_acknowledged_messages_are_committed_within_a_second(self):
        for _ in range(30):
            self.say(message("noise"))
            self.time += 0.05
        newest = self.read(history.newest, "tea").seq
        self.assertGreaterEqual(newest, 30 - COMMIT_AFTER / 0.05 - 1)

    def test_deleted_text_is_gone_from_every_file_within_two_seconds(self):
        for every in TRAFFIC:
            for forget in (delete, lambda seq: edit(seq, "harmless")):
                with self.subTest(every=every):
                    self.passes(1.0)
                    (entry,) = self.say(message(SECRET.decode()))
                    self.passes(5.0, every=every)
                    self.assertIn(SECRET, self.raw())
                    self.say(forget(entry.seq))
                    self.passes(2.0, every=every)
                    self.assertNotIn(SECRET, self.raw())

    def test_deleted_text_is_gone_within_two_seconds_when_deletions_never_end(self):
        """Each is gone two seconds later, and there is a pause between two checkpoints."""
        said = [
            entry.seq
            for number in range(100)
            for entry in self.say(message(f"<secret {number:03}>"))
        ]
        self.passes(2.0)
        for number, seq in enumerate(said):
            self.say(delete(seq))
            self.passes(0.1, every=0.05)
            if number >= 20:
                self.assertNotIn(f"<secret {number - 20:03}>".encode(), self.raw())

    def test_a_slow_checkpoint_is_done_less_often_but_in_time(self):
        due = checkpoints.Checkpoints()
        due.deleted(100.0)
        self.assertEqual(due.due(), 100.5)
        due.ended(101.0, took=0.001)
        self.assertEqual(due.due(), 101.009)
        due.ended(101.0, took=60.0)
        self.assertEqual(due.due(), 100.0 + ERASE_LATEST)

    def test_trimmed_text_is_gone_two_seconds_after_its_retention(self):
        for every in TRAFFIC:
            with self.subTest(every=every):
                self.start(keep=10.0)
                self.say(message(SECRET.decode()))
                self.passes(9.0, every=every)
                self.assertIn(SECRET, self.raw())
                self.passes(1.0 + 1.0 + 2.0, every=every)  # it looks every second
                self.assertNotIn(SECRET, self.raw())

    def test_the_oldest_entry_is_hardly_older_than_the_retention(self):
        """At two messages a second it was 200 s old where 30 were allowed."""
        for every in TRAFFIC:
            with self.subTest(every=every):
                self.start(keep=30.0)
                self.passes(40.0, every=every)
                oldest = 0.0
                for _ in range(40):
                    self.passes(1.0, every=every)
                    oldest = max(oldest, self.oldest())
                self.assertLess(oldest, 30.0 + 3.0 + 2.0)

    def test_a_retention_shorter_than_the_check_period_is_obeyed(self):
        self.start(keep=0.3)
        self.passes(10.0, every=0.05)
        self.assertLess(self.oldest(), 0.3 + 0.5 + 2.0)

    def test_a_room_with_many_entries_to_trim_delays_no_other(self):
        self.fill("Full", 20_000)
        self.start(keep=10.0)
        for _ in range(30):
            self.passes(1.0, every=0.15)
            self.assertLess(self.oldest(), 10.0 + 1.0 + 2.0)
        self.passes(60.0, every=0.15)
        self.assertEqual(self.kept("full"), [])

    def test_ten_thousand_rooms_are_trimmed_in_a_minute(self):
        self.writer.begin()
        for number in range(10_000):
            self.writer.apply(message("old", room=f"Room-{number}"), self.wall - 100.0)
        self.writer.commit()
        self.start(keep=30.0)
        self.passes(60.0, every=0.15)
        (left,) = self.read(
            lambda c: c.execute("SELECT count(*) FROM entries WHERE text = 'old'").fetchone()
        )
        self.assertEqual(left, 0)

    def fill(self, room, count):
        """A room with so many old messages, written without the writer."""
        self.say(message("old", room=room))
        self.passes(1.0)

        def insert(connection):
            (number,) = connection.execute("SELECT max(id) FROM rooms").fetchone()
            connection.executemany(
                "INSERT INTO entries (id, kind, user, nick, time, text)"
                " VALUES (?, 0, 'u', 'n', ?, 'old')",
                (((number << SEQ_BITS) + seq, self.wall - 100.0) for seq in range(2, count + 1)),
            )
            connection.execute("UPDATE rooms SET seq = ? WHERE id = ?", (count, number))
            connection.execute("UPDATE entries SET time = ?", (self.wall - 100.0,))

        self.write(insert)
        self.writer.forget()

    def test_an_index_with_deleted_messages_is_scrubbed(self):
        for every in TRAFFIC:
            with self.subTest(every=every):
                said = self.say(*(message(f"deleted {number}") for number in range(600)))
                self.passes(10.0, every=every)
                self.write(trigrams.index_some, 10_000, budget=Budget(60.0))
                self.say(*(delete(entry.seq) for entry in said[:50]))
                self.passes(10.0, every=every)
                self.assertEqual(self.read(trigrams.residue), 0)

    def test_scrubbing_pauses_between_passes(self):
        """With deletions that never end, it takes a tenth of the time."""
        passes = []
        real = trigrams.scrub

        def scrub(connection):
            passes.append(self.time)
            return real(connection)

        with (
            mock.patch.object(trigrams, "scrub", scrub),
            mock.patch.object(Budget, "taken", 0.1),
        ):
            for number in range(50):
                (entry,) = self.say(message(f"deleted {number}"))
                self.write(trigrams.index_some, 100)
                self.say(delete(entry.seq))
                self.passes(0.2)
        begun = sorted(set(passes))
        self.assertGreater(len(begun), 3)
        for before, after in itertools.pairwise(begun):
            self.assertGreaterEqual(after - before, 0.9)

    def test_users_are_forgotten_with_their_names(self):
        nick = "quux corge"
        user = User("q", nick)
        self.write(users.create, user, b"token", nick, self.wall - 31 * DAY)
        self.say(message("hi", user=user))
        self.passes(5.0)
        self.write(lambda c: c.execute("UPDATE entries SET nick = ''"))
        self.assertIn(nick.encode(), self.raw())
        self.passes(2 * LOOK_EVERY, every=100.0)
        self.assertNotIn(nick.encode(), self.raw())

    def test_a_user_removed_for_a_new_one_leaves_no_name_in_the_log(self):
        self.write(users.create, User("q", "quux"), b"token", "quux", self.wall - 31 * DAY)
        self.passes(5.0)
        self.assertIn(b"quux", self.raw())
        self.assertTrue(self.write(users.create, BOB, b"bob", "bob", self.wall, most=1))
        self.maintenance.forgot()
        self.passes(2.0, every=0.05)
        self.assertNotIn(b"quux", self.raw())

    def test_rooms_are_dropped(self):
        self.say(message(SECRET.decode(), room="Gone"))
        self.say(delete(1, room="Gone"))
        self.passes(DAY + 2 * LOOK_EVERY, every=300.0)
        self.assertEqual(self.read(history.newest, "gone").room, "")
        self.assertEqual(self.say(message("again", room="Gone"))[0].seq, 3)


class CheckpointTest(MaintainedCase):
    def test_a_thread_that_reads_only_delays_the_checkpoint(self):
        (entry,) = self.say(message(SECRET.decode()))
        self.passes(1.0)
        with self.read_pool.borrow() as connection:
            kept = not_none(history.one(connection, "tea", entry.seq))
            self.assertEqual(kept.text, SECRET.decode())
            self.say(delete(entry.seq))
            self.passes(3.0, every=0.05)
            self.assertIn(SECRET, self.raw())
        self.passes(2.0, every=0.05)
        self.assertNotIn(SECRET, self.raw())
        self.assertIsNone(self.read(history.one, "tea", entry.seq).text, "reading goes on")

    def test_a_foreign_reader_is_named_in_the_log_and_attempts_are_few(self):
        (entry,) = self.say(message(SECRET.decode()))
        self.passes(1.0)
        foreign = sqlite3.connect(self.directory.database, isolation_level=None)
        self.addCleanup(foreign.close)
        foreign.execute("BEGIN")
        foreign.execute("SELECT count(*) FROM entries").fetchone()
        self.say(delete(entry.seq))
        with (
            mock.patch.object(Writer, "checkpoint", return_value=False) as attempts,
            self.assertLogs("gochat_py.backplane.checkpoints", "WARNING") as logs,
        ):
            self.passes(10 * WARN_AFTER, every=0.5)
        self.assertEqual(len(logs.records), 1)
        self.assertLess(attempts.call_count, 12 * WARN_AFTER)
        self.passes(1.0, every=0.5)
        self.assertIn(SECRET, self.raw())
        foreign.execute("COMMIT")
        with self.assertLogs("gochat_py.backplane.checkpoints", "WARNING"):
            self.passes(2.0, every=0.5)
        self.assertNotIn(SECRET, self.raw())

    def test_a_log_that_has_grown_is_emptied(self):
        with self.read_pool.borrow() as connection:
            history.one(connection, "tea", 1)  # it cannot be used again while somebody reads
            self.say(message("x" * 4000))
            self.passes(1.0, every=0.05)
        grown = self.writer.log_size
        self.assertGreater(grown, 0)
        with mock.patch.object(checkpoints, "LOG_MOST", grown // 2):
            self.passes(1.0, every=0.05)
        self.assertLess(self.writer.log_size, grown)
        self.assertLess(LOG_MOST, 1 << 30)

    def test_under_constant_load_the_log_is_emptied_once_a_minute(self):
        self.passes(1.0, every=0.05)
        self.assertGreater(self.writer.log_size, 0)
        with mock.patch.object(
            Writer, "checkpoint", autospec=True, side_effect=Writer.checkpoint
        ) as made:
            self.passes(3 * WHEN_BUSY, every=0.05)
        self.assertIn(made.call_count, (2, 3, 4))

    def test_an_idle_server_writes_nothing_to_the_disk(self):
        self.start(keep=30.0)
        self.passes(10.0)
        with mock.patch.object(Writer, "checkpoint") as made:
            self.passes(LOOK_EVERY)
        made.assert_not_called()


class FailureTest(MaintainedCase):
    keep = 30.0

    def test_a_task_that_always_fails_is_logged_and_delays_no_other(self):
        for error in (StorageFailed("full"), sqlite3.DatabaseError("malformed"), KeyError("what")):
            with (
                self.subTest(error=repr(error)),
                mock.patch.object(retention, "trim", side_effect=error) as trim,
                self.assertLogs("gochat_py.backplane.maintenance", "WARNING") as logs,
            ):
                self.start()
                (entry,) = self.say(message(SECRET.decode()))
                self.passes(1.0)
                self.say(delete(entry.seq))
                self.passes(2.0, every=0.05)
                self.assertNotIn(SECRET, self.raw())
                self.passes(60.0, every=0.1)
                self.assertEqual(self.read(trigrams.residue), 0)
                self.assertLess(self.read(trigrams.backlog), 600)
                self.assertLess(trim.call_count, 10)
                self.assertEqual(len(logs.records), trim.call_count)
                self.assertIn("trim", logs.records[0].getMessage())
        self.passes(70.0, every=0.1)
        self.assertLess(self.oldest(), 40.0, "it has recovered")

    def test_a_failed_commit_is_tried_again_and_loses_nothing(self):
        self.say(message("before"))
        self.passes(1.0)
        self.say(message("acknowledged"))
        with (
            mock.patch.object(Writer, "commit", side_effect=MemoryError),
            self.assertLogs("gochat_py.backplane.maintenance", "ERROR") as logs,
        ):
            self.passes(RETRY - 1.0)
        said = [record.getMessage() for record in logs.records]
        self.assertEqual(sum("(commit)" in each for each in said), 1)
        self.passes(RETRY + 1.0)
        self.assertEqual(self.read(history.newest, "tea").seq, 2)

    def test_a_failed_checkpoint_is_tried_again(self):
        (entry,) = self.say(message(SECRET.decode()))
        self.passes(1.0)
        self.say(delete(entry.seq))
        with (
            mock.patch.object(Writer, "checkpoint", side_effect=StorageFailed("io")) as attempts,
            self.assertLogs("gochat_py.backplane.maintenance", "WARNING"),
        ):
            self.passes(60.0, every=0.5)
        self.assertLess(attempts.call_count, 60.0 / RETRY + 2)
        self.passes(RETRY + 1.0, every=0.5)
        self.assertNotIn(SECRET, self.raw())
