"""However a redo log is damaged, no whole record is lost, invented or duplicated.

GOCHAT_TEST_FUZZ is how many files each test tries; ``make fuzz`` tries very many.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gochat_py.core.entry_json import entry_json
from gochat_py.message import Entry, Position
from gochat_py.store import history, open_directory
from gochat_py.store.recovery import LINES, LOG
from gochat_py.store.redo_format import (
    HEADER,
    RECORD,
    RECORD_MAGIC,
    SIZE,
    Header,
    pack_record,
    scan,
    unpack_header,
)
from tests.support.case import TestCase
from tests.support.narrow import not_none
from tests.support.store import ANN, BOB, backup, message
from tests.support.versions_before import lines

FILES = int(os.environ.get("GOCHAT_TEST_FUZZ", "40"))

thorough = settings(
    max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck), database=None
)

ROOMS = ("tea", "milk")

#: What may happen to a file, and what besides to one whose records have checksums: a message of the
#: format before that is there twice, once damaged, is taken for a retry.
HARM = ("flip", "flip", "cut", "zero", "insert", "truncate", "header", "magic")
SPLICES = ("copy", "move", "own", "foreign")


def damages(*kinds: str) -> st.SearchStrategy[list[Any]]:
    """Changes of a file: what, where (in 0..1), how far, and with which bytes."""
    place = st.floats(0, 1, exclude_max=True)
    change = st.tuples(st.sampled_from(kinds), place, place, st.binary(max_size=40))
    return st.lists(change, min_size=1, max_size=6)


def damaged(data: bytes, changes: list[Any], records: list[bytes], foreign: bytes) -> bytes:
    """The bytes after all of `changes`; the used part of the file is what is changed."""
    data = data.rstrip(b"\0")
    for what, where, far, some in changes:
        at, to = int(where * len(data)), int(far * len(data))
        first, last = min(at, to), max(at, to)
        if what == "flip" and data:
            data = data[:at] + bytes([data[at] ^ 1 << len(some) % 8]) + data[at + 1 :]
        elif what == "cut":
            last = min(last, first + 300)
            data = data[:first] + data[last:]
        elif what == "zero":
            last = min(last, first + 600)
            data = data[:first] + bytes(last - first) + data[last:]
        elif what == "insert":
            data = data[:at] + some + data[at:]
        elif what == "copy":
            data = data[:at] + data[first:last] + data[at:]
        elif what == "move":
            data = data[:first] + data[last:] + data[first:last]
        elif what == "truncate":
            data = data[: max(at, 1)]
        elif what == "own":
            data = data[:at] + records[int(far * len(records))] + data[at:]
        elif what == "foreign":
            data = data[:at] + foreign[to:] + data[at:]
        elif what == "header":
            data = foreign[: HEADER.size] + data[HEADER.size :]
        elif what == "magic":
            data = data[:at] + RECORD_MAGIC + some + data[at:]
    return data[:SIZE].ljust(SIZE if len(changes) % 2 else 0, b"\0")


class Template:
    """The files of a killed server, made once: its log, its database, and older and newer ones."""

    def __init__(self, place: Path) -> None:
        self.place = place
        directory = open_directory(place / "data")
        self.epoch, self.identity = directory.epoch, directory.redo_log.identity
        self.committed: dict[str, dict[str, list[Entry]]] = {}
        self.batches: list[list[Entry]] = []
        with closing(directory), closing(directory.writer()) as writer:

            def write(*drafts, last=False):
                writer.begin()
                written = [writer.apply(each, 1_000.0 + len(self.batches)).entry for each in drafts]
                writer.acknowledge()
                if last:
                    writer.begin()
                    writer.commit()
                return written

            made: dict[str, list[Entry]] = {room: [] for room in ROOMS}

            def keep(name):
                backup(directory.database, place / f"{name}.db")
                self.committed[name] = {room: list(entries) for room, entries in made.items()}

            for number, room in enumerate((*ROOMS, "tea", "tea", "milk")):
                draft = message(f"first {number}", room=room, id=f"f{number}")
                made[room] += write(draft, last=True)
            keep("older")
            for number, room in enumerate((*ROOMS, *ROOMS)):
                draft = message(
                    f"second {number}", BOB, room=room, id=f"s{number}" if room == "tea" else None
                )
                made[room] += write(draft, last=True)
            keep("same")
            for number in range(7):
                drafts = [
                    message(
                        f'log {number}.{part} 茶\u0000"',
                        (ANN, BOB)[part % 2],
                        room=ROOMS[(number + part) % 2],
                        # Far from each other: a flipped bit makes none of them another's.
                        id=None if part == 1 else f"{number}.{part} " * 6,
                    )
                    for part in range(1 + number % 3)
                ]
                batch = write(*drafts)
                self.batches.append(batch)
                for entry in batch:
                    made[entry.key].append(entry)
            self.log = (place / "data" / LOG).read_bytes()
            writer.begin()
            writer.commit()
            keep("committed")
        self.records = [self.log[r.start : r.end] for r in scan(self.log, self.identity).records]
        assert len(self.records) == len(self.batches)
        header = not_none(unpack_header(self.log))
        other = Header(b"another database", header.commit, header.term)
        payloads = [f"[{','.join(map(entry_json, batch))}]".encode() for batch in self.batches]
        self.foreign = self.log[: RECORD.size] + b"".join(pack_record(other, p) for p in payloads)


def content(entry: Entry) -> tuple[object, ...]:
    """What stays of a message that gets another seq."""
    return entry.user, entry.nick, entry.time, entry.id, entry.text


class RedoLogPropertyTest(TestCase):
    template: Template

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        place = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, place)
        cls.template = Template(place)
        log = logging.getLogger("gochat_py.store.recovery")
        log.disabled = True
        cls.addClassCleanup(setattr, log, "disabled", False)

    @thorough
    @given(damages(*HARM, *SPLICES), st.sampled_from(["same", "same", "older", "committed"]))
    def test_every_whole_record_is_recovered_once(self, changes, which):
        template = self.template
        data = damaged(template.log, changes, template.records, template.foreign)
        whole = [
            batch
            for record, batch in zip(template.records, template.batches, strict=True)
            if record in data
        ]
        kept = [entry for batch in whole for entry in batch]
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "data"
            self.prepare(place, which, LOG, data)
            for _ in "first", "second":  # a second start changes nothing
                with closing(open_directory(place)) as directory:
                    self.compare(directory, kept, which)

    @thorough
    @given(damages(*HARM), st.sampled_from(["same", "older", "committed"]))
    def test_every_whole_message_of_the_format_before_is_recovered_once(self, changes, which):
        template = self.template
        log = lines(template.batches)
        records = [line + b"\n" for line in log.split(b"\n")[:-1]]
        data = damaged(log, changes, records, template.foreign)
        ended = data.lstrip(b"\0").rpartition(b"\n")[0] + b"\n"
        sure = [e for batch in template.batches for e in batch if entry_json(e).encode() in ended]
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "data"
            self.prepare(place, which, LINES, data)
            with closing(open_directory(place)) as directory:
                for room, found in self.rooms(directory):
                    # Without checksums, a time that was damaged makes those after it later, and a
                    # damaged copy of a message without id is another message.
                    counted = Counter(content(entry._replace(time=0)) for entry in found)
                    for entry in [*template.committed[which][room], *sure]:
                        if entry.key == room:
                            times = counted[content(entry._replace(time=0))]
                            self.assertTrue(times == 1 or (times > 1 and entry.id is None), entry)

    @thorough
    @given(st.binary(max_size=3_000), st.sampled_from([LOG, LINES]), st.integers(0, 70))
    def test_a_log_of_any_bytes_adds_no_message(self, noise, name, start):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "data"
            self.prepare(place, "same", name, self.template.log[:start] + noise)
            with closing(open_directory(place)) as directory:
                self.compare(directory, [], "same")

    def prepare(self, place, which, name, data):
        place.mkdir()
        shutil.copy(self.template.place / f"{which}.db", place / "gochat.db")
        (place / name).write_bytes(data)

    def rooms(self, directory):
        """Each room, and its entries, whose seqs have no hole."""
        with closing(directory.read_pool(1)) as read_pool:
            for room in ROOMS:
                found = read_pool.run(history.page, room, limit=1_000).entries
                self.assertEqual([entry.seq for entry in found], [*range(1, len(found) + 1)])
                yield room, found

    def compare(self, directory, kept, which):
        """The rooms have the committed entries, then the recovered ones, in order, each once."""
        committed = self.template.committed[which]
        for room, found in self.rooms(directory):
            there = {entry.seq for entry in committed[room]}
            rest = [entry for entry in kept if entry.key == room and entry.seq not in there]
            expected = [*committed[room], *rest]
            self.assertEqual([*map(content, found)], [*map(content, expected)])
            reached = 0  # up to here every entry is the one that was told under this seq
            while reached < len(expected) and expected[reached].seq == reached + 1:
                reached += 1
            with closing(directory.read_pool(1)) as read_pool:
                for seq in range(len(expected) + 5):
                    position = Position(self.template.epoch, seq)
                    since = read_pool.run(history.since, room, position)
                    self.assertEqual(since.recovered, seq <= reached, (room, seq, reached))
