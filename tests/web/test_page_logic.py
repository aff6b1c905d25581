"""The page's logic, tested without a browser: runs ``node --test`` over tests/web/."""

from __future__ import annotations

import re
import subprocess
import unittest

from tests.support.case import PATIENCE, TestCase
from tests.support.require import require_node
from tests.support.server import ROOT

#: The first that takes a .js file with `import` in it for a module without being told.
OLDEST = (20, 19)


class PageLogicTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.node = require_node()
        said = subprocess.run(
            [self.node, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
        if version < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            self.skipTest(f"This test needs Node.js {oldest} or newer, and this is {said.strip()}.")

    def test_the_page_s_logic_holds(self) -> None:
        files = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/web/*.test.js"))
        self.assertGreaterEqual(len(files), 10)
        done = subprocess.run(
            [self.node, "--test", "--test-reporter=tap", *files],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = re.search(r"^# pass (\d+)$", done.stdout, re.MULTILINE)
        assert passed is not None, done.stdout
        self.assertGreaterEqual(int(passed[1]), 250)

    def test_no_text_is_long_enough_to_hold_the_page(self) -> None:
        # A regular expression's steps cannot be counted. What takes time that grows with the square
        # of the length takes many minutes here; what does not, some seconds.
        done = subprocess.run(
            [self.node, "tests/web/floods.js", "262144"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=4 * PATIENCE,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
