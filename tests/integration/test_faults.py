"""Faults around the server: it is killed, connections are cut, nothing can be stored.

Nothing that anybody was told is stored is lost, nothing comes twice, and service goes on.
"""

from __future__ import annotations

import itertools
import resource
import sqlite3

from tests import soak
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.server import ServerProcess
from tests.support.v1 import Client, Refused, whole_room


class ExactlyOnceTest(TestCase):
    """The promises of docs/protocol.md, whatever happens; repeat with GOCHAT_TEST_SEED."""

    def test_a_server_killed_twenty_times_loses_and_duplicates_nothing(self):
        print(soak.killing(soak.new_seed(), 20), end=" ", flush=True)

    def test_connections_cut_anywhere_lose_and_duplicate_nothing(self):
        print(soak.tearing(soak.new_seed(), 200), end=" ", flush=True)


class StorageTest(TestCase):
    """While nothing can be stored, senders are answered, and all other users are served."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(ServerProcess(*soak.FLAGS))
        self.ada = self.enterContext(Client(self.server.ws_url, "Ada", "tea"))
        self.bob = self.enterContext(Client(self.server.ws_url, "Bob", "tea"))
        self.acknowledged = [self.ada.send("tea", f"before {n}", id=f"b{n}") for n in range(20)]

    def try_to_send(self, text: str, name: str) -> str:
        """The code with which it is refused, or nothing if it is stored."""
        try:
            self.acknowledged.append(self.ada.send("tea", text, id=name))
        except Refused as refused:
            self.assertFalse(refused.error.get("fatal"))
            return str(refused.code)
        return ""

    def assert_everything_else_is_served(self) -> None:
        self.assertEqual(self.bob.ask("ping", sent=1)["sent"], 1)
        self.assertEqual(whole_room(self.bob, "tea"), self.acknowledged)
        found = self.bob.ask("search", query="before 7", room="tea")["entries"]
        self.assertEqual([entry["id"] for entry in found], ["b7"])
        self.bob.say("typing", room="tea")
        self.ada.next("typing", nick="Bob")
        self.bob.ask("leave", room="tea")
        again = self.bob.ask("join", room="tea")
        self.assertEqual(again["seq"], len(self.acknowledged))

    def assert_all_is_well(self, name: str) -> None:
        """What was refused, sent again under the same id, is stored by and by, and once."""
        eventually(lambda: not self.try_to_send("again", name), "it can be stored again")
        newest = self.acknowledged[-1]
        self.assertEqual(self.bob.next("message", seq=newest["seq"]), newest)
        self.assertEqual(whole_room(self.bob, "tea"), self.acknowledged)
        self.assertEqual(
            [entry["seq"] for entry in self.acknowledged],
            list(range(1, len(self.acknowledged) + 1)),
        )
        with Client(self.server.ws_url, "Cyn", "tea") as newcomer:
            self.assertEqual(whole_room(newcomer, "tea"), self.acknowledged)
        self.assertNotIn("Traceback", self.server.errors())

    def test_a_full_disk(self):
        """The limit on the size of the server's files stands for the disk's: both fail a write."""
        pid = self.server.process.pid
        size = (self.server.data / "gochat.db-wal").stat().st_size
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 20_000, hard))
        text, names = "x" * 3_000, (f"full-{number}" for number in itertools.count())
        codes = iter(lambda: self.try_to_send(text, next(names)), None)
        # What is acknowledged is committed a little later; that is where the disk is found full.
        eventually(lambda: next(codes) == "storage_failed", "it is full")
        self.assertEqual(self.try_to_send(text, "refused"), "storage_failed")
        self.assert_everything_else_is_served()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.assert_all_is_well("refused")

    def test_a_database_that_another_program_holds_locked(self):
        other = sqlite3.connect(self.server.data / "gochat.db", isolation_level=None)
        self.addCleanup(other.close)
        # Taken when the journal is between two transactions: in WAL this keeps out who writes.
        other.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        other.execute("BEGIN EXCLUSIVE")
        self.assertEqual(self.try_to_send("locked out", "refused"), "storage_failed")
        self.assert_everything_else_is_served()
        other.execute("ROLLBACK")
        self.assert_all_is_well("refused")
        with self.subTest("a deletion waits for the log to be emptied, and then is done"):
            other.execute("BEGIN EXCLUSIVE")
            self.assertEqual(
                self.ada.refusal("delete", room="tea", seq=1)["code"], "storage_failed"
            )
            other.execute("ROLLBACK")
            eventually(self.delete_the_first, "it can be deleted")

    def delete_the_first(self) -> bool:
        try:
            return self.ada.ask("delete", room="tea", seq=1)["target"] == 1
        except Refused as refused:
            self.assertEqual(refused.code, "storage_failed")
            return False

    def test_all_senders_of_a_failed_transaction_are_answered_and_nothing_is_broadcast(self):
        other = sqlite3.connect(self.server.data / "gochat.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
        senders = [self.enterContext(Client(self.server.ws_url, f"s{n}", "tea")) for n in range(5)]
        other.execute("BEGIN EXCLUSIVE")
        for sender in senders:
            for number in range(3):
                sender.say(
                    "send", room="tea", text="lost?", id=f"{sender.welcome['nick']}-{number}"
                )
        for sender in senders:
            for number in range(3):
                told = sender.next("error", id=f"{sender.welcome['nick']}-{number}")
                self.assertEqual(told["code"], "storage_failed")
        other.execute("ROLLBACK")
        self.assert_all_is_well("afterwards")
        self.assertNotIn("lost?", [entry["text"] for entry in whole_room(self.bob, "tea")])
