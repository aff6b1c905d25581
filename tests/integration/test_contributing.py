"""The lines of CONTRIBUTING that run a test need nothing but Python and the package."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile

from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT

#: A command that runs some tests, without the comment behind it.
LINE = re.compile(r"^\.venv/bin/python (-m unittest [^#\n]+)", re.MULTILINE)

#: What the tests use beyond the package and its requirements; hidden from the command.
HIDDEN = ("playwright", "hypothesis", "websockets", "axe_playwright_python", "coverage")


class OneTestTest(TestCase):
    def test_each_line_that_runs_tests_works_without_browsers_and_other_packages(self):
        lines = LINE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(lines), 2)
        hide = f"import sys; sys.modules.update(dict.fromkeys({HIDDEN!r}))"
        for line in lines:
            arguments = shlex.split(line)[2:]
            with self.subTest(line), tempfile.TemporaryDirectory() as empty:
                done = subprocess.run(
                    [sys.executable, "-c",
                     f"{hide}; import unittest; unittest.main(module=None)", *arguments],
                    cwd=ROOT, env={"PATH": empty}, capture_output=True, text=True,
                    timeout=4 * PATIENCE, check=False,
                )  # fmt: skip
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stderr, r"(?m)^Ran [1-9]\d* tests? .*\n\nOK$")
