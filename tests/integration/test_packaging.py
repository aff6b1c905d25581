"""The page and the command come along however the project is installed."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.support.case import TestCase
from tests.support.server import ROOT

#: Starts the server that is importable in the working directory, prints its page, stops it.
SHOW_PAGE = """
import signal, subprocess, sys, urllib.request
server = subprocess.Popen(
    [sys.executable, "-m", "gochat_py", "--port", "0"], stdout=subprocess.PIPE, text=True
)
try:
    url = server.stdout.readline().split()[-1]
    sys.stdout.write(urllib.request.urlopen(url, timeout=30).read().decode())
finally:
    server.send_signal(signal.SIGTERM)
    server.wait(30)
"""


def page(folder: Path, packages: Path | None) -> str:
    """The page as served from `folder` by the gochat_py in `packages`, or the installed one."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if packages is not None:
        environment["PYTHONPATH"] = str(packages)
    return subprocess.run(
        [sys.executable, "-c", SHOW_PAGE],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


class PackagingTest(TestCase):
    def test_a_built_wheel_serves_the_page_of_the_checkout_from_any_directory(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            subprocess.run(
                [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps",
                 "--no-build-isolation", "--wheel-dir", str(folder), str(self.copy(folder))],
                check=True, timeout=300, capture_output=True,
            )  # fmt: skip
            (wheel,) = folder.glob("*.whl")
            installed = folder / "installed"
            with zipfile.ZipFile(wheel) as archive:
                names = archive.namelist()
                archive.extractall(installed)
            for path in (ROOT / "web").rglob("*"):
                if path.is_file():
                    self.assertIn(
                        f"gochat_py/web/{path.relative_to(ROOT / 'web').as_posix()}", names
                    )
            self.assertIn("gochat_py/py.typed", names)
            self.assertFalse([n for n in names if n.startswith(("tests", "web"))])
            self.assertEqual(page(folder, installed), page(folder, ROOT))

    def test_an_editable_install_serves_it_too(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            find = "import importlib.util as u, sys; sys.exit(u.find_spec('gochat_py') is None)"
            if subprocess.run([sys.executable, "-c", find], cwd=folder, check=False).returncode:
                self.skipTest("gochat_py is not installed in this Python; make test installs it")
            self.assertEqual(page(folder, None), page(folder, ROOT))

    def copy(self, folder: Path) -> Path:
        """What is built from, away from the checkout, which building would litter."""
        source = folder / "source"
        source.mkdir()
        for entry in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
            shutil.copy(ROOT / entry, source / entry)
        for entry in ("docs", "gochat_py", "web"):
            shutil.copytree(
                ROOT / entry, source / entry, ignore=shutil.ignore_patterns("__pycache__")
            )
        return source


class SourceDistributionTest(TestCase):
    def test_it_holds_what_one_needs_to_read_test_and_run_it(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source = folder / "source"
            shutil.copytree(
                ROOT,
                source,
                ignore=shutil.ignore_patterns(
                    ".*", "__pycache__", "build", "dist", "*.egg-info", "node_modules"
                ),
            )
            subprocess.run(
                [sys.executable, "-m", "build", "--sdist", "--no-isolation",
                 "--outdir", str(folder), str(source)],
                check=True, timeout=300, capture_output=True,
            )  # fmt: skip
            (archive,) = folder.glob("*.tar.gz")
            with tarfile.open(archive) as packed:
                names = {each.partition("/")[2] for each in packed.getnames()}
        for path in (
            "Makefile", "docs/protocol.md", "tests/unit/test_hub.py", "tests/vectors/events.json",
            "web/index.html",
        ):  # fmt: skip
            self.assertIn(path, names)


class DescriptionTest(TestCase):
    def test_the_description_for_the_package_index_needs_no_file_beside_it(self):
        """There, a relative link leads nowhere, and a relative image is a broken one."""
        text = (ROOT / "docs" / "pypi.md").read_text(encoding="utf-8")
        setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
        self.assertIn("long_description = file: docs/pypi.md\n", setup)
        self.assertEqual(re.findall(r"\]\((?!https://)[^)]*\)|<img|!\[", text), [])
