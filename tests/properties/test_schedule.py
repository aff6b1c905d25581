"""Under any load each task of maintenance gets its steps, and writers the rest of the time."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.schedule import PACE, RETRY_MOST, SHARE, Schedule
from tests.support.case import TestCase

#: Seconds that one step takes at most here.
LONGEST = 0.05

TASKS = ("index", "trim", "scrub", "shrink", "forget users", "drop rooms")

#: How long a task waits for a step at most: each of the others has one before it, and between two
#: there is the pace, or a step and the rest after it. A batch of the traffic takes 0.1 s at most.
MOST_WAIT = len(TASKS) * (max(PACE, LONGEST / SHARE) + 0.1)


class Journal:
    """Simulates the journal: batches come at some times, steps take some time."""

    def __init__(self, gaps, costs, **options):
        self.now = 0.0
        self.schedule = Schedule(**options)
        self.steps = []  # task, begun, took
        self._gaps, self._costs = iter(gaps), iter(costs)
        self._last_write = 0.0

    def run(self, again):
        """Run the traffic. `again` returns when a task wants its next step."""
        arrives = 0.0
        for gap in self._gaps:
            arrives = max(arrives + gap, self.now)
            while self.now < arrives:
                due = self.schedule.next_at(self.now, self._last_write + 0.2)
                if due >= arrives:
                    break
                self.now = max(self.now + 0.001, due)
                idle = self.now >= self._last_write + 0.2
                if not self._step(again, idle):
                    break
            self.now = max(self.now, arrives) + 0.002  # to write the batch
            self._last_write = self.now
            self._step(again, idle=False)

    def _step(self, again, idle):
        task = self.schedule.take(self.now, idle=idle)
        if task is None:
            return False
        took = next(self._costs, 0.01)
        begun = self.now
        self.steps.append((task, begun, took, idle))
        self.now += took
        again(self, task, took)
        return True


costs = st.lists(st.floats(0.0001, LONGEST), min_size=50, max_size=400)


class ShareTest(TestCase):
    @given(
        st.lists(st.floats(0.0, 0.1), min_size=200, max_size=600),
        costs,
        st.lists(st.booleans(), min_size=6, max_size=6),
    )
    def test_each_task_gets_a_step_in_time_and_all_stay_within_the_share(self, gaps, costs, urgent):
        wanted = dict.fromkeys(TASKS, 0.0)
        flags = dict(zip(TASKS, urgent, strict=True))
        waited = []

        def again(journal, task, took):
            waited.append(journal.now - took - wanted[task])
            journal.schedule.ran(task, journal.now, took)
            wanted[task] = journal.now
            journal.schedule.want(task, journal.now, urgent=flags[task])

        journal = Journal(gaps, costs)
        for task in TASKS:
            journal.schedule.want(task, 0.0, urgent=flags[task])
        journal.run(again)
        self.assertLessEqual(max(waited, default=0.0), MOST_WAIT)
        for task in TASKS:
            self.assertLessEqual(journal.now - wanted[task], MOST_WAIT)
        begun = [(begun, took) for _, begun, took, _ in journal.steps]
        for first in range(len(begun)):
            taken = 0.0
            for start, took in begun[first:]:
                over = start - begun[first][0]  # up to the start of this step
                self.assertLessEqual(taken, SHARE * over + 1e-6)
                taken += took

    @given(st.lists(st.floats(0.25, 2.0), min_size=20, max_size=60), costs)
    def test_while_idle_the_steps_follow_each_other(self, gaps, costs):
        """Two messages a second: in each gap of half a second, maintenance has all but 0.2 s."""

        def again(journal, task, took):
            journal.schedule.ran(task, journal.now, took)
            journal.schedule.want(task, journal.now)

        journal = Journal(gaps, costs)
        journal.schedule.want("trim", 0.0)
        journal.run(again)
        free = sum(gap - 0.25 for gap in gaps)
        self.assertGreaterEqual(sum(took for _, _, took, _ in journal.steps), free / 2)

    @given(st.lists(st.floats(0.0, 0.1), min_size=300, max_size=600), st.sampled_from(TASKS))
    def test_a_task_that_always_fails_does_not_delay_the_others(self, gaps, failing):
        steps = dict.fromkeys(TASKS, 0)

        def again(journal, task, took):
            steps[task] += 1
            if task == failing:
                journal.schedule.failed(task, journal.now, took)
                journal.schedule.want(task, journal.now, urgent=True)  # it is not so easily had
            else:
                journal.schedule.ran(task, journal.now, took)
                journal.schedule.want(task, journal.now)

        journal = Journal(gaps, [])
        for task in TASKS:
            journal.schedule.want(task, 0.0)
        journal.run(again)
        self.assertLessEqual(steps[failing], 1 + journal.now / 5.0)
        for task in TASKS:
            if task != failing:
                self.assertGreaterEqual(steps[task], int(journal.now / MOST_WAIT))

    @given(st.integers(1, 100))
    def test_a_failed_task_is_tried_again_at_least_once_a_minute(self, times):
        schedule, now = Schedule(), 0.0
        schedule.want("trim", now)
        for _ in range(times):
            self.assertEqual(schedule.take(now, idle=True), "trim")
            schedule.failed("trim", now, 0.01)
            due = schedule.next_at(now, now)
            self.assertLessEqual(due - now, RETRY_MOST)
            self.assertGreaterEqual(due - now, 5.0)
            now = due
        schedule.take(now, idle=True)
        schedule.ran("trim", now, 0.01)
        schedule.want("trim", now)
        self.assertEqual(schedule.take(now, idle=True), "trim", "it has recovered")
