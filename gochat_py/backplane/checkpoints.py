"""Decides when a checkpoint is due, and makes it: it empties SQLite's log into the database.

The log (the file ``-wal``) holds deleted text until then, and a copy of the database file without
it is not complete. Only the journal thread uses this.
"""

from __future__ import annotations

import contextlib
import logging
import math

from ..store import ReadPool, Writer

log = logging.getLogger(__name__)

#: Seconds from a deletion to a checkpoint. After a checkpoint, the next one waits `ERASE_REST`
#: times as long as it took, so that many deletions do not stop the writing of messages; but a
#: deletion waits at most `ERASE_LATEST` seconds.
ERASE_AFTER = 0.5
ERASE_REST = 9.0
ERASE_LATEST = 1.2

#: Seconds without a commit after which the log is emptied, so that the database file is complete
#: without it; and seconds after the first commit, if commits do not stop.
WHEN_IDLE = 3.0
WHEN_BUSY = 60.0

#: Bytes of the log beyond which it is emptied at once: while there is always a thread that reads,
#: SQLite cannot reuse the log. And seconds between two checks of its size.
LOG_MOST = 64 * 1024 * 1024
LOOK_EVERY = 0.25

#: A thread that still reads an older snapshot blocks a checkpoint. So if the first attempt fails,
#: no thread begins to read during the next ones, each of which waits up to `PATIENCE` seconds for
#: reads that have begun. Another program that reads for long can still block them: so the time
#: between two attempts grows by `TRY_AGAIN`, up to `TRY_AGAIN_MOST` seconds, and attempts take at
#: most a tenth of the time.
PATIENCE = (0.0, 0.05, 0.1)
TRY_AGAIN = 0.05
TRY_AGAIN_MOST = 1.0

#: Seconds to the next attempt after the storage failed.
RETRY = 5.0

#: Seconds of failed attempts after which a warning is logged.
WARN_AFTER = 10.0


class Checkpoints:
    """Knows when the next checkpoint is due. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._deleted: float | None = None  # the first deletion since the last checkpoint,
        self._first: float | None = None  # the first commit since then,
        self._last = -math.inf  # and the last one
        self._attempts = 0
        self._retry = -math.inf
        self._failing_since = 0.0
        self._warned = False
        self._rested = -math.inf  # the earliest time of the next one after a deletion
        self._look = -math.inf

    def deleted(self, now: float) -> None:
        """Record that text was deleted, which is still in the log."""
        if self._deleted is None:
            self._deleted = now
        self.written(now)

    def written(self, now: float) -> None:
        """Record that something was committed to the log."""
        self._last = now
        if self._first is None:
            self._first = now

    def look(self, writer: Writer, now: float) -> None:
        """Check whether the log has grown too large."""
        if now >= self._look:
            self._look = now + LOOK_EVERY
            if writer.log_size > LOG_MOST and self._deleted is None:
                self._deleted = now - ERASE_AFTER

    def due(self) -> float:
        """When the next checkpoint is due; infinite if nothing was written since the last."""
        if self._first is None:
            return math.inf
        due = min(self._first + WHEN_BUSY, self._last + WHEN_IDLE)
        if self._deleted is not None:
            latest = self._deleted + ERASE_LATEST
            due = min(due, max(self._deleted + ERASE_AFTER, min(self._rested, latest)))
        return max(due, self._retry)

    def attempt(self, writer: Writer, read_pool: ReadPool, now: float) -> bool:
        """Empty the log, between transactions; return whether that was possible.

        If it was not, `due` returns the time of the next attempt. Raises `StorageFailed`.
        """
        patience = PATIENCE[min(self._attempts, len(PATIENCE) - 1)]
        if writer.log_size:
            with read_pool.paused() if patience else contextlib.nullcontext():
                done = writer.checkpoint(patience)
        else:
            done = True
        if done:
            if self._warned:
                log.warning("gochat.db-wal was emptied: checkpoints work again")
            self._deleted = self._first = None
            self._attempts, self._retry, self._warned = 0, -math.inf, False
            return True
        if not self._attempts:
            self._failing_since = now
        self._attempts += 1
        self._retry = now + min(TRY_AGAIN_MOST, TRY_AGAIN * self._attempts)
        if not self._warned and now - self._failing_since > WARN_AFTER:
            self._warned = True
            log.warning(
                "another program has been reading the database for more than %d s; until it stops, "
                "gochat.db-wal grows and deleted text stays in it",
                WARN_AFTER,
            )
        return False

    def failed(self, now: float) -> None:
        """Record that an attempt failed at `now`, because of the storage."""
        self._retry = now + RETRY

    def ended(self, now: float, took: float) -> None:
        """Record that an attempt ended at `now`, after `took` seconds."""
        self._rested = now + took * ERASE_REST
