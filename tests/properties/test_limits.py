"""A token bucket never exceeds its rate, and a token is available after the wait it returned."""

from hypothesis import given
from hypothesis import strategies as st

from gochat_py.core.limits import SLACK, TokenBucket
from tests.support.case import TestCase

rates = st.floats(0.01, 1000)
bursts = st.integers(1, 50)
pauses = st.lists(st.floats(0, 5) | st.just(0.0), max_size=80)
starts = st.sampled_from([0.0, 1e5, 1e9])


class TokenBucketProperties(TestCase):
    @given(rates, bursts, pauses, starts)
    def test_no_period_has_more_than_burst_and_rate(self, rate, burst, waits, now):
        bucket, taken = TokenBucket(rate, burst), []
        for wait in waits:
            now += wait
            if bucket.take(now) == 0:
                taken.append(now)
        for first, start in enumerate(taken):
            for last, end in enumerate(taken[first:], first):
                self.assertLessEqual(
                    last - first + 1, burst + rate * (end - start + 2 * SLACK) + SLACK
                )

    @given(rates, bursts, pauses, starts)
    def test_a_token_is_available_after_the_given_wait_and_not_before(
        self, rate, burst, waits, now
    ):
        bucket = TokenBucket(rate, burst)
        for pause in waits:
            now += pause
            wait = bucket.take(now)
            self.assertGreaterEqual(wait, 0)
            if wait > 0:
                self.assertGreater(bucket.take(now + wait / 2 - SLACK), 0)
                self.assertLessEqual(wait, 1 / rate + 2 * SLACK)
                now += wait
                self.assertEqual(bucket.take(now), 0)
