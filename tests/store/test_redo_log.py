"""Messages are acknowledged before they are committed; they can be read, and survive a kill."""

import os
import sqlite3
from contextlib import closing
from unittest import mock

from gochat_py.message import Position
from gochat_py.store import (
    NotFound,
    NothingToDo,
    NotYours,
    StorageFailed,
    history,
    open_memory,
    schema,
    search,
)
from gochat_py.store.redo_format import HEADER, SIZE, Header, scan, unpack_header
from gochat_py.store.redo_log import RedoLog
from tests.support.narrow import not_none
from tests.support.store import ANN, BOB, RedoLogCase, backup, delete, edit, message, react


class AcknowledgedTest(RedoLogCase):
    def setUp(self):
        super().setUp()
        self.entry(message("one", id="1"))

    def test_an_acknowledged_message_is_read_once_before_and_after_the_commit(self):
        (two,), (three,) = self.acknowledge(message("two")), self.acknowledge(message("three"))
        self.assertEqual((self.uncommitted(), self.writer.commit_pending), ([2, 3], True))
        known = self.directory.redo_log.of("tea")
        for _ in "before", "after":
            found = self.read(history.since, "tea", None, uncommitted=known)
            self.assertEqual([entry.seq for entry in found.entries], [1, 2, 3])
            self.assertEqual(found.entries[1:], (two.entry, three.entry))
            self.assertEqual(found.seq, 3)
            self.writer.begin()
            self.writer.commit()
        self.assertEqual((self.uncommitted(), self.writer.commit_pending), ([], False))
        self.assertEqual(self.read(history.newest, "tea").seq, 3)

    def test_every_kind_of_read_returns_acknowledged_messages(self):
        self.acknowledge(message("two"), message("three"), message("elsewhere", room="Milk"))
        uncommitted = self.directory.redo_log.of("tea")
        epoch = self.directory.epoch

        def seqs(page):
            return [entry.seq for entry in page.entries]

        for seq, expected in ((0, [1, 2, 3]), (1, [2, 3]), (2, [3]), (3, [])):
            found = self.read(history.since, "tea", Position(epoch, seq), uncommitted=uncommitted)
            self.assertEqual((found.recovered, seqs(found)), (True, expected))
        beyond = self.read(
            history.since, "tea", Position(epoch, 4), uncommitted=uncommitted, newest=2
        )
        self.assertEqual((beyond.recovered, seqs(beyond)), (False, [2, 3]))
        self.assertEqual(
            seqs(self.read(history.page, "tea", before=3, limit=1, uncommitted=uncommitted)), [2]
        )
        page = self.read(history.page, "tea", after=1, limit=1, uncommitted=uncommitted)
        self.assertEqual((seqs(page), page.more), ([2], True))
        rooms, _ = self.read(history.rooms, self.directory.redo_log.newest())
        self.assertEqual([(room.key, room.seq) for room in rooms], [("milk", 1), ("tea", 3)])

    def test_search_finds_acknowledged_messages(self):
        self.acknowledge(message("One more", BOB), message("other"), message("one last"))
        uncommitted = self.directory.redo_log.of("tea")

        def find(query, **options):
            found = self.read(search.search, ["tea"], query, uncommitted=uncommitted, **options)
            return [entry.seq for entry in found.entries], found.more

        self.assertEqual(find("one"), ([4, 2, 1], False))
        self.assertEqual(find("one", limit=1), ([4], True))
        self.assertEqual(find("one", before=4), ([2, 1], False))
        self.writer.begin()
        self.writer.commit()
        self.assertEqual(find("one"), ([4, 2, 1], False), "it is not found twice")

    def test_a_retry_is_recognized_before_and_after_the_commit(self):
        (first,) = self.acknowledge(message("two", id="2"))
        for _ in "before", "after":
            (again,) = self.acknowledge(message("two", id="2"))
            self.assertEqual((again.entry, again.duplicate), (first.entry, True))
            (old,) = self.acknowledge(message("one", id="1"))
            self.assertEqual((old.entry.seq, old.duplicate), (1, True))
            self.writer.begin()
            self.writer.commit()
        self.assertEqual(self.read(history.newest, "tea").seq, 2)

    def test_a_change_of_an_acknowledged_message_commits_both(self):
        self.acknowledge(message("umbrella"))
        self.assertTrue(b"umbrella" in self.raw())
        edited, reacted = self.acknowledge(edit(2, "two umbrellas"), react(2, "🎉"))
        self.assertEqual((edited.entry.seq, reacted.entry.seq), (3, 4))
        self.assertEqual((self.uncommitted(), self.writer.commit_pending), ([], False))
        self.acknowledge(delete(2))
        self.writer.checkpoint()
        self.assertFalse(b"umbrella" in self.raw())
        self.assertEqual(self.log.stat().st_size, SIZE)

    def test_a_new_room_is_committed_at_once(self):
        self.acknowledge(message("first", room="Milk"))
        self.assertEqual(self.read(history.newest, "milk").seq, 1)
        self.assertEqual(self.uncommitted("milk"), [])

    def test_a_batch_that_does_not_fit_is_committed(self):
        text = "x" * (SIZE // 3)
        for number in range(2, 4):
            self.acknowledge(message(text))
            self.assertEqual(self.uncommitted(), list(range(2, number + 1)))
        self.acknowledge(message(text))
        self.assertEqual(self.uncommitted(), [])
        self.assertEqual(self.read(history.newest, "tea").seq, 4)

    def test_a_batch_that_is_rolled_back_loses_no_acknowledged_message(self):
        self.acknowledge(message("two", id="2"))
        self.writer.begin()
        self.writer.apply(message("lost"), 2.0)
        self.writer.rollback()
        (again,), (next_,) = (
            self.acknowledge(message("two", id="2")),
            self.acknowledge(message("3")),
        )
        self.assertEqual((again.duplicate, again.entry.seq, next_.entry.seq), (True, 2, 3))

    def foreign(self):
        """A connection of another program."""
        other = sqlite3.connect(self.directory.database, isolation_level=None, timeout=0)
        self.addCleanup(other.close)
        return other

    def test_a_foreign_program_can_write_while_messages_are_only_acknowledged(self):
        other = self.foreign()
        self.acknowledge(message("two"))
        other.execute("INSERT INTO meta VALUES ('foreign', 1)")
        self.acknowledge(message("three"))
        other.execute("UPDATE meta SET value = 2 WHERE name = 'foreign'")
        self.writer.begin()
        self.writer.commit()
        self.assertEqual((self.uncommitted(), self.read(history.newest, "tea").seq), ([], 3))

    def test_a_foreign_program_can_write_after_requests_that_write_nothing(self):
        """Refused drafts and retries leave no lock behind, also where messages wait."""
        other = self.foreign()
        self.acknowledge(message("two", id="2"))
        self.acknowledge(message("two", id="2"))
        other.execute("INSERT INTO meta VALUES ('foreign', 1)")
        for refused, error in (
            (edit(99, "no such message"), NotFound),
            (delete(2, BOB), NotYours),
            (react(2, "🎉", on=False), NothingToDo),
        ):
            self.writer.begin()
            with self.assertRaises(error):
                self.writer.apply(refused, self.now)
            self.writer.acknowledge()
            other.execute("UPDATE meta SET value = value + 1 WHERE name = 'foreign'")

    def test_a_foreign_lock_loses_no_acknowledged_message(self):
        """Drafts are refused while it holds the lock; earlier messages are committed afterwards."""
        other = self.foreign()
        self.acknowledge(message("two", id="2"))
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with self.assertRaisesRegex(StorageFailed, "locked"):
                self.acknowledge(message("three"))
        self.assertEqual((self.uncommitted(), self.writer.commit_pending), ([2], True))
        other.execute("ROLLBACK")
        self.assertEqual(self.acknowledge(message("three"))[0].entry.seq, 3)
        self.assertTrue(self.acknowledge(message("two", id="2"))[0].duplicate)

    def test_a_failed_commit_is_repeated_and_loses_nothing(self):
        self.acknowledge(message("two", id="2"), message("three", ANN))
        full = sqlite3.OperationalError("disk full")
        with mock.patch.object(self.writer._ledger, "write", side_effect=full):
            self.writer.begin()
            with self.assertRaisesRegex(StorageFailed, "full"):
                self.writer.commit()
        self.assertEqual((self.uncommitted(), self.writer.commit_pending), ([2, 3], True))
        self.writer.begin()
        self.assertEqual((self.uncommitted(), self.read(history.newest, "tea").seq), ([], 3))
        self.assertTrue(self.writer.apply(message("two", id="2"), 1.0).duplicate)
        self.writer.commit()

    def test_if_the_redo_log_cannot_be_written_only_that_batch_fails(self):
        self.acknowledge(message("two"))
        with (
            mock.patch.object(self.directory.redo_log, "append", side_effect=OSError("io")),
            self.assertRaisesRegex(StorageFailed, "io"),
        ):
            self.acknowledge(message("lost"))
        self.assertEqual(self.uncommitted(), [2])
        self.assertEqual(self.acknowledge(message("three"))[0].entry.seq, 3)

    def test_without_a_file_the_redo_log_is_bounded_too(self):
        with (
            closing(open_memory()) as directory,
            closing(directory.writer()) as writer,
        ):
            most = 0
            for number in range(40):
                writer.begin()
                writer.apply(message("x" * 60_000), float(number))
                writer.acknowledge()
                most = max(
                    most, sum(len(not_none(entry.text)) for entry in directory.redo_log.entries)
                )
            self.assertIn(most, range(SIZE // 2, SIZE))

    def test_messages_are_acknowledged_in_memory_mode_too(self):
        directory = open_memory()
        self.addCleanup(directory.close)
        writer = directory.writer()
        self.addCleanup(writer.close)
        for text in ("one", "two"):
            writer.begin()
            writer.apply(message(text), 1.0)
            writer.acknowledge()
        self.assertEqual([entry.seq for entry in directory.redo_log.of("tea")], [2])
        self.assertEqual([path.suffix for path in directory.path.glob("*redo*")], [])


class FileTest(RedoLogCase):
    """The file is written in place, and damage to it is noticed."""

    def setUp(self):
        super().setUp()
        self.entry(message("one"))
        self.acknowledge(message("two"))

    def header(self):
        return unpack_header(self.log.read_bytes())

    def commit(self):
        self.writer.begin()
        self.writer.commit()

    def number(self):
        return self.write(schema.read_commit)

    def test_it_is_private_and_of_one_size(self):
        status = os.stat(self.log)
        self.assertEqual((status.st_mode & 0o777, status.st_size), (0o600, SIZE))

    def test_its_header_names_the_database_the_term_and_the_newest_commit(self):
        before = self.header()
        self.assertEqual((before.format, before.term), (1, self.directory.epoch))
        self.commit()
        after = self.header()
        self.assertEqual((after.identity, after.term), (before.identity, before.term))
        self.assertEqual(after.commit, before.commit + 1)
        self.assertEqual(self.number(), after.commit)

    def test_a_commit_that_changes_nothing_has_no_number(self):
        self.commit()
        before = self.header()
        self.commit()
        self.assertEqual(self.header(), before)

    def test_after_a_commit_the_file_has_no_text(self):
        self.acknowledge(message("umbrella"))
        self.assertIn(b"umbrella", self.log.read_bytes())
        self.commit()
        self.assertEqual(self.log.read_bytes()[HEADER.size :].strip(b"\0"), b"")

    def damage(self, how):
        """Damage the file, commit, acknowledge, kill the server: all messages are there."""
        how()
        self.acknowledge(message("three"))
        with self.assertLogs("gochat_py.store.redo_log", "WARNING") as logged:
            self.commit()
        self.assertIn(str(self.log), logged.output[0])
        self.assertEqual(len(logged.output), 1)
        self.acknowledge(message("four"))
        self.assertEqual(self.uncommitted(), [4], "the file was made anew")
        self.assertEqual(self.log.stat().st_size, SIZE)
        self.kill()
        self.assertEqual(self.texts(), ["one", "two", "three", "four"])

    def test_a_truncated_file_is_noticed(self):
        self.damage(lambda: os.truncate(self.log, 100))

    def test_a_full_disk_refuses_the_batch_and_loses_no_acknowledged_message(self):
        for write in (mock.Mock(side_effect=OSError(28, "full")), mock.Mock(return_value=7)):
            with (
                mock.patch("gochat_py.store.redo_log.os.pwrite", write),
                self.assertRaisesRegex(StorageFailed, "full|space"),
            ):
                self.acknowledge(message("lost"))
            self.assertEqual(self.uncommitted(), [2])
        self.kill()
        self.assertEqual(self.texts(), ["one", "two"])

    def test_with_power_durability_a_message_is_on_the_disk_before_it_is_sent(self):
        header = Header(b"i" * 16, 1, "t" * 16)
        log = RedoLog(header, self.place / "synced", sync=True)
        self.addCleanup(log.close)
        with mock.patch("gochat_py.store.redo_log._sync", side_effect=OSError("disk gone")) as sync:
            with self.assertRaisesRegex(OSError, "disk gone"):
                log.append([self.entry(message("hi"))], ["{}"])
            sync.assert_called_once()
        self.assertEqual(log.entries, [])
        self.assertEqual(scan((self.place / "synced").read_bytes(), header.identity).records, [])

    def test_a_failed_erasure_is_repeated(self):
        with (
            mock.patch("gochat_py.store.redo_log.os.pwrite", side_effect=OSError(5, "io")),
            self.assertRaisesRegex(StorageFailed, "io"),
        ):
            self.commit()
        self.assertEqual(self.uncommitted(), [2])
        self.acknowledge(message("three"))
        self.assertEqual(self.header().commit, self.number())
        self.kill()
        self.assertEqual(self.texts(), ["one", "two", "three"])


class ReplacedDatabaseTest(RedoLogCase):
    """A writer that reopens its database compares it with what it wrote."""

    def setUp(self):
        super().setUp()
        self.entry(message("one"))
        self.copy = self.place / "copy"
        backup(self.directory.database, self.copy)
        self.entry(message("two"))

    def restore(self):
        """Put the older copy in the place of the database, and let the writer reopen it."""
        self.writer.close()
        backup(self.copy, self.directory.database)

    def test_an_older_copy_is_not_written_until_the_server_is_restarted(self):
        self.acknowledge(message("three"))
        self.restore()
        for _ in range(2):
            with self.assertRaisesRegex(StorageFailed, "replaced.*restart"):
                self.writer.begin()
        with self.assertLogs("gochat_py.store.recovery", "WARNING") as logged:
            self.kill()
        self.assertIn("older than its redo log", logged.output[0])
        self.assertEqual(self.texts(), ["one", "three"], "what the log has is kept")

    def test_another_database_is_not_written(self):
        self.writer.close()
        with closing(sqlite3.connect(self.directory.database)) as db:
            db.execute("UPDATE meta SET value = randomblob(16) WHERE name = 'identity'")
            db.commit()
        with self.assertRaisesRegex(StorageFailed, "another database"):
            self.writer.begin()

    def test_an_older_copy_in_the_open_file_is_noticed_by_the_next_commit(self):
        backup(self.copy, self.directory.database)  # the writer's connection stays open
        with self.assertRaisesRegex(StorageFailed, "replaced.*restart"):
            self.entry(message("three"))
        with self.assertRaisesRegex(StorageFailed, "replaced.*restart"):
            self.writer.begin()

    def test_a_commit_that_failed_may_have_happened(self):
        self.acknowledge(message("three", id="3"))

        def fail(_commit):
            self.writer._transactions._in_doubt = True  # as if COMMIT itself had raised
            raise sqlite3.OperationalError("disk I/O error")

        self.writer.begin()
        with (
            mock.patch.object(self.directory.redo_log, "committed", fail),
            self.assertRaisesRegex(StorageFailed, "I/O"),
        ):
            self.writer.commit()
        (again,) = self.acknowledge(message("three", id="3"))
        self.assertTrue(again.duplicate)
        self.assertEqual((self.uncommitted(), self.texts()), ([], ["one", "two", "three"]))
