"""Laws checked in the source: imports go down, without a cycle; the core never waits."""

import ast
import graphlib
import sys
from collections.abc import Container, Iterator
from pathlib import Path

from tests.support.case import TestCase
from tests.support.server import ROOT

PACKAGE = ROOT / "gochat_py"

#: A module may import from floors below its own; within a floor, only along these listed steps.
FLOORS = {
    8: ["__init__"],
    7: ["__main__", "cli", "server"],
    6: ["app"],
    5: ["http", "classic", "joining", "v1"],
    4: [
        "hub",
        "hub_room",
        "orders",
        "connection",
        "dialect",
        "backplane",
        "connection_log",
        "hub_failing",
    ],
    3: ["store"],
    2: [
        "admission",
        "channel",
        "thread_pool",
        "deadline",
        "failures",
        "log_limit",
        "outbox",
        "password",
        "sharing",
        "stall",
        "threads",
    ],
    1: ["core"],
    0: [
        "codes",
        "errors",
        "hostnames",
        "message",
        "option",
        "refusals",
        "settings",
        "version",
    ],
}
WITHIN_A_FLOOR = {
    ("__main__", "cli"),
    ("hub", "connection"),
    ("v1", "joining"),
    ("hub", "orders"),
    ("hub", "hub_room"),
    ("hub_room", "orders"),
    ("hub", "hub_failing"),
    ("hub_failing", "hub_room"),
    ("hub_failing", "connection"),
    ("hub_failing", "orders"),
    ("hub_room", "connection"),
    ("connection", "dialect"),
    ("connection", "connection_log"),
    ("orders", "connection"),
    ("backplane", "orders"),
    ("backplane", "connection"),
    ("channel", "deadline"),
    ("deadline", "stall"),
    ("threads", "deadline"),
    ("outbox", "channel"),
    ("outbox", "deadline"),
    ("admission", "sharing"),
    ("password", "admission"),
    ("thread_pool", "deadline"),
    ("thread_pool", "threads"),
    ("settings", "errors"),
    ("settings", "option"),
    ("option", "errors"),
    ("settings", "hostnames"),
    ("refusals", "errors"),
}

#: What a module of the core may use beside the floors below: nothing that waits, and no clock.
CORE_MAY_USE = {
    "__future__", "bisect", "collections", "dataclasses", "enum", "functools", "ipaddress",
    "itertools", "json", "math", "re", "string", "struct", "typing", "unicodedata", "urllib",
    "wsproto", "zlib",
}  # fmt: skip


def modules() -> Iterator[tuple[str, Path]]:
    """Each module with the name of its place: a package counts as one place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path


def imports(path: Path) -> Iterator[str]:
    """The full names of what a module imports, relative ones resolved."""
    package = ["gochat_py", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def _name(path: Path) -> str:
    """The full name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _modules(path: Path, known: Container[str]) -> Iterator[str]:
    """The modules of the package that a module imports, for whatever reason."""
    for name in imports(path):
        while name and name not in known:
            name = name.rpartition(".")[0]  # a class or function in it
        if name:
            yield name


def floor(place: str) -> int:
    for number, places in FLOORS.items():
        if place in places:
            return number
    raise AssertionError(
        f"{place} stands on no floor; give it one in docs/architecture.md and here"
    )


class FloorsTest(TestCase):
    def test_imports_go_strictly_down(self):
        for place, path in modules():
            for name in imports(path):
                if not name.startswith("gochat_py."):
                    continue
                other = name.split(".")[1]
                if not (PACKAGE / other).is_dir() and not (PACKAGE / f"{other}.py").is_file():
                    other = "__init__"  # a name of the package itself, as Server
                if other == place or (place, other) in WITHIN_A_FLOOR:
                    continue
                self.assertGreater(
                    floor(place), floor(other), f"{path.name} imports {name}: upwards"
                )

    def test_no_module_imports_one_that_imports_it(self):
        """Not by way of others either, nor only for the types: a circle has no first chapter."""
        known = {_name(path): path for _, path in modules()}
        graph = {name: set(_modules(path, known)) - {name} for name, path in known.items()}
        self.assertGreater(sum(map(len, graph.values())), 200)
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            self.fail(f"a circle of imports: {' ← '.join(error.args[1])}")

    def test_the_core_uses_nothing_that_waits_and_no_clock(self):
        for place, path in modules():
            if place != "core":
                continue
            for name in imports(path):
                top = name.split(".")[0]
                if top != "gochat_py":
                    self.assertIn(top, CORE_MAY_USE, f"{path.name} imports {name}")

    def test_only_wsproto_and_what_it_brings_are_needed(self):
        allowed = set(sys.stdlib_module_names) | {"gochat_py", "wsproto", "h11"}
        for _, path in modules():
            for name in imports(path):
                self.assertIn(name.split(".")[0], allowed, f"{path.name} imports {name}")

    def test_no_module_is_longer_than_350_lines(self):
        for _, path in modules():
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, 350, f"{path.name}: split it along a noun")

    def test_no_function_is_longer_than_60_lines(self):
        for _, path in modules():
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    lines = node.end_lineno - node.lineno + 1
                    self.assertLessEqual(lines, 60, f"{path.name}: {node.name} does too much")

    def test_nothing_sleeps(self):
        for _, path in modules():
            self.assertNotIn("sleep", path.read_text(encoding="utf-8"), path.name)
