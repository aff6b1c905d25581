"""Compares the other documents with the code: names exist, and figures are the same."""

from __future__ import annotations

import ast
import re

from gochat_py import admission, hub
from gochat_py.backplane import local
from gochat_py.cli import logs
from gochat_py.option import Option
from gochat_py.settings import Settings, options
from tests.support import docs
from tests.support.case import TestCase
from tests.support.server import ROOT

from .test_floors import FLOORS

README = docs.document("README.md")
ARCHITECTURE = docs.document("docs/architecture.md")
LIMITS = docs.document("docs/limits.md")
DURABILITY = docs.document("docs/durability.md")
SETTINGS = docs.document("docs/settings.md")
PAGE = docs.document("docs/page.md")

FLAGS = {option.flag: option for option in options()}
KIB, MIB = 1024, 1024 * 1024


def kept_documents() -> list[str]:
    """The documents that say what is: the decisions and the changes say what was."""
    return [
        "README.md",
        "CONTRIBUTING.md",
        *(f"docs/{each.name}" for each in docs.DOCS.glob("*.md")),
    ]


class NamesTest(TestCase):
    def test_every_link_has_a_target(self):
        for name in [*kept_documents(), "CHANGELOG.md", "tests/bench/README.md"]:
            folder = (ROOT / name).parent
            for target in re.findall(r"\]\(([^)\s]+)\)", docs.document(name)):
                if "://" not in target:
                    path, _, anchor = target.partition("#")
                    file = folder / path if path else ROOT / name
                    with self.subTest(document=name, target=target):
                        self.assertTrue(file.exists())
                        if anchor:
                            self.assertIn(anchor, _anchors(file.read_text(encoding="utf-8")))

    def test_every_flag_and_variable_is_a_setting(self):
        variables = {option.variable for option in options()}
        for name in kept_documents():
            text = docs.without_planned(docs.document(name))
            text = re.sub(r"`(?:python|pip|curl|make) [^`]*`", "", text)
            for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - {
                "--help",
                "--version",
            }:
                self.assertIn(flag, FLAGS, name)
            for variable in set(re.findall(r"\bGOCHAT_[A-Z_]+\b", text)):
                self.assertIn(variable, {*variables, "GOCHAT_TEST_REQUIRE"}, name)

    def test_every_target_of_make_is_in_the_makefile(self):
        targets = set(re.findall(r"(?m)^([a-z]+):", docs.document("Makefile")))
        for name in kept_documents():
            for target in re.findall(
                r"`make ([a-z]+)|^make ([a-z]+)$", docs.document(name), re.MULTILINE
            ):
                self.assertIn("".join(target), targets, name)

    def test_every_named_module_and_constant_exists(self):
        for name in kept_documents():
            text = docs.document(name)
            for path in re.findall(
                r"`((?:gochat_py|tests|core|http|store|cli|backplane|docs)/[\w./]+)`", text
            ):
                places = [ROOT / path, docs.PACKAGE / path]
                self.assertTrue(any(each.exists() for each in places), f"{name}: {path}")
            for module, constant in re.findall(r"`(\w+)\.([A-Z_]{3,})`", text):
                modules = [each for path, each in docs.sources() if path.endswith(f"{module}.py")]
                self.assertTrue(any(constant in _assigned(each) for each in modules), constant)


class SettingsDocTest(TestCase):
    def test_it_has_each_setting_with_its_default_and_its_purpose(self):
        """What is missing is shown as the row to add."""
        expected = [_row(option) for option in options()]
        found = [line for line in SETTINGS.splitlines() if line.startswith("| `--")]
        self.assertEqual(found, expected)


class ReadmeTest(TestCase):
    def test_the_readme_s_ratios_are_those_of_the_chart(self):
        """Within 3 %: the chart's own figures are rounded."""
        chart = _chart()
        head, *measured = docs.rows_with_head(docs.section(README, "## How fast it is"))
        servers = ["gochat_py", "gochat_py v1", "picows", "websockets", "websockets.sync"]
        self.assertEqual(len(head), 1 + len(servers))
        works = ["10 senders × 8 in flight → 100", "50 senders × 1 in flight → 50",
                 "1 sender → 100", "1 sender → 1,000"]  # fmt: skip
        for row, work in zip(measured, works, strict=True):
            for cell, server in zip(row[1:], servers, strict=True):
                told = float(cell.strip("*× "))
                ratio = chart[work][server] / chart[work]["gorilla"]
                with self.subTest(work=work, server=server):
                    self.assertLess(abs(told / ratio - 1), 0.03)

    def test_the_readme_s_other_figures_are_those_of_their_sources(self):
        chart = _chart()
        latency, idle = chart["20 lines a second → 10"], chart["9,900 idle connections"]
        (start,) = re.findall(r"\| \*\*([\d,]+) bytes\*\* \|", PAGE)
        ours, go = latency["gochat_py"], latency["gorilla"]
        text = " ".join(README.split())
        for figure in (
            f"takes {ours:.1f} ms until it is read, {go:.2f} with Go",
            f"an idle connection takes {idle['gochat_py']:.0f} KiB, {idle['gorilla']:.0f} with Go",
            f"It starts with {int(start.replace(',', '')) / 1000:.0f} KB",
            f"the server's pings, every {Settings().ping_period:g} s",
            f"on http://{Settings().host}:{Settings().port}/",
        ):
            self.assertIn(figure, text.replace("`", ""))
        self.assertIn("python_requires = >=3.11", docs.document("setup.cfg"))
        self.assertIn("Python 3.11 or newer", README)


class LimitsDocTest(TestCase):
    def test_each_row_names_a_test_that_exists(self):
        rows = list(docs.rows(LIMITS))
        self.assertGreater(len(rows), 50)
        for row in rows:
            with self.subTest(row[0]):
                self.assertEqual(docs.missing(row[-1]), [])

    def test_the_flags_have_the_documented_defaults(self):
        told = re.findall(r"`(--[a-z-]+)(?: ([\d.]+))?`(?:[:,]? (\d+) (KiB|MiB))?", LIMITS)
        for flag, plain, number, unit in told:
            if plain or number:
                value = (
                    float(plain or number) * {"": 1, "KiB": KIB, "MiB": MIB}[unit if number else ""]
                )
                with self.subTest(flag):
                    self.assertEqual(FLAGS[flag].default, value if not plain else float(plain))

    def test_the_documented_constants_are_those_of_the_code(self):
        for figure in (
            f"| {admission.AT_ONCE} (`admission.AT_ONCE`)",
            f"| {admission.READ_AT_ONCE} (`admission.READ_AT_ONCE`)",
            f"| {logs.MAX_LINES:,} records, {logs.MAX_BYTES // MIB} MiB",
            f"| {local.INBOX:,} requests each |",
        ):
            self.assertIn(figure, LIMITS)
        self.assertEqual(local.INBOX, hub.INBOX)
        self.assertGreater(len(docs.attacks()), 40)


class DurabilityDocTest(TestCase):
    MODES = ("## `process`", "## `power`", "## `--memory`")

    def test_each_row_has_all_columns_and_names_a_test_that_exists(self):
        for mode in self.MODES:
            (heading,) = re.findall(rf"(?m)^{re.escape(mode)}.*$", DURABILITY)
            rows = list(docs.rows(docs.section(DURABILITY, heading)))
            self.assertTrue(rows, mode)
            for row in rows:
                with self.subTest(mode=mode, row=row[0]):
                    self.assertEqual(len(row), 5)
                    self.assertTrue(all(row))
                    tests = re.findall(r"`([^`]+)`", row[-1])
                    self.assertTrue(tests, "no test is named")
                    self.assertEqual(
                        [docs.missing_dotted(test) for test in tests], [None] * len(tests)
                    )

    def test_the_page_is_linked_from_the_index(self):
        self.assertIn("(docs/durability.md)", README)
        self.assertIn("(durability.md)", ARCHITECTURE)


class ArchitectureDocTest(TestCase):
    def test_the_documented_floors_are_those_of_the_test(self):
        drawing = re.search(r"```\n (7 .*?)```", ARCHITECTURE, re.DOTALL)
        assert drawing is not None
        for line in drawing[1].splitlines():
            number = re.match(r" ?(\d)  ", line)
            if number is None:
                continue
            named = re.findall(r"[a-z0-9_]+(?=\.py|/)", line)
            expected = [name for name in FLOORS[int(number[1])] if name != "__init__"]
            self.assertEqual(sorted(named), sorted(expected), f"floor {number[1]}")

    def test_the_documented_threads_are_those_of_the_code(self):
        told = {row[0] for row in docs.rows(docs.section(ARCHITECTURE, "## Threads"))}
        started = {"main"}
        starting = ("threads.start", "threads.launch", "self.thread_pool.start", "self._start")
        for _, tree in docs.sources("threads.py", "thread_pool.py"):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and len(node.args) >= 2:
                    called = ast.unparse(node.func)
                    if called == "threads.start" and isinstance(node.args[1], ast.Name):
                        continue  # its callers give the name
                    if called in starting:
                        started.add(
                            re.sub(r"f?'([a-z]+-?)(?:\{.*\})?'", _thread, ast.unparse(node.args[1]))
                        )
        # A writer has its reader's name and number.
        self.assertEqual(told, started | {"writer-N"})

    def test_the_queues_have_the_documented_capacities(self):
        rows = {row[0]: row[1] for row in docs.rows(docs.section(ARCHITECTURE, "## Queues"))}
        settings = Settings()
        self.assertEqual(
            rows,
            {
                "journal's inbox": f"{local.INBOX:,}",
                "hub's inbox": f"{hub.INBOX:,}",
                "a connection's outbox": f"{settings.send_buffer} messages, "
                f"{settings.send_buffer_bytes // MIB} MiB; "
                f"{settings.address_buffer_bytes // MIB} MiB for an address, "
                f"{settings.total_buffer_bytes // MIB} MiB in all",
                "the log's queue": f"{logs.MAX_LINES:,} lines, {logs.MAX_BYTES // MIB} MiB",
            },
        )


class OtherDocsTest(TestCase):
    def test_each_promise_of_the_page_names_a_test_that_exists(self):
        rows = list(docs.rows(docs.section(PAGE, "## Where each promise is tested")))
        self.assertGreater(len(rows), 30)
        for promise, cell in rows:
            with self.subTest(promise):
                self.assertEqual(docs.missing(cell), [])

    def test_each_law_names_a_test_that_exists(self):
        for law, cell in docs.rows(docs.document("CONTRIBUTING.md")):
            with self.subTest(law):
                self.assertEqual(docs.missing(cell), [])

    def test_a_reference_to_a_test_that_does_not_exist_is_found(self):
        for cell in (
            "",
            "–",
            "`tests/unit/test_no_such_thing.py`",
            "`tests/laws/test_docs.py`, `NoSuchTest`",
            "`tests/laws/test_docs.py`, `test_no_such_…`",
            "`tests/hostile`, `no-such-attack`",
            "`test_attention` NoSuchTest",
            "`NamesTest`",
        ):
            self.assertTrue(docs.missing(cell), cell)
        self.assertEqual(
            docs.missing("`tests/laws/test_docs.py`, `NamesTest`, `test_every_link_…`"), []
        )
        for name in ("tests.unit.test_none.A.test_b", "tests.laws.test_docs.None_.test_b",
                     "tests.laws.test_docs.NamesTest.test_none"):  # fmt: skip
            self.assertIsNotNone(docs.missing_dotted(name))


def _anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a document."""
    headings = re.findall(r"(?m)^#+ (.*)$", text)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


def _assigned(tree: ast.Module) -> set[str]:
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _row(option: Option) -> str:
    """The row of docs/settings.md for a setting."""
    default = f"`{option.default}`"
    if option.switch:
        default = "off"
    elif option.many or option.default is None:
        default = "none"
    value = "" if option.switch else f" {'|'.join(option.choices) or option.unit or 'NUMBER'}"
    cells = [f"`{option.flag}{value}`", default, option.about]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _thread(found: re.Match[str]) -> str:
    return f"{found[1]}N" if found[1].endswith("-") else found[1]


def _chart() -> dict[str, dict[str, float]]:
    """The figures of docs/bench.svg: by what was measured, those of each server."""
    found: dict[str, dict[str, float]] = {}
    text = docs.document("docs/bench.svg")
    words = [re.sub(r" !$", "", each) for each in re.findall(r">([^<>]+)</text>", text)]
    work: dict[str, float] = {}
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if "; less is better" in following or "; more is better" in following:
            work = found.setdefault(word, {})
        elif re.fullmatch(r"[a-zA-Z_][\w. ]*", word) and re.fullmatch(r"[\d.,]+", following):
            work[word] = float(following.replace(",", ""))
    return found
