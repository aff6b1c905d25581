"""Nothing acknowledged is lost if files of a running server are removed, replaced or moved."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gochat_py.errors import StartupError
from gochat_py.store import FilesReplaced, StorageFailed, history, open_directory, open_memory
from tests.support.server import ROOT
from tests.support.store import StoreCase, message

#: Tries to open a directory, and says how that went.
OPEN = """
import sys
from gochat_py.errors import StartupError
from gochat_py.store import open_directory
try:
    open_directory(sys.argv[1]).close()
except StartupError as error:
    print(error)
"""


class FilesCase(StoreCase):
    @property
    def data(self) -> Path:
        return self.place / "data"

    def acknowledge(self, text: str) -> int:
        """Write a message as the journal does: acknowledged now, to be committed later."""
        self.now += 1.0
        self.writer.begin()
        entry = self.writer.apply(message(text, id=text), self.now).entry
        self.writer.acknowledge()
        return entry.seq

    def refused(self) -> str:
        """The sentence with which a commit is refused."""
        with self.assertRaises(FilesReplaced) as caught:
            self.writer.begin()
            self.writer.apply(message("refused", id="refused"), self.now)
            self.writer.commit()
        self.assertEqual(self.directory.health.reason, str(caught.exception))
        return str(caught.exception)

    def texts(self) -> list[str | None]:
        """What a reader sees of the room, with what is not committed yet."""
        uncommitted = self.directory.redo_log.of("tea")
        return [
            each.text
            for each in self.read(history.since, "tea", None, uncommitted=uncommitted).entries
        ]

    def stored(self, place: Path) -> list[str | None]:
        """What a server that is started on `place` finds."""
        opened = open_directory(place)
        read_pool = opened.read_pool(1)
        try:
            return [each.text for each in read_pool.run(history.newest, "tea").entries]
        finally:
            read_pool.close()
            opened.close()

    @contextlib.contextmanager
    def told_once(self):
        with self.assertLogs("gochat_py.store.health", "ERROR") as logs:
            yield
        self.assertEqual(len(logs.records), 1, logs.output)
        self.assertIn("put the original back, or restart the server", logs.output[0])


class ReplacedTest(FilesCase):
    def setUp(self) -> None:
        super().setUp()
        self.acknowledge("first")
        self.writer.begin()
        self.writer.commit()
        self.acknowledge("second")

    def assert_refused_until_they_are_back(self, take, bring_back) -> None:
        take()
        with self.told_once():
            for _ in range(3):
                self.refused()
            with self.assertRaises(FilesReplaced):
                self.writer.verify()
        self.assertEqual(self.texts(), ["first", "second"], "reading goes on")
        bring_back()
        with self.assertLogs("gochat_py.store.health", "INFO"):
            self.assertEqual(self.acknowledge("third"), 3)
            self.writer.begin()
            self.writer.commit()
        self.assertIsNone(self.directory.health.reason)
        self.assertEqual(self.texts(), ["first", "second", "third"])
        self.close()
        self.assertEqual(self.stored(self.data), ["first", "second", "third"])

    def test_the_directory_moved_away_and_back(self) -> None:
        away = self.place / "away"
        self.assert_refused_until_they_are_back(
            lambda: self.data.rename(away), lambda: away.rename(self.data)
        )

    def test_another_directory_in_its_place(self) -> None:
        away = self.place / "away"

        def take() -> None:
            self.data.rename(away)
            open_directory(self.data).close()

        def bring_back() -> None:
            shutil.rmtree(self.data)
            away.rename(self.data)

        self.assert_refused_until_they_are_back(take, bring_back)

    def test_each_file_moved_away_and_back(self) -> None:
        for name in ("gochat.db", "gochat.db-wal", "gochat.db-shm", "gochat.db-redo", "lock"):
            with self.subTest(name):
                self.reopen_with("first", "second")
                away = self.place / name
                self.assert_refused_until_they_are_back(
                    lambda n=name, a=away: (self.data / n).rename(a),
                    lambda n=name, a=away: a.rename(self.data / n),
                )

    def reopen_with(self, *texts: str) -> None:
        """Begin anew, in an empty directory."""
        self.close()
        shutil.rmtree(self.data, ignore_errors=True)
        self.open()
        for text in texts:
            self.acknowledge(text)

    def test_each_file_replaced_by_a_copy_of_itself(self) -> None:
        for name in ("gochat.db", "gochat.db-wal", "gochat.db-shm", "gochat.db-redo", "lock"):
            with self.subTest(name):
                self.reopen_with("first", "second")
                copy = self.place / "copy"
                shutil.copy(self.data / name, copy)
                os.replace(copy, self.data / name)
                with self.told_once():
                    self.assertIn(f"{name} was replaced", self.refused())
                    for _ in range(3):
                        self.refused()

    def test_the_directory_removed(self) -> None:
        shutil.rmtree(self.data)
        with self.told_once():
            self.assertIn("gochat.db was removed or moved", self.refused())
            self.refused()
        self.assertEqual(self.texts(), ["first", "second"])
        self.close()
        self.assertFalse(self.data.exists(), "nothing is made in its place")

    def test_acknowledged_messages_survive_the_loss_of_each_file_except_the_database(self) -> None:
        """It is brought into the database itself, so that a kill at that moment loses nothing."""
        for names in (
            ["gochat.db-redo"],
            ["gochat.db-wal"],
            ["gochat.db-shm"],
            ["lock"],
            ["gochat.db-redo", "gochat.db-wal", "gochat.db-shm", "lock"],
        ):
            for committed in (False, True):
                with self.subTest(names, committed=committed):
                    self.reopen_with("first", "second")
                    if committed:
                        self.writer.begin()
                        self.writer.commit()
                    for name in names:
                        (self.data / name).unlink()
                    with self.told_once(), self.assertRaises(FilesReplaced):
                        self.writer.verify()
                    alone = self.place / "alone"
                    alone.mkdir()
                    shutil.copy(self.data / "gochat.db", alone)
                    self.assertEqual(self.stored(alone), ["first", "second"])
                    shutil.rmtree(alone)

    def test_nothing_is_acknowledged_if_the_log_or_the_database_is_missing(
        self,
    ) -> None:
        for name in ("gochat.db-redo", "gochat.db"):
            with self.subTest(name):
                self.reopen_with("first", "second")
                away = self.place / name
                (self.data / name).rename(away)
                with self.told_once():
                    for _ in range(3):
                        with self.assertRaises(FilesReplaced):
                            self.acknowledge("refused")
                away.rename(self.data / name)
                self.assertEqual(self.acknowledge("third"), 3)
                self.close()
                self.assertEqual(self.stored(self.data), ["first", "second", "third"])

    def test_a_message_acknowledged_before_the_loss_is_noticed_is_not_lost(self) -> None:
        (self.data / "gochat.db-wal").unlink()
        self.assertEqual(self.acknowledge("third"), 3)
        with self.told_once():
            self.refused()
        alone = self.place / "alone"
        alone.mkdir()
        shutil.copy(self.data / "gochat.db", alone)
        self.assertEqual(self.stored(alone), ["first", "second", "third"])

    def test_nothing_is_committed_to_another_database(self) -> None:
        shutil.copy(self.data / "gochat.db", self.place / "copy")
        before = (self.place / "copy").read_bytes()
        os.replace(self.place / "copy", self.data / "gochat.db")
        with self.told_once():
            self.refused()
        self.close()
        self.assertEqual((self.data / "gochat.db").read_bytes(), before, "nor is it marked clean")

    def test_a_reader_that_failed_does_not_open_another_database(self) -> None:
        for connection in self.read_pool._idle:
            connection.close()
        self.read_pool._idle.clear()
        away = self.place / "away"
        self.data.rename(away)
        open_directory(self.data).close()
        with self.assertRaises(StorageFailed):
            self.read(history.newest, "tea")
        shutil.rmtree(self.data)
        away.rename(self.data)
        self.assertEqual(self.texts(), ["first", "second"])

    def test_a_message_that_is_refused_is_not_found_later(self) -> None:
        away = self.place / "away"
        self.data.rename(away)
        with self.told_once():
            self.refused()
        self.close()
        self.assertEqual(self.stored(away), ["first", "second"])

    def test_a_database_elsewhere_has_its_log_there(self) -> None:
        self.close()
        elsewhere = self.place / "elsewhere.db"
        (self.data / "gochat.db").rename(elsewhere)
        (self.data / "gochat.db").symlink_to(elsewhere)
        self.open()
        self.acknowledge("third")
        self.place.joinpath("elsewhere.db-wal").unlink()
        with self.told_once():
            self.assertIn("elsewhere.db-wal was removed", self.refused())

    def test_files_of_memory_mode_are_checked_too(self) -> None:
        directory = open_memory()
        self.addCleanup(directory.close)
        writer = directory.writer()
        self.addCleanup(writer.close)
        writer.begin()
        writer.commit()
        away = directory.path.with_name(directory.path.name + "-away")
        directory.path.rename(away)
        self.addCleanup(shutil.rmtree, away)
        with self.told_once(), self.assertRaises(FilesReplaced):
            writer.begin()
            writer.commit()


class SecondServerTest(FilesCase):
    def another(self, place: Path) -> str:
        """The error of another process that tries to open `place`; empty if it could."""
        command = [sys.executable, "-c", OPEN, str(place)]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    def test_a_second_server_is_refused_even_if_the_lock_file_was_removed(self) -> None:
        self.acknowledge("first")
        (self.data / "lock").unlink()
        for _ in range(2):
            self.assertIn("in use by another gochat", self.another(self.data))
        self.assertFalse((self.data / "lock").exists(), "it leaves no lock of its own")
        with self.assertRaises(StartupError):
            open_directory(self.data)
        with self.told_once():
            self.refused()

    def test_a_second_server_is_refused_by_each_lock_alone(self) -> None:
        copy = self.place / "copy"
        shutil.copy(self.data / "gochat.db", copy)
        os.replace(copy, self.data / "gochat.db")
        self.assertIn("in use by another gochat", self.another(self.data))

    def test_a_second_server_can_start_when_the_first_is_closed(self) -> None:
        self.close()
        self.assertEqual(self.another(self.data), "")

    def test_sqlite_and_the_lock_do_not_disturb_each_other(self) -> None:
        """Another program reads and writes the database as before."""
        self.acknowledge("first")
        self.writer.begin()
        self.writer.commit()
        program = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
            "c.execute(\"INSERT INTO meta VALUES ('foreign', 1)\"); c.commit();"
            "print(c.execute('SELECT text FROM entries').fetchone()[0])"
        )
        command = [sys.executable, "-c", program, str(self.data / "gochat.db")]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.assertEqual(said.strip(), "first")
        self.assertEqual(self.acknowledge("second"), 2)
