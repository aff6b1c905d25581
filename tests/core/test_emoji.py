"""Reactions that are the same emoji in different spellings."""

import unicodedata
import unittest
from pathlib import Path

from gochat_py.core.emoji import emoji_form
from tests.support.case import TestCase

#: Debian's package ``unicode-data``: every emoji there is, fully qualified and not.
EMOJI_TEST = Path("/usr/share/unicode/emoji/emoji-test.txt")


class FormTest(TestCase):
    def test_a_sign_with_or_without_its_variation_selector_is_one_emoji(self):
        for form, *others in (
            ("❤️", "❤", "❤︎", "❤️️"),
            ("1️⃣", "1⃣", "1︎⃣"),
            ("#️⃣", "#⃣"),
            ("🏳️‍🌈", "🏳‍🌈"),
            ("🏴‍☠️", "🏴‍☠"),
            ("👁️‍🗨️", "👁‍🗨", "👁️‍🗨", "👁‍🗨️"),
            ("🤷‍♀️", "🤷‍♀"),
            ("👍", "👍️"),
            ("™️", "™"),
        ):
            for each in (form, *others):
                with self.subTest(each=ascii(each)):
                    self.assertEqual(emoji_form(each), form)

    def test_skin_tones_and_people_stay_distinct(self):
        emoji = (
            "👍",
            "👍🏻",
            "👍🏿",
            "✌️",
            "✌🏽",
            "🕵️‍♀️",
            "🕵🏽‍♀️",
            "🕵️",
            "👩‍💻",
            "👨‍💻",
            "🇩🇪",
            "🇫🇷",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "🏴",
        )
        self.assertEqual([emoji_form(each) for each in emoji], list(emoji))
        self.assertEqual(emoji_form("✌️🏽"), "✌🏽")

    def test_other_text_is_only_composed(self):
        self.assertEqual(emoji_form("e\u0301"), "é")
        for text in ("+1", "42", "#", "lol", "好", "é"):
            self.assertEqual(emoji_form(text), text)

    @unittest.skipUnless(EMOJI_TEST.exists(), "This test needs Debian's package unicode-data.")
    def test_every_emoji_of_unicode_becomes_its_fully_qualified_form(self):
        group: list[tuple[str, str]] = []
        for line in EMOJI_TEST.read_text(encoding="utf-8").splitlines():
            codes, _, rest = line.partition("#")[0].partition(";")
            if not rest or rest.strip() == "component":
                continue
            emoji = "".join(chr(int(code, 16)) for code in codes.split())
            group.append((emoji, rest.strip()))
        qualified = {emoji for emoji, status in group if status == "fully-qualified"}
        self.assertGreater(len(qualified), 3_000)
        for emoji, status in group:
            with self.subTest(emoji=ascii(emoji), status=status):
                self.assertIn(emoji_form(emoji), qualified)
                if emoji in qualified:
                    self.assertEqual(emoji_form(emoji), emoji)
                self.assertEqual(emoji_form(unicodedata.normalize("NFD", emoji)), emoji_form(emoji))
