"""Maintenance of a real server under load, with foreign programs, and with a wrong clock."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.integration.test_v1 import FAST
from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.server import ServerProcess
from tests.support.v1 import LOST, Client

#: Starts the server with a wall clock that is wrong by so many seconds, as an argument says. With a
#: file named in place of them, it is read anew at each look at the clock.
WRONG_CLOCK = """
import sys, time
right, by = time.time, sys.argv.pop(1)
def wrong():
    try:
        return right() + float(by)
    except ValueError:
        return right() + float(open(by).read())
time.time = wrong
from gochat_py.cli import main
raise SystemExit(main())
"""

#: A foreign program that writes now and then, as a sqlite3 shell may. SQLite looks for the lock
#: every 0.1 s; after 1.5 s it fails.
FOREIGN_WRITER = """
import select, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=1.5)
for _ in range(30):
    select.select([], [], [], 0.2)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE meta SET value = value WHERE name = 'floor'")
    db.execute("COMMIT")
"""


class Talker:
    """Sends `window` messages `every` so many seconds, in a thread of its own, until `stop`."""

    def __init__(self, url: str, nick: str, room: str, every: float, window: int) -> None:
        self.said = 0
        self.going = threading.Event()
        self._client = Client(url, nick, room)
        self._room, self._every, self._window = room, every, window
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(*LOST):
            while not self._stop.wait(self._every):
                ids = {
                    self._client.say("send", room=self._room, text=f"talk {self.said + number}")
                    for number in range(self._window)
                }
                while ids:
                    ids.discard(self._client.wait_for(lambda event: "id" in event)["id"])
                self._client.events.clear()
                self.said += self._window
                self.going.set()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(PATIENCE)
        self._client.close()


class MaintenanceTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        place = tempfile.TemporaryDirectory(prefix="gochat-test-")
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)
        self.data = self.place / "data"

    def serve(self, *flags: str, **options: Any) -> ServerProcess:
        return self.enterContext(ServerProcess("--data", str(self.data), *FAST, *flags, **options))

    def talk(
        self, server: ServerProcess, nick: str = "Tom", every: float = 0.0, window: int = 1
    ) -> Talker:
        talker = Talker(server.ws_url, nick, "Noise", every, window)
        self.addCleanup(talker.stop)
        self.assertTrue(talker.going.wait(PATIENCE))
        return talker

    def query(self, sql: str, file: Path | None = None) -> Any:
        with contextlib.closing(sqlite3.connect(file or self.data / "gochat.db")) as db:
            return db.execute(sql).fetchone()[0]

    def count(self, file: Path | None = None) -> int:
        """How many entries are committed."""
        return int(self.query("SELECT count(*) FROM entries", file))

    # Copies

    def test_a_copy_of_the_database_file_is_complete_after_an_idle_time(self):
        server = self.serve()
        wal = self.data / "gochat.db-wal"
        with Client(server.ws_url, "Ada", "tea") as ada:
            for round_ in range(1, 4):
                for number in range(200):
                    ada.send("tea", f"line {number}")
                said = 200 * round_
                eventually(lambda n=said: self.count() == n, "all is committed")
                eventually(lambda: wal.stat().st_size == 0, "SQLite's log is emptied")
                copy = self.place / f"copy-{round_}.db"
                copy.write_bytes((self.data / "gochat.db").read_bytes())
                self.assertEqual(self.query("PRAGMA integrity_check", copy), "ok")
                self.assertEqual(self.count(copy), said)

    def test_vacuum_into_makes_a_complete_copy_under_load(self):
        """The command in the README. At most the messages of the last second are missing."""
        server = self.serve()
        talker = self.talk(server)
        for number in range(5):
            eventually(lambda n=number: talker.said >= 100 * (n + 1), "much is said")
            before = talker.said
            eventually(lambda b=before: self.count() >= b, "it is committed")
            copy = self.place / f"copy-{number}.db"
            with contextlib.closing(sqlite3.connect(self.data / "gochat.db", timeout=60)) as db:
                db.execute("VACUUM INTO ?", (str(copy),))
            self.assertEqual(self.query("PRAGMA integrity_check", copy), "ok")
            count = self.count(copy)
            self.assertEqual(self.query("SELECT max(seq) FROM rooms", copy), count)
            self.assertGreaterEqual(count, before)
        talker.stop()
        server.stop()
        restored = self.place / "restored"
        restored.mkdir()
        copy.rename(restored / "gochat.db")
        with (
            ServerProcess("--data", str(restored), *FAST) as again,
            Client(again.ws_url, "Ada") as ada,
        ):
            self.assertEqual(ada.ask("join", room="Noise")["seq"], count)

    # Other programs

    def test_a_foreign_program_can_write_under_load(self):
        """It waited up to 12 s, which is longer than most programs are ready to wait."""
        server = self.serve()
        talkers = [self.talk(server, f"Tom {number}", window=10) for number in range(4)]
        foreign = subprocess.run(
            [sys.executable, "-c", FOREIGN_WRITER, str(self.data / "gochat.db")],
            capture_output=True,
            text=True,
            check=False,
            timeout=10 * PATIENCE,
        )
        self.assertEqual(foreign.returncode, 0, foreign.stderr)
        said = [talker.said for talker in talkers]
        eventually(lambda: all(t.said > s for t, s in zip(talkers, said, strict=True)), "all go on")
        self.assertEqual(server.errors(), "")

    def test_a_foreign_reader_delays_only_checkpoints(self):
        server = self.serve()
        talker = self.talk(server)
        with Client(server.ws_url, "Ada", "tea") as ada:
            seq = ada.send("tea", "xyzzy plugh")["seq"]
            eventually(lambda: self.traces("xyzzy plugh"), "it is in a file")
            with contextlib.closing(
                sqlite3.connect(self.data / "gochat.db", isolation_level=None)
            ) as foreign:
                foreign.execute("BEGIN")
                foreign.execute("SELECT count(*) FROM entries").fetchone()
                ada.ask("delete", room="tea", seq=seq)
                said = talker.said
                eventually(lambda: talker.said > said + 200, "people go on talking")
            eventually(lambda: not self.traces("xyzzy plugh"), "it is gone when the reader is")

    def traces(self, text: str) -> list[str]:
        return [path.name for path in self.data.iterdir() if text.encode() in path.read_bytes()]

    # Retention

    def test_old_entries_are_trimmed_under_constant_traffic(self):
        server = self.serve("--retention", "4s")
        with Client(server.ws_url, "Ada", "Noise") as ada:
            ada.send("Noise", "xyzzy plugh")
            talker = self.talk(server, every=0.5)
            eventually(lambda: not self.traces("xyzzy plugh"), "the first message is gone")
            eventually(lambda: talker.said >= 16, "talk goes on")
            entries = ada.ask("history", room="Noise")["entries"]
        # How old the oldest is depends on this machine; that it goes on trimming does not.
        self.assertLess(len(entries), talker.said)
        self.assertGreater(entries[0]["seq"], 1)

    # The clock

    def test_a_server_that_starts_with_the_clock_ahead_keeps_history(self):
        """With `--retention 30d` and the clock 31 days ahead, it was emptied in four seconds."""
        with self.serve("--retention", "30d") as server:
            with Client(server.ws_url, "Ada", "tea") as ada:
                for number in range(20):
                    ada.send("tea", f"line {number}")
            server.stop()
        ahead = str(31 * 86_400)
        with self.serve("--retention", "30d", program=("-c", WRONG_CLOCK, ahead)) as server:
            talker = self.talk(server, every=0.1)
            eventually(lambda: talker.said >= 60, "it has had time for all its tasks")
            talker.stop()
            server.stop()
        server = self.serve("--retention", "30d")
        with Client(server.ws_url, "Bob") as bob:
            self.assertEqual(len(bob.ask("join", room="tea")["entries"]), 20)

    def test_a_message_from_the_future_does_not_change_later_times(self):
        clock, new = self.place / "clock", self.place / "new"
        clock.write_text("0")
        server = self.serve("--retention", "30d", program=("-c", WRONG_CLOCK, str(clock)))
        with Client(server.ws_url, "Ada", "tea") as ada:
            times = []
            for by in ("0", "86400", "0", "-86400", "0"):
                new.write_text(by)
                new.rename(clock)
                begun = time.time()
                times.append(ada.send("tea", "hi")["time"] - begun)
            self.assertEqual([round(by / 86_400) for by in times], [0, 1, 0, -1, 0])
            entries = ada.ask("history", room="tea")["entries"]
            self.assertEqual([entry["seq"] for entry in entries], [1, 2, 3, 4, 5])
        self.assertIn("the clock was set by +86400", server.errors())
