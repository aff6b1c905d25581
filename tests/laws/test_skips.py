"""Each skipped test has a reason, and a run of all tests shows it."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT

#: What skips a test, and which of its arguments is the reason.
SKIPS = {"skipTest": 0, "SkipTest": 0, "skip": 0, "skipIf": 1, "skipUnless": 1}

SKIPPED = """
import unittest

class Test(unittest.TestCase):
    def test_a(self):
        self.skipTest("This machine has no moon.")

    @unittest.skip("This machine has no moon.")
    def test_b(self):
        pass

    def test_c(self):
        pass
"""


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def reasons(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in SKIPS:
            yield node.args[SKIPS[name_of(node.func)]]


def shown(reason: ast.expr, tree: ast.Module) -> str:
    """The text of a reason, with a word in place of each value; "" if it is made elsewhere."""
    if isinstance(reason, ast.Name):
        assigned = (node for node in ast.walk(tree) if isinstance(node, ast.Assign))
        values = {ast.unparse(node.targets[0]): node.value for node in assigned}
        reason = values.get(reason.id, reason)
    match reason:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            texts = [str(part.value) if isinstance(part, ast.Constant) else "x" for part in parts]
            return "".join(texts)
    return ""


class SkipsTest(TestCase):
    def test_each_reason_is_a_sentence(self):
        found = 0
        for path in sorted((ROOT / "tests").rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for reason in reasons(tree):
                found += 1
                with self.subTest(path=path.relative_to(ROOT), line=reason.lineno):
                    self.assertRegex(shown(reason, tree), r"^(?:Only|This|The) [^.].+\.$")
        self.assertGreater(found, 20)

    def test_a_run_shows_each_reason_once_with_the_number_of_tests(self):
        with tempfile.TemporaryDirectory() as name:
            Path(name, "test_skipped.py").write_text(SKIPPED)
            done = subprocess.run(
                [sys.executable, "-m", "tests.support.runner", "test_skipped"],
                cwd=ROOT, env={"PYTHONPATH": name}, capture_output=True, text=True,
                timeout=PATIENCE, check=False,
            )  # fmt: skip
        self.assertEqual(done.returncode, 0)
        self.assertIn("2 skipped: This machine has no moon.\n", done.stderr)
        self.assertIn("OK (skipped=2)", done.stderr)
