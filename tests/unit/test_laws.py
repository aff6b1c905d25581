"""Laws 2 and 3, read off the source: who may wait for whom, and what crosses a queue is frozen."""

import ast
import dataclasses
import typing

from gochat_py import hub
from tests.support.case import TestCase

from .test_floors import PACKAGE

#: The river: a module may `put` into the inbox of what stands downstream of it, never upstream.
MAY_PUT = {"classic.py"}


class DownstreamTest(TestCase):
    def test_only_what_stands_upstream_of_the_hub_puts_into_its_inbox(self):
        for path in PACKAGE.rglob("*.py"):
            calls = [
                node
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("put", "put_nowait")
            ]
            if calls:
                self.assertIn(path.name, MAY_PUT, f"line {calls[0].lineno} waits for another thread")

    def test_the_hub_waits_on_nothing_but_its_inbox(self):
        waiting = {"put", "get", "wait", "join", "acquire", "recv", "send", "sendall", "result"}
        tree = ast.parse((PACKAGE / "hub.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = ast.unparse(node.func)
                if called == 'b"".join' or called == "b''.join":
                    continue
                self.assertNotIn(node.func.attr, waiting, f"line {node.lineno}: {called}")


class FrozenTest(TestCase):
    def test_what_crosses_the_hubs_inbox_is_frozen(self):
        for command in typing.get_args(hub.Command):
            self.assertTrue(dataclasses.is_dataclass(command), command)
            self.assertTrue(command.__dataclass_params__.frozen, command)
