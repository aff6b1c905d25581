import sqlite3
import threading

from gochat_py.errors import Closed
from gochat_py.store import ReadPoolBusy, StorageFailed, history
from tests.support.case import PATIENCE
from tests.support.narrow import not_none
from tests.support.store import StoreCase, message


class ReadersTest(StoreCase):
    def test_each_read_is_from_one_snapshot(self):
        self.entry(message("1"))
        with self.read_pool.borrow() as connection:
            self.assertEqual(history.newest(connection, "tea").seq, 1)
            self.entry(message("2"))
            self.assertEqual(history.newest(connection, "tea").seq, 1)
        self.assertEqual(self.read(history.newest, "tea").seq, 2)

    def test_the_read_pool_cannot_write(self):
        with self.assertRaisesRegex(StorageFailed, "readonly"):
            self.read(lambda connection: connection.execute("DELETE FROM rooms"))

    def test_a_thread_without_a_free_handle_waits_until_the_deadline(self):
        read_pool = self.directory.read_pool(2, patience=0.05)
        self.addCleanup(read_pool.close)
        with (
            read_pool.borrow(),
            read_pool.borrow(),
            self.assertRaises(ReadPoolBusy),
            read_pool.borrow(),
        ):
            pass
        with read_pool.borrow(), read_pool.borrow():
            pass

    def test_a_thread_without_a_free_handle_continues_when_one_is_returned(self):
        read_pool = self.directory.read_pool(1, patience=PATIENCE)
        self.addCleanup(read_pool.close)
        got = threading.Event()

        def wait_for_one():
            with read_pool.borrow():
                got.set()

        waiting = threading.Thread(target=wait_for_one)
        with read_pool.borrow():
            waiting.start()
            self.assertFalse(got.is_set())
        self.assertTrue(got.wait(PATIENCE))
        waiting.join(PATIENCE)

    def test_a_handle_that_failed_is_not_used_again(self):
        def fail(connection, error):
            seen.append(connection)
            raise error

        for error, raised in (
            (sqlite3.OperationalError("disk I/O error"), StorageFailed),
            (ValueError(), ValueError),
        ):
            seen: list[BaseException] = []
            for _ in range(3):
                with self.assertRaises(raised):
                    self.read(fail, error)
            self.assertEqual(len(set(map(id, seen))), 3)
        self.assertEqual(self.read(history.rooms), ([], False))

    def test_handles_are_closed_at_once_or_when_they_are_returned(self):
        with self.read_pool.borrow() as connection:
            self.read_pool.close()
            self.assertEqual(history.rooms(connection), ([], False))
        with self.assertRaises(sqlite3.ProgrammingError):
            connection.execute("SELECT 1")
        with self.assertRaises(Closed):
            self.read(history.rooms)

    def test_many_threads_read_whole_transactions_while_one_writes(self):
        done = threading.Event()
        wrong: list[object] = []
        looks = []

        def look():
            count = 0
            try:
                while not done.is_set() or not count:
                    replay = self.read(history.newest, "tea", 1000)
                    seqs = [entry.seq for entry in replay.entries]
                    if seqs != list(range(1, replay.seq + 1)) or replay.seq % 7:
                        wrong.append(seqs)
                    count += 1
            except Exception as error:
                wrong.append(error)
            looks.append(count)

        threads = [threading.Thread(target=look) for _ in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(40):
                self.writer.begin()
                for number in range(7):
                    self.writer.apply(message(str(number)), 1.0)
                self.writer.commit()
        finally:
            done.set()
            for thread in threads:
                thread.join(PATIENCE)
        self.assertEqual(wrong, [])
        self.assertEqual(len(looks), 6)


class PausedTest(StoreCase):
    def test_while_paused_reads_continue_and_none_begins(self):
        self.entry(message("hi"))
        impatient = self.directory.read_pool(2, patience=0.05)
        self.addCleanup(impatient.close)
        with impatient.borrow() as connection, impatient.paused():
            self.assertEqual(not_none(history.one(connection, "tea", 1)).text, "hi")
            with self.assertRaisesRegex(ReadPoolBusy, "paused"):
                impatient.run(history.one, "tea", 1)
        self.assertEqual(not_none(impatient.run(history.one, "tea", 1)).text, "hi")

    def test_waiting_reads_begin_after_the_pause(self):
        self.entry(message("hi"))
        found = []
        with self.read_pool.paused():
            thread = threading.Thread(
                target=lambda: found.append(self.read(history.one, "tea", 1).text)
            )
            thread.start()
            self.assertEqual(found, [])
        thread.join(PATIENCE)
        self.assertEqual(found, ["hi"])
