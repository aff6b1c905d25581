"""Schedules maintenance: which task runs next, and when. It gets a fair share under any traffic.

While drafts are being written, maintenance takes at most a share of the time: after a step that
took `t` seconds there is a pause of `t * (1 / share - 1)`. Within the share, the task that has
waited longest runs first, so each task gets its steps. While the journal is idle, steps follow each
other without a pause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Most of the time that maintenance takes, as a part, while the journal is busy. A step takes about
#: 10 ms, so a message waits for a step with this probability, and for half a step on average.
SHARE = 0.2

#: Seconds between two steps while the journal is busy and no task is urgent. Each step commits what
#: was written before it, and smaller commits cost more in total.
PACE = 0.25

#: Seconds after which a failed task is tried again. They double with each failure, up to
#: `RETRY_MOST`.
RETRY = 5.0
RETRY_MOST = 60.0


@dataclass(slots=True)
class _Due:
    """When a task is due: in any case, and if the journal is idle."""

    due: float
    due_when_idle: float
    urgent: bool


class Schedule:
    """Tasks by name, each with the time at which its next step is due. Owned by one thread.

    Times are arguments: seconds of a clock that does not go back.
    """

    def __init__(self, *, share: float = SHARE, pace: float = PACE) -> None:
        self._share = share
        self._pace = pace
        self._due: dict[str, _Due] = {}
        self._failures: dict[str, tuple[int, float]] = {}  # how many in a row; time of the retry
        self._ready = -math.inf  # while the journal is busy, no step runs before this time,
        self._paced = -math.inf  # and no step before this time unless a task is urgent

    def want(
        self,
        task: str,
        at: float = math.inf,
        *,
        when_idle: float = math.inf,
        urgent: bool = False,
    ) -> None:
        """Schedule a step of `task` at the time `at`, or `when_idle` if the journal is idle then.

        Of several calls the earliest time counts. An `urgent` task has work that grows while it
        waits. After a failure no step runs before the time of the retry.
        """
        _, not_before = self._failures.get(task, (0, -math.inf))
        at, when_idle = max(at, not_before), max(min(at, when_idle), not_before)
        entry = self._due.get(task)
        if entry is None:
            self._due[task] = _Due(at, when_idle, urgent)
            return
        entry.due = min(entry.due, at)
        entry.due_when_idle = min(entry.due_when_idle, when_idle)
        entry.urgent = entry.urgent or urgent

    def take(self, now: float, *, idle: bool) -> str | None:
        """Remove and return the task whose step must run now; None if none is due.

        The task has no further step until `want` is called again, during the step or later. After
        the step the caller calls `ran` or `failed`.
        """
        if idle:
            due = {task: entry.due_when_idle for task, entry in self._due.items()}
        elif now >= self._busy_from(now):
            due = {task: entry.due for task, entry in self._due.items()}
        else:
            return None
        first = min(due, key=due.__getitem__, default=None)
        if first is None or due[first] > now:
            return None
        del self._due[first]
        return first

    def next_at(self, now: float, idle_from: float) -> float:
        """The time of the next step, if the journal stays idle from `idle_from` on.

        It is infinite if no task is scheduled.
        """
        entries = self._due.values()
        busy = max(min((entry.due for entry in entries), default=math.inf), self._busy_from(now))
        idle = max(min((entry.due_when_idle for entry in entries), default=math.inf), idle_from)
        return min(busy, idle)

    def ran(self, task: str, now: float, took: float) -> None:
        """A step of `task` ended at `now`, after `took` seconds."""
        self._failures.pop(task, None)
        self.rest(now, took)

    def failed(self, task: str, now: float, took: float) -> None:
        """A step of `task` failed at `now`. It is tried again later; the other tasks continue."""
        times, _ = self._failures.get(task, (0, 0.0))
        again = now + min(RETRY * 2**times, RETRY_MOST)
        self._failures[task] = (min(times + 1, 10), again)
        self._due[task] = _Due(again, again, urgent=False)
        self.rest(now, took)

    def rest(self, now: float, took: float) -> None:
        """Other work that counts as maintenance ended at `now`, after `took` seconds."""
        self._ready = max(self._ready, now + took * (1.0 / self._share - 1.0))
        self._paced = max(self._paced, now + self._pace)

    def _busy_from(self, now: float) -> float:
        """The time from which a step may run while the journal is busy."""
        if any(entry.urgent and entry.due <= now for entry in self._due.values()):
            return self._ready
        return max(self._ready, self._paced)
