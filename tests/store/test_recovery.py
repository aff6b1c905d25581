"""A start recovers whole messages of the redo log, and sets the rest aside."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from unittest import mock

from gochat_py.core.entry_json import entry_json
from gochat_py.errors import StartupError
from gochat_py.message import Position
from gochat_py.store import history, open_directory, retention
from gochat_py.store.recovery import KEPT_ASIDE, LINES, LOG
from gochat_py.store.redo_format import (
    HEADER,
    PAGE,
    RECORD,
    SIZE,
    Header,
    pack_header,
    pack_record,
    scan,
    unpack_header,
)
from gochat_py.store.redo_read import READ_AT_MOST
from tests.support.narrow import not_none
from tests.support.store import BOB, RedoLogCase, backup, delete, edit, message
from tests.support.versions_before import EPOCH, before_terms, lines

QUOTED = '"quoted"\\ \n\x01'
WARNINGS = "gochat_py.store.recovery"


class RecoveryCase(RedoLogCase):
    """A room with one committed message, and three records of the log with the messages 2 to 7."""

    def setUp(self):
        super().setUp()
        self.entry(message("1", id="1"))
        self.acknowledge(message("2", id="2"), message("三", BOB, id="3", reply_to=1))
        self.acknowledge(message("4"), message("5", id="5"))
        self.acknowledge(message("6", reply_to=4), message("7", id="7", reply_to=2))
        self.epoch = self.directory.epoch
        self.identity = self.directory.redo_log.identity

    def damage(self, change):
        """Die; let `change` make other bytes of the log's."""
        self.die()
        self.log.write_bytes(change(bytearray(self.log.read_bytes())))

    def records(self, data=None):
        return scan(data or self.log.read_bytes(), self.identity).records

    def start(self, warnings=0):
        """Start; return the warnings, of which there must be so many."""
        if not warnings:
            with self.assertNoLogs(WARNINGS):
                self.open()
            return ""
        with self.assertLogs(WARNINGS, "WARNING") as logged:
            self.open()
        self.assertEqual(len(logged.output), warnings, logged.output)
        return "\n".join(logged.output)

    def aside(self):
        return sorted(path.name for path in (self.place / "data").glob("*.unreadable-*"))

    def since(self, seq, epoch=None, key="tea"):
        """The texts after a position of the term before; None if it is not recovered."""
        found = self.read(history.since, key, Position(epoch or self.epoch, seq))
        return [entry.text for entry in found.entries] if found.recovered else None


class WholeLogTest(RecoveryCase):
    def test_the_next_start_commits_the_messages_of_a_killed_server(self):
        expected = self.directory.redo_log.of("tea")
        self.die()
        self.start()
        self.assertEqual(self.uncommitted(), [])
        self.assertEqual(self.read(history.newest, "tea").entries[1:], expected)
        self.assertEqual(self.records(), [])
        self.assertTrue(self.apply(message("x", BOB, id="3")).duplicate)
        self.assertEqual(self.entry(message("8")).seq, 8)
        self.assertEqual(self.since(5), ["6", "7", "8"])

    def test_messages_committed_before_the_kill_are_not_duplicated(self):
        with mock.patch.object(self.directory.redo_log, "committed"):
            self.writer.begin()
            self.writer.commit()
        self.assertEqual(len(self.records()), 3)
        self.die()
        self.start()
        self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7"])

    def test_messages_deleted_before_the_kill_stay_deleted(self):
        data = self.log.read_bytes()
        self.acknowledge(edit(2, "edited"), delete(4))
        self.die()
        self.log.write_bytes(data)  # as if the erasing had not happened
        self.start()
        self.assertEqual(self.texts()[:4], ["1", "edited", "三", None])
        self.assertEqual(self.read(history.newest, "tea").seq, 9)

    def test_messages_trimmed_before_the_kill_stay_trimmed(self):
        data = self.log.read_bytes()
        for _ in range(2):  # one commit may have been the last before the kill
            self.write(retention.trim, retention.Rule(1e9, keep=1.0))
            self.entry(message("later"))
        self.die()
        self.log.write_bytes(data)
        self.start()
        self.assertEqual(self.texts(), ["later"])
        self.assertEqual(self.read(history.newest, "tea").seq, 9)

    def test_a_kill_during_recovery_duplicates_nothing(self):
        self.die()
        data = self.log.read_bytes()
        self.start()
        self.die()
        self.log.write_bytes(data)
        self.start()
        self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7"])

    def test_an_interrupted_erasure_causes_no_warning(self):
        for _ in range(60):
            self.acknowledge(message("x" * 300))
        expected = [entry.text for entry in self.directory.redo_log.of("tea")]
        data = self.log.read_bytes()
        self.writer.begin()
        self.writer.commit()
        erased = self.log.read_bytes()
        self.die()
        for cut in range(0, len(data.rstrip(b"\0")), PAGE):
            self.log.write_bytes(erased[:cut] + data[cut:])
            self.start()
            self.assertEqual(self.texts()[1:], expected)
            self.assertEqual(self.aside(), [])
            self.die()
        self.open()

    def test_a_record_interrupted_by_a_kill_was_never_acknowledged(self):
        self.acknowledge(*(message("y" * 3_000) for _ in range(4)))
        self.die()
        data = self.log.read_bytes()
        last = self.records()[-1]
        for cut in range(-(-last.start // PAGE) * PAGE, last.end, PAGE):
            torn = data[:cut] + bytes(SIZE - cut)
            self.assertEqual(scan(torn, self.identity).damaged, [], cut)
        self.log.write_bytes(torn)
        self.start()
        self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7"])

    def test_a_log_cut_at_any_byte_keeps_every_whole_record(self):
        self.die()
        data = self.log.read_bytes()
        ends = [record.end for record in self.records()]
        for cut in range(ends[-1] + 1):
            found = scan(data[:cut], self.identity)
            self.assertEqual([each.end for each in found.records], [e for e in ends if e <= cut])


class DamagedLogTest(RecoveryCase):
    def test_a_damaged_record_is_set_aside_and_those_before_and_after_it_are_kept(self):
        def flip(data):
            data[self.records()[1].start + RECORD.size + 20] ^= 4
            return data

        self.damage(flip)
        said = self.start(warnings=2)
        self.assertIn("2 messages of the redo log", said)
        self.assertIn("is damaged: 4 messages in it were read", said)
        self.assertIn(f"{LOG}.unreadable-1", said)
        self.assertEqual(self.texts(), ["1", "2", "三", "6", "7"])
        with self.subTest("positions within what is there are good, and no others"):
            self.assertEqual(self.since(2), ["三", "6", "7"])
            self.assertEqual(self.since(3), ["6", "7"])
            for seq in (4, 5, 6, 7):
                self.assertIsNone(self.since(seq), seq)
            self.assertEqual(self.since(4, self.directory.epoch), ["7"])
        with self.subTest("an answer goes where it went, or nowhere"):
            entries = self.read(history.newest, "tea").entries
            self.assertEqual([entry.reply_to for entry in entries], [None, None, 1, None, 2])
        with self.subTest("the file that is set aside has nothing of what was read"):
            left = (self.place / "data" / self.aside()[0]).read_bytes()
            self.assertIn(b'"text":"5"', left)
            for text in (b'"text":"2"', b'"text":"7"'):
                self.assertNotIn(text, left)

    def test_a_kill_while_a_range_is_set_aside_does_not_hide_it(self):
        def flip(data):
            data[self.records()[1].start + RECORD.size + 20] ^= 4
            return data

        self.damage(flip)
        with (
            mock.patch.object(Path, "rename", side_effect=KeyboardInterrupt),
            self.assertLogs(WARNINGS, "WARNING"),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.open()
        self.start(warnings=1)
        self.assertEqual(len(self.aside()), 1)
        self.assertEqual(self.texts(), ["1", "2", "三", "6", "7"])

    def test_a_reply_to_a_renumbered_message_is_adapted(self):
        self.acknowledge(message("8", reply_to=7))

        def flip(data):
            data[self.records()[1].start] ^= 1
            return data

        self.damage(flip)
        self.start(warnings=2)
        entries = self.read(history.newest, "tea").entries
        self.assertEqual([(e.text, e.reply_to) for e in entries[-2:]], [("7", 2), ("8", 5)])

    def test_a_damaged_header_loses_no_message(self):
        data = self.log.read_bytes()
        for bit in range(8 * HEADER.size):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            found = scan(bytes(damaged), self.identity)
            self.assertEqual((len(found.records), found.header), (3, None), bit)
        self.damage(lambda data: b"x" * HEADER.size + data[HEADER.size :])
        self.start(warnings=1)
        self.assertEqual(self.texts(), [*"12三4567"])
        self.assertEqual(self.since(7), [])

    def test_messages_that_no_server_can_have_written_are_unreadable(self):
        whole = json.loads(entry_json(self.directory.redo_log.entries[-1]))
        header = not_none(unpack_header(self.log.read_bytes()))
        bad = [
            whole | {"txt": "x"}, {k: v for k, v in whole.items() if k != "text"},
            whole | {"seq": 0}, whole | {"seq": 1 << 40}, whole | {"seq": -1}, whole | {"seq": 8.0},
            whole | {"seq": True}, whole | {"seq": "8"}, whole | {"seq": None},
            whole | {"room": ""}, whole | {"room": "no room"}, whole | {"room": "x" * 65},
            whole | {"room": None}, whole | {"room": ["tea"]}, whole | {"user": ""},
            whole | {"user": 5}, whole | {"nick": None}, whole | {"text": None},
            whole | {"text": "\ud800"}, whole | {"nick": "\udfff"}, whole | {"id": "\ud8ff"},
            whole | {"id": None}, whole | {"time": "now"}, whole | {"time": -1.0},
            whole | {"time": 1e300}, whole | {"time": True}, whole | {"reply_to": 7},
            whole | {"reply_to": 0}, whole | {"reply_to": "1"}, whole | {"type": "edited"},
            whole | {"bot": 1}, whole | {"edited": 1.0}, whole | {"deleted": True},
            [], None, 5, "x", {}, [[whole]],
        ]  # fmt: skip
        payloads = [json.dumps([each]).encode() for each in bad]
        payloads += [
            b'[{"seq":' + b"9" * 5_000 + b"}]", b'[{"time":1e999}]', b"[NaN]", b"[", b"{}", b"",
            b"[" * 100_000, b'["\xff"]', json.dumps(whole).encode(),
        ]  # fmt: skip
        good = json.dumps([whole | {"seq": 8, "id": "8", "text": "8"}]).encode()
        payloads.append(good[:-1] + b',{"seq":9}]')
        records = b"".join(pack_record(header, payload) for payload in payloads)

        def append(data):
            end = self.records()[-1].end
            return data[:end] + records + bytes(SIZE - end - len(records))

        self.damage(append)
        self.start(warnings=1)
        self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7", "8"])
        self.assertEqual(len(self.aside()), 1)

    def test_garbage_is_set_aside_and_the_start_continues(self):
        chance = Random(1)
        garbage = [chance.randbytes(chance.randrange(1, 5_000)) for _ in range(30)]
        garbage += [
            b"\xff\xfe\n",
            b"[[]\n",
            b"rubbish",
            b"{}\n",
            b"5\n",
            b"[5]\n",
            b"[{}]\n",
        ]
        garbage += [bytes(9) + b"x" * 100, b"\xffREC" * 1_000, b"\xffREC" + bytes(40) + b"x"]
        self.writer.begin()
        self.writer.commit()
        self.die()
        for name in (LOG, LINES):
            for each in garbage:
                with self.subTest(name=name, garbage=each[:20]):
                    (self.place / "data" / name).write_bytes(each)
                    said = self.start(warnings=1)
                    self.assertIn(f"{name} is damaged: 0 messages in it were read", said)
                    self.assertEqual(len(self.texts()), 7)
                    self.assertEqual(self.log.stat().st_size, SIZE)
                    self.assertFalse((self.place / "data" / LINES).exists())
                    self.die()
        self.assertEqual(len(self.aside()), 2 * KEPT_ASIDE, "the newest few are kept")
        self.assertIn(f"{LOG}.unreadable-{len(garbage)}", self.aside())
        self.open()

    def test_an_empty_or_sparse_or_missing_file_causes_no_warning(self):
        self.writer.begin()
        self.writer.commit()
        for content in (b"", bytes(10), bytes(SIZE), None):
            self.die()
            self.log.unlink() if content is None else self.log.write_bytes(content)
            self.start()
            self.assertEqual(len(self.texts()), 7)

    def test_a_file_longer_than_the_limit_is_set_aside_with_its_end(self):
        def lengthen(data):
            return bytes(data) + bytes(READ_AT_MOST) + b"what is this?"

        self.damage(lengthen)
        self.start(warnings=1)
        self.assertEqual(self.texts(), [*"12三4567"])
        left = (self.place / "data" / self.aside()[0]).read_bytes()
        self.assertTrue(left.endswith(b"what is this?"))
        self.assertNotIn(b'"text":"7"', left)
        self.assertEqual(self.log.stat().st_size, SIZE)

    def test_a_log_that_is_no_regular_file_is_refused_with_a_sentence(self):
        self.die()
        for name in (LOG, LINES):
            path = self.place / "data" / name
            kept = path.read_bytes() if path.exists() else None
            path.unlink(missing_ok=True)
            for make in (os.mkdir, os.mkfifo):
                make(path)
                with self.assertRaisesRegex(StartupError, f"{name}: is not a regular file"):
                    self.open()
                path.rmdir() if path.is_dir() else path.unlink()
            if kept is not None:
                path.write_bytes(kept)
        self.start()

    def test_the_log_of_another_database_adds_nothing(self):
        other = open_directory(self.place / "other")
        writer = other.writer()
        for text in ("a", "b", "c"):
            writer.begin()
            writer.apply(message(text, id=text), self.now)
            writer.acknowledge()
        writer.close()
        other.close()
        data = (self.place / "other" / LOG).read_bytes()
        self.die()
        kept = self.log.read_bytes()
        self.log.write_bytes(data)
        said = self.start(warnings=1)
        self.assertIn("belongs to another database: 0 messages in it were read", said)
        self.assertEqual(self.texts(), ["1"])
        aside = (self.place / "data" / self.aside()[0]).read_bytes()
        self.assertEqual(aside, data)
        with self.subTest("where both are in one file, this one's are kept"):
            self.die()
            start = self.records(kept)[0].start
            end = self.records(kept)[-1].end
            self.log.write_bytes(data[:700] + kept[start:end])
            self.start(warnings=2)
            self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7"])

    def test_a_later_format_is_not_overwritten(self):
        def later(data):
            header = not_none(unpack_header(data))
            return pack_header(header._replace(format=2)) + b"who knows" + bytes(100)

        self.damage(later)
        data = self.log.read_bytes()
        for _ in range(2):
            with self.assertRaisesRegex(StartupError, "newer gochat .format 2.*move the file away"):
                self.open()
            self.assertEqual(self.log.read_bytes(), data)
        self.log.rename(self.place / "away")
        self.start()
        with self.subTest("that of another database is set aside"):
            self.die()
            header = Header(b"another database", 1, "t" * 16, format=2)
            self.log.write_bytes(pack_header(header) + b"who knows")
            self.start(warnings=1)

    def test_records_in_any_order_and_twice_are_written_once(self):
        def shuffle(data):
            parts = [data[record.start : record.end] for record in self.records()]
            mixed = [parts[2], parts[0], parts[1], parts[0], parts[2]]
            return (data[: HEADER.size] + b"".join(mixed)).ljust(SIZE, b"\0")

        self.damage(shuffle)
        self.start()
        self.assertEqual(self.texts(), ["1", "2", "三", "4", "5", "6", "7"])
        self.assertIsNotNone(self.since(7))

    def test_reading_takes_linear_time_whatever_the_file_holds(self):
        header = not_none(unpack_header(self.log.read_bytes()))
        head = pack_record(header, b"[" + b"x" * (SIZE // 2))[: RECORD.size]
        hostile = (head * (SIZE // len(head)))[:SIZE]
        with mock.patch("gochat_py.store.redo_format.crc32", return_value=0) as summed:
            self.assertEqual(scan(hostile, self.identity).records, [])
        self.assertGreater(len(summed.call_args_list), 10)
        self.assertLess(sum(len(call.args[0]) for call in summed.call_args_list), 17 * SIZE)

    def test_messages_of_a_full_room_are_set_aside(self):
        def fill(data):
            with closing(sqlite3.connect(self.place / "data/gochat.db")) as db:
                db.execute("UPDATE rooms SET seq = (1 << 40) - 1")
                db.execute("UPDATE entries SET id = (id >> 40 << 40) + (1 << 40) - 1")
                db.commit()
            return data

        self.damage(fill)
        said = self.start(warnings=2)
        self.assertIn("6 messages could not be stored: their rooms are full", said)
        self.assertIn(b'"text":"7"', (self.place / "data" / self.aside()[0]).read_bytes())


class DatabaseBehindTest(RecoveryCase):
    """The database lost commits that its log follows: it was restored, or its disk lost writes."""

    def setUp(self):
        super().setUp()
        self.copy = self.place / "copy"

    def test_a_restored_database_gets_the_log_s_messages_under_new_seqs(self):
        self.writer.begin()
        self.writer.commit()
        backup(self.directory.database, self.copy)
        for number in range(8, 21):
            self.entry(message(str(number), id=str(number)))
        self.acknowledge(message("21", id="21"), message("22"))
        self.acknowledge(message("elsewhere", room="Milk"))  # this makes the room: it is committed
        self.acknowledge(message("23"), message("milk 2", room="Milk"))
        self.die()
        backup(self.copy, self.place / "data/gochat.db")
        said = self.start(warnings=2)
        self.assertIn("older than its redo log", said)
        self.assertEqual(self.texts(), [*"12三4567", "23"])
        self.assertEqual(self.texts("milk"), ["milk 2"])
        for seq in range(8, 24):
            self.assertIsNone(self.since(seq), f"the {seq} that this client knows is another one")
        self.assertEqual(self.since(7), ["23"])
        self.assertIsNone(self.since(1, key="milk"))

    def test_messages_that_follow_the_stored_ones_keep_their_seq_and_term(self):
        """Only commits of other rooms were lost."""
        self.writer.begin()
        self.writer.commit()
        backup(self.directory.database, self.copy)
        self.entry(message("x", room="Milk"))
        self.acknowledge(message("8", id="8"), message("9"))
        self.die()
        backup(self.copy, self.place / "data/gochat.db")
        self.start(warnings=1)
        self.assertEqual(self.texts()[7:], ["8", "9"])
        self.assertEqual(self.since(8), ["9"])
        self.assertEqual(self.since(9), [])

    def test_messages_of_an_unknown_term_are_appended(self):
        self.writer.begin()
        self.writer.commit()
        backup(self.directory.database, self.copy)
        self.reopen()
        epoch = self.directory.epoch
        self.acknowledge(message("8", id="8"), message("9"))
        self.die()
        data = self.log.read_bytes()
        backup(self.copy, self.place / "data/gochat.db")
        self.start(warnings=2)
        self.assertEqual(self.texts()[7:], ["8", "9"])
        self.assertIsNone(self.since(8, epoch))
        self.assertEqual(self.since(7), ["8", "9"])
        with self.subTest("and is not taken twice"):
            self.die()
            self.log.write_bytes(data)
            self.start(warnings=1)
            self.assertEqual(self.texts()[7:], ["8", "9"])

    def test_an_empty_log_shows_that_the_database_is_older_too(self):
        self.writer.begin()
        self.writer.commit()
        backup(self.directory.database, self.copy)
        self.entry(message("8"))
        self.die()
        backup(self.copy, self.place / "data/gochat.db")
        self.assertIn("older than its redo log", self.start(warnings=1))

    def test_a_log_that_was_copied_back_after_a_start_without_it_is_read_once(self):
        self.die()
        data = self.log.read_bytes()
        self.log.unlink()
        self.start()
        self.assertEqual(self.entry(message("another 2")).seq, 2)
        for warnings in (1, 0):
            self.die()
            self.log.write_bytes(data)
            self.start(warnings=warnings)
            self.assertEqual(self.texts(), ["1", "another 2", *"2三4567"])


class LinesTest(RecoveryCase):
    """The format of the version before: lines of JSON, without checksums."""

    def setUp(self):
        super().setUp()
        entries = self.directory.redo_log.of("tea")
        self.batches = [entries[:2], entries[2:4], entries[4:]]
        self.data = lines(self.batches)
        self.die()
        self.log.unlink()
        self.lines = self.place / "data" / LINES

    def test_the_log_of_the_version_before_is_committed_and_positions_stay_valid(self):
        before_terms(self.place / "old")
        self.place = self.place / "old" / ".."
        (self.place / "data").rename(self.place / "unused")
        (self.place / "old").rename(self.place / "data")
        self.start()
        self.assertEqual(
            self.texts(),
            [
                "one, edited",
                "zwei",
                "one, edited",
                "three",
                "四",
                "from a classic client",
                '"quoted"\\ \n\x01',
            ],
        )
        self.assertEqual(self.texts("milk"), ["uno", "dos"])
        self.assertFalse((self.place / "data" / LINES).exists())
        self.assertEqual(self.since(6, EPOCH), [QUOTED])
        self.assertEqual(self.since(7, EPOCH), [])
        self.assertIsNone(self.since(8, EPOCH))
        self.assertEqual(self.read(history.newest, "tea").entries[4].reply_to, 1)
        self.assertTrue(self.apply(message("x", BOB, id="5")).duplicate)
        self.assertEqual(self.entry(message("8")).seq, 8)
        self.assertIsNone(self.since(8, EPOCH))
        self.assertEqual(self.since(7, EPOCH), ["8"])

    def damaged_line(self, place, bit, kept):
        data = bytearray(self.data)
        data[place] ^= bit
        self.lines.write_bytes(data)
        hole = kept != [*"12三4567"]
        self.start(warnings=1 + hole)
        self.assertEqual(self.texts(), kept)
        self.assertEqual(self.aside(), [f"{LINES}.unreadable-1"])
        self.assertFalse(self.lines.exists())

    def test_only_a_damaged_message_of_a_line_is_lost(self):
        self.damaged_line(self.data.index(b'"text":"5"'), 2, [*"12三467"])

    def test_a_damaged_byte_of_a_text_is_not_taken_for_another_character(self):
        self.damaged_line(self.data.index("三".encode()), 128, [*"124567"])

    def test_a_damaged_end_of_a_line_loses_nothing(self):
        self.damaged_line(self.data.index(b"\n["), 2, [*"12三4567"])

    def test_a_damaged_end_of_the_last_line_loses_nothing(self):
        data = bytearray(self.data)
        data[len(self.data.rstrip(b"\0")) - 1] ^= 2
        self.lines.write_bytes(data)
        self.start()
        self.assertEqual(self.texts(), [*"12三4567"])

    def test_a_kill_while_a_range_is_set_aside_does_not_hide_it(self):
        data = bytearray(self.data)
        data[self.data.index(b'"text":"5"')] ^= 2
        self.lines.write_bytes(data)
        with (
            mock.patch.object(Path, "rename", side_effect=KeyboardInterrupt),
            self.assertLogs(WARNINGS, "WARNING"),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.open()
        self.start(warnings=1)
        self.assertEqual(self.aside(), [f"{LINES}.unreadable-1"])
        self.assertNotIn(b'"text":"2"', (self.place / "data" / self.aside()[0]).read_bytes())
        self.assertEqual(self.texts(), [*"12三467"])

    def test_a_line_without_its_end_was_never_acknowledged(self):
        used = len(self.data.rstrip(b"\0"))
        data = self.data[: used - 20]
        self.lines.write_bytes(data.ljust(SIZE, b"\0"))
        self.start()
        self.assertEqual(self.texts(), [*"12三45"])

    def test_a_log_that_was_being_erased_is_ignored(self):
        self.open()
        self.acknowledge(
            *(message(not_none(entry.text)) for batch in self.batches for entry in batch)
        )
        committed = [self.directory.redo_log.of("tea")]
        self.writer.begin()
        self.writer.commit()
        self.die()
        data = lines(committed)
        for erased in range(1, len(data.rstrip(b"\0")), 97):
            self.lines.write_bytes(bytes(erased) + data[erased:])
            self.start()
            self.assertEqual(len(self.texts()), 7)
            self.die()
        self.open()

    def test_messages_after_a_gap_are_written_once_even_if_the_file_stays(self):
        holed = lines([self.batches[0], self.batches[2]])
        for warnings in (1, 0):
            self.lines.write_bytes(holed)
            self.start(warnings=warnings)
            self.assertEqual(self.texts(), [*"12三67"])
            self.assertIsNone(self.since(6))
            self.assertEqual(self.since(3), ["6", "7"])
            self.die()
        self.open()
