"""Checks whether the storage can be written: regularly while nothing is written, and on request."""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable

from ..channel import Reply
from ..errors import Closed
from ..failures import Failures
from ..refusals import Refusal
from ..store import FilesReplaced, Health, StorageFailed, Writer
from ..store.files import Files

log = logging.getLogger(__name__)

#: Seconds between two checks of the files while nothing is written, and between two attempts to
#: write while writing fails.
LOOK_EVERY = 5.0
TRY_EVERY = 1.0

#: Seconds for which a successful commit proves that the storage can be written, and the most
#: seconds that a request waits for a new one.
PROOF_FOR = 5.0
WAIT_FOR_PROOF = 3.0


def touch(db: sqlite3.Connection, now: float) -> None:
    """Write the time, for `Writer.run`, to test whether the storage can be written."""
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('touched', ?)", (now,))


class StorageWatch:
    """Checks the files, and tries to write after writing failed. For the journal thread only."""

    def __init__(self, writer: Writer, health: Health) -> None:
        self._writer = writer
        self._health = health
        self._failures = Failures()
        self._next = 0.0

    def due_in(self, now: float) -> float:
        """Seconds until the next check or attempt; `now` is from the monotonic clock."""
        latest = now + (LOOK_EVERY if self._health.reason is None else TRY_EVERY)
        self._next = min(self._next, latest)
        return max(0.0, self._next - now)

    def step(self, now: float, wall: float) -> None:
        """Check the files, or try to write, if it is time; `wall` is in seconds since 1970."""
        if now < self._next:
            return
        try:
            if self._health.reason is None:
                self._writer.verify()
            else:
                self._try_to_write(wall)
        except StorageFailed:
            pass  # `health` has recorded and logged it
        except Exception as error:
            self._failures.log(error, "the check of the storage failed")
            self._writer.close()
        self._next = now + (LOOK_EVERY if self._health.reason is None else TRY_EVERY)

    def _try_to_write(self, wall: float) -> None:
        self._writer.begin()
        self._writer.run(touch, wall)
        self._writer.commit()


class Readiness:
    """Answers whether the storage can be written. Any thread may call it."""

    def __init__(self, files: Files, health: Health) -> None:
        self._files = files
        self._health = health
        self._lock = threading.Lock()  # guards `_asked`
        self._asked = False  # a thread waits for a commit

    def reason(self, ask: Callable[[Reply[None]], None]) -> str | None:
        """Why the storage cannot be written; None if it can.

        If no commit has succeeded recently, this calls `ask` to have something written, and waits
        at most `WAIT_FOR_PROOF` seconds for the answer. Meanwhile other callers get the last state.
        So this costs one commit in `PROOF_FOR` seconds, for any number of callers.
        """
        try:
            self._files.check()
        except FilesReplaced as error:
            if self._health.reason is None:
                self._prove(ask)  # so that the journal notices it, too, and saves what it can
            self._health.failed(str(error))
        if self._health.reason is None and time.monotonic() > self._health.written_at + PROOF_FOR:
            failed = self._prove(ask)
            if failed and self._health.reason is None:
                return failed
        reason = self._health.reason
        return f"cannot write: {reason}" if reason else None

    def _prove(self, ask: Callable[[Reply[None]], None]) -> str | None:
        with self._lock:
            if self._asked:
                return None
            self._asked = True
        reply: Reply[None] = Reply()
        try:
            ask(reply)
            reply.wait(WAIT_FOR_PROOF)
        except Closed:
            return "stopping"
        except (queue.Empty, queue.Full):
            return f"cannot write: nothing was committed for {WAIT_FOR_PROOF:g} s"
        except Refusal as refusal:
            return f"cannot write: {refusal.message}"
        finally:
            with self._lock:
                self._asked = False
        return None
