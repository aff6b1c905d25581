"""Maintenance of the database: commit, checkpoint, index, delete old data, shrink the file.

Only the journal thread uses this. Each step is a short transaction of its own, so a message waits
at most a few milliseconds for it. While nothing is written, one step follows the other; else
maintenance has a share of the time (`core.schedule`).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence

from ..connection import Connection
from ..core.clock import ClockWatch
from ..core.delivery import Written
from ..core.schedule import RETRY, Schedule
from ..message import Kind
from ..store import DamagedRoom, ReadPool, StorageFailed, Writer, users
from .attendance import Attendance
from .checkpoints import Checkpoints
from .tasks import Tasks

log = logging.getLogger(__name__)

#: Acknowledged messages are committed when nothing was written for `COMMIT_IDLE` seconds, or
#: `COMMIT_AFTER` seconds after the first of them, or when there are `COMMIT_AT` of them. 2,000 take
#: about 15 ms, for which new messages wait; in smaller portions, each message would cost more.
COMMIT_IDLE = 0.1
COMMIT_AFTER = 1.0
COMMIT_AT = 2_000

#: Seconds without a write after which the journal counts as idle. Indexing 512 messages together
#: costs half as much as one by one, so it is better to wait a little.
IDLE = 0.2

#: The most seconds between two checks of the clock and of the tasks.
LOOK_EVERY = 3_600.0

#: The fewest seconds to wait for something to write before a step.
SHORTEST = 0.01


class Maintenance:
    """Decides which task is next, and does one step of it.

    An entry is stored for `keep_for` seconds; a room has at most `history_limit` entries; 0 means
    no limit. Users in `attendance` are not deleted. `clock` measures how long steps take.
    """

    def __init__(
        self, keep_for: float, history_limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.attendance = Attendance()
        self._clock = clock
        self._watch = ClockWatch()
        self._schedule = Schedule()
        self._checkpoints = Checkpoints()
        self._tasks = Tasks(
            self._schedule,
            self._watch,
            self.attendance,
            self._checkpoints.deleted,
            keep_for,
            history_limit,
        )
        self._last_write = 0.0
        self._commits: object = None  # `Writer.commits` at the last check
        self._uncommitted = 0
        self._commit_at: float | None = None  # None: there is nothing to commit
        self._commit_retry = -math.inf
        self._deleted = False  # text was deleted since the last step

    # -- called by the journal before a step ------------------------------------------------------

    def wrote(self, written: Sequence[Written[Connection]]) -> None:
        """Record what was just written."""
        self._uncommitted += len(written)
        self._tasks.unindexed += len(written)
        for each in written:
            kind = each.entry.kind
            if kind is Kind.DELETED or kind is Kind.EDITED:
                self._deleted = True

    def forgot(self) -> None:
        """Record that text was just deleted in another way."""
        self._deleted = True

    def observe_clock(self, now: float, wall: float) -> None:
        """Compare both clocks before a write: `now` is monotonic, `wall` is seconds since 1970."""
        jump = self._watch.observe(now, wall)
        if jump:
            log.warning(
                "the clock was set by %+.1f s, or the machine was suspended; for up to an hour, "
                "nothing is deleted because of its age",
                jump,
            )

    @property
    def may_expire(self) -> bool:
        """Whether the clock can be trusted, so that users and nicks may expire."""
        return self._watch.trusts(users.UNUSED_KEPT)

    def idle_timeout(self, now: float) -> float:
        """Seconds to wait for something to write; after that, `step` is called."""
        due = min(self._checkpoints.due(), self._schedule.next_at(now, self._last_write + IDLE))
        return max(SHORTEST, min(due, self._commit_due(), now + LOOK_EVERY) - now)

    # -- one step ---------------------------------------------------------------------------------

    def step(
        self, writer: Writer, read_pool: ReadPool, idle: bool, now: float, wall: float
    ) -> None:
        """Do one step, if one is due. `now` is from a monotonic clock, `wall` seconds since 1970.

        `idle` means that nothing was put into the inbox while the journal waited. A failure is
        logged, and the step is tried again later; the journal goes on.
        """
        self.observe_clock(now, wall)
        self._look(writer, idle, now)
        if now >= self._checkpoints.due():
            self._guard("checkpoint", now, lambda: self._checkpoint(writer, read_pool, now), writer)
        elif now >= self._commit_due():
            self._guard("commit", now, lambda: self._commit(writer, now), writer)
        else:
            task = self._schedule.take(now, idle=idle and now >= self._last_write + IDLE)
            if task is not None:
                self._guard(task, now, lambda: self._do(task, writer, now, wall), writer)

    def commit(self, writer: Writer) -> None:
        """Commit what was acknowledged, at the stop of the server.

        If this fails, the messages stay in the redo log, and the next start commits them.
        """
        try:
            if writer.commit_pending:
                self._commit(writer, 0.0)
        except StorageFailed as error:
            log.warning("the newest messages will be committed at the next start: %s", error)

    def _look(self, writer: Writer, idle: bool, now: float) -> None:
        """Check what there is to do."""
        if not idle:
            self._last_write = now
        if not writer.commit_pending:
            self._commit_at, self._uncommitted = None, 0
        elif self._commit_at is None:
            self._commit_at = now + COMMIT_AFTER
        self._see_commits(writer, now)
        if self._deleted:
            self._deleted = False
            self._tasks.text_deleted(now)
        self._checkpoints.look(writer, now)
        self._tasks.want_index(now)

    def _commit_due(self) -> float:
        """When to commit what was acknowledged, if nothing more is written until then."""
        if self._commit_at is None:
            return math.inf
        if self._uncommitted >= COMMIT_AT:
            return self._commit_retry
        return max(min(self._commit_at, self._last_write + COMMIT_IDLE), self._commit_retry)

    def _see_commits(self, writer: Writer, now: float) -> None:
        """Tell the checkpoints if something was committed, which is in SQLite's log then."""
        if writer.commits != self._commits:
            self._commits = writer.commits
            self._checkpoints.written(now)

    def _guard(self, task: str, now: float, do: Callable[[], None], writer: Writer) -> None:
        """Do a step; a failure is logged, and does not affect the other tasks."""
        started = self._clock()
        try:
            do()
        except Exception as error:
            took = self._clock() - started
            if isinstance(error, DamagedRoom):
                log.error("%s; maintenance skips this room from now on", error)
                self._tasks.damaged.add(error.room)
            elif isinstance(error, StorageFailed):
                log.warning("maintenance (%s) failed and will be tried again: %s", task, error)
            else:
                log.exception("maintenance (%s) failed and will be tried again", task)
            writer.close()  # a part of the step may be written: this rolls it back
            if task == "checkpoint":
                self._checkpoints.failed(now + took)
            elif task == "commit":
                self._commit_retry = now + took + RETRY
            else:
                self._schedule.failed(task, now + took, took)

    def _commit(self, writer: Writer, now: float) -> None:
        self._commit_at, self._uncommitted = None, 0
        writer.begin()
        writer.commit()
        self._see_commits(writer, now)

    def _checkpoint(self, writer: Writer, read_pool: ReadPool, now: float) -> None:
        if writer.commit_pending:
            self._commit(writer, now)
        started = self._clock()
        self._checkpoints.attempt(writer, read_pool, now)
        took = self._clock() - started
        self._checkpoints.ended(now + took, took)
        self._schedule.rest(now + took, took)

    def _do(self, task: str, writer: Writer, now: float, wall: float) -> None:
        """Do a step of a task. Messages are committed before it; that time does not count."""
        if writer.commit_pending:
            self._commit(writer, now)
        started = self._clock()
        self._tasks.do(task, writer, now, wall)
        self._see_commits(writer, now)
        took = self._clock() - started
        self._schedule.ran(task, now + took, took)
