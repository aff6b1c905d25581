"""The runner of all tests: splitting them over processes, and adding up the results."""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st

from tests.__main__ import classes, modules
from tests.support.case import TestCase
from tests.support.parts import Tally, apart, split, tally

WEIGHTS = st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 50), max_size=30)


class SplitTest(TestCase):
    @given(WEIGHTS, st.integers(1, 4))
    def test_each_name_is_in_one_part_and_no_part_is_much_heavier(
        self, weights: dict[str, int], parts: int
    ) -> None:
        found = split(weights, parts)
        self.assertEqual(len(found), parts)
        self.assertEqual(sorted(name for part in found for name in part), sorted(weights))
        heavy = [sum(weights[name] for name in part) for part in found]
        self.assertLessEqual(max(heavy) - min(heavy), max(weights.values(), default=0))

    @given(WEIGHTS)
    def test_it_is_always_the_same(self, weights: dict[str, int]) -> None:
        backwards = dict(reversed(weights.items()))
        self.assertEqual(split(weights, 2), split(backwards, 2))

    def test_no_module_is_left_out(self) -> None:
        others, browser = apart(modules(), "tests.browser")
        self.assertEqual(sorted([*others, *browser]), sorted(modules()))
        self.assertIn("tests.support.test_parts", others)
        self.assertIn("tests.browser.test_scrolling", browser)
        self.assertGreaterEqual(len(others), 40)
        waiting, computing = apart(others, "tests.core", "tests.store")
        self.assertEqual(sorted([*waiting, *computing]), others)
        self.assertIn("tests.core.test_wire", computing)
        self.assertIn("tests.unit.test_channel", waiting)

    def test_what_is_counted_is_what_discovery_finds(self) -> None:
        _, browser = apart(modules(), "tests.browser")
        found = unittest.defaultTestLoader.discover("tests/browser", top_level_dir=".")
        self.assertEqual(sum(classes(browser).values()), found.countTestCases())

    def test_a_module_that_cannot_be_read_is_run_so_that_it_fails(self) -> None:
        self.assertEqual(classes(["tests.no_such_module"]), {"tests.no_such_module": 1})


class TallyTest(TestCase):
    def test_the_closing_lines_are_read(self) -> None:
        for output, status, wanted in (
            ("...\nRan 3 tests in 0.1s\n\nOK\n", 0, Tally(3)),
            ("Ran 1 test in 0.1s\n\nOK (skipped=1)\n", 0, Tally(1, skipped=1)),
            (
                "Ran 9 tests in 1s\n\nFAILED (failures=1, errors=2, skipped=3)\n",
                1,
                Tally(9, failures=1, errors=2, skipped=3),
            ),
            (
                "Ran 2 tests in 1s\n\nFAILED (expected failures=1, unexpected successes=1)\n",
                1,
                Tally(2, expected_failures=1, unexpected_successes=1),
            ),
        ):
            with self.subTest(output=output):
                self.assertEqual(tally(output, status), wanted)

    def test_what_a_test_writes_is_no_closing_line(self) -> None:
        output = "Ran 99 tests in 1s\nOK (skipped=7)\n..\nRan 2 tests in 1s\n\nOK\n"
        self.assertEqual(tally(output, 0), Tally(2))

    def test_a_run_that_ended_badly_without_a_word_is_an_error(self) -> None:
        self.assertFalse(tally("", -9).good)
        self.assertFalse(tally("....", -11).good)
        self.assertEqual(tally("Ran 2 tests in 1s\n\nOK\n", -6), Tally(2, errors=1))

    def test_a_run_of_nothing_fails_and_so_does_the_whole(self) -> None:
        for nothing in (tally("Ran 0 tests in 0s\n\nNO TESTS RAN\n", 5), tally("", 0)):
            self.assertFalse(nothing.good)
            self.assertFalse((Tally(10) + nothing).good)

    def test_parts_are_added_up_and_told_as_unittest_does(self) -> None:
        total = Tally(3, skipped=1) + Tally(4, failures=1, skipped=1)
        self.assertEqual(str(total), "Ran 7 tests\n\nFAILED (failures=1, skipped=2)")
        self.assertEqual(str(Tally(2)), "Ran 2 tests\n\nOK")
        self.assertEqual(str(Tally()), "Ran 0 tests\n\nNO TESTS RAN")


if __name__ == "__main__":
    unittest.main()
