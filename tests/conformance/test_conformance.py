"""The short form: all cases that take little time. ``make conformance`` runs them all."""

from tests.support.case import TestCase

from .suite import echo_server, run, verdicts

#: The left-out ones move megabytes (9) or sweep 216 settings of compression (12, 13); of those,
#: one size of each kind is kept.
SHORT = (
    "1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*",
    "9.1.1", "9.2.1", "9.3.1", "9.5.1", "9.7.1", "9.8.1",
    "12.1.1", "12.2.3", "12.3.5", "12.4.1", "12.5.2",
    "13.1.1", "13.2.1", "13.3.1", "13.4.1", "13.5.1", "13.6.1", "13.7.1",
)  # fmt: skip


class ConformanceTest(TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        # The suite's runtime opens descriptors at its first case and keeps them for the next.
        with echo_server() as url:
            run(url, ["1.1.1"])

    def test_every_case_is_clean(self):
        with echo_server() as url:
            results = run(url, SHORT)
        self.assertGreater(len(results), 250)
        self.assertEqual(verdicts(results), {})
