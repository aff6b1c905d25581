"""Runs tests as ``python -m unittest`` does, and prints at the end why some were skipped.

`unittest` says that for each test, but only with ``-v``. Here each reason has one line, with the
number of tests that it holds for: ``python -m tests.support.runner tests.unit.test_channel``.
"""

from __future__ import annotations

import unittest
from collections import Counter


class Result(unittest.TextTestResult):
    """The result of a run that also writes the reasons for skipped tests."""

    def printErrors(self) -> None:
        """Write what failed, then why tests were skipped."""
        super().printErrors()
        for reason, count in sorted(Counter(reason for _, reason in self.skipped).items()):
            self.stream.writeln(f"{count} skipped: {reason}")
        self.stream.flush()


class Runner(unittest.TextTestRunner):
    """A runner with such results."""

    def _makeResult(self) -> Result:
        return Result(self.stream, self.descriptions, self.verbosity)


if __name__ == "__main__":
    unittest.main(module=None, testRunner=Runner)
