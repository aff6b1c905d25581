"""When SQLite's log is copied into the database and emptied, and doing it.

The log (the file ``-wal``) holds deleted text until then, and a copy of the database file alone
lacks what is in it. Owned by the journal thread.
"""

from __future__ import annotations

import contextlib
import logging
import math

from ..store import ReadPool, Writer

log = logging.getLogger(__name__)

#: Seconds from a deletion to a checkpoint. Where a checkpoint takes long, the next comes so many
#: times as long after it, so that many deletions do not stop those who write; but not later than
#: the third figure.
ERASE_AFTER = 0.5
ERASE_REST = 9.0
ERASE_LATEST = 1.2

#: Seconds without a commit after which the log is emptied, so that the database file is whole by
#: itself; and seconds after the first commit, where there is always another.
WHEN_IDLE = 3.0
WHEN_BUSY = 60.0

#: Bytes of the log beyond which it is emptied at once: readers that overlap without end keep SQLite
#: from using it again. And seconds between two looks at its size.
LOG_MOST = 64 * 1024 * 1024
LOOK_EVERY = 0.25

#: A reader that is still at an older state is in the way. So if the first attempt fails, nobody
#: begins to read during the next ones, each of which waits for those who have begun, up to so many
#: seconds. A foreign program that reads for long can still be in the way: each attempt comes so
#: much later than the one before, up to a second, so attempts take a tenth of the time at most.
PATIENCE = (0.0, 0.05, 0.1)
TRY_AGAIN = 0.05
TRY_AGAIN_MOST = 1.0

#: Seconds to the next attempt where the storage failed.
RETRY = 5.0

#: Seconds of failed attempts after which the operator is told.
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
        self._rested = -math.inf  # enough time has passed since the last one
        self._look = -math.inf

    def deleted(self, now: float) -> None:
        """Text was deleted, which the log still holds."""
        if self._deleted is None:
            self._deleted = now
        self.written(now)

    def written(self, now: float) -> None:
        """Something was committed to the log."""
        self._last = now
        if self._first is None:
            self._first = now

    def look(self, writer: Writer, now: float) -> None:
        """See whether the log has grown too large."""
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
        """Empty the log, between transactions; returns whether that was possible.

        If it was not, `due` says when to try again. Raises `StorageFailed`.
        """
        patience = PATIENCE[min(self._attempts, len(PATIENCE) - 1)]
        if writer.log_size:
            with read_pool.paused() if patience else contextlib.nullcontext():
                done = writer.checkpoint(patience)
        else:
            done = True
        if done:
            if self._warned:
                log.warning("gochat.db-wal is emptied again")
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
                "another program has been reading the database for more than %d s; until it ends, "
                "gochat.db-wal grows and deleted text stays in it",
                WARN_AFTER,
            )
        return False

    def failed(self, now: float) -> None:
        """An attempt has failed at `now`, because of the storage."""
        self._retry = now + RETRY

    def ended(self, now: float, took: float) -> None:
        """An attempt has ended at `now`, after `took` seconds."""
        self._rested = now + took * ERASE_REST
