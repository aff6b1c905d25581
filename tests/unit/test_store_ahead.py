"""Messages are acknowledged before they are committed: readers see them, a kill spares them."""

import json
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
    search,
)
from gochat_py.store.ahead import SIZE, Ahead, recover
from tests.support.store import ANN, BOB, StoreCase, delete, edit, message, react


class AheadCase(StoreCase):
    def acknowledge(self, *drafts):
        """Write messages as the journal does, without a commit."""
        self.now += 1.0
        self.writer.begin()
        applied = [self.writer.apply(draft, self.now) for draft in drafts]
        self.writer.acknowledge()
        return applied

    @property
    def log(self):
        return self.place / "data" / "gochat.db-ahead"

    def lines(self):
        return [json.loads(line) for line in self.log.read_bytes().split(b"\n")[:-1]]

    def ahead(self, key="tea"):
        return [entry.seq for entry in self.directory.ahead.of(key)]

    def die(self):
        """What is left when the process is killed: nothing is committed, nothing closed well."""
        self.writer._connection.close()
        self.writer._connection = None
        self.writer._active = self.writer._ledger = None


class AcknowledgedTest(AheadCase):
    def setUp(self):
        super().setUp()
        self.entry(message("one", id="1"))

    def test_readers_learn_of_it_before_the_commit_and_once_after_it(self):
        (two,), (three,) = self.acknowledge(message("two")), self.acknowledge(message("three"))
        self.assertEqual((self.ahead(), self.writer.unsettled), ([2, 3], True))
        known = self.directory.ahead.of("tea")
        for _ in "before", "after":
            found = self.read(history.since, "tea", None, ahead=known)
            self.assertEqual([entry.seq for entry in found.entries], [1, 2, 3])
            self.assertEqual(found.entries[1:], (two.entry, three.entry))
            self.assertEqual(found.seq, 3)
            self.writer.begin()
            self.writer.commit()
        self.assertEqual((self.ahead(), self.writer.unsettled), ([], False))
        self.assertEqual(self.read(history.newest, "tea").seq, 3)

    def test_every_way_of_reading_meets_it(self):
        self.acknowledge(message("two"), message("three"), message("elsewhere", room="Milk"))
        ahead = self.directory.ahead.of("tea")
        epoch = self.directory.epoch

        def seqs(page):
            return [entry.seq for entry in page.entries]

        for seq, expected in ((0, [1, 2, 3]), (1, [2, 3]), (2, [3]), (3, [])):
            found = self.read(history.since, "tea", Position(epoch, seq), ahead=ahead)
            self.assertEqual((found.recovered, seqs(found)), (True, expected))
        beyond = self.read(history.since, "tea", Position(epoch, 4), ahead=ahead, newest=2)
        self.assertEqual((beyond.recovered, seqs(beyond)), (False, [2, 3]))
        self.assertEqual(seqs(self.read(history.page, "tea", before=3, limit=1, ahead=ahead)), [2])
        page = self.read(history.page, "tea", after=1, limit=1, ahead=ahead)
        self.assertEqual((seqs(page), page.more), ([2], True))
        rooms, _ = self.read(history.rooms, self.directory.ahead.newest())
        self.assertEqual([(room.key, room.seq) for room in rooms], [("milk", 1), ("tea", 3)])

    def test_search_finds_it(self):
        self.acknowledge(message("One more", BOB), message("other"), message("one last"))
        ahead = self.directory.ahead.of("tea")

        def find(query, **options):
            found = self.read(search.search, ["tea"], query, ahead=ahead, **options)
            return [entry.seq for entry in found.entries], found.more

        self.assertEqual(find("one"), ([4, 2, 1], False))
        self.assertEqual(find("one", limit=1), ([4], True))
        self.assertEqual(find("one", before=4), ([2, 1], False))
        self.writer.begin()
        self.writer.commit()
        self.assertEqual(find("one"), ([4, 2, 1], False), "it is not found twice")

    def test_a_retry_is_known_before_the_commit_and_after_it(self):
        (first,) = self.acknowledge(message("two", id="2"))
        for _ in "before", "after":
            (again,) = self.acknowledge(message("two", id="2"))
            self.assertEqual((again.entry, again.duplicate), (first.entry, True))
            (old,) = self.acknowledge(message("one", id="1"))
            self.assertEqual((old.entry.seq, old.duplicate), (1, True))
            self.writer.begin()
            self.writer.commit()
        self.assertEqual(self.read(history.newest, "tea").seq, 2)

    def test_a_change_to_it_is_committed_with_it(self):
        self.acknowledge(message("umbrella"))
        self.assertTrue(b"umbrella" in self.raw())
        edited, reacted = self.acknowledge(edit(2, "two umbrellas"), react(2, "🎉"))
        self.assertEqual((edited.entry.seq, reacted.entry.seq), (3, 4))
        self.assertEqual((self.ahead(), self.writer.unsettled), ([], False))
        self.acknowledge(delete(2))
        self.writer.checkpoint()
        self.assertFalse(b"umbrella" in self.raw())
        self.assertEqual(self.log.stat().st_size, SIZE)

    def test_a_new_room_is_committed_at_once(self):
        self.acknowledge(message("first", room="Milk"))
        self.assertEqual(self.read(history.newest, "milk").seq, 1)
        self.assertEqual(self.ahead("milk"), [])

    def test_what_does_not_fit_is_committed(self):
        text = "x" * (SIZE // 3)
        for number in range(2, 4):
            self.acknowledge(message(text))
            self.assertEqual(self.ahead(), list(range(2, number + 1)))
        self.acknowledge(message(text))
        self.assertEqual(self.ahead(), [])
        self.assertEqual(self.read(history.newest, "tea").seq, 4)

    def test_a_batch_that_is_undone_takes_nothing_acknowledged_with_it(self):
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
        self.assertEqual((self.ahead(), self.read(history.newest, "tea").seq), ([], 3))

    def test_so_it_can_after_requests_that_write_nothing(self):
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

    def test_a_foreign_program_that_holds_the_lock_costs_nothing_that_was_acknowledged(self):
        """What comes while it holds the lock is refused; what came before is committed after it."""
        other = self.foreign()
        self.acknowledge(message("two", id="2"))
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with self.assertRaisesRegex(StorageFailed, "locked"):
                self.acknowledge(message("three"))
        self.assertEqual((self.ahead(), self.writer.unsettled), ([2], True))
        other.execute("ROLLBACK")
        self.assertEqual(self.acknowledge(message("three"))[0].entry.seq, 3)
        self.assertTrue(self.acknowledge(message("two", id="2"))[0].duplicate)

    def test_a_commit_that_fails_is_redone_with_nothing_lost(self):
        self.acknowledge(message("two", id="2"), message("three", ANN))
        with mock.patch.object(self.writer._active or self.writer._ledger, "write") as write:
            write.side_effect = sqlite3.OperationalError("disk full")
            self.writer.begin()
            with self.assertRaisesRegex(StorageFailed, "full"):
                self.writer.commit()
        self.assertEqual((self.ahead(), self.writer.unsettled), ([2, 3], True))
        self.writer.begin()
        self.assertEqual((self.ahead(), self.read(history.newest, "tea").seq), ([], 3))
        self.assertTrue(self.writer.apply(message("two", id="2"), 1.0).duplicate)
        self.writer.commit()

    def test_when_it_cannot_be_noted_the_batch_fails_and_what_was_before_stays(self):
        self.acknowledge(message("two"))
        with (
            mock.patch.object(self.directory.ahead, "append", side_effect=OSError("io")),
            self.assertRaisesRegex(StorageFailed, "io"),
        ):
            self.acknowledge(message("lost"))
        self.assertEqual(self.ahead(), [2])
        self.assertEqual(self.acknowledge(message("three"))[0].entry.seq, 3)

    def test_in_memory_it_is_bounded_too(self):
        with (
            closing(open_memory()) as directory,
            closing(directory.writer()) as writer,
        ):
            most = 0
            for number in range(40):
                writer.begin()
                writer.apply(message("x" * 60_000), float(number))
                writer.acknowledge()
                most = max(most, sum(len(entry.text) for entry in directory.ahead.entries))
            self.assertIn(most, range(SIZE // 2, SIZE))

    def test_in_memory_too(self):
        directory = open_memory()
        self.addCleanup(directory.close)
        writer = directory.writer()
        self.addCleanup(writer.close)
        for text in ("one", "two"):
            writer.begin()
            writer.apply(message(text), 1.0)
            writer.acknowledge()
        self.assertEqual([entry.seq for entry in directory.ahead.of("tea")], [2])
        self.assertEqual([path.suffix for path in directory.path.glob("*ahead")], [])


class RecoveryTest(AheadCase):
    def setUp(self):
        super().setUp()
        self.entry(message("one", id="1"))
        self.acknowledge(message("two", id="2"), message("三", BOB, id="3", reply_to=1))
        self.acknowledge(message("four"))

    def test_the_next_start_commits_what_a_killed_server_left(self):
        expected = self.directory.ahead.of("tea")
        self.die()
        self.reopen()
        self.assertEqual(self.ahead(), [])
        self.assertEqual(self.read(history.newest, "tea").entries[1:], expected)
        self.assertEqual(self.lines(), [])
        self.assertTrue(self.apply(message("x", BOB, id="3")).duplicate)
        self.assertEqual(self.entry(message("five")).seq, 5)

    def test_what_was_committed_before_the_kill_does_not_come_twice(self):
        with mock.patch.object(self.directory.ahead, "clear"):
            self.writer.begin()
            self.writer.commit()
        self.assertEqual(len(self.lines()), 2)
        self.die()
        self.reopen()
        self.assertEqual(self.read(history.newest, "tea").seq, 4)
        self.assertEqual(self.entry(message("five")).seq, 5)

    def test_a_line_without_its_end_was_never_acknowledged(self):
        self.die()
        self.close()
        whole = self.log.read_bytes().rstrip(b"\0")
        for length in range(len(whole)):
            database = sqlite3.connect(":memory:", isolation_level=None)
            self.addCleanup(database.close)
            with sqlite3.connect(self.place / "data" / "gochat.db") as kept:
                kept.backup(database)
            kept.close()
            cut = self.place / "cut"
            cut.write_bytes(whole[:length] + bytes(50))
            recover(database, cut)
            (seq,) = database.execute("SELECT seq FROM rooms").fetchone()
            count, top = database.execute("SELECT count(*), max(id) & 255 FROM entries").fetchone()
            first = whole.index(b"\n")
            expected = 1 if length <= first else 3
            self.assertEqual((seq, count, top), (expected,) * 3, whole[:length])
        self.open()

    def test_one_that_was_being_emptied_is_passed_over(self):
        with mock.patch.object(self.directory.ahead, "clear"):
            self.writer.begin()
            self.writer.commit()
        self.die()
        whole = self.log.read_bytes()
        for emptied in range(0, len(whole.rstrip(b"\0")), 7):
            self.log.write_bytes(bytes(emptied) + whole[emptied:])
            self.reopen()
            self.assertEqual(self.read(history.newest, "tea").seq, 4)

    def test_what_does_not_follow_is_lost_as_numbers_have_no_holes(self):
        """The machine itself stopped: the log reached the disk, the database before it did not."""
        messages = [message for line in self.lines() for message in line]
        self.die()
        self.close()
        line = json.dumps([each for each in messages if each["seq"] != 3]) + "\n"
        self.log.write_bytes(line.encode())
        self.open()
        self.assertEqual(self.read(history.newest, "tea").seq, 2)
        self.assertEqual(self.entry(message("three")).seq, 3)

    def test_what_is_no_log_of_ours_stops_no_start(self):
        self.die()
        self.close()
        for rubbish in (
            b"\xff\xfe\n",
            b"[[]\n",
            b"rubbish",
            b"\n\n",
            b"{}\n",
            b"5\n",
            b"[5]\n",
            b"[{}]\n",
        ):
            self.log.write_bytes(rubbish)
            self.open()
            self.assertEqual(self.read(history.newest, "tea").seq, 1)
            self.close()
        self.open()

    def test_the_file_is_private_and_of_one_size(self):
        self.assertEqual(os.stat(self.log).st_mode & 0o777, 0o600)
        self.assertEqual(self.log.stat().st_size, SIZE)

    def test_power_durability_writes_it_to_the_disk_before_anybody_is_told(self):
        ahead = Ahead(self.place / "synced", sync=True)
        self.addCleanup(ahead.close)
        with mock.patch("gochat_py.store.ahead._sync", side_effect=OSError("disk gone")) as sync:
            with self.assertRaisesRegex(OSError, "disk gone"):
                ahead.append([self.entry(message("hi"))], ["{}"])
            sync.assert_called_once()
        self.assertEqual(ahead.entries, [])
        self.assertEqual((self.place / "synced").read_bytes().strip(b"\0"), b"")
