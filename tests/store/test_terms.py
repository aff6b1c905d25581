"""A position is valid only if its term is known to have reached it."""

import shutil
import sqlite3
from contextlib import closing
from unittest import mock

from gochat_py.message import Position
from gochat_py.store import history, open_directory, open_memory, retention, schema, terms
from gochat_py.store.schema import MIGRATIONS
from tests.support.store import RedoLogCase, StoreCase, backup, message
from tests.support.versions_before import EPOCH, before_terms

DAY = 86_400.0


class TermsCase(StoreCase):
    def fill(self, last, room="Tea"):
        """Write entries up to the seq `last`."""
        while self.read(history.newest, room.casefold()).seq < last:
            self.entry(message("x", room=room))

    def recovered(self, epoch, room="tea"):
        """The seqs from which a client of this term is recovered."""
        newest = self.read(history.newest, room).seq
        return [
            seq
            for seq in range(newest + 30)
            if self.read(history.since, room, Position(epoch, seq)).recovered
        ]

    def rows(self, statement):
        return self.read(lambda db: db.execute(statement).fetchall())


class TermsTest(TermsCase):
    def test_each_start_begins_a_term_and_positions_of_all_terms_stay_valid(self):
        epochs = []
        for last in (3, 5, 5, 8):
            epochs.append(self.directory.epoch)
            self.fill(last)
            self.reopen()
        self.assertEqual(len({*epochs, self.directory.epoch}), 5)
        reached = [self.recovered(epoch) for epoch in epochs]
        self.assertEqual(reached, [[*range(last + 1)] for last in (3, 5, 5, 8)])
        self.assertEqual(self.recovered(self.directory.epoch), [*range(9)])
        self.assertEqual(self.recovered("another"), [])
        found = self.read(history.since, "tea", Position(epochs[0], 3))
        self.assertEqual([entry.seq for entry in found.entries], [4, 5, 6, 7, 8])
        self.assertEqual((found.epoch, found.seq), (self.directory.epoch, 8))

    def test_acknowledged_messages_belong_to_the_current_term(self):
        self.fill(3)
        before = self.directory.epoch
        self.reopen()
        self.writer.begin()
        self.writer.apply(message("4"), self.now)
        self.writer.acknowledge()
        uncommitted = self.directory.redo_log.of("tea")
        for _ in "before", "after":
            for epoch, reached in ((before, 3), (self.directory.epoch, 4)):
                for seq in range(6):
                    position = Position(epoch, seq)
                    found = self.read(history.since, "tea", position, uncommitted=uncommitted)
                    self.assertEqual(found.recovered, seq <= reached, (epoch, seq))
            self.writer.begin()
            self.writer.commit()

    def test_in_memory_mode_each_start_has_its_own_epoch(self):
        with closing(open_memory()) as one, closing(open_memory()) as other:
            self.assertEqual(len({one.epoch, other.epoch, self.directory.epoch}), 3)

    def test_a_batch_that_is_rolled_back_leaves_no_trace(self):
        self.reopen()
        self.writer.begin()
        self.writer.apply(message("x"), 1.0)
        self.writer.run(lambda _: None)
        self.writer.rollback()
        self.assertEqual(self.rows("SELECT * FROM room_terms"), [])
        self.fill(2)
        self.assertEqual([row[2] for row in self.rows("SELECT * FROM room_terms")], [1])

    def test_terms_and_what_rooms_have_of_them_are_bounded(self):
        with mock.patch.object(terms, "KEPT", 5):
            epochs = []
            for last in range(1, 13):
                self.reopen()
                epochs.append(self.directory.epoch)
                self.fill(last)
                if last == 3:
                    self.fill(3, "Milk")
            self.reopen()
            self.assertEqual(self.rows("SELECT count(*) FROM terms"), [(5,)])
            self.write(retention.drop_rooms, self.now)
            self.assertEqual(
                self.rows("SELECT room, count(*) FROM room_terms GROUP BY 1"), [(1, 4), (2, 1)]
            )
            self.assertEqual(self.recovered(epochs[-5]), [], "its name is forgotten")
            for back in range(1, 5):
                self.assertEqual(self.recovered(epochs[-back]), [*range(14 - back)])
                self.assertEqual(self.recovered(epochs[-back], "milk"), [0, 1, 2, 3])


class LostTest(TermsCase):
    """The database lost entries that were sent to clients: positions beyond are not recovered."""

    def setUp(self):
        super().setUp()
        self.fill(40)
        self.copy = self.place / "copy"
        backup(self.directory.database, self.copy)

    def restore(self):
        self.close()
        for name in ("gochat.db-wal", "gochat.db-shm"):
            (self.place / "data" / name).unlink(missing_ok=True)
        self.copy.rename(self.place / "data/gochat.db")
        with self.assertLogs("gochat_py.store.recovery", "WARNING") as logged:
            self.open()
        self.assertIn("older than its redo log", logged.output[0])

    def test_a_restored_backup(self):
        old = self.directory.epoch
        self.fill(60)
        self.restore()
        self.fill(80)
        self.assertEqual(self.recovered(old), [*range(41)], "41 and later are others now")
        self.assertEqual(self.recovered(self.directory.epoch), [*range(81)])

    def test_a_restored_backup_from_before_the_last_starts(self):
        old = self.directory.epoch
        self.fill(50)
        self.reopen()
        lost = self.directory.epoch
        self.fill(60)
        self.restore()
        self.fill(80)
        self.assertEqual(self.recovered(old), [*range(41)])
        self.assertEqual(self.recovered(lost), [])

    def test_a_restored_directory(self):
        """Database and log are from the same moment, so the loss cannot be detected."""
        epoch = self.directory.epoch
        shutil.copytree(self.place / "data", self.place / "old")
        self.fill(60)
        self.reopen()
        lost = self.directory.epoch
        self.fill(70)
        self.close()
        shutil.rmtree(self.place / "data")
        (self.place / "old").rename(self.place / "data")
        self.open()
        self.fill(80)
        self.assertEqual(self.recovered(epoch), [*range(41)])
        self.assertEqual(self.recovered(lost), [])

    def test_a_deleted_log_of_sqlite(self):
        self.writer.checkpoint()
        old = self.directory.epoch
        self.fill(60)
        keeper = sqlite3.connect(self.directory.database)  # or the last to close empties the log
        self.addCleanup(keeper.close)
        keeper.execute("SELECT count(*) FROM meta").fetchone()
        database = self.directory.database.read_bytes()
        self.close()
        keeper.close()
        self.copy.write_bytes(database)
        self.restore()
        self.fill(80)
        self.assertEqual(self.recovered(old), [*range(41)])

    def test_a_damaged_byte_in_the_log_of_sqlite(self):
        """SQLite drops what follows it, without an error."""
        self.writer.checkpoint()
        epoch = self.directory.epoch
        self.fill(60)
        left = {p.name: p.read_bytes() for p in self.directory.path.iterdir() if p.name != "lock"}
        self.close()
        for part in range(1, 8):
            shutil.rmtree(self.place / "data")
            (self.place / "data").mkdir()
            for name, data in left.items():
                (self.place / "data" / name).write_bytes(data)
            wal = bytearray(left["gochat.db-wal"])
            wal[len(wal) * part // 8] ^= 16
            (self.place / "data/gochat.db-wal").write_bytes(wal)
            (self.place / "data/gochat.db-shm").unlink()
            with self.assertLogs("gochat_py.store.recovery", "WARNING"):
                self.open()
            reached = self.read(history.newest, "tea").seq
            self.assertIn(reached, range(40, 60))
            self.fill(80)
            self.assertEqual(self.recovered(epoch), [*range(reached + 1)], part)
            self.close()
        self.open()

    def test_a_room_that_the_copy_does_not_have(self):
        old = self.directory.epoch
        self.fill(5, "Milk")
        self.restore()
        self.assertEqual(self.recovered(old, "milk"), [0], "before its first entry is no place")
        self.fill(5, "Milk")
        self.assertEqual(self.recovered(old, "milk"), [0])


class DroppedTest(TermsCase):
    """A position in a dropped room never refers to two different entries."""

    def drop(self, room):
        """Trim all of a room, and drop it."""
        (number,) = self.rows(f"SELECT id FROM rooms WHERE key = '{room.casefold()}'")[0]

        def trim(db):
            db.execute("UPDATE rooms SET first = seq + 1 WHERE id = ?", (number,))
            db.execute("DELETE FROM entries WHERE id >> 40 = ?", (number,))

        self.write(trim)
        dropped, _ = self.write(retention.drop_rooms, self.now + 2 * DAY)
        self.writer.forget()
        self.assertEqual(dropped, 1)

    def test_the_terms_of_a_dropped_room_are_removed(self):
        self.fill(3, "Gone")
        self.drop("Gone")
        self.assertEqual(self.rows("SELECT * FROM room_terms"), [])

    def test_at_the_end_of_a_dropped_room_nothing_was_missed(self):
        self.fill(10, "Gone")
        epoch = self.directory.epoch
        self.drop("Gone")
        for _ in "before", "after":
            self.assertEqual(self.recovered(epoch, "gone"), [10])
            self.reopen()
        self.fill(12, "Gone")
        self.assertEqual(self.recovered(epoch, "gone"), [10])
        self.assertEqual(self.recovered(self.directory.epoch, "gone"), [10, 11, 12])

    def test_nothing_was_missed_of_a_room_dropped_in_a_later_term(self):
        self.fill(10, "Gone")
        epoch = self.directory.epoch
        self.reopen()
        self.drop("Gone")
        self.assertEqual(self.recovered(epoch, "gone"), [10])
        self.assertEqual(self.recovered(epoch, "other"), [])
        self.fill(12, "Gone")
        self.assertEqual(self.recovered(epoch, "gone"), [10])
        self.drop("Gone")
        self.assertEqual(self.recovered(epoch, "gone"), [], "it went on after that term")

    def test_only_the_newest_dropped_rooms_are_remembered(self):
        with mock.patch.object(terms, "DROPPED_KEPT", 3):
            for number in range(6):
                self.entry(message("x", room=f"Room{number}"))
            for number in range(6):
                self.drop(f"Room{number}")
        kept = self.rows("SELECT key FROM dropped ORDER BY id")
        self.assertEqual(kept, [(terms.digest(f"room{number}"),) for number in (3, 4, 5)])

    def test_a_position_beyond_all_rooms_of_its_term_is_not_recovered(self):
        """A copy was restored that lacks a room; then another room was dropped at the same seq."""
        self.fill(1)
        copy = self.place / "copy"
        backup(self.directory.database, copy)
        lost = self.directory.epoch
        self.fill(10, "Room")
        self.close()
        copy.rename(self.place / "data/gochat.db")
        with self.assertLogs("gochat_py.store.recovery", "WARNING"):
            self.open()
        self.fill(10, "Other")
        self.drop("Other")
        self.assertEqual(self.recovered(lost, "room"), [])
        self.fill(12, "Room")
        self.assertEqual(self.recovered(lost, "room"), [])


class MigrationTest(RedoLogCase):
    def test_a_database_of_the_version_before_gets_terms(self):
        before_terms(self.place / "old")
        with closing(sqlite3.connect(self.place / "old/gochat.db")) as db:
            (version,) = db.execute("SELECT max(version) FROM migrations").fetchone()
            later = [migration.name for migration in MIGRATIONS[version:]]
        self.assertIn("terms, identity, number of the commit", later)
        (self.place / "old/gochat.db-ahead").unlink()
        directory = open_directory(self.place / "old")
        self.addCleanup(directory.close)
        with closing(directory.read_pool(1)) as read_pool:
            for room, last in (("tea", 3), ("milk", 1)):
                for seq in range(last + 2):
                    found = read_pool.run(history.since, room, Position(EPOCH, seq))
                    self.assertEqual(found.recovered, seq <= last, (room, seq))
            self.assertEqual(len(read_pool.run(schema.read_identity)), 16)
            names = {
                name for (name,) in read_pool.run(lambda db: db.execute("SELECT name FROM meta"))
            }
            self.assertFalse(names & {"epoch", "boot", "clean"})
            self.assertEqual(read_pool.run(terms.current).name, directory.epoch)

    def test_each_database_has_its_own_identity(self):
        found = set()
        for name in "ab":
            before_terms(self.place / name)
            directory = open_directory(self.place / name)
            self.addCleanup(directory.close)
            found.add(directory.redo_log.identity)
        self.assertEqual(len(found), 2)
