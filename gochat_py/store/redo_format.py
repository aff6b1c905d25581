"""The format of the redo log, byte by byte (docs/redo-log.md). Pure functions, for any thread.

The file is a header of 64 bytes, then records, then zeros. All numbers are little-endian. The
header is the same in every version of the format, so that each version recognizes a log of a later
version. A record has the identity of the database, so a record of another database is not mistaken
for one of this database. It also has a CRC-32: of all checksums, this one adds the least to the
latency of a single message. The first byte of `RECORD_MAGIC` does not occur in UTF-8, so no record
begins inside the messages of another record.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

#: Bytes of the file.
SIZE = 1 << 20

#: The version of the format that this module writes.
FORMAT = 1

MAGIC = b"\xffGOREDO\n"
RECORD_MAGIC = b"\xffREC"

#: magic, format, six zeros, identity, commit, term, checksum
HEADER = struct.Struct("<8sH6x16sQ16s8s")

#: magic, CRC-32 of all that follows it, identity, commit, term, length; the payload follows
RECORD = struct.Struct("<4sI16sQ16sI")

#: Bytes of the header's checksum, at its end; and bytes of a record that its CRC does not cover.
CHECKSUM = 8
BEFORE_CRC_BODY = 8

#: The kernel writes page by page: a write that a kill interrupts ends at a multiple of this.
PAGE = 4096

#: A scan reads at most this many times the size of the file in damaged payloads. Each of them has
#: the magic and the identity before it, which is rare; no server writes a file full of them.
EFFORT = 16


class Header(NamedTuple):
    """The database's identity, the commit that the log follows, the term that wrote the log."""

    identity: bytes
    commit: int
    term: str
    format: int = FORMAT


class Record(NamedTuple):
    """A whole record: its position in the file, and its content."""

    start: int
    end: int
    commit: int
    term: str
    payload: bytes


@dataclass(slots=True)
class Scan:
    """The result of a scan.

    `records` are whole and of this database, in the order of the file. `damaged` are the ranges, as
    (start, end), that are neither records nor zeros. `header` is None if it is damaged.
    """

    header: Header | None
    records: list[Record] = field(default_factory=list)
    damaged: list[tuple[int, int]] = field(default_factory=list)


def pack_header(header: Header) -> bytes:
    """The header's 64 bytes."""
    body = HEADER.pack(
        MAGIC, header.format, header.identity, header.commit, header.term.encode("ascii"), b""
    )[:-CHECKSUM]
    return body + blake2b(body, digest_size=CHECKSUM).digest()


def pack_record(header: Header, payload: bytes) -> bytes:
    """A record that follows the header's commit, in its term. The payload is a JSON array."""
    term = header.term.encode("ascii")
    head = RECORD.pack(RECORD_MAGIC, 0, header.identity, header.commit, term, len(payload))
    body = head[BEFORE_CRC_BODY:] + payload
    return RECORD_MAGIC + crc32(body).to_bytes(4, "little") + body


def unpack_header(data: bytes) -> Header | None:
    """The header at the beginning of `data`, of any version; None if it is damaged."""
    if len(data) < HEADER.size:
        return None
    magic, version, identity, commit, term, checksum = HEADER.unpack_from(data)
    body = data[: HEADER.size - CHECKSUM]
    if magic != MAGIC or checksum != blake2b(body, digest_size=CHECKSUM).digest():
        return None
    return Header(identity, commit, term.decode("ascii", "replace"), version)


def scan(data: bytes, identity: bytes) -> Scan:
    """Find every whole record of this database, at any position, and all damaged ranges.

    The traces of a killed server do not count as damage: a last record that ends at a page (it was
    never acknowledged), and the rest of committed records if erasing them was interrupted. The cost
    is linear in the size of `data`.
    """
    found = Scan(unpack_header(data))
    position = HEADER.size if found.header else 0
    effort = EFFORT * len(data)
    while True:
        start = position
        record = None
        while position >= 0:
            record, spent = _record_at(data, position, identity, effort)
            effort -= spent
            if record is not None:
                break
            position = data.find(RECORD_MAGIC, position + 1)
        end = len(data) if record is None else record.start
        stretch = _without_zeros(data, start, end)
        if stretch is not None and not (record is None and _torn(data, start, stretch[1])):
            found.damaged.append(stretch)
        if record is None:
            break
        found.records.append(record)
        position = record.end
    if found.damaged and _being_erased(data, found, identity):
        found.damaged.clear()
    return found


def _record_at(
    data: bytes, position: int, identity: bytes, effort: int
) -> tuple[Record | None, int]:
    """The whole record that begins at `position`, or None; and the bytes that were read in vain."""
    if not data.startswith(RECORD_MAGIC, position) or position + RECORD.size > len(data):
        return None, 0
    _, crc, owner, commit, term, length = RECORD.unpack_from(data, position)
    begin = position + RECORD.size
    end = begin + length
    if owner != identity or end > len(data) or length > effort:
        return None, 0
    if crc32(data[position + BEFORE_CRC_BODY : end]) != crc:
        return None, length
    return Record(position, end, commit, term.decode("ascii", "replace"), data[begin:end]), 0


def _without_zeros(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """The range from its first to its last byte that is not zero; None if all are zero."""
    stretch = data[start:end]
    left = stretch.lstrip(b"\0")
    if not left:
        return None
    first = start + len(stretch) - len(left)
    return first, first + len(left.rstrip(b"\0"))


def _torn(data: bytes, start: int, end: int) -> bool:
    """Whether the bytes from `start` to `end`, the file's last, are the beginning of a torn record.

    Its write was interrupted at the end of a page, and zeros follow. (In the head of a record, the
    last bytes before the end of the page may be zeros, too.)
    """
    cut = -(-end // PAGE) * PAGE
    if cut - end >= 16 or not RECORD_MAGIC.startswith(data[start : min(cut, start + 4)]):
        return False
    if cut - start < RECORD.size:
        return True
    *_, length = RECORD.unpack_from(data.ljust(start + RECORD.size, b"\0"), start)
    return cut < start + RECORD.size + int(length) <= SIZE


def _being_erased(data: bytes, found: Scan, identity: bytes) -> bool:
    """Whether everything after the header is the rest of records that were committed before it."""
    header = found.header
    return (
        header is not None
        and header.identity == identity
        and not data[HEADER.size : HEADER.size + RECORD.size].strip(b"\0")
        and all(record.commit < header.commit for record in found.records)
    )
