"""Counts the machine instructions of a call: exact on a busy machine too, C code included."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.support.server import ROOT

#: Valgrind's call to write down what was counted since the last time; Python calls it for nothing.
MARK = "getppid"

available = shutil.which("valgrind") is not None


def measured(small: Callable[[], object], large: Callable[[], object]) -> None:
    """Make two calls, in a process that `counts` has started.

    Without the garbage collector: when it runs depends on all that was made before, and one run
    takes as much as some of the calls.
    """
    gc.disable()
    os.getppid()
    small()
    os.getppid()
    large()
    os.getppid()
    gc.enable()


def counts(module: str, patience: float) -> list[tuple[int, int]]:
    """The instructions of each pair of calls that running `module` has `measured`, in order."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out"
        subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"),
                *(f"--dump-before={MARK}", "--dump-line=no"),
                *(sys.executable, "-m", module),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": "0"},
            timeout=patience,
            check=True,
            capture_output=True,
        )
        dumps = len(list(Path(directory).glob("out.*")))
        totals = [_total(out.with_name(f"out.{number}")) for number in range(1, dumps + 1)]
    # Before each pair stands what it took to prepare it.
    return list(zip(totals[1::3], totals[2::3], strict=True))


def _total(path: Path) -> int:
    found = re.search(r"^summary: (\d+)$", path.read_text(), re.MULTILINE)
    assert found is not None, f"{path} has no summary"
    return int(found[1])
