"""Kills during a start, and with --durability power, lose and duplicate nothing.

GOCHAT_TEST_KILLS is how often each test kills it (5 and 3 times if it is not set).
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from gochat_py.message import Position
from gochat_py.store import history, open_directory
from gochat_py.store.recovery import LOG
from gochat_py.store.redo_format import RECORD_MAGIC, pack_header, scan, unpack_header
from tests import soak
from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT, ServerProcess
from tests.support.store import BOB, RedoLogCase, message
from tests.support.v1 import Client
from tests.support.versions_before import EPOCH, before_terms

KILLS = int(os.environ.get("GOCHAT_TEST_KILLS", "0"))

#: Opens the directory, and dies at a line of the store's code: the one of this number. Prints how
#: many lines there were if there were fewer.
STARTER = """
import os, signal, sys
from gochat_py.store import open_directory
place, last = sys.argv[1], int(sys.argv[2])
lines = 0

def trace(frame, event, _):
    global lines
    if f"{os.sep}store{os.sep}" not in frame.f_code.co_filename:
        return None
    lines += 1
    if lines == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace

sys.settrace(trace)
open_directory(place)
sys.settrace(None)
print(lines)
"""


def start_and_die(place: Path, line: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", STARTER, str(place), str(line)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class StartingTest(RedoLogCase):
    """A server killed at any line of its start starts again normally."""

    def kill_starts(self, left: Path, epoch: str, expected: list[str], whole: int = 0) -> None:
        """Start copies of the directory `left`; kill each at another line; compare.

        Positions are good up to `whole`, or all; else something was damaged, and is set aside once.
        """
        shutil.copytree(left, self.place / "whole")
        done = start_and_die(self.place / "whole", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = int(done.stdout)
        kills = KILLS or 5
        for number in range(kills):
            line = 1 + number * (lines - 1) // max(1, kills - 1)
            with self.subTest(line=line, of=lines):
                place = self.place / "killed"
                shutil.copytree(left, place)
                done = start_and_die(place, line)
                self.assertEqual(done.returncode, -signal.SIGKILL)
                self.assertNotIn("Traceback", done.stderr)
                with contextlib.nullcontext() if whole else self.assertNoLogs("gochat_py.store"):
                    directory = open_directory(place)
                self.assertEqual(len(list(place.glob("*.unreadable-*"))), bool(whole))
                read_pool = directory.read_pool(1)
                try:
                    entries = read_pool.run(history.page, "tea", limit=100).entries
                    self.assertEqual([entry.text for entry in entries], expected)
                    self.assertEqual([e.seq for e in entries], [*range(1, len(expected) + 1)])
                    for seq in range(len(expected) + 2):
                        found = read_pool.run(history.since, "tea", Position(epoch, seq))
                        self.assertEqual(found.recovered, seq <= (whole or len(expected)))
                finally:
                    read_pool.close()
                    directory.close()
                shutil.rmtree(place)

    def test_with_a_log_that_a_killed_server_left(self) -> None:
        self.entry(message("1", id="1"))
        self.acknowledge(message("2", id="2"), message("3", BOB))
        self.acknowledge(message("4", reply_to=2))
        epoch = self.directory.epoch
        self.die()
        self.kill_starts(self.place / "data", epoch, [*"1234"])

    def test_with_a_damaged_log(self) -> None:
        self.entry(message("1", id="1"))
        for text in "2345":
            self.acknowledge(message(text))
        epoch, identity = self.directory.epoch, self.directory.redo_log.identity
        self.die()
        data = bytearray(self.log.read_bytes())
        data[scan(bytes(data), identity).records[1].end - 3] ^= 1
        self.log.write_bytes(data)
        log = logging.getLogger("gochat_py.store.recovery")
        log.disabled = True
        self.addCleanup(setattr, log, "disabled", False)
        self.kill_starts(self.place / "data", epoch, [*"1245"], whole=2)

    def test_with_the_log_of_the_version_before(self) -> None:
        before_terms(self.place / "old")
        expected = ["one, edited", "zwei", "one, edited", "three", "四", "from a classic client"]
        self.kill_starts(self.place / "old", EPOCH, [*expected, '"quoted"\\ \n\x01'])


class PowerTest(TestCase):
    def test_with_power_durability_kills_lose_and_duplicate_nothing(self) -> None:
        said = soak.killing(soak.new_seed(), KILLS or 3, "--durability", "power")
        print(said, end=" ", flush=True)


class OperatorTest(TestCase):
    """What the log says about a damaged redo log."""

    def setUp(self) -> None:
        super().setUp()
        self.data = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.data)
        server = ServerProcess("--data", str(self.data), "--rate", "1000", "--burst", "1000")
        self.addCleanup(server.kill)
        with Client(server.ws_url, "Ada", "tea") as ada:
            self.token = ada.welcome["token"]
            self.epoch = ada.ask("join", room="other")["epoch"]
            ada.send("tea", "0", id="0")
            for number in range(1, 7):
                ada.send("tea", str(number), id=str(number))
            server.kill()  # before they are committed, unless the machine is very slow
        self.log = (self.data / LOG).read_bytes()

    def test_a_damaged_log_causes_one_warning_and_the_server_runs(self) -> None:
        data = self.log
        if data.count(RECORD_MAGIC) < 3:
            self.skipTest("The machine was too slow: the messages were committed before.")
        second = data.index(RECORD_MAGIC, data.index(RECORD_MAGIC) + 1)
        (self.data / LOG).write_bytes(data[: second + 60] + b"!" + data[second + 61 :])
        with ServerProcess("--data", str(self.data)) as server:
            with Client(server.ws_url, "Ada", token=self.token) as ada:
                joined = ada.ask("join", room="tea", since={"epoch": self.epoch, "seq": 7})
                self.assertFalse(joined["recovered"])
                self.assertEqual(len(joined["entries"]), 6, "one of seven is lost")
            said = server.errors()
        self.assertNotIn("Traceback", said)
        self.assertEqual(said.count("is damaged"), 1, said)
        self.assertIn(f"{LOG}.unreadable-1", said)

    def test_a_log_of_a_later_version_stops_the_start_with_a_sentence(self) -> None:
        header = unpack_header(self.log)
        assert header is not None
        (self.data / LOG).write_bytes(pack_header(header._replace(format=9)) + b"?" * 100)
        done = subprocess.run(
            [sys.executable, "-m", "gochat_py", "--port", "0", "--data", str(self.data)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("written by a newer gochat (format 9", done.stderr)
