"""The tasks of maintenance: each has a function for one step, and a time for its next step.

Only the journal thread uses this. A step is one transaction of about 10 ms. Each step sets the time
of the task's next step; `core.schedule` decides which task comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from ..core.clock import ClockWatch
from ..core.schedule import Schedule
from ..store import Writer, retention, trigrams, users
from ..store.budget import Budget
from .attendance import Attendance

#: Messages indexed in one step; while messages are written, indexing waits for this many. A search
#: checks each message that is not indexed; if they are `INDEX_URGENT`, indexing is urgent.
INDEX_STEP = 512
INDEX_URGENT = 2_048

#: Seconds that a step of scrubbing the index takes. After a pass, the next one waits `SCRUB_REST`
#: times as long as it took: so it takes at most a tenth of the time, even if deletions do not stop.
SCRUB = 0.01
SCRUB_REST = 9.0

#: Seconds between two checks for entries that are too old: `TRIM_PART` of the time for which they
#: are stored, but at most `TRIM_EVERY`, and at least `TRIM_EVERY_LEAST`.
TRIM_PART = 0.1
TRIM_EVERY = 60.0
TRIM_EVERY_LEAST = 0.5

#: Seconds between two checks for users and rooms that are no longer used.
SWEEP_EVERY = 3_600.0

Step = Callable[[Writer, float, float], None]


class Tasks:
    """All tasks of maintenance.

    `keep_for` and `history_limit` are as for `Maintenance`; `deleted` is called with the time after
    a step has deleted text, which is still in SQLite's log. Users who are `here` (connected) are
    not deleted.
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
        #: Numbers of rooms that are skipped: a page with their entries is damaged.
        self.damaged: set[int] = set()
        #: About how many entries are not indexed yet; at the start this is not known.
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
        """Do a step of the task, in its own transaction. Raises what the writer raises."""
        self._dropped = 0
        writer.begin()
        self._steps[task](writer, now, wall)
        writer.commit()
        if self._dropped:
            writer.forget()

    def text_deleted(self, now: float) -> None:
        """Schedule the tasks after a deletion: SQLite's log and the index have traces of text."""
        self._deleted(now)
        self._schedule.want("scrub", max(now, self._scrub_from), urgent=True)
        self._schedule.want("shrink", now)

    def want_index(self, now: float) -> None:
        """Schedule indexing, if entries are not indexed."""
        if self.unindexed >= INDEX_STEP:
            self._schedule.want("index", now, urgent=self.unindexed >= INDEX_URGENT)
        elif self.unindexed:
            self._schedule.want("index", when_idle=now)

    def _index(self, writer: Writer, now: float, _wall: float) -> None:
        done = writer.run(trigrams.index_some, INDEX_STEP, skip=self.damaged)
        self.unindexed = max(1, self.unindexed - done) if done else 0
        self.want_index(now)

    def _trim(self, writer: Writer, now: float, wall: float) -> None:
        """Trim a part of the rooms. If a room has more to trim, all rooms are checked again."""
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
        """The rule for trimming, as far as the clock can be trusted; the time of the next check."""
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
            self._deleted(now)  # the old pages of the index are in SQLite's log
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
