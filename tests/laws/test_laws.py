"""Laws 2 and 3, checked in the source: who may `put`, and what crosses a queue is frozen."""

import ast
import dataclasses
import typing
from collections.abc import Iterator
from pathlib import Path

from gochat_py import orders
from gochat_py.backplane import requests
from tests.support.case import TestCase

from .test_floors import PACKAGE

#: The message flow: a module may `put` into the inbox of what is downstream of it, never upstream.
MAY_PUT = {"joining.py", "classic.py", "v1.py", "local.py", "user_requests.py"}


class DownstreamTest(TestCase):
    def test_only_modules_upstream_put_into_an_inbox(self):
        for path in PACKAGE.rglob("*.py"):
            for called, line in calls(path):
                if called.endswith("inbox.put"):
                    self.assertIn(path.name, MAY_PUT, f"line {line} waits for another thread")

    def test_the_hub_waits_only_for_its_inbox(self):
        waiting = {"put", "wait", "take", "acquire", "recv", "send", "sendall", "result"}
        for called, line in calls(PACKAGE / "hub.py"):
            if called.rpartition(".")[2] in waiting:
                self.assertEqual(called, "self.inbox.take", f"line {line}")


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Each method call in a module, as it is spelled, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func), node.lineno


class FrozenTest(TestCase):
    def test_values_that_cross_an_inbox_are_frozen(self):
        for kind in (*typing.get_args(orders.Order), *typing.get_args(requests.Request)):
            if not issubclass(kind, tuple):
                self.assertTrue(dataclasses.is_dataclass(kind), kind)
                self.assertTrue(kind.__dataclass_params__.frozen, kind)
