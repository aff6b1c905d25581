"""Builds the server as one file that Python runs: ``python tools/single_file.py dist/gochat.pyz``.

The file has the package, its page, and the packages that it needs, as they are installed in the
Python that runs this; nothing is downloaded.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import zipapp
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: What Python runs, an older one too. `zipapp` could write it, but drops the exit status.
MAIN = """import sys

if sys.version_info < ({version}):
    sys.exit("gochat needs Python {spelled} or newer, and this is %d.%d" % sys.version_info[:2])

from gochat_py.cli import main

sys.exit(main())
"""

#: The first line, for those who make the file executable.
INTERPRETER = "/usr/bin/env python3"


def requirements() -> tuple[str, list[str]]:
    """The oldest version of Python that setup.cfg allows, and the packages that it requires."""
    text = (ROOT / "setup.cfg").read_text(encoding="utf-8")
    (oldest,) = re.findall(r"^python_requires = >=([\d.]+)$", text, re.MULTILINE)
    (block,) = re.findall(r"^install_requires =\n((?:[ ]+.*\n)+)", text, re.MULTILINE)
    return oldest, re.findall(r"^ +([\w-]+)", block, re.MULTILINE)


def copy_installed(name: str, into: Path) -> None:
    """Copy the files of an installed package, with its metadata and licence."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed in this Python; run: make zipapp")
    for file in found.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            place = into / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(found.locate_file(file)), place)


def build(target: Path) -> None:
    """Write the file. The directories on the way to it are made."""
    oldest, packages = requirements()
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        shutil.copytree(ROOT / "gochat_py", tree / "gochat_py", ignore=ignored)
        shutil.copytree(ROOT / "web", tree / "gochat_py" / "web", ignore=ignored)
        shutil.copy(ROOT / "LICENSE", tree / "gochat_py" / "LICENSE")
        for each in packages:
            copy_installed(each, tree)
        main = MAIN.format(version=oldest.replace(".", ", "), spelled=oldest)
        (tree / "__main__.py").write_text(main, encoding="utf-8")
        target.parent.mkdir(parents=True, exist_ok=True)
        zipapp.create_archive(tree, target, INTERPRETER, compressed=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/single_file.py FILE.pyz")
    build(Path(sys.argv[1]))
    print(f"wrote {sys.argv[1]}; run it with: python3 {sys.argv[1]} --port 8080")
