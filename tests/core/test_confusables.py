"""Compares the generated tables with Unicode's own files, if this machine has them.

confusables.txt comes with no package that a test could ask for; where it lies, CONFUSABLES says.
Scripts are compared with /usr/share/unicode (Debian's package ``unicode-data``).
"""

import os
import subprocess
import sys
import tempfile
import unicodedata
import unittest
from collections import defaultdict
from pathlib import Path

from gochat_py.core.confusables import ANY, LOOKS, prototypes, scripts_of
from gochat_py.core.names import check_nick, nick_key
from gochat_py.refusals import Refusal
from tests.support.case import PATIENCE, TestCase
from tests.support.server import ROOT

CONFUSABLES = Path(os.environ.get("CONFUSABLES", "/usr/share/unicode/security/confusables.txt"))
NO_FILE = f"This test needs the file {CONFUSABLES}; name another with CONFUSABLES."
UCD = Path("/usr/share/unicode")


def allowed(nick: str) -> bool:
    try:
        return check_nick(nick) == nick
    except Refusal:
        return False


def fields(path: Path) -> list[list[str]]:
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8-sig").splitlines())
    return [[field.strip() for field in line.split(";")] for line in lines if line]


class LookAlikeTest(TestCase):
    """A character that looks like another is refused, or makes the same nick."""

    def assert_no_impostors(self, pairs: dict[str, str]) -> None:
        looking = defaultdict(list)
        for char, prototype in pairs.items():
            looking[prototype].append(char)
        for name in ("Bob", "BOB", "Admin", "paypal", "NOVA", "Walter", "wdm5", "GHKXYZ 0123"):
            for at, letter in enumerate(name):
                for other in looking[pairs.get(letter, letter)]:
                    nick = name[:at] + other + name[at + 1 :]
                    if allowed(nick):
                        self.assertEqual(nick_key(nick), nick_key(name), ascii(nick))
        for char, prototype in pairs.items():
            if allowed(char) and allowed(prototype):
                self.assertEqual(nick_key(char), nick_key(prototype), ascii(char))
        for script in ("Cyrl", "Grek", "Armn", "Cher", "Lisu", "Cans", "Hebr", "Mlym", "Osge"):
            for name in ("Bob", "BOB", "NOVA", "HAHA", "yxa", "Toy", "kea"):
                for nick in spelled(name, script, looking, pairs):
                    if allowed(nick):
                        self.assertEqual(nick_key(nick), nick_key(name), ascii(nick))

    def test_no_character_of_the_table_makes_two_nicks_look_alike(self):
        self.assert_no_impostors({chr(code): looks for code, looks in prototypes().items()})

    @unittest.skipUnless(CONFUSABLES.is_file(), NO_FILE)
    def test_no_character_of_unicode_s_table_makes_two_nicks_look_alike(self):
        pairs = {
            chr(int(source, 16)): "".join(chr(int(code, 16)) for code in target.split())
            for source, target, _ in fields(CONFUSABLES)
        }
        stable = {s: t for s, t in pairs.items() if unicodedata.normalize("NFC", s) == s}
        self.assert_no_impostors(stable)
        for code, looks in prototypes().items():
            self.assertEqual(pairs[chr(code)], looks)

    @unittest.skipUnless(CONFUSABLES.is_file(), NO_FILE)
    def test_the_tables_are_those_that_the_tool_writes(self):
        core = ROOT / "gochat_py" / "core"
        with tempfile.TemporaryDirectory() as directory:
            script = "tools/unicode_tables.py"
            command = [sys.executable, script, str(CONFUSABLES), str(UCD), directory]
            subprocess.run(command, cwd=ROOT, check=True, timeout=PATIENCE)
            for made in Path(directory).iterdir():
                self.assertEqual(made.read_text(), (core / made.name).read_text(), made.name)

    def test_the_table_of_looks_has_all_prototypes(self):
        self.assertEqual(LOOKS[ord("m")], "rn")
        self.assertEqual(LOOKS[ord("ס")], "o")


def spelled(name: str, script: str, looking: dict[str, list[str]], pairs: dict[str, str]):
    """The name with each letter in turn that the script has for it; none if it lacks one."""
    choices = []
    for letter in name:
        alike = looking[pairs.get(letter, letter)] + [letter]
        choices.append([char for char in alike if script in scripts_of(char)])
    if all(choices):
        longest = max(map(len, choices))
        for number in range(longest):
            yield "".join(each[number % len(each)] for each in choices)


class ScriptTest(TestCase):
    def test_scripts_that_are_written_together_have_one_in_common(self):
        self.assertIn(
            "Jpan", scripts_of("王") & scripts_of("あ") & scripts_of("ア") & scripts_of("ー")
        )
        self.assertIn("Hanb", scripts_of("王") & scripts_of("ㄅ"))
        self.assertIn("Kore", scripts_of("王") & scripts_of("김"))
        self.assertFalse(scripts_of("あ") & scripts_of("김"))

    def test_characters_of_any_script_are_recognized(self):
        for char in " 7-_!\u0301😀\U0001faf8":
            self.assertIs(scripts_of(char), ANY, ascii(char))
        for char in "𐐔𓀀\U0001e6c0":
            self.assertEqual(scripts_of(char), frozenset())

    @unittest.skipUnless(
        (UCD / "Scripts.txt").is_file(), "This test needs Debian's package unicode-data."
    )
    def test_every_letter_has_the_script_of_unicode(self):
        names = {
            long: short
            for kind, short, long, *_ in fields(UCD / "PropertyValueAliases.txt")
            if kind == "sc"
        }
        extended = set()
        for span, _ in fields(UCD / "ScriptExtensions.txt"):
            first, _, last = span.partition("..")
            extended |= set(range(int(first, 16), int(last or first, 16) + 1))
        for span, name in fields(UCD / "Scripts.txt"):
            first, _, last = span.partition("..")
            for code in range(int(first, 16), int(last or first, 16) + 1):
                found = scripts_of(chr(code))
                if name in ("Common", "Inherited"):
                    self.assertTrue(found is ANY or code in extended, hex(code))
                elif found and found is not ANY and code not in extended:
                    self.assertIn(names[name], found, hex(code))
