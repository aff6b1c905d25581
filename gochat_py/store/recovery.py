"""Replays the redo log at a start, before the start begins a new term.

The redo log holds messages that were acknowledged and not committed. Each whole message of this
database is written once: under its own seq and in its own term if it follows the stored messages;
under the next seq, in the new term, if messages before it are missing. A file with unreadable parts
is renamed, and a warning is logged. Runs before the server accepts connections, in the thread that
opens the directory.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from ..errors import StartupError
from ..message import Entry
from . import terms
from .errors import StoreError
from .redo import Redo
from .redo_format import FORMAT, Header
from .redo_read import Batch, Found, read_lines, read_log
from .schema import read_commit, read_identity

log = logging.getLogger(__name__)

#: The file of the redo log, and its file name in the version before.
LOG = "gochat.db-redo"
LINES = "gochat.db-ahead"

#: Unreadable files that are left under another name; beyond that, the oldest is removed. Each has
#: `redo_format.SIZE` bytes, unless it was not written by a server.
KEPT_ASIDE = 4


@dataclass(slots=True)
class Redone:
    """The counts of the messages that were found, by what was done with them."""

    in_place: int = 0
    moved: int = 0  # written under new seqs, because messages before them are missing
    refused: int = 0  # not written, because their room has no free seq
    behind: int | None = None  # the commit that the log follows, if the database does not have it


def recover(db: sqlite3.Connection, place: Path, now: float) -> Header:
    """Replay the logs in the directory `place`, and begin a new term at time `now`.

    Returns the header for the new log, which the caller makes. Raises `StartupError` if the log was
    written by a newer version; `OSError`, `sqlite3.Error`.
    """
    identity = read_identity(db)
    lines, found = read_lines(place / LINES), read_log(place / LOG, identity)
    if found is not None:
        _refuse_newer(found, identity)
    db.execute("BEGIN IMMEDIATE")
    try:
        redone, header = _redo(db, identity, lines, found, now)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    if redone.behind is not None:
        log.warning(
            "the database in %s is older than its redo log: the log follows commit %d, but the "
            "last commit in the database is %d; the database was restored from a copy, or its last "
            "writes were lost; clients that have later messages load the newest stored ones",
            place, redone.behind, header.commit - 1,
        )  # fmt: skip
    if redone.moved:
        log.warning(
            "%d messages of the redo log in %s follow messages that are missing; they were stored "
            "under new numbers",
            redone.moved, place,
        )  # fmt: skip
    for each in (lines, found):
        if each is not None and (each.unread or redone.refused):
            _set_aside(each, identity, redone.refused)
    if lines is not None:
        with contextlib.suppress(FileNotFoundError):  # it may have been renamed
            lines.path.unlink()
    return header


def _refuse_newer(found: Found, identity: bytes) -> None:
    header = found.header
    if header is not None and header.format > FORMAT and header.identity == identity:
        raise StartupError(
            f"the redo log {found.path} was written by a newer gochat (format {header.format}, "
            f"this version reads {FORMAT}); start and stop the newer version, so that it commits "
            "the messages, or move the file away, which loses its messages"
        )


def _redo(
    db: sqlite3.Connection,
    identity: bytes,
    lines: Found | None,
    found: Found | None,
    now: float,
) -> tuple[Redone, Header]:
    """Within a transaction: redo uncommitted messages, and begin the new term."""
    redone = Redone()
    commit, before = read_commit(db), terms.current(db)
    batches: list[Batch] = []
    for each in (lines, found):
        batches += _uncommitted(db, each.batches) if each is not None else []
    if found is not None:
        redone.behind = _missing_commit(db, found, batches, identity, commit)
    moved = _redo_in_place(db, batches, before.name, redone)
    term = terms.begin(db, now, commit + 1)
    _redo_at_end(db, moved, redone)
    for batch in batches:
        terms.note_replayed(db, batch.term, batch.commit)
    db.execute("UPDATE meta SET value = ? WHERE name = 'commit'", (commit + 1,))
    return redone, Header(identity, commit + 1, term.name)


def _missing_commit(
    db: sqlite3.Connection,
    found: Found,
    batches: list[Batch],
    identity: bytes,
    commit: int,
) -> int | None:
    """The commit that the log follows, if the database does not have it; else None."""
    followed = [(batch.term, batch.commit) for batch in batches if not batch.own]
    if found.header is not None and found.header.identity == identity:
        followed.append((found.header.term, found.header.commit))
    lacking = [
        number for term, number in followed if number > commit or terms.find(db, term) is None
    ]
    return max(lacking, default=None)


def _uncommitted(db: sqlite3.Connection, batches: list[Batch]) -> list[Batch]:
    """The batches that are not in the database, in the order in which they were written.

    A server may be killed after a commit, before or while it erases the log.
    """
    left = [batch for batch in batches if not terms.has_committed(db, batch.term, batch.commit)]
    return sorted(left, key=lambda batch: (batch.term, batch.commit))


def _redo_in_place(
    db: sqlite3.Connection, batches: list[Batch], term: str, redone: Redone
) -> list[Entry]:
    """Write the messages that follow the stored ones, in their own term; return the others."""
    redo = Redo(db)
    own: list[Entry] = []
    others: list[Entry] = []
    left: list[Entry] = []
    met = set()  # a record may be in the file twice
    for batch in batches:
        # Messages of another term follow messages that are not here, whatever their seqs are.
        place = own if batch.own or batch.term == term else others
        for entry in batch.entries:
            name = (*_place(entry), entry.user, entry.time, entry.id, entry.text)
            if name not in met:
                met.add(name)
                place.append(entry)
    for entry in sorted(own, key=_place):
        try:
            if redo.in_place(entry):
                redone.in_place += 1
            else:
                left.append(entry)
        except StoreError:
            redone.refused += 1
    redo.write()
    return left + sorted(others, key=_place)


def _place(entry: Entry) -> tuple[str, int]:
    return entry.key, entry.seq


def _redo_at_end(db: sqlite3.Connection, entries: list[Entry], redone: Redone) -> None:
    """Write the messages before which others are missing, in the new term."""
    redo = Redo(db)
    known: dict[str, int] = {}  # by room: up to this seq, a `reply_to` is still correct
    moved: dict[tuple[str, int], int] = {}
    for entry in entries:
        known.setdefault(entry.key, redo.newest(entry.key))
        answered = entry.reply_to
        if answered is not None:
            same = answered if answered <= known[entry.key] else None
            answered = moved.get((entry.key, answered), same)
        try:
            seq, written = redo.at_end(entry, answered)
            moved[_place(entry)] = seq
            redone.moved += written
        except StoreError:
            redone.refused += 1
    redo.write()


def _set_aside(found: Found, identity: bytes, refused: int) -> None:
    """Rename a file with unreadable parts, without its readable parts, and log a warning."""
    messages = sum(len(batch.entries) for batch in found.batches)
    foreign = found.header is not None and found.header.identity != identity
    if not refused:
        _blank(found)
    aside = _rename(found.path)
    log.warning(
        "the redo log %s %s: %d messages in it were read, %d bytes could not be read; the file is "
        "now %s (the newest %d such files are kept); messages that were acknowledged may be "
        "missing; if the disk works and no files were copied here, please report this; then delete "
        "the file",
        found.path,
        "belongs to another database" if foreign else "is damaged",
        messages,
        found.unread,
        aside.name,
        KEPT_ASIDE,
    )
    if refused:
        log.warning("%d messages could not be stored: their rooms are full", refused)


def _blank(found: Found) -> None:
    """Overwrite the readable parts: they are in the database now, and may be deleted there."""
    with contextlib.suppress(OSError):  # on a full disk, for example, they stay in the file
        file = os.open(found.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for start, end in found.readable:
                os.pwrite(file, found.blank * (end - start), start)
        finally:
            os.close(file)


def _rename(path: Path) -> Path:
    """Rename the file; of the files that were renamed before, remove the oldest."""
    numbered: dict[int, Path] = {}
    for other in path.parent.glob(f"{path.name}.unreadable-*"):
        ending = re.fullmatch(r"[0-9]{1,9}", other.name.rpartition("-")[2])
        if ending:
            numbered[int(ending[0])] = other
    aside = path.with_name(f"{path.name}.unreadable-{max(numbered, default=0) + 1}")
    path.rename(aside)
    for number in sorted(numbered)[: -(KEPT_ASIDE - 1)]:
        with contextlib.suppress(OSError):
            numbered[number].unlink()
    return aside
