"""Which piece of maintenance is done next, and when: a fair share whatever the traffic.

While somebody writes, maintenance takes at most a share of the time: a step that took `t` seconds
is followed by a rest of `t * (1 / share - 1)`. Within the share, the task that has waited longest
comes first, so each task gets its step. When nobody writes, the steps follow each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Part of the time that maintenance takes at most while somebody writes. A step is some 10 ms, so a
#: message waits for a step with this probability, and for half of one on average.
SHARE = 0.2

#: Seconds from one step to the next while somebody writes and no task is urgent. Each step commits
#: what was written before it, which costs more in smaller portions.
PACE = 0.25

#: Seconds after which a task that failed is tried again. They double with each failure, up to the
#: second figure.
RETRY = 5.0
RETRY_MOST = 60.0


@dataclass(slots=True)
class _Wish:
    """When a task is due: in any case, and when nobody writes."""

    due: float
    due_when_idle: float
    urgent: bool


class Schedule:
    """Tasks by name, each with the time at which it wants a step. Belongs to one thread.

    Times are seconds of one clock that does not go back, given as arguments.
    """

    def __init__(self, *, share: float = SHARE, pace: float = PACE) -> None:
        self._share = share
        self._pace = pace
        self._wishes: dict[str, _Wish] = {}
        self._failures: dict[str, tuple[int, float]] = {}  # how many in a row; retried at
        self._ready = -math.inf  # while somebody writes, no step comes before this,
        self._paced = -math.inf  # and none before this unless a task is urgent

    def want(
        self,
        task: str,
        at: float = math.inf,
        *,
        when_idle: float = math.inf,
        urgent: bool = False,
    ) -> None:
        """Let `task` have a step at the time `at`, or `when_idle` if nobody writes then.

        Of several wishes the earliest counts. An `urgent` task has work that grows while it waits.
        After a failure no step comes before the time of the next attempt.
        """
        _, not_before = self._failures.get(task, (0, -math.inf))
        at, when_idle = max(at, not_before), max(min(at, when_idle), not_before)
        wish = self._wishes.get(task)
        if wish is None:
            self._wishes[task] = _Wish(at, when_idle, urgent)
            return
        wish.due = min(wish.due, at)
        wish.due_when_idle = min(wish.due_when_idle, when_idle)
        wish.urgent = wish.urgent or urgent

    def take(self, now: float, *, idle: bool) -> str | None:
        """The task whose step is to be done now; None if none is.

        It wants nothing more until it says so, in its step or later. After the step the caller says
        `ran` or `failed`.
        """
        if idle:
            due = {task: wish.due_when_idle for task, wish in self._wishes.items()}
        elif now >= self._busy_from(now):
            due = {task: wish.due for task, wish in self._wishes.items()}
        else:
            return None
        first = min(due, key=due.__getitem__, default=None)
        if first is None or due[first] > now:
            return None
        del self._wishes[first]
        return first

    def next_at(self, now: float, idle_from: float) -> float:
        """When the next step is due if nobody writes any more, so that it is idle from `idle_from`.

        It is infinite if nothing is to be done.
        """
        wishes = self._wishes.values()
        busy = max(min((wish.due for wish in wishes), default=math.inf), self._busy_from(now))
        idle = max(min((wish.due_when_idle for wish in wishes), default=math.inf), idle_from)
        return min(busy, idle)

    def ran(self, task: str, now: float, took: float) -> None:
        """A step of `task` ended at `now`, after `took` seconds."""
        self._failures.pop(task, None)
        self.rest(now, took)

    def failed(self, task: str, now: float, took: float) -> None:
        """A step of `task` failed at `now`. It is tried again later; the others go on."""
        times, _ = self._failures.get(task, (0, 0.0))
        again = now + min(RETRY * 2**times, RETRY_MOST)
        self._failures[task] = (min(times + 1, 10), again)
        self._wishes[task] = _Wish(again, again, urgent=False)
        self.rest(now, took)

    def rest(self, now: float, took: float) -> None:
        """Something that counts as maintenance ended at `now`, after `took` seconds."""
        self._ready = max(self._ready, now + took * (1.0 / self._share - 1.0))
        self._paced = max(self._paced, now + self._pace)

    def _busy_from(self, now: float) -> float:
        """The time from which a step may be done although somebody writes."""
        if any(wish.urgent and wish.due <= now for wish in self._wishes.values()):
            return self._ready
        return max(self._ready, self._paced)
