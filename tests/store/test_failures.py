"""Nothing acknowledged is lost if the disk is full, the database locked or the server killed."""

import random
import signal
import subprocess
import sys

from gochat_py.message import Entry
from gochat_py.store import StorageFailed, history, open_directory
from tests.support.server import ROOT
from tests.support.store import StoreCase, message

#: Holds the write lock as a foreign program may, until its input ends.
FOREIGN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""

#: Writes under a limit on the size of any file, until that fails; then goes on without the limit.
CROWDED = """
import resource, signal, sys
from gochat_py.store import StorageFailed, open_directory
from tests.support.store import message

directory = open_directory(sys.argv[1])
writer = directory.writer()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
number = 0

def write(size):
    global number
    writer.begin()
    seqs = []
    for _ in range(size):
        number += 1
        seqs.append((writer.apply(message("x" * 2000, id=str(number)), 1.0).entry.seq, number))
    writer.commit()
    for seq, sent in seqs:
        print(seq, sent)

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for limit in (200_000, 600_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    failures = 0
    while failures < 3:
        try:
            write(3)
        except StorageFailed as error:
            failures += 1
            print("failed", error, file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    write(3)
writer.close()
directory.close()
"""

#: Writes transactions of random sizes and says what was committed, until it is killed.
BUSY = """
import random, sys
from gochat_py.store import trigrams, open_directory
from tests.support.store import message

directory = open_directory(sys.argv[1])
writer = directory.writer()
chance = random.Random(sys.argv[2])
number = 0
while True:
    writer.begin()
    lines = []
    for _ in range(chance.randrange(1, 20)):
        number += 1
        room = chance.choice(["Tea", "Milk"])
        sent = f"{sys.argv[2]}-{number}"
        entry = writer.apply(message("x" * chance.randrange(300), room=room, id=sent), 1.0).entry
        lines.append(f"{entry.key} {entry.seq} {sent}")
    if chance.random() < 0.3:
        writer.run(trigrams.index_some, 50)
    writer.commit()
    print(*lines, sep="\\n", flush=True)
"""


class FailuresTest(StoreCase):
    def child(self, program, *arguments, **options):
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )

    def stored(self, room="tea"):
        """What the room holds, as {seq: id}; its seqs have no holes."""
        count, entries = self.read(history.newest, room, 1).seq, list[Entry]()
        while len(entries) < count:  # a page brings no more than fits one answer
            page = self.read(history.page, room, after=len(entries), limit=count)
            self.assertTrue(page.entries)
            entries += page.entries
        self.assertEqual([entry.seq for entry in entries], list(range(1, count + 1)))
        return {entry.seq: entry.id for entry in entries}

    def test_a_full_database_fails_the_transaction_and_nothing_else(self):
        self.entry(message("kept", id="kept"))
        self.writer.begin()
        self.writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1"))
        self.writer.apply(message("lost", id="lost"), 1.0)
        for number in range(100):
            self.writer.apply(message("x" * 3000, id=str(number)), 1.0)
        with self.assertRaisesRegex(StorageFailed, "full"):
            self.writer.commit()
        with self.assertRaisesRegex(RuntimeError, "the writer is closed"):
            self.writer.apply(message("the transaction is over"), 1.0)
        with self.assertRaisesRegex(RuntimeError, "the writer is closed"):
            self.writer.commit()
        self.assertEqual(self.stored(), {1: "kept"})
        # The limit was the connection's; the next begin opens another: there is space again.
        self.assertFalse(self.apply(message("lost", id="lost")).duplicate)
        self.assertEqual(self.stored(), {1: "kept", 2: "lost"})

    def test_a_full_disk_loses_nothing_committed_and_service_resumes(self):
        self.close()
        with self.child(CROWDED, str(self.place / "data"), stderr=subprocess.PIPE) as child:
            out, errors = child.communicate()
        self.assertEqual(child.returncode, 0, errors)
        self.assertEqual(errors.count("failed"), 6, errors)
        committed = {int(seq): sent for seq, sent in map(str.split, out.splitlines())}
        self.open()
        self.assertEqual(self.stored(), committed)

    def test_writing_to_a_locked_database_fails_until_it_is_unlocked(self):
        self.entry(message("before", id="1"))
        with self.child(FOREIGN, str(self.directory.database)) as foreign:
            self.assertEqual(foreign.stdout.readline(), "locked\n")
            for _ in range(2):
                with self.assertRaisesRegex(StorageFailed, "locked"):
                    self.writer.begin()
            self.assertEqual(self.stored(), {1: "1"}, "readers do not care")
        self.entry(message("after", id="2"))
        self.assertEqual(self.stored(), {1: "1", 2: "2"})

    def test_a_kill_at_any_moment_loses_nothing_that_was_committed(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        self.close()
        committed: dict[str, dict[int, str]] = {"tea": {}, "milk": {}}
        for round_ in range(6):
            with self.child(BUSY, str(self.place / "data"), f"{seed}-{round_}") as child:
                # Somewhere between its first commit and its hundreds.
                for _ in range(chance.randrange(1, 1500)):
                    self.note(child.stdout.readline(), committed)
                child.send_signal(signal.SIGKILL)
                for line in child.stdout:
                    self.note(line, committed)
        self.open()
        with self.subTest(seed=seed):
            for room, entries in committed.items():
                stored = self.stored(room)
                self.assertLessEqual(entries.items(), stored.items())
                self.assertEqual(len(set(stored.values())), len(stored), "none came twice")
                self.assertGreater(len(entries), 0)
        sent = next(reversed(committed["tea"].values()))
        self.assertTrue(self.apply(message("a retry", id=sent)).duplicate)

    def note(self, line, committed):
        """Remember a complete line of the child."""
        if line.endswith("\n"):
            room, seq, sent = line.split()
            committed[room][int(seq)] = sent

    def test_the_killed_servers_directory_is_free_again(self):
        self.close()
        with self.child(BUSY, str(self.place / "data"), "0") as child:
            child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            child.communicate()
        open_directory(self.place / "data").close()
        self.open()
