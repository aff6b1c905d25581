"""Reads the documents, and the names of tests and code in them.

A document marks what does not exist yet with `PLANNED`, behind the name it belongs to. A sentence
or paragraph that begins with ``*Planned:*`` is about such things up to its end.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from .server import ROOT

PACKAGE = ROOT / "gochat_py"
DOCS = ROOT / "docs"

PLANNED = "*planned*"
PLANNED_PASSAGE = re.compile(r"\*Planned:\*.*?(?=\n\n|\n- |\n\||\Z)", re.DOTALL)


# ---- documents ----------------------------------------------------------------------------------


def document(name: str) -> str:
    """The text of a document, named from the root of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What is below `heading`, up to the next one of its level or a higher one."""
    level = len(heading) - len(heading.lstrip("#"))
    _, found, rest = text.partition(f"\n{heading}\n")
    if not found:
        raise AssertionError(f"there is no section {heading!r}")
    return re.split(rf"(?m)^#{{1,{level}}} ", rest)[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables in `text`, without heads; an escaped bar is a bar."""
    for table in _tables(text):
        yield from map(_cells, table[2:])


def rows_with_head(text: str) -> list[list[str]]:
    """The cells of the only table in `text`, its head first."""
    (table,) = _tables(text)
    return [_cells(table[0]), *map(_cells, table[2:])]


def _tables(text: str) -> list[list[str]]:
    return [table.splitlines() for table in re.findall(r"(?m)(?:^\|.*\n?)+", text)]


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def named(cell: str) -> dict[str, bool]:
    """The names in code spans, and whether each is marked as planned."""
    found = re.findall(rf"`([^`]+)`\??( {re.escape(PLANNED)})?", cell)
    return {name: bool(mark) for name, mark in found}


def without_planned(text: str) -> str:
    """`text` without the passages and the names that are marked as planned."""
    text = PLANNED_PASSAGE.sub("", text)
    return re.sub(rf"`[^`\n]+`\??(?: \([^)]*\))? {re.escape(PLANNED)}", "", text)


# ---- tests that a document names ----------------------------------------------------------------


@functools.cache
def tests_in(path: Path) -> dict[str, frozenset[str]]:
    """The classes of a module of tests, with the names of their tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name: frozenset(
            each.name
            for each in node.body
            if isinstance(each, ast.FunctionDef) and each.name.startswith("test")
        )
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


def missing_dotted(name: str) -> str | None:
    """What is wrong with a name like ``tests.unit.test_x.Class.test_y``; None if it exists."""
    *module, kind, test = name.split(".")
    path = ROOT.joinpath(*module).with_suffix(".py")
    if not path.is_file():
        return f"there is no module {'.'.join(module)}"
    if kind not in tests_in(path):
        return f"{'.'.join(module)} has no class {kind}"
    if test not in tests_in(path)[kind]:
        return f"{'.'.join(module)}.{kind} has no {test}"
    return None


@functools.cache
def attacks() -> frozenset[str]:
    """The names of the attacks that `tests.hostile` makes."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/hostile").glob("*.py")]
    return frozenset(re.findall(r'(?m)^    name = "([^"]+)"', "\n".join(texts)))


def missing(cell: str) -> list[str]:
    """The tests named in `cell` that do not exist; or that it names none.

    A module is a path, or a name in the folder of the one before it or in ``tests/browser``. What
    follows a module is a class or a test of it, whose end may be left out with ``…``; before any
    module, it is one of ``tests/browser``. What follows ``tests/hostile`` is an attack.
    """
    wrong: list[str] = []
    modules = 0
    current: Path | None = None
    spans = re.findall(r"`([^`]+)`|\b(\w+Test)\b", cell)
    for code, bare in spans:
        name = code or bare
        path = _module(name, current.parent if current else ROOT / "tests/browser")
        if name.startswith("python -m "):
            path = ROOT / name.split()[2].replace(".", "/")
        if path is not None:
            modules += 1
            current = path
            if not path.exists():
                wrong.append(f"there is no {name}")
        elif current is not None and current == ROOT / "tests/hostile":
            if name not in attacks():
                wrong.append(f"there is no attack {name}")
        elif re.match(r"test_|[A-Z]\w*Test$", name) and not _is_in(name, current):
            wrong.append(f"{name} is not in {current.name if current else 'any module'}")
    return wrong if modules else ["no test is named", *wrong]


def _module(name: str, folder: Path) -> Path | None:
    """The file or folder of tests that `name` means; None if it means none."""
    if name.startswith("tests/"):
        return ROOT / name
    if name.endswith((".py", ".js")):
        return folder / name
    for place in (folder, ROOT / "tests/browser"):
        if re.fullmatch(r"test_\w+", name) and (place / f"{name}.py").is_file():
            return place / f"{name}.py"
    return None


def _is_in(name: str, path: Path | None) -> bool:
    """Whether a class or test of that name, or with that beginning, is in `path`."""
    paths = [path] if path is not None else sorted((ROOT / "tests/browser").glob("test_*.py"))
    for each in paths:
        if not each.is_file() or each.suffix != ".py":
            continue
        classes = tests_in(each)
        tests = frozenset().union(*classes.values())
        if name in classes or name in tests:
            return True
        if name.endswith("…") and any(test.startswith(name[:-1]) for test in tests):
            return True
    return False


# ---- code ---------------------------------------------------------------------------------------


def sources(*but: str) -> Iterator[tuple[str, ast.Module]]:
    """The modules of the package, parsed, by their paths in it; without those named."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(but):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def used(enum: str, *but: str) -> set[str]:
    """The members of `enum` that the package uses as values, except in the given modules.

    Comparing with a member, or having it in a `frozenset`, is no such use.
    """
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Compare):
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "frozenset":
            return
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == enum:
            found.add(node.attr)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for _, tree in sources(*but):
        visit(tree)
    return found


def arguments(function: str, *but: str) -> set[str]:
    """The keywords that the package gives in calls of `function`, without the modules named."""
    return {
        keyword.arg
        for _, tree in sources(*but)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == function
        for keyword in node.keywords
        if keyword.arg is not None
    }


def keys_written(function: ast.FunctionDef) -> set[str]:
    """The names of the JSON fields that a function of `core.encode` writes by itself."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r'"(\w+)":', node.value))
        elif isinstance(node, ast.Dict):
            found |= set(_strings(node.keys))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            found |= set(_strings([node.slice]))
    return found


def _strings(nodes: Iterable[ast.expr | None]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
