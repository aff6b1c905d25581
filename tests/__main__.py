"""Runs all tests: ``python -m tests``.

First what needs no browser, in two processes: tests that may measure memory or count threads in
one, tests that only compute in the other. Then what needs a browser, class by class in two
processes: such a test mostly waits for the browser, which leaves a second core idle. Each process
is `tests.support.runner`, which is `unittest` that also says why tests were skipped. The first of
two writes through; what the second writes is shown when it has ended. The closing lines are those
of `unittest`, for all of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import unittest
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.parts import Tally, apart, split, tally

HERE = Path(__file__).parent
BROWSERS = 2

#: The packages with tests that only compute.
COMPUTING = ("core", "laws", "properties", "store", "web")


def modules() -> Iterator[str]:
    """The name of every module with tests."""
    for path in HERE.rglob("test*.py"):
        yield ".".join(path.relative_to(HERE.parent).with_suffix("").parts)


def classes(names: list[str]) -> Counter[str]:
    """How many tests each class in these modules has; a module that cannot be read is one."""
    found: Counter[str] = Counter()
    for name in names:
        suites = [unittest.defaultTestLoader.loadTestsFromName(name)]
        while suites:
            for each in suites.pop():
                if isinstance(each, unittest.TestSuite):
                    suites.append(each)
                elif type(each).__module__ == name:
                    found[f"{name}.{type(each).__qualname__}"] += 1
                else:
                    found[name] += 1
    return found


class Part:
    """A process that runs some tests."""

    def __init__(self, names: list[str], *, through: bool) -> None:
        self._through = through
        self._output = bytearray()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.runner", *names],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, name="output")
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe:
            while chunk := os.read(pipe.fileno(), 65_536):
                self._output += chunk
                if self._through:
                    _write(chunk)

    def end(self) -> Tally:
        """Wait for it; gives what it came to."""
        self._reader.join()
        status = self._process.wait()
        if not self._through:
            _write(bytes(self._output))
        return tally(self._output.decode(errors="replace"), status)


def _write(output: bytes) -> None:
    sys.stderr.buffer.write(output)
    sys.stderr.buffer.flush()


def run(shares: Sequence[list[str]]) -> Tally:
    """Run each share in a process of its own, all at the same time; gives what they come to."""
    parts = [Part(names, through=number == 0) for number, names in enumerate(shares)]
    total = Tally()
    for part in parts:
        total += part.end()
    return total


def main() -> int:
    """Run all tests; gives the exit status."""
    others, browser = apart(modules(), "tests.browser")
    total = run(apart(others, *(f"tests.{name}" for name in COMPUTING)))
    total += run(split(classes(browser), BROWSERS))
    print(f"\n{total}", file=sys.stderr)
    return 0 if total.good else 1


if __name__ == "__main__":
    sys.exit(main())
