"""What a start does with the redo log that it finds, before it begins a term of its own.

Each whole message of this database that was acknowledged and not committed is written, once: under
its own seq and in its own term where it follows what is there, under the next seqs of the new term
where messages before it are missing. What cannot be read is set aside under another name, and a
warning says so. Runs before anything is served, in the thread that opens the directory.
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

#: The redo log, and that of the version before.
LOG = "gochat.db-redo"
LINES = "gochat.db-ahead"

#: Files that are kept of what could not be read; with more, the oldest is removed. Each has
#: `redo_format.SIZE` bytes, unless it is no file that a server wrote.
KEPT_ASIDE = 4


@dataclass(slots=True)
class Redone:
    """What became of the messages that were found."""

    in_place: int = 0
    moved: int = 0  # under other seqs, as messages before them are missing
    refused: int = 0  # there is no room for them
    behind: int | None = None  # the database lacks commits: the log follows this one


def recover(db: sqlite3.Connection, place: Path, now: float) -> Header:
    """Take what the logs in the directory `place` hold, and begin a new term at time `now`.

    Returns what the new log, which the caller makes, has to begin with. Raises `StartupError` if
    the log was written by a newer version; `OSError`, `sqlite3.Error`.
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
            "the database in %s is older than its redo log: the log follows commit %d, and the "
            "database has %d; it was restored from a copy, or its last writes were lost; clients "
            "that know more load the newest messages",
            place, redone.behind, header.commit - 1,
        )  # fmt: skip
    if redone.moved:
        log.warning(
            "%d messages of the redo log in %s follow others that are missing; they were given new "
            "numbers",
            redone.moved, place,
        )  # fmt: skip
    for each in (lines, found):
        if each is not None and (each.unread or redone.refused):
            _set_aside(each, identity, redone.refused)
    if lines is not None:
        with contextlib.suppress(FileNotFoundError):  # it may have been set aside
            lines.path.unlink()
    return header


def _refuse_newer(found: Found, identity: bytes) -> None:
    header = found.header
    if header is not None and header.format > FORMAT and header.identity == identity:
        raise StartupError(
            f"the redo log {found.path} was written by a newer gochat (format {header.format}, "
            f"this one knows {FORMAT}); start and stop that one, so that it commits what is there, "
            "or move the file away, which loses its messages"
        )


def _redo(
    db: sqlite3.Connection,
    identity: bytes,
    lines: Found | None,
    found: Found | None,
    now: float,
) -> tuple[Redone, Header]:
    """Within a transaction: redo what is not committed, and begin the new term."""
    redone = Redone()
    commit, before = read_commit(db), terms.current(db)
    batches: list[Batch] = []
    for each in (lines, found):
        batches += _uncommitted(db, each.batches) if each is not None else []
    if found is not None:
        redone.behind = _follows(db, found, batches, identity, commit)
    moved = _redo_in_place(db, batches, before.name, redone)
    term = terms.begin(db, now, commit + 1)
    _redo_at_the_end(db, moved, redone)
    for batch in batches:
        terms.note_replayed(db, batch.term, batch.commit)
    db.execute("UPDATE meta SET value = ? WHERE name = 'commit'", (commit + 1,))
    return redone, Header(identity, commit + 1, term.name)


def _follows(
    db: sqlite3.Connection,
    found: Found,
    batches: list[Batch],
    identity: bytes,
    commit: int,
) -> int | None:
    """The commit that the log follows, if it is one that the database lacks."""
    followed = [(batch.term, batch.commit) for batch in batches if not batch.own]
    if found.header is not None and found.header.identity == identity:
        followed.append((found.header.term, found.header.commit))
    lacking = [
        number for term, number in followed if number > commit or terms.find(db, term) is None
    ]
    return max(lacking, default=None)


def _uncommitted(db: sqlite3.Connection, batches: list[Batch]) -> list[Batch]:
    """Those that are not a part of the database, in the order in which they were written.

    A server may be killed between its commit and the erasing of the log, or in the midst of that.
    """
    left = [batch for batch in batches if not terms.has_committed(db, batch.term, batch.commit)]
    return sorted(left, key=lambda batch: (batch.term, batch.commit))


def _redo_in_place(
    db: sqlite3.Connection, batches: list[Batch], term: str, redone: Redone
) -> list[Entry]:
    """Write the messages that follow what is there, in the term before; returns the others."""
    redo = Redo(db)
    own: list[Entry] = []
    others: list[Entry] = []
    left: list[Entry] = []
    met = set()  # a record may be in the file twice
    for batch in batches:
        # What another term wrote follows something that is not here, whatever its numbers are.
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


def _redo_at_the_end(db: sqlite3.Connection, entries: list[Entry], redone: Redone) -> None:
    """Write the messages before which others are missing, in the new term."""
    redo = Redo(db)
    known: dict[str, int] = {}  # by room: up to here, a seq in an answer means what it meant
    moved: dict[tuple[str, int], int] = {}
    for entry in entries:
        known.setdefault(entry.key, redo.newest(entry.key))
        answered = entry.reply_to
        if answered is not None:
            same = answered if answered <= known[entry.key] else None
            answered = moved.get((entry.key, answered), same)
        try:
            seq, written = redo.at_the_end(entry, answered)
            moved[_place(entry)] = seq
            redone.moved += written
        except StoreError:
            redone.refused += 1
    redo.write()


def _set_aside(found: Found, identity: bytes, refused: int) -> None:
    """Keep what cannot be read under another name, without what can, and say so."""
    messages = sum(len(batch.entries) for batch in found.batches)
    foreign = found.header is not None and found.header.identity != identity
    if not refused:
        _blank(found)
    aside = _rename(found.path)
    log.warning(
        "the redo log %s %s: %d messages in it were read, %d bytes were not, and are kept in %s "
        "(the newest %d such files are kept); messages that were acknowledged may be missing; if "
        "the disk is sound and nobody copied files here, please report it, and delete the file",
        found.path,
        "belongs to another database" if foreign else "is damaged",
        messages,
        found.unread,
        aside.name,
        KEPT_ASIDE,
    )
    if refused:
        log.warning("%d messages could not be stored: their room is full", refused)


def _blank(found: Found) -> None:
    """Overwrite what can be read: it is in the database now, and may be deleted there."""
    with contextlib.suppress(OSError):  # a full disk: then the file keeps it
        file = os.open(found.path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for start, end in found.readable:
                os.pwrite(file, found.blank * (end - start), start)
        finally:
            os.close(file)


def _rename(path: Path) -> Path:
    """Give the file another name; of those that were set aside, remove the oldest."""
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
