import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from unittest import mock

from gochat_py.errors import StartupError
from gochat_py.store import directory as directory_module
from gochat_py.store import history, open_directory, open_memory, schema
from gochat_py.store.schema import MIGRATIONS
from tests.support.case import TestCase
from tests.support.server import ROOT
from tests.support.store import ANN, StoreCase, message

#: Opens the directory and holds it until it is killed.
HOLDER = """
import sys
from gochat_py.store import open_directory, open_memory
directory = open_memory() if sys.argv[1] == "--memory" else open_directory(sys.argv[1])
print(directory.path, flush=True)
sys.stdin.read()
"""


def killed_holder(test: TestCase, what: str) -> Path:
    """Let another process open a directory, kill it, and say which directory it was."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, what],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        path = Path(child.stdout.readline().strip())
        child.send_signal(signal.SIGKILL)
    test.assertTrue(path.is_dir(), "the holder had opened it")
    return path


class DirectoryTest(StoreCase):
    def test_a_new_directory_is_private(self):
        self.entry(message("hi"))
        self.assertEqual(stat.S_IMODE(self.directory.path.stat().st_mode), 0o700)
        for path in self.directory.path.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, path.name)

    def test_a_second_server_is_refused_with_the_process_and_the_remedy(self):
        with self.assertRaises(StartupError) as refused:
            open_directory(self.directory.path)
        sentence = str(refused.exception)
        self.assertIn(str(self.directory.path), sentence)
        self.assertIn(f"process {os.getpid()}", sentence)
        self.assertIn("--data", sentence)
        self.assertEqual(self.entry(message("still serving")).seq, 1)

    def test_a_closed_directory_can_be_opened_again(self):
        self.entry(message("hi"))
        self.reopen()
        self.assertEqual(self.read(history.newest, "tea").entries[0].text, "hi")

    def test_a_path_that_cannot_be_a_directory_is_named_with_the_remedy(self):
        file = self.place / "file"
        file.write_text("")
        for path in (file, file / "below"):
            with self.assertRaises(StartupError) as refused:
                open_directory(path)
            self.assertIn(str(path), str(refused.exception))
            self.assertRegex(str(refused.exception), "a file has this name|Not a directory")
            self.assertIn("--data", str(refused.exception))

    def test_an_error_at_the_start_is_one_sentence_with_the_remedy(self):
        self.close()
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        for error, sentence in (
            (OSError(errno.ENOSPC, "No space left", "the-log"), r"the-log: No space left\); free "),
            (OSError(errno.EDQUOT, "Quota exceeded"), "Quota exceeded.*; free some space, or"),
            (OSError(errno.EIO, "I/O error", "the-log"), "the-log: I/O error.*; restore a backup"),
            (full, "disk is full.*; free some space, or choose another directory with --data"),
        ):
            with (
                self.subTest(error),
                mock.patch.object(directory_module, "recover", side_effect=error),
                self.assertRaisesRegex(StartupError, sentence),
            ):
                open_directory(self.place / "data")

    def test_a_database_locked_by_another_program_is_refused_with_the_remedy(self):
        self.close()
        with (
            mock.patch.object(directory_module, "STARTUP_PATIENCE", 0.01),
            closing(sqlite3.connect(self.place / "data/gochat.db", isolation_level=None)) as other,
        ):
            other.execute("BEGIN EXCLUSIVE")
            with self.assertRaisesRegex(StartupError, "locked.*; end the program that has it open"):
                open_directory(self.place / "data")

    def test_a_file_of_the_wrong_type_is_refused_with_the_remedy(self):
        self.close()
        log = self.place / "data/gochat.db-redo"
        log.unlink()
        os.mkfifo(log)
        with self.assertRaisesRegex(StartupError, f"{log}: is not a regular.*; move that file"):
            open_directory(self.place / "data")

    def test_no_directory_is_created_unless_wanted(self):
        with self.assertRaises(StartupError):
            open_directory(self.place / "none", create=False)
        self.assertFalse((self.place / "none").exists())

    def test_a_newer_schema_is_refused_and_the_lock_is_released(self):
        self.close()
        with closing(sqlite3.connect(self.place / "data/gochat.db")) as connection:
            newer = len(MIGRATIONS) + 1
            connection.execute("INSERT INTO migrations VALUES (?, 'of tomorrow', 0)", (newer,))
            connection.commit()
        for _ in range(2):
            with self.assertRaisesRegex(StartupError, f"newer gochat .schema {newer}"):
                open_directory(self.place / "data")
        with closing(sqlite3.connect(self.place / "data/gochat.db")) as connection:
            connection.execute("DELETE FROM migrations WHERE version = ?", (newer,))
            connection.commit()
        self.open()

    def test_a_file_that_is_no_database_is_refused(self):
        self.close()
        (self.place / "data/gochat.db").write_text("something else " * 1000)
        with self.assertRaisesRegex(StartupError, "not a database"):
            open_directory(self.place / "data")

    def test_a_migration_that_fails_leaves_the_file_as_it_was(self):
        self.close()

        def broken(connection):
            connection.execute("CREATE TABLE half (done)")
            connection.execute("CREATE TABLE half (done)")

        steps = (*MIGRATIONS, schema.Migration("broken", broken))
        with (
            mock.patch.object(schema, "MIGRATIONS", steps),
            self.assertRaises(StartupError),
        ):
            open_directory(self.place / "data")
        self.open()
        self.writer.begin()
        names = self.writer.run(lambda c: c.execute("SELECT name FROM sqlite_schema").fetchall())
        self.writer.rollback()
        self.assertNotIn(("half",), names)


class EpochTest(StoreCase):
    def test_each_start_has_a_new_epoch(self):
        epochs = [self.directory.epoch]
        self.reopen()
        epochs.append(self.directory.epoch)
        self.close()
        killed_holder(self, str(self.place / "data"))
        self.open()
        epochs.append(self.directory.epoch)
        self.assertEqual(len(set(epochs)), 3)
        self.assertEqual(self.read(history.newest, "tea").epoch, self.directory.epoch)


def open_in_memory():
    return closing(open_memory())


class MemoryTest(TestCase):
    def test_readers_see_what_the_writer_committed(self):
        with (
            open_in_memory() as directory,
            closing(directory.read_pool()) as read_pool,
            closing(directory.writer()) as writer,
        ):
            writer.begin()
            writer.apply(message("hi", ANN), 1.0)
            self.assertEqual(read_pool.run(history.newest, "tea").seq, 0)
            writer.commit()
            self.assertEqual(read_pool.run(history.newest, "tea").seq, 1)

    def test_nothing_is_kept(self):
        with open_in_memory() as directory:
            self.assertTrue(directory.database.exists())
        self.assertFalse(directory.path.exists())

    def test_files_of_a_killed_server_are_removed_by_the_next_and_others_stay(self):
        with open_in_memory() as living:
            left = killed_holder(self, "--memory")
            open_memory().close()
            self.assertFalse(left.exists())
            self.assertTrue(living.database.exists())

    def test_memory_mode_works_without_shared_memory(self):
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.object(os, "access", lambda *_: False),
            mock.patch.object(tempfile, "tempdir", folder),
            open_in_memory() as directory,
        ):
            self.assertEqual(directory.path.parent, Path(folder))
