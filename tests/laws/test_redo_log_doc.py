"""Compares docs/redo-log.md with the code, and the format with files made before."""

from __future__ import annotations

import json
import re
from zlib import crc32

from gochat_py.core.entry_json import FIELDS, NEEDED, entry_json
from gochat_py.store.recovery import KEPT_ASIDE, LINES, LOG
from gochat_py.store.redo_format import (
    FORMAT,
    HEADER,
    MAGIC,
    RECORD,
    RECORD_MAGIC,
    SIZE,
    Header,
    pack_header,
    pack_record,
    scan,
    unpack_header,
)
from gochat_py.store.redo_read import READ_AT_MOST, read_log
from tests.support.case import TestCase
from tests.support.narrow import not_none
from tests.support.server import ROOT
from tests.support.store import StoreCase

TEXT = (ROOT / "docs" / "redo-log.md").read_text(encoding="utf-8")
VECTOR = json.loads((ROOT / "tests" / "vectors" / "redo_log.json").read_text(encoding="utf-8"))
IDENTITY = bytes.fromhex(VECTOR["identity"])
PAYLOAD = VECTOR["payload"].encode()


def table(section: str) -> list[tuple[int, int, str, str]]:
    """The rows of the table below a heading: offset, bytes, field, what it is."""
    part = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \| (.*) \|$", part, re.MULTILINE)
    return [(int(offset), int(size), name, what) for offset, size, name, what in rows]


class DocumentTest(TestCase):
    def test_the_tables_have_every_byte_of_header_and_record(self):
        for section, layout in (("Header", HEADER), ("Record", RECORD)):
            at = 0
            for offset, size, name, _ in table(section):
                self.assertEqual(offset, at, name)
                at += size
            self.assertEqual(at, layout.size)
            self.assertIn(f"\n{layout.size} bytes", TEXT.split(f"\n## {section}\n")[1])

    def test_the_tables_say_where_the_vectors_have_their_fields(self):
        fields = {
            "identity": IDENTITY,
            "commit": VECTOR["commit"].to_bytes(8, "little"),
            "term": VECTOR["term"].encode(),
            "length": len(PAYLOAD).to_bytes(4, "little"),
            "crc": crc32(bytes.fromhex(VECTOR["record"])[8:]).to_bytes(4, "little"),
            "format": FORMAT.to_bytes(2, "little"),
            "reserved": bytes(6),
        }
        for section, magic in (("Header", MAGIC), ("Record", RECORD_MAGIC)):
            data = bytes.fromhex(VECTOR[section.lower()])
            for offset, size, name, what in table(section):
                if name == "checksum":
                    continue
                if name == "magic":
                    self.assertTrue(what.startswith(f"`{magic.hex(' ')}`"))
                expected = magic if name == "magic" else fields[name]
                self.assertEqual(data[offset : offset + size], expected, name)

    def test_the_document_names_the_files_the_sizes_and_the_fields(self):
        for name in (LOG, LINES, f"{LOG}.unreadable-1", f"{SIZE:,} bytes"):
            self.assertIn(name, TEXT)
        self.assertIn(f"first {READ_AT_MOST >> 20} MiB", TEXT)
        self.assertEqual(KEPT_ASIDE, 4)
        self.assertIn("The newest four\n", TEXT)
        for field in FIELDS:
            self.assertIn(f"`{field}`", TEXT)
        self.assertLess(NEEDED, FIELDS)


class VectorTest(StoreCase):
    def test_the_log_is_written_as_in_the_vectors(self):
        header = Header(IDENTITY, VECTOR["commit"], VECTOR["term"])
        self.assertEqual(pack_header(header).hex(), VECTOR["header"])
        self.assertEqual(pack_record(header, PAYLOAD).hex(), VECTOR["record"])

    def test_the_log_of_the_vectors_is_read(self):
        data = bytes.fromhex(VECTOR["header"] + VECTOR["record"])
        header = not_none(unpack_header(data))
        self.assertEqual(header, Header(IDENTITY, VECTOR["commit"], VECTOR["term"], FORMAT))
        (record,) = scan(data, IDENTITY).records
        self.assertEqual((record.commit, record.term, record.payload), (*header[1:3], PAYLOAD))
        self.assertEqual(scan(data, bytes(16)).records, [])
        path = self.place / "log"
        path.write_bytes(data)
        found = not_none(read_log(path, IDENTITY))
        (entry,) = found.batches[0].entries
        self.assertEqual((found.unread, f"[{entry_json(entry)}]"), (0, VECTOR["payload"]))
