"""Tests mirror the package: what is in `gochat_py/store/` is tested in `tests/store/`."""

from pathlib import Path

from tests.support.case import TestCase
from tests.support.server import ROOT

PACKAGE = ROOT / "gochat_py"
TESTS = ROOT / "tests"

#: Tests that several modules of the package pass together, by what they are about.
SUBJECTS = {
    "backplane": {"journal", "wrong_clock"},
    "core": {"complexity", "vectors"},
    "store": {"answers", "damage", "failures", "forgetting"},
    "unit": {"ordering", "server_api"},
}


def place(folder: str) -> Path:
    """Where the modules are whose tests are in `folder`; `unit` has those of the top level."""
    return PACKAGE if folder == "unit" else PACKAGE / folder


class MirrorTest(TestCase):
    def folders(self) -> list[str]:
        packages = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
        return ["unit", *sorted(str(each) for each in packages if each.parts)]

    def test_each_package_has_its_folder_of_tests(self):
        for folder in self.folders():
            self.assertTrue(any((TESTS / folder).glob("test_*.py")), folder)

    def test_each_test_module_is_named_for_a_module_or_a_subject(self):
        for folder in self.folders():
            modules = {path.stem for path in place(folder).glob("*.py")}
            subjects = SUBJECTS.get(folder, set())
            for path in (TESTS / folder).glob("test_*.py"):
                name = path.stem.removeprefix("test_")
                known = any(name == each or name.startswith(f"{each}_") for each in modules)
                about = any(name == each or name.startswith(f"{each}_") for each in subjects)
                self.assertTrue(known or about, path.relative_to(ROOT))

    def test_each_listed_subject_has_a_test(self):
        for folder, subjects in SUBJECTS.items():
            for each in subjects:
                self.assertTrue(any((TESTS / folder).glob(f"test_{each}*.py")), each)
