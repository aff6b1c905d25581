"""What the journal does beside writing: commit, checkpoint, index, delete what is old, shrink.

Owned by the journal thread. Each step is a short transaction of its own, so that whoever writes
meanwhile waits some milliseconds at the most. When nobody writes, one step follows the other; while
somebody does, maintenance has a share of the time (`core.schedule`).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence

from ..core.clock import ClockWatch
from ..core.schedule import RETRY, Schedule
from ..message import Kind
from ..orders import Written
from ..store import DamagedRoom, ReadPool, StorageFailed, Writer, users
from .attendance import Attendance
from .checkpoints import Checkpoints
from .tasks import Tasks

log = logging.getLogger(__name__)

#: What was acknowledged is committed when nothing was written for so many seconds, or so many
#: seconds after the first of it, or when it is so many messages. 2,000 take some 15 ms, which those
#: who write then wait for; in smaller portions each would cost more.
COMMIT_IDLE = 0.1
COMMIT_AFTER = 1.0
COMMIT_AT = 2_000

#: Seconds without anything to write after which nobody writes. Indexing 512 messages together costs
#: half as much as one by one, so a little patience pays.
IDLE = 0.2

#: Seconds after which it looks at the clock, and at what there is to do, in any case.
LOOK_EVERY = 3_600.0

#: Seconds to wait for something to write, at the least, before a step.
SHORTEST = 0.01


class Maintenance:
    """Decides what is to be done next, and does one step of it.

    `keep_for` is how many seconds an entry is kept, `history_limit` how many are kept in a room; 0
    means no limit. Who is in `attendance` is not forgotten. `clock` measures how long steps take.
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
        self._commits: object = None  # of the writer, at the last look
        self._uncommitted = 0
        self._commit_at: float | None = None  # None: there is nothing to commit
        self._commit_retry = -math.inf
        self._deleted = False  # text was deleted since the last step

    # -- what the journal says --------------------------------------------------------------------

    def wrote(self, written: Sequence[Written]) -> None:
        """Note what was just written."""
        self._uncommitted += len(written)
        self._tasks.unindexed += len(written)
        for each in written:
            kind = each.entry.kind
            if kind is Kind.DELETED or kind is Kind.EDITED:
                self._deleted = True

    def forgot(self) -> None:
        """Note that something was just deleted in another way."""
        self._deleted = True

    def observe_clock(self, now: float, wall: float) -> None:
        """Look at both clocks before anything is written: `now` is monotonic, `wall` since 1970."""
        jump = self._watch.observe(now, wall)
        if jump:
            log.warning(
                "the clock was set by %+.1f s, or the machine was suspended; nothing is deleted "
                "because of its age for up to an hour",
                jump,
            )

    @property
    def may_expire(self) -> bool:
        """Whether the clock has run long enough for users and nicks to be too old."""
        return self._watch.trusts(users.UNUSED_KEPT)

    def idle_timeout(self, now: float) -> float:
        """Seconds to wait for something to write; then comes a step."""
        due = min(self._checkpoints.due(), self._schedule.next_at(now, self._last_write + IDLE))
        return max(SHORTEST, min(due, self._commit_due(), now + LOOK_EVERY) - now)

    # -- one step ---------------------------------------------------------------------------------

    def step(
        self, writer: Writer, read_pool: ReadPool, idle: bool, now: float, wall: float
    ) -> None:
        """Do one thing, if it is time. `now` is a monotonic clock's, `wall` seconds since 1970.

        `idle` says that nothing came to be written while the journal waited. Whatever goes wrong is
        logged and tried again; the journal goes on.
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
        """Commit what was acknowledged, as nothing more will come; what cannot be stays ahead."""
        try:
            if writer.commit_pending:
                self._commit(writer, 0.0)
        except StorageFailed as error:
            log.warning("the next start will have to commit what was written last: %s", error)

    def _look(self, writer: Writer, idle: bool, now: float) -> None:
        """See what there is to do."""
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
        """When to commit what was acknowledged, if nobody writes until then."""
        if self._commit_at is None:
            return math.inf
        if self._uncommitted >= COMMIT_AT:
            return self._commit_retry
        return max(min(self._commit_at, self._last_write + COMMIT_IDLE), self._commit_retry)

    def _see_commits(self, writer: Writer, now: float) -> None:
        """Note whether something was committed, which is in SQLite's log then."""
        if writer.commits != self._commits:
            self._commits = writer.commits
            self._checkpoints.written(now)

    def _guard(self, task: str, now: float, do: Callable[[], None], writer: Writer) -> None:
        """Do a step; a failure is logged, and costs the others nothing."""
        started = self._clock()
        try:
            do()
        except Exception as error:
            took = self._clock() - started
            if isinstance(error, DamagedRoom):
                log.error("%s; maintenance passes it over from now on", error)
                self._tasks.damaged.add(error.room)
            elif isinstance(error, StorageFailed):
                log.warning("maintenance (%s) failed, and will be tried again: %s", task, error)
            else:
                log.exception("maintenance (%s) failed, and will be tried again", task)
            writer.close()  # it may have done half of the step: the next batch opens it anew
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
        """Do a step of a task. What people wrote before is committed first, at their expense."""
        if writer.commit_pending:
            self._commit(writer, now)
        started = self._clock()
        self._tasks.do(task, writer, now, wall)
        self._see_commits(writer, now)
        took = self._clock() - started
        self._schedule.ran(task, now + took, took)
