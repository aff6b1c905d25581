"""Only time in which the process ran counts, whatever the gaps between readings of the clock."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.deadline import Deadline
from gochat_py.stall import PERIODS_MISSED, StallWatch
from tests.support.case import TestCase

PERIOD = 1.0
LONGEST = PERIODS_MISSED * PERIOD

running = st.floats(0.0, LONGEST, exclude_max=True)
stalled = st.floats(LONGEST, 1e6, exclude_min=True)


class StallProperties(TestCase):
    @given(st.lists(running | stalled, max_size=30), st.floats(0.1, 100.0))
    def test_a_deadline_counts_from_the_last_stall(self, gaps: list[float], seconds: float) -> None:
        time = [0.0]
        watch = StallWatch(lambda: time[0])
        with watch.watching(PERIOD):
            deadline = Deadline(seconds, watch)
            begun = last = 0.0
            noticed = 0.0
            for gap in gaps:
                time[0] += gap
                deadline.remaining()  # whoever asks, asks by a deadline of its own
                if time[0] - last > LONGEST:
                    begun = time[0]
                    noticed += time[0] - last
                # The watch keeps the time of one look in each period.
                if time[0] - last >= PERIOD:
                    last = time[0]
                self.assertEqual(deadline.passed, time[0] >= begun + seconds)
                self.assertEqual(deadline.remaining(), max(0.0, begun + seconds - time[0]))
            self.assertEqual(watch.take_stall(), noticed)
