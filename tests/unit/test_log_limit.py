"""The log records that peers can cause are limited, and omitted ones are counted."""

from __future__ import annotations

from gochat_py.log_limit import EVERY, About, LogLimit
from tests.support.case import TestCase

from .test_stall import Clock


class LogLimitTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.limit = LogLimit(self.clock)

    def due(self, count: int, about: About = About.ENDED, key: str = "a") -> int:
        """How many of so many records are due now."""
        return sum(self.limit.due(about, key) for _ in range(count))

    def test_each_key_has_a_limit_and_all_together_have_one(self):
        for about in About:
            with self.subTest(about=about):
                self.assertEqual(self.due(about.of_a_key + 5, about), about.of_a_key)
                others = sum(self.due(1, about, f"key-{n}") for n in range(2 * about.in_all))
                self.assertEqual(others, about.in_all - about.of_a_key)

    def test_after_a_minute_records_are_due_again_and_omitted_ones_are_reported_once(self):
        self.due(About.ENDED.of_a_key + 7)
        self.due(3, About.HOSTS)
        with self.assertNoLogs("gochat_py.log_limit"):
            self.limit.report()
        self.clock.time += EVERY
        with self.assertLogs("gochat_py.log_limit", "INFO") as said:
            self.limit.report()
            self.assertEqual(self.due(1), 1)
        logged = [(record.levelname, record.getMessage()[:50]) for record in said.records]
        self.assertEqual(
            logged,
            [
                ("INFO", "7 more log records about connections that ended we"),
                ("WARNING", "2 more log records about hosts that are not this s"),
            ],
        )
        self.clock.time += EVERY
        with self.assertNoLogs("gochat_py.log_limit"):
            self.limit.report()

    def test_omitted_records_are_reported_with_the_next_record_or_at_the_end(self):
        self.due(About.FLOODS.of_a_key + 2, About.FLOODS)
        self.clock.time += EVERY
        with self.assertLogs("gochat_py.log_limit") as said:
            self.due(3, About.FLOODS)
        self.assertIn("2 more", said.output[0])
        with self.assertLogs("gochat_py.log_limit") as said:
            self.limit.report(at_the_end=True)
        self.assertIn("2 more", said.output[0])

    def test_it_remembers_only_keys_that_it_logged(self):
        for number in range(10_000):
            self.limit.due(About.ENDED, f"key-{number}")
        (window,) = self.limit._windows.values()
        self.assertEqual(len(window.keys), About.ENDED.in_all)
