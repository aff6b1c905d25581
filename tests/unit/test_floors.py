"""Laws that can be read off the source: imports go down; core neither waits nor has a clock."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.case import TestCase
from tests.support.server import ROOT

PACKAGE = ROOT / "gochat_py"

#: A module may import from floors below its own; within a floor, only along these listed steps.
FLOORS = {
    7: ["__main__", "cli"],
    6: ["app"],
    5: ["http", "classic", "joining", "v1"],
    4: ["hub", "hub_room", "delivery", "orders", "connection", "dialect", "backplane"],
    3: ["store"],
    2: ["admission", "channel", "crew", "deadline", "outbox", "sharing", "threads"],
    1: ["core"],
    0: ["__init__", "errors", "codes", "settings", "option", "message", "refusals", "hostnames"],
}
WITHIN_A_FLOOR = {
    ("__main__", "cli"),
    ("hub", "connection"),
    ("v1", "joining"),
    ("hub", "orders"),
    ("hub", "hub_room"),
    ("hub", "delivery"),
    ("hub_room", "connection"),
    ("connection", "dialect"),
    ("dialect", "connection"),
    ("delivery", "connection"),
    ("delivery", "orders"),
    ("orders", "connection"),
    ("backplane", "orders"),
    ("backplane", "hub"),
    ("backplane", "connection"),
    ("channel", "deadline"),
    ("outbox", "channel"),
    ("outbox", "deadline"),
    ("admission", "sharing"),
    ("crew", "deadline"),
    ("crew", "threads"),
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
                    other = "__init__"  # a name of the package itself, as __version__
                if other == place or (place, other) in WITHIN_A_FLOOR:
                    continue
                self.assertGreater(
                    floor(place), floor(other), f"{path.name} imports {name}: upwards"
                )

    def test_core_uses_nothing_that_waits_and_no_clock(self):
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

    def test_no_module_outgrows_its_noun(self):
        for _, path in modules():
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLessEqual(lines, 350, f"{path.name}: split it along a noun")

    def test_nothing_sleeps(self):
        for _, path in modules():
            self.assertNotIn("sleep", path.read_text(encoding="utf-8"), path.name)
