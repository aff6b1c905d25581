"""Directories of earlier versions, and redo logs in the format before this one."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path

from gochat_py.core.entry_json import entry_json
from gochat_py.message import Entry
from tests.support.server import ROOT

BEFORE_TERMS = ROOT / "tests" / "vectors" / "before_terms"

#: The epoch of the directory that `before_terms` makes.
EPOCH = "f5Ru-Fn8_S4_fDqp"


def before_terms(place: Path) -> None:
    """Make the directory that a killed server of the version before terms left.

    In the room Tea 1 to 3 are committed, and 4 to 7 are in the log; in Milk 1 is committed, and 2
    is in the log.
    """
    place.mkdir(mode=0o700)
    for name in ("gochat.db", "gochat.db-ahead"):
        (place / name).write_bytes(gzip.decompress((BEFORE_TERMS / f"{name}.gz").read_bytes()))


def lines(batches: Iterable[Iterable[Entry]], size: int = 1 << 20) -> bytes:
    """A log as that version wrote it: a JSON array of messages on each line, then zeros."""
    text = "".join(f"[{','.join(map(entry_json, batch))}]\n" for batch in batches)
    return text.encode().ljust(size, b"\0")
