import math

from gochat_py.core.limits import FloodRule, TokenBucket
from tests.support.case import TestCase


class TokenBucketTest(TestCase):
    def test_a_burst_is_allowed_and_then_the_rate(self):
        bucket = TokenBucket(rate=2, burst=3)
        self.assertEqual([bucket.take(10.0) for _ in range(4)], [0, 0, 0, 0.5])
        self.assertEqual([bucket.take(10.5), bucket.take(10.5)], [0, 0.5])
        self.assertEqual([bucket.take(100.0) for _ in range(4)], [0, 0, 0, 0.5])

    def test_a_returned_token_can_be_taken_again(self):
        bucket = TokenBucket(rate=1, burst=2)
        self.assertEqual([bucket.take(0.0) for _ in range(3)], [0, 0, 1])
        bucket.give_back()
        self.assertEqual([bucket.take(0.0) for _ in range(2)], [0, 1])
        bucket.give_back()
        bucket.give_back()
        self.assertTrue(bucket.full(0.0))

    def test_a_refused_token_costs_nothing(self):
        bucket = TokenBucket(rate=1, burst=1)
        bucket.take(0.0)
        for _ in range(100):
            bucket.take(0.5)
        self.assertEqual(bucket.take(1.0), 0)

    def test_an_infinite_rate_never_waits(self):
        bucket = TokenBucket(rate=math.inf, burst=1)
        self.assertEqual({bucket.take(5.0) for _ in range(1000)}, {0})

    def test_a_clock_that_goes_back_adds_no_tokens(self):
        bucket = TokenBucket(rate=1, burst=1)
        bucket.take(100.0)
        self.assertEqual(bucket.take(50.0), 51.0)

    def test_a_bucket_without_rate_or_burst_is_an_error(self):
        for rate, burst in ((0, 1), (-1, 1), (1, 0), (math.nan, 1)):
            with self.assertRaises(ValueError):
                TokenBucket(rate, burst)


class FloodRuleTest(TestCase):
    def test_many_events_within_the_period_are_a_flood(self):
        rule = FloodRule(3, 10.0)
        self.assertEqual(
            [rule.happened(t) for t in (0, 5, 10.5, 11, 30, 31, 32)],
            [False, False, False, True, False, False, True],
        )
