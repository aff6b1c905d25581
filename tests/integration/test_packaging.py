"""The page and the command are there however the project is installed."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import urllib.request
import venv
import zipfile
from pathlib import Path

from tests.support.case import PATIENCE, TestCase, eventually
from tests.support.server import ROOT, ServerProcess
from tests.support.v1 import Client

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


def page(folder: Path, packages: Path | None, python: str = sys.executable) -> str:
    """The page as served from `folder` by the gochat_py in `packages`, or that of `python`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if packages is not None:
        environment["PYTHONPATH"] = str(packages)
    return subprocess.run(
        [python, "-c", SHOW_PAGE],
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
        """It shows the checkout that it was made from, as that is now."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            source, python = self.copy(folder), self.environment(folder / "environment")
            subprocess.run(
                [sys.executable, "-m", "pip", "--python", python, "install", "--quiet",
                 "--no-deps", "--no-build-isolation", "--ignore-installed",
                 "--disable-pip-version-check", "--editable", str(source)],
                check=True, timeout=300, capture_output=True,
            )  # fmt: skip
            self.assertEqual(page(folder, None, python), page(folder, ROOT))
            index = source / "web" / "index.html"
            index.write_text(index.read_text("utf-8").replace("<title>", "<title>New "), "utf-8")
            self.assertIn("<title>New ", page(folder, None, python))

    def environment(self, place: Path) -> str:
        """A new virtual environment that has what this Python has installed; gives its Python.

        A .pth file names the directory. Those in that directory are not read, so an editable
        install of another checkout is not in it.
        """
        venv.create(place, symlinks=True)
        (packages,) = place.glob("lib/python*/site-packages")
        (packages / "installed.pth").write_text(f"{sysconfig.get_path('purelib')}\n", "utf-8")
        return str(place / "bin" / "python")

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


class SingleFileTest(TestCase):
    """One file with the page and all that the server needs, which any Python runs."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "made" / "gochat.pyz"
        command = [sys.executable, "tools/single_file.py", str(self.file)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE, capture_output=True)

    def serve(self) -> ServerProcess:
        """It runs by itself: without the checkout, and without any installed package."""
        return ServerProcess("--memory", program=("-I", "-S", str(self.file)))

    def asked(self, server: ServerProcess, path: str = "") -> str:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=PATIENCE) as answer:
            return answer.read().decode()

    def test_it_serves_the_page_and_carries_messages(self):
        with self.serve() as server:
            served = self.asked(server)
            (script,) = re.findall(r'<script type="module" src="([^"]+)"', served)
            self.assertIn("import", self.asked(server, script))
            with Client(server.ws_url, "Ada", "tea") as ada:
                self.assertEqual(ada.send("tea", "hi")["text"], "hi")
            self.assertEqual(server.stop(), 0)
        self.assertEqual(served, page(self.folder, ROOT))

    def test_a_page_that_was_upgraded_is_served_after_sighup(self):
        with self.serve() as server:
            upgraded = self.folder / "upgraded.pyz"
            with zipfile.ZipFile(self.file) as old, zipfile.ZipFile(upgraded, "w") as new:
                for name in old.namelist():
                    body = old.read(name)
                    if name == "gochat_py/web/index.html":
                        body = body.replace(b"<title>", b"<title>New ")
                    new.writestr(name, body)
            upgraded.replace(self.file)
            self.assertNotIn("<title>New ", self.asked(server))
            os.kill(server.process.pid, signal.SIGHUP)
            eventually(lambda: "<title>New " in self.asked(server), "the new page is served")

    def test_an_older_python_is_refused_with_a_sentence(self):
        program = "import runpy, sys; sys.version_info = (3, 10, 4); runpy.run_path(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, str(self.file)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        sentence = "gochat needs Python 3.11 or newer, and this is 3.10\n"
        self.assertEqual((done.returncode, done.stderr), (1, sentence))

    def test_an_error_is_shown_with_status_2(self):
        done = subprocess.run(
            [sys.executable, str(self.file), "--port", "many"],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"^gochat: .*--port")
        self.assertEqual(done.stderr.count("\n"), 1)


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
