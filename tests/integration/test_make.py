"""``make run`` names what is missing, and works once it is there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.case import PATIENCE, TestCase
from tests.support.require import require
from tests.support.server import ROOT

#: Stands for Python, and is copied into the environments that it makes. It obeys the files beside
#: the Makefile: `no-venv` (Debian's package python3-venv is missing), `no-network`.
PYTHON = f"""#!/bin/sh
case "$1 $2" in
"--version "*) echo Python 3.11.0 ;;
"-c "*) exec "{sys.executable}" "$@" ;;
"-m venv")
    for place; do :; done
    rm -rf "$place"
    mkdir -p "$place/bin"
    cp "$0" "$place/bin/python"
    test ! -e no-venv || exit 1
    touch "$place/has-pip" ;;
"-m pip")
    test -e .venv/has-pip || exit 1
    test "$3" = --version || test ! -e no-network ;;
"-m gochat_py") echo "serves with $*" ;;
*) exit 9 ;;
esac
"""


class MakeRunTest(TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.make = require("make", "make", "gmake")
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("Makefile", "setup.cfg"):
            shutil.copy(ROOT / name, self.folder)
        self.python = self.folder / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def run_make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if "MAKE" not in name}
        return subprocess.run(
            [self.make, "run", f"PYTHON={self.python}", *arguments],
            cwd=self.folder, env=inherited, capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip

    def assert_served(self) -> None:
        done = self.run_make("PORT=9000")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("serves with -m gochat_py --host 127.0.0.1 --port 9000\n", done.stdout)

    def assert_refused(self, *words: str) -> None:
        done = self.run_make()
        self.assertNotEqual(done.returncode, 0)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_it_serves(self) -> None:
        self.assert_served()
        self.assert_served()

    def test_without_the_package_python3_venv(self) -> None:
        (self.folder / "no-venv").touch()
        self.assert_refused("apt install python3-venv", "then run make again")
        self.assertFalse((self.folder / ".venv").exists())
        (self.folder / "no-venv").unlink()
        self.assert_served()

    def test_without_a_network(self) -> None:
        (self.folder / "no-network").touch()
        for _ in range(2):
            self.assert_refused("check the network, then run make again")
        (self.folder / "no-network").unlink()
        self.assert_served()

    def test_after_it_was_interrupted_while_it_made_the_environment(self) -> None:
        """There was a Python without pip, which each further try took for a missing network."""
        place = self.folder / ".venv" / "bin"
        place.mkdir(parents=True)
        shutil.copy(self.python, place)
        self.assert_served()

    def test_after_the_python_of_the_environment_was_removed(self) -> None:
        place = self.folder / ".venv" / "bin"
        place.mkdir(parents=True)
        (place / "python").symlink_to("/nonexistent/python3.10")
        self.assert_served()
