import re
import sys
import unicodedata
from typing import Literal
from unittest import mock

from gochat_py.core import text
from gochat_py.core.text import clean_line, cut_runs, fold, is_blank, one_line, wrong_with
from tests.support.case import TestCase

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"  # of England

#: What no text may hold, whatever its field.
HARMFUL = [
    *map(chr, (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))),
    *map(chr, (0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x206A, 0x206F, 0xFFF9, 0xFFFA, 0xFFFB)),
    *map(chr, (0xFDD0, 0xFDEF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0xE0001, 0xE0041, 0xE007F)),
]

#: What looks like it might be harmful, and is needed: isolates and marks of direction, joiners,
#: soft hyphen, variation selectors, keycaps, other scripts, private use, flags of regions.
HARMLESS = (
    "plain", "two  spaces ", "聊天　室", "\u2068אבג\u2069", "\u2067unbalanced", "a\u200eb\u200f",
    "क्‍ष", "می‌خواهم", "soft\u00adhyphen", "❤️", "1️⃣", "👩‍👩‍👧", "\uf8ff", FLAG, f"a{FLAG}{FLAG}b",
    "a" + "\u0301" * 30, "é" + "\u0301" * 29, "\u0344" * 15, "ཀཱི" * 20, "Việt Nam", "שָׁלוֹם", "ﷺ" * 9,
)  # fmt: skip


class WrongWithTest(TestCase):
    def test_harmless_texts_are_accepted(self):
        for given in HARMLESS:
            with self.subTest(ascii(given)):
                self.assertIsNone(wrong_with(given))
                self.assertIsNone(wrong_with(given, lines=True))

    def test_harmful_characters_are_named(self):
        for char in (*HARMFUL, "\ud800", "\udfff", "\r"):
            for lines in (False, True):
                self.assertEqual(
                    wrong_with(f"a{char}b", lines=lines),
                    f"without the character U+{ord(char):04X}",
                )

    def test_line_breaks_and_tabs_are_accepted_in_texts_of_several_lines(self):
        for char in "\n\t\u2028\u2029":
            self.assertIsNone(wrong_with(f"a{char}b", lines=True))
            self.assertIn("U+", wrong_with(f"a{char}b") or "")

    def test_tag_characters_are_accepted_only_in_flags(self):
        """They are invisible, and could give hidden instructions to a program that reads them."""
        for wrong in (FLAG[:-1], FLAG[1:], f"{FLAG}\U000e0041", "👍" + FLAG[1:]):
            self.assertIn("U+E00", wrong_with(wrong) or "")

    def test_more_than_thirty_marks_in_a_row_are_refused(self):
        """As UAX #15, section 13 counts them: after NFKD, those of the letter before too."""
        for wrong in (
            "a" + "\u0301" * 31,
            "é" + "\u0301" * 30,
            "ǘ" + "\u0301" * 29,
            "\u0344" * 16,
            "\u0301\u0316" * 16,
            "x" * 3_900 + "\u20d0" * 31,
            "\U0001e944" * 31,
            "ｶ" + "\uff9e" * 31,
            "अ" + "\u094d" * 31,
        ):
            self.assertEqual(
                wrong_with(wrong, lines=True), "without more than 30 combining marks in a row"
            )

    def test_the_marks_are_those_of_python_s_unicode_version(self):
        marks = {
            char
            for char in map(chr, range(sys.maxunicode + 1))
            if unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
        }
        for char in marks:
            self.assertTrue(re.fullmatch(text._MARK, char), ascii(char))
            self.assertIsNotNone(wrong_with("a" + char * 31), ascii(char))

    def test_the_shortest_suspicious_run_is_short_enough(self):
        """Or a run that is too long would not be looked at."""
        longest = {True: 0, False: 0}
        for char in map(chr, range(sys.maxunicode + 1)):
            decomposed = unicodedata.normalize("NFKD", char)
            marks = sum(map(bool, map(unicodedata.combining, decomposed)))
            only = marks == len(decomposed)
            longest[only] = max(longest[only], marks)
        self.assertLessEqual(
            longest[False] + (text._SUSPICIOUS - 1) * longest[True], text.MAX_MARKS
        )


class BlankTest(TestCase):
    def test_a_text_without_visible_characters_is_blank(self):
        for said in (
            "", " ", "\n\t ", "\u200b", "\u2800", "\u3164", "\xad", "\u2060", "\u200d", "\ufe0f",
            "\u034f", "\u061c", "\u115f\u1160", "\u17b4", "\u180e", "\u2066\u2069",
            "\ufeff", "\uffa0", "\u3000", "\u00a0", "\u1680", "\u2007", "\u0301", "\u20dd",
            "\u0301\u200b \u2800", "\U000e0020", "\U0001d159", "\U0001d173", "\U000e0100",
        ):  # fmt: skip
            with self.subTest(said=ascii(said)):
                self.assertTrue(is_blank(said))

    def test_a_text_with_a_visible_character_is_not_blank(self):
        for said in (
            "a", " a ", "\u200ba", "a\u0301", "😀", "❤️", "👩‍💻", "हिन्दी", "ा",
            "\u0600", "\u06dd", "。", ".",
            "\ufffd", "\ufffc", "\ue000", "\U0001fae8", "\U0001faea", "🇩🇪",
            "\u2800x", "‽", "ـ", "゛", "\u20e3a",
        ):  # fmt: skip
            with self.subTest(said=ascii(said)):
                self.assertFalse(is_blank(said))


class CleanLineTest(TestCase):
    def test_harmless_lines_are_unchanged(self):
        for line in (*HARMLESS, "", "a\nb", "a\tb", "a\n"):
            self.assertEqual(clean_line(line), line)

    def test_harmful_characters_are_replaced(self):
        for char in HARMFUL:
            self.assertEqual(clean_line(f"a{char}b"), "a\ufffdb")
        self.assertEqual(clean_line("\x1b[31mred\x1b[0m"), "\ufffd[31mred\ufffd[0m")
        self.assertEqual(clean_line(f"\U000e0041{FLAG}\0"), f"\ufffd{FLAG}\ufffd")

    def test_carriage_returns_are_line_breaks(self):
        self.assertEqual(clean_line("a\r\nb\rc\n"), "a\nb\nc\n")

    def test_a_long_run_of_marks_is_cut_after_thirty(self):
        self.assertEqual(clean_line("a" + "\u0301" * 9_000 + "b"), "a" + "\u0301" * 30 + "b")
        self.assertEqual(cut_runs("é" + "\u0301" * 40), "é" + "\u0301" * 29)
        self.assertEqual(
            cut_runs("\u0344" * 99 + "x" + "\u0316" * 99), "\u0344" * 15 + "x" + "\u0316" * 30
        )


class OneLineTest(TestCase):
    def test_each_line_break_is_replaced_by_a_visible_sign(self):
        for broken in ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"):
            self.assertEqual(one_line(f"hi{broken}Bob: I quit"), "hi ⏎ Bob: I quit")
            self.assertEqual(len(one_line(f"a{broken}{broken}b").splitlines()), 1)

    def test_every_line_break_of_python_is_one(self):
        for code in range(sys.maxunicode + 1):
            if len(f"a{chr(code)}b".splitlines()) > 1:
                self.assertEqual(one_line(f"a{chr(code)}b"), "a ⏎ b", ascii(chr(code)))


class FoldTest(TestCase):
    def test_case_and_width_make_no_difference(self):
        for one, other in (
            ("TEA", "tea"),
            ("ＴＥＡ", "tea"),
            ("Straße", "STRASSE"),
            ("é", "e\u0301"),
        ):
            self.assertEqual(fold(one), fold(other))
        self.assertEqual(fold("a\0b"), "a b")
        self.assertEqual(fold("é\0b"), "é b")

    def test_no_long_run_of_marks_is_ever_normalized(self):
        """CPython sorts them by insertion: 64 KiB took two seconds."""
        seen = []

        def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], given: str) -> str:
            seen.append(given)
            return unicodedata.normalize(form, given)

        with mock.patch.object(text, "unicodedata", wraps=unicodedata) as spied:
            spied.normalize = normalize
            for flood in ("\u0301\u0316" * 16_000, "\u0344" * 16_000, "ｶ" + "\uff9e\u0316" * 9_000):
                for function in (fold, clean_line, cut_runs, wrong_with):
                    function(flood)
        self.assertTrue(seen)
        self.assertLessEqual(max(map(len, seen)), text.MAX_MARKS + 1)

    def test_folding_makes_a_text_at_most_four_times_as_long(self):
        self.assertEqual(len(fold("\ufdfa")), 18)
        self.assertEqual(len(fold("\ufdfa" * 4_000)), 16_000)
