"""The storage of a running server fails: reading works, and writing is refused with the reason.

Files are replaced, rows are damaged, nothing can be written, a thread of the server's own fails.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests import soak
from tests.support import damage
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.server import ROOT, ServerProcess
from tests.support.v1 import LOST, Client, Refused, whole_room


def asked(server: ServerProcess, path: str) -> tuple[int, str]:
    """The status and the body of what is at `path`."""
    try:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class StorageCase(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess(*soak.FLAGS))
        self.ada = self.enterContext(Client(self.server.ws_url, "Ada", "tea"))
        self.bob = self.enterContext(Client(self.server.ws_url, "Bob", "tea"))
        self.acknowledged = [self.ada.send("tea", f"before {n}", id=f"b{n}") for n in range(20)]

    def code(self, text: str, name: str) -> str:
        """The code with which a message is refused; empty if it is stored."""
        try:
            self.acknowledged.append(self.ada.send("tea", text, id=name))
        except Refused as refused:
            self.assertFalse(refused.error.get("fatal"))
            return str(refused.code)
        return ""

    def assert_unready(self, why: str) -> None:
        eventually(lambda: asked(self.server, "readyz")[0] == 503, "it is not ready")
        self.assertRegex(asked(self.server, "readyz")[1], f"^cannot write: .*{why}.*\n$")
        self.assertEqual(asked(self.server, "healthz"), (200, "ok\n"))

    def assert_ready(self) -> None:
        eventually(lambda: asked(self.server, "readyz") == (200, "ok\n"), "it is ready")

    def assert_who_is_known_is_served(self) -> None:
        """By a new connection, and by one that is there."""
        welcome = self.ada.welcome
        with Client(self.server.ws_url, "Ada", token=welcome["token"]) as again:
            self.assertEqual(again.welcome["user"], welcome["user"])
            self.assertEqual(again.join("tea")["seq"], len(self.acknowledged))
            self.assertEqual(whole_room(again, "tea"), self.acknowledged)
            found = again.ask("search", query="before 7", room="tea")["entries"]
            self.assertEqual([entry["id"] for entry in found], ["b7"])
            again.say("typing", room="tea")
            self.bob.next("typing", nick="Ada")
        with Client(self.server.ws_url, "Adam", token=welcome["token"]) as renamed:
            self.assertEqual(renamed.welcome["nick"], "Ada", "it is asked for in vain")
        with Client(self.server.ws_url) as stranger:
            refusal = stranger.refusal("hello", nick="Stranger")
            self.assertEqual((refusal["code"], refusal["fatal"]), ("storage_failed", True))
            self.assertEqual(stranger.close_code(), 1013)

    def assert_all_is_well(self) -> None:
        eventually(lambda: not self.code("again", "again"), "it can be stored again")
        self.assert_ready()
        self.assertEqual(whole_room(self.bob, "tea"), self.acknowledged)
        seqs = [entry["seq"] for entry in self.acknowledged]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
        with Client(self.server.ws_url, "Cyn", "tea") as newcomer:
            self.assertEqual(whole_room(newcomer, "tea"), self.acknowledged)

    def assert_kept(self, data: Path) -> None:
        """A server that is started on `data` has all that was acknowledged."""
        with (
            ServerProcess("--data", str(data)) as server,
            Client(server.ws_url, "Dan", "tea") as dan,
        ):
            self.assertEqual(whole_room(dan, "tea"), self.acknowledged)

    def errors(self) -> list[str]:
        return [line for line in self.server.errors().splitlines() if " ERROR " in line]


class NothingCanBeWrittenTest(StorageCase):
    def test_while_another_program_has_it_locked(self):
        other = sqlite3.connect(self.server.data / "gochat.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        self.assert_ready()
        other.execute("BEGIN EXCLUSIVE")
        self.assertEqual(self.code("locked out", "again"), "storage_failed")
        self.assert_unready("database is locked")
        self.assert_who_is_known_is_served()
        other.execute("ROLLBACK")
        self.assert_ready()
        self.assert_all_is_well()
        self.assertEqual(len(self.errors()), 1, self.server.errors())

    def test_while_the_disk_is_full(self):
        """The limit on the size of the server's files stands for the disk's: both fail a write."""
        pid = self.server.process.pid
        size = (self.server.data / "gochat.db-wal").stat().st_size
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 20_000, hard))
        names = (f"full-{number}" for number in itertools.count())
        eventually(lambda: self.code("x" * 3_000, next(names)) == "storage_failed", "it is full")
        self.assert_unready("disk")
        self.assert_who_is_known_is_served()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assert_ready()
        self.assert_all_is_well()


class FilesReplacedTest(StorageCase):
    def refused_from_now_on(self, why: str) -> None:
        """What is acknowledged before the server notices counts; then nothing is any more."""
        names = (f"late-{number}" for number in itertools.count())
        eventually(lambda: self.code("late", next(names)) == "storage_failed", "it is refused")
        for _ in range(5):
            self.assertEqual(self.code("refused", next(names)), "storage_failed")
        self.assert_unready(why)
        self.assert_who_is_known_is_served()

    def test_the_directory_moved_away_and_back(self):
        away = self.server.data.with_name(self.server.data.name + "-away")
        self.addCleanup(shutil.rmtree, away, ignore_errors=True)
        self.server.data.rename(away)
        self.refused_from_now_on("gochat.db was removed or moved; put the original back")
        away.rename(self.server.data)
        self.assert_ready()
        self.assert_all_is_well()
        self.assertEqual(len(self.errors()), 1, self.server.errors())

    def test_the_directory_removed(self):
        shutil.rmtree(self.server.data)
        names = (f"late-{number}" for number in range(50))
        codes = {self.code("late", name) for name in names}
        self.assertEqual(codes, {"storage_failed"}, "nothing is acknowledged that is lost")
        self.assert_unready("gochat.db was removed")
        self.assertEqual(self.server.stop(), 0)

    def test_the_database_replaced(self):
        database = self.server.data / "gochat.db"
        copy = self.server.data / "copy"
        shutil.copy(database, copy)
        os.replace(copy, database)
        codes = {self.code("late", f"late-{number}") for number in range(50)}
        self.assertEqual(codes, {"storage_failed"}, "nothing is acknowledged that is lost")
        self.assert_unready("gochat.db was replaced")
        self.assertEqual(len(self.errors()), 1, self.server.errors())

    def test_what_is_beside_the_database_removed_and_the_server_killed(self):
        for name in ("gochat.db-wal", "gochat.db-shm", "gochat.db-redo", "lock"):
            with self.subTest(name), contextlib.ExitStack() as stack:
                self.server = stack.enter_context(ServerProcess(*soak.FLAGS))
                self.ada = stack.enter_context(Client(self.server.ws_url, "Ada", "tea"))
                self.bob = stack.enter_context(Client(self.server.ws_url, "Bob", "tea"))
                self.acknowledged = [
                    self.ada.send("tea", f"before {n}", id=f"b{n}") for n in range(20)
                ]
                (self.server.data / name).unlink()
                self.refused_from_now_on(f"{name} was removed")
                self.server.process.send_signal(signal.SIGKILL)
                self.server.process.wait(PATIENCE)
                self.assert_kept(self.server.data)

    def test_a_failure_is_logged_while_nothing_is_written(self):
        (self.server.data / "gochat.db-wal").unlink()
        eventually(lambda: self.errors(), "it is in the log")
        self.assertIn("gochat.db-wal was removed", self.errors()[0])
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait(PATIENCE)
        self.assert_kept(self.server.data)

    def test_without_its_lock_file_no_second_server_can_start(self):
        (self.server.data / "lock").unlink()
        command = [
            sys.executable,
            "-m",
            "gochat_py",
            "--port",
            "0",
            "--data",
            str(self.server.data),
        ]
        for _ in range(2):
            second = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
            )
            self.assertEqual(second.returncode, 2, second.stderr)
            self.assertIn("in use by another gochat", second.stderr)
        self.refused_from_now_on("lock was removed")
        self.assertEqual(self.server.stop(), 0)
        self.assert_kept(self.server.data)

    @property
    def has_mounts(self) -> bool:
        return os.geteuid() == 0 and shutil.which("mount") is not None

    def test_something_mounted_over_the_directory(self):
        if not self.has_mounts:
            self.skipTest("This test mounts a file system, which only root may do.")
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", self.server.data], capture_output=True
        )
        if mounted.returncode:
            self.skipTest("This test mounts a file system, which this system forbids.")
        try:
            self.refused_from_now_on("gochat.db was removed or moved")
        finally:
            subprocess.run(["umount", self.server.data], check=True)
        self.assert_ready()
        self.assert_all_is_well()


class DamagedRowTest(StorageCase):
    def test_rooms_can_be_joined_and_read_while_nothing_can_be_stored(self):
        self.bob.ask("ping")
        database = self.server.data / "gochat.db"
        for number, change in enumerate(
            (
                "UPDATE entries SET nick = x'ff' WHERE id & 255 = 5",
                "UPDATE entries SET kind = 77 WHERE id & 255 = 6",
                "UPDATE entries SET text = CAST(x'62ff' AS TEXT) WHERE id & 255 = 7",
                "UPDATE entries SET time = NULL WHERE id & 255 = 8",
                "UPDATE rooms SET topic = x'ff', name = x'ff'",
                "UPDATE users SET nick = x'ff' WHERE nick = 'Bob'",
            )
        ):
            eventually(lambda c=change: self.changed(database, c), "the change is made")
            with Client(self.server.ws_url, f"Reader {number}") as guest:
                joined = guest.join("tea")
                seqs = [entry["seq"] for entry in joined["entries"]]
                self.assertEqual(seqs, list(range(1, len(self.acknowledged) + 1)))
                self.assertEqual(len(whole_room(guest, "tea")), len(seqs))
                guest.ask("search", query="before", room="tea")
                guest.ask("rooms")
                self.acknowledged.append(guest.send("tea", f"after {number}"))
                self.bob.next("message", text=f"after {number}")
        entries = {entry["seq"]: entry for entry in whole_room(self.bob, "tea")}
        for seq in (5, 6, 8):
            self.assertTrue(entries[seq]["deleted"])
        self.assertEqual(entries[7]["text"], "b\ufffd")
        with Client(self.server.ws_url, "Bob", token=self.bob.welcome["token"]) as bob:
            self.assertEqual(bob.welcome["nick"], "Bob")
        self.assertEqual(self.server.stop(), 0)

    def changed(self, database: Path, change: str) -> bool:
        """Whether it could be made: what was acknowledged last is not in the database yet."""
        try:
            return damage.execute(database, change) > 0
        except sqlite3.OperationalError as error:  # the journal has a transaction open
            self.assertIn("locked", str(error))
            return False


#: Runs the server with one method of its own made to fail when the room "bad" is entered or named.
FAILING = """
import sys
from gochat_py.cli import main
from {module} import {name} as Victim
real = Victim.{method}

def method(self, *args, **kwargs):
    if {when}:
        raise {error}
    return real(self, *args, **kwargs)

Victim.{method} = method
sys.exit(main())
"""


class ThreadTest(TestCase):
    def failing(self, **what: str) -> ServerProcess:
        return ServerProcess("--memory", program=("-c", FAILING.format(**what)))

    def assert_it_stops_with_status_1(self, server: ServerProcess, thread: str) -> None:
        self.assertEqual(server.process.wait(PATIENCE), 1, server.errors())
        fatal = [line for line in server.errors().splitlines() if "CRITICAL" in line]
        self.assertEqual(len(fatal), 1, server.errors())
        self.assertIn(f"the {thread} thread failed (", fatal[0])
        self.assertIn("Traceback", server.errors())

    def test_a_hub_that_fails_ends_the_server_with_status_1(self):
        what = {
            "module": "gochat_py.hub", "name": "Hub", "method": "handle",
            "when": "any(getattr(order, 'key', '') == 'bad' for order in args[0])",
            "error": "SystemError('a bug')",
        }  # fmt: skip
        with self.failing(**what) as server, Client(server.ws_url, "Ada", "tea") as ada:
            ada.say("join", room="bad")
            self.assertEqual(ada.close_code(), 1011)
            self.assert_it_stops_with_status_1(server, "hub")

    def test_a_journal_that_fails_ends_the_server_with_status_1(self):
        what = {
            "module": "gochat_py.backplane.local", "name": "Journal", "method": "handle",
            "when": "any(getattr(r, 'draft', None) and r.draft.key == 'bad' for r in args[0])",
            "error": "SystemExit",
        }  # fmt: skip
        with (
            self.failing(**what) as server,
            Client(server.ws_url, "Ada", "bad") as ada,
            Client(server.ws_url, "Bob", "tea") as bob,
        ):
            ada.say("send", room="bad", text="x")
            for client in (ada, bob):
                self.assertEqual(client.close_code(), 1001)
            self.assert_it_stops_with_status_1(server, "journal")

    def test_a_main_loop_that_fails_ends_the_server_with_status_1(self):
        what = {
            "module": "gochat_py.http.server", "name": "ChatServer", "method": "_admit",
            "when": "self._admitted >= 1", "error": "ValueError('a bug')",
        }  # fmt: skip
        with self.failing(**what) as server, Client(server.ws_url, "Ada", "tea") as ada:
            with contextlib.suppress(*LOST):
                Client(server.ws_url).close()
            self.assertEqual(ada.close_code(), 1001)
            self.assert_it_stops_with_status_1(server, "main")

    def test_an_error_in_one_request_or_order_affects_nothing_else(self):
        for what in (
            {
                "module": "gochat_py.hub_room", "name": "HubRoom", "method": "joined",
                "when": "self.key == 'bad'", "error": "MemoryError",
            },
            {
                "module": "gochat_py.v1", "name": "V1", "method": "_carry_out",
                "when": "getattr(args[1], 'key', '') == 'bad'", "error": "ValueError('a bug')",
            },
            {
                "module": "gochat_py.store.ledger", "name": "Ledger", "method": "apply",
                "when": "args[0].key == 'bad'", "error": "MemoryError",
            },
            {
                "module": "gochat_py.v1", "name": "V1", "method": "closed",
                "when": "True", "error": "TypeError('a bug')",
            },
            {
                "module": "gochat_py.connection", "name": "Connection", "method": "refuse",
                "when": "True", "error": "TypeError('a bug')",
            },
        ):  # fmt: skip
            with (
                self.subTest(what["method"]),
                self.failing(**what) as server,
                Client(server.ws_url, "Bob", "tea") as bob,
            ):
                ada = self.enterContext(Client(server.ws_url, "Ada", "tea"))
                with contextlib.suppress(Refused, *LOST):
                    ada.ask("join", room="bad")
                    ada.ask("send", room="bad", text="x")
                    ada.ask("delete", room="bad", seq=99)
                ada.close()
                bob.send("tea", "is anybody there?")
                with Client(server.ws_url, "Ada2", "tea") as again:
                    self.assertEqual(whole_room(again, "tea")[-1]["text"], "is anybody there?")
                self.assertEqual(server.stop(), 0)
                self.assertIn("Traceback", server.errors())
