"""When the wall clock is trusted. Times are arguments, so nothing waits."""

from gochat_py.core.clock import EARLIEST, LOOK_AGAIN, MOST, TOLERANCE, ClockWatch, allowance
from tests.support.case import TestCase

DAY = 86_400.0
WALL = EARLIEST + 100 * DAY


class AllowanceTest(TestCase):
    def test_the_allowance_is_a_tenth_of_the_period_within_limits(self):
        self.assertEqual(allowance(300.0), 30.0)
        self.assertEqual(allowance(30 * DAY), MOST)
        self.assertEqual(allowance(1.0), TOLERANCE)


class ClockWatchTest(TestCase):
    def setUp(self):
        super().setUp()
        self.watch = ClockWatch()
        self.now, self.wall = 50.0, WALL

    def passes(self, seconds, wall=None):
        """Let so many seconds pass; the wall clock shows `wall`."""
        self.now += seconds
        self.wall += seconds if wall is None else wall
        return self.watch.observe(self.now, self.wall)

    def test_no_clock_is_trusted_before_the_first_observation(self):
        self.assertFalse(self.watch.trusts(0.0))

    def test_after_a_start_the_clock_is_trusted_after_a_tenth_of_the_period_or_an_hour(self):
        self.passes(0.0)
        for period, hold in ((30.0, 3.0), (600.0, 60.0), (30 * DAY, MOST)):
            self.assertEqual(self.watch.trusted_at(period), 50.0 + hold)
        self.passes(3.0)
        self.assertTrue(self.watch.trusts(30.0))
        self.assertFalse(self.watch.trusts(600.0))
        self.passes(MOST)
        self.assertTrue(self.watch.trusts(30 * DAY))

    def test_setting_the_clock_in_either_direction_starts_the_wait_again(self):
        self.passes(0.0)
        for jump in (31 * DAY, -31 * DAY, TOLERANCE + 0.5, -TOLERANCE - 0.5):
            self.passes(2 * MOST)
            self.assertTrue(self.watch.trusts(30 * DAY))
            self.assertAlmostEqual(self.passes(1.0, 1.0 + jump), jump, places=3)
            self.assertFalse(self.watch.trusts(30.0))
            self.passes(3.0)
            self.assertTrue(self.watch.trusts(30.0))
            self.assertFalse(self.watch.trusts(30 * DAY))

    def test_a_small_difference_of_clocks_is_no_jump(self):
        self.passes(2 * MOST)
        for _ in range(100):
            self.assertEqual(self.passes(3600.0, 3601.5), 0.0)
        self.assertTrue(self.watch.trusts(30 * DAY))

    def test_a_clock_near_1970_is_never_trusted(self):
        self.wall = 0.0
        self.passes(10 * DAY)
        self.passes(10 * DAY)
        self.assertFalse(self.watch.trusts(30.0))
        self.assertEqual(self.watch.trusted_at(30.0), self.now + LOOK_AGAIN)
        self.assertGreater(self.passes(1.0, WALL), 0.0)
        self.passes(3.0)
        self.assertTrue(self.watch.trusts(30.0))
