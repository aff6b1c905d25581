"""The server is killed while it starts, and with --durability power: nothing is lost or doubled.

GOCHAT_TEST_KILLS is how often each test kills it (5 and 3 times if it is not set).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from gochat_py.message import Position
from gochat_py.store import history, open_directory
from tests import soak
from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT
from tests.support.store import BOB, RedoLogCase, message
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
    """Killed at a line of its start's code, the server starts again as if it had not been."""

    def kill_starts(self, left: Path, epoch: str, expected: list[str]) -> None:
        """Start copies of the directory `left`; kill each at another line; compare."""
        shutil.copytree(left, self.place / "whole")
        done = start_and_die(self.place / "whole", 0)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = int(done.stdout)
        kills = KILLS or 5
        for number in range(kills):
            line = 1 + number * (lines - 1) // max(1, kills - 1)
            with self.subTest(line=line, of=lines):
                place = self.place / "killed"
                shutil.copytree(left, place)
                done = start_and_die(place, line)
                self.assertEqual((done.returncode, done.stderr), (-signal.SIGKILL, ""))
                with self.assertNoLogs("gochat_py.store"):
                    directory = open_directory(place)
                readers = directory.readers(1)
                try:
                    entries = readers.run(history.page, "tea", limit=100).entries
                    self.assertEqual([entry.text for entry in entries], expected)
                    self.assertEqual([e.seq for e in entries], [*range(1, len(expected) + 1)])
                    for seq in range(len(expected) + 2):
                        found = readers.run(history.since, "tea", Position(epoch, seq))
                        self.assertEqual(found.recovered, seq <= len(expected))
                finally:
                    readers.close()
                    directory.close()
                shutil.rmtree(place)

    def test_with_a_log_that_a_killed_server_left(self) -> None:
        self.entry(message("1", id="1"))
        self.acknowledge(message("2", id="2"), message("3", BOB))
        self.acknowledge(message("4", reply_to=2))
        epoch = self.directory.epoch
        self.die()
        self.kill_starts(self.place / "data", epoch, [*"1234"])

    def test_with_what_the_version_before_left(self) -> None:
        before_terms(self.place / "old")
        expected = ["one, edited", "zwei", "one, edited", "three", "四", "from a classic client"]
        self.kill_starts(self.place / "old", EPOCH, [*expected, '"quoted"\\ \n\x01'])


class PowerTest(TestCase):
    def test_a_server_that_writes_to_the_disk_loses_nothing_and_doubles_nothing(self) -> None:
        said = soak.killing(soak.new_seed(), KILLS or 3, "--durability", "power")
        print(said, end=" ", flush=True)
