"""The tasks of maintenance: when each wants a step, and a step of it.

Owned by the journal thread. A step is one transaction of some 10 ms. Each step says when the task
wants the next one; `core.schedule` decides which comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.clock import ClockWatch
from ..core.schedule import Schedule
from ..store import Writer, retention, trigrams, users
from ..store.budget import Budget
from .attendance import Attendance

#: Messages indexed in one step; while somebody writes, so many are waited for. Search looks through
#: those that wait one by one; when they are so many, indexing is urgent.
INDEX_STEP = 512
INDEX_URGENT = 2_048

#: Seconds that a step of scrubbing the index takes; and after a pass no other begins for so many
#: times as long as it took, so that deletions without end make it take a tenth of the time.
SCRUB = 0.01
SCRUB_REST = 9.0

#: Seconds between two looks for entries that are too old: this part of the time for which they are
#: kept, but at most so many, and at least so many.
TRIM_PART = 0.1
TRIM_EVERY = 60.0
TRIM_EVERY_LEAST = 0.5

#: Seconds between two looks for users and rooms that are used no more.
SWEEP_EVERY = 3_600.0

Step = Callable[[Writer, float, float], None]


class Tasks:
    """What maintenance may have to do.

    `keep_for` and `history_limit` are as for `Maintenance`; `deleted` is called with the time when
    a step has deleted text, which SQLite's log still holds. Who is `here` is not forgotten.
    """

    def __init__(
        self,
        schedule: Schedule,
        watch: ClockWatch,
        here: Attendance,
        deleted: Callable[[float], None],
        keep_for: float,
        history_limit: int,
    ) -> None:
        self._schedule = schedule
        self._watch = watch
        self._here = here
        self._deleted = deleted
        self._keep_for = keep_for
        self._history_limit = history_limit
        #: Numbers of rooms that are passed over: a page of the file is damaged there.
        self.damaged: set[int] = set()
        #: Entries that are not indexed yet, about; at the start nobody knows how many.
        self.unindexed = INDEX_STEP
        self._trim_after, self._trim_again = 0, False
        self._pass_took, self._scrub_from = 0.0, 0.0
        self._present_after: str | None = ""
        self._users_after: tuple[float, str] = (0.0, "")
        self._rooms_after, self._dropped = 0, 0
        self._steps: dict[str, Step] = {
            "index": self._index,
            "trim": self._trim,
            "scrub": self._scrub,
            "shrink": self._shrink,
            "forget users": self._forget_users,
            "drop rooms": self._drop_rooms,
        }
        for task in self._steps:
            if task != "trim" or keep_for or history_limit:
                schedule.want(task, 0.0)

    def do(self, task: str, writer: Writer, now: float, wall: float) -> None:
        """Do a step of the task, in a transaction of its own. Raises what the writer raises."""
        self._dropped = 0
        writer.begin()
        self._steps[task](writer, now, wall)
        writer.commit()
        if self._dropped:
            writer.forget()

    def text_deleted(self, now: float) -> None:
        """Text was deleted: SQLite's log and the index hold traces of it."""
        self._deleted(now)
        self._schedule.want("scrub", max(now, self._scrub_from), urgent=True)
        self._schedule.want("shrink", now)

    def want_index(self, now: float) -> None:
        """Let what is not indexed be indexed."""
        if self.unindexed >= INDEX_STEP:
            self._schedule.want("index", now, urgent=self.unindexed >= INDEX_URGENT)
        elif self.unindexed:
            self._schedule.want("index", when_idle=now)

    def _index(self, writer: Writer, now: float, _wall: float) -> None:
        done = writer.run(trigrams.index_some, INDEX_STEP, skip=self.damaged)
        self.unindexed = max(1, self.unindexed - done) if done else 0
        self.want_index(now)

    def _trim(self, writer: Writer, now: float, wall: float) -> None:
        """Trim a part of the rooms. Where a room has more to trim, all have another turn."""
        rule, next_at = self._rule(now, wall)
        if rule is not None:
            trimmed = writer.run(retention.trim, rule, after=self._trim_after, skip=self.damaged)
            self._trim_again = self._trim_again or trimmed.more
            self._trim_after = trimmed.after or 0
            if trimmed.entries:
                self.text_deleted(now)
            if trimmed.after is not None or self._trim_again:
                self._trim_again = self._trim_again and trimmed.after is not None
                next_at = now
        self._schedule.want("trim", next_at, urgent=next_at <= now)

    def _rule(self, now: float, wall: float) -> tuple[retention.Rule | None, float]:
        """What the clock allows to be trimmed now; and when the next look is due."""
        keep = limit = None
        looks = []
        if self._keep_for:
            if self._watch.trusts(self._keep_for):
                keep = self._keep_for
                looks.append(now + min(TRIM_EVERY, max(TRIM_EVERY_LEAST, keep * TRIM_PART)))
            else:
                looks.append(self._watch.trusted_at(self._keep_for))
        if self._history_limit:
            if self._watch.trusts(retention.RETRY_WINDOW):
                limit = self._history_limit
                looks.append(now + TRIM_EVERY)
            else:
                looks.append(self._watch.trusted_at(retention.RETRY_WINDOW))
        next_at = min(looks)
        if keep is None and limit is None:
            return None, next_at
        return retention.Rule(wall, keep, limit), next_at

    def _scrub(self, writer: Writer, now: float, _wall: float) -> None:
        if not writer.run(trigrams.residue):
            return
        budget = Budget(SCRUB)
        more = under_way = True
        while more and under_way and not budget.spent:
            more = writer.run(trigrams.scrub)
            under_way = writer.run(trigrams.is_scrubbing)
        self._pass_took += budget.taken
        if not under_way:
            self._scrub_from = now + self._pass_took * SCRUB_REST
            self._pass_took = 0.0
            self._deleted(now)  # in SQLite's log: what the index was before
        if more:
            self._schedule.want("scrub", max(now, self._scrub_from), urgent=True)

    def _shrink(self, writer: Writer, now: float, _wall: float) -> None:
        if writer.run(retention.shrink):
            self._schedule.want("shrink", now)

    def _forget_users(self, writer: Writer, now: float, wall: float) -> None:
        if not self._watch.trusts(users.UNUSED_KEPT):
            self._schedule.want("forget users", self._watch.trusted_at(users.UNUSED_KEPT))
            return
        if self._present_after is not None:
            self._present_after = writer.run(
                users.saw_present, self._here, wall, after=self._present_after
            )
            self._schedule.want("forget users", now)
            return
        if writer.run(users.correct_future, wall):
            self._schedule.want("forget users", now)
            return
        forgotten, after = writer.run(users.forget, wall, here=self._here, after=self._users_after)
        self._users_after = after or (0.0, "")
        if forgotten:
            self._deleted(now)
            self._schedule.want("shrink", now)
        if after is None:
            self._present_after = ""
        self._schedule.want("forget users", now + SWEEP_EVERY if after is None else now)

    def _drop_rooms(self, writer: Writer, now: float, wall: float) -> None:
        if not self._watch.trusts(retention.UNUSED_KEPT):
            self._schedule.want("drop rooms", self._watch.trusted_at(retention.UNUSED_KEPT))
            return
        self._dropped, after = writer.run(
            retention.drop_rooms, wall, after=self._rooms_after, skip=self.damaged
        )
        self._rooms_after = after or 0
        if self._dropped:
            self._deleted(now)
            self._schedule.want("shrink", now)
        self._schedule.want("drop rooms", now + SWEEP_EVERY if after is None else now)
