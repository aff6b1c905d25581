import sys
import unicodedata
from unittest import mock

from gochat_py.core.confusables import SKELETON
from gochat_py.core.names import check_nick, check_room, nick_key, room_key
from gochat_py.refusals import Code, Refusal
from tests.support.case import TestCase


class RoomTest(TestCase):
    def test_letters_and_digits_of_every_script_make_a_room(self):
        for name in ("lobby", "Лобби", "聊天室", "غرفة", "٤٢", "a-b_c", "7", "r" * 64):
            self.assertEqual(check_room(name), name)

    def test_anything_else_is_refused(self):
        for name in (
            "",
            "-a",
            "_a",
            "a b",
            "a.b",
            "a/b",
            "..",
            "r" * 65,
            "a\n",
            "😀",
            "a\u200b",
            "\u0301a",
        ):
            with self.subTest(name=name), self.assertRaises(Refusal) as caught:
                check_room(name)
            self.assertIs(caught.exception.code, Code.BAD_ROOM)

    def test_a_name_is_put_together_however_it_was_typed(self):
        self.assertEqual(check_room("cafe\u0301"), "café")
        self.assertEqual(room_key("cafe\u0301"), room_key("CAFÉ"))

    def test_case_makes_no_other_room(self):
        for one, other in (("Lobby", "lOBBY"), ("STRASSE", "straße"), ("ΣΟΦΟΣ", "σοφος")):
            self.assertEqual(room_key(one), room_key(other))
        self.assertNotEqual(room_key("lobby"), room_key("lobby2"))


class LengthTest(TestCase):
    def test_what_is_far_too_long_is_not_put_together_first(self):
        """The time of normalising grows with the square of the marks: 64 KiB took two seconds."""
        flood = "a" + "\u0301\u0316" * 16_000
        with mock.patch("unicodedata.normalize", wraps=unicodedata.normalize) as normalize:
            for check in (check_room, check_nick):
                with self.assertRaises(Refusal):
                    check(flood)
        normalize.assert_not_called()


class NickTest(TestCase):
    def assert_refused(self, nick: str) -> None:
        with self.subTest(nick=nick), self.assertRaises(Refusal) as caught:
            check_nick(nick)
        self.assertIs(caught.exception.code, Code.BAD_NICK)

    def test_people_s_names_are_taken_as_they_are(self):
        for nick in (
            "Ada", "x", "Ada L.", "O'Neil", "Zoë", "Müller", "Łukasz", "Вера", "Дима", "Ёлка",
            "Νίκος", "Ελένη", "王小明", "田中　太郎", "김철수", "عمر", "שָׁלוֹם", "हिन्दी", "สมชาย",
            "Nguyễn", "Ada 😀", "n" * 32,
        ):  # fmt: skip
            with self.subTest(nick=nick):
                self.assertEqual(check_nick(nick), nick)

    def test_what_nobody_sees_is_refused(self):
        for code in (
            0x00, 0x0A, 0x7F, 0x85, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x17B4, 0x180B, 0x180E,
            0x200B, 0x200D, 0x200E, 0x2028, 0x202E, 0x2060, 0x2066, 0x2800, 0x3164, 0xD800,
            0xE000, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFF, 0x1D173, 0xE0001, 0xE0041, 0xE0100,
            0x10FFFF,
        ):  # fmt: skip
            self.assert_refused(f"A{chr(code)}da")

    def test_lengths_and_ends_are_kept(self):
        for nick in ("", " ", " Ada", "Ada ", "\u3000Ada", "n" * 33, "é" * 33, "\u0301Ada"):
            self.assert_refused(nick)

    def test_the_length_is_counted_after_putting_together(self):
        self.assertEqual(check_nick("e\u0301" * 32), "é" * 32)

    def test_a_pile_of_marks_is_refused(self):
        self.assertEqual(
            check_nick("a\u0316\u0301\u0308"), unicodedata.normalize("NFC", "a\u0316\u0301\u0308")
        )
        self.assert_refused("a\u0301\u0301")
        self.assert_refused("a" + "\u0316\u0317\u0301\u0308\u030a")
        self.assert_refused("A " + "\u0301da")

    def test_two_alphabets_that_look_alike_do_not_mix(self):
        for nick in ("Аda", "paypaӏ", "Αda", "аα", "ꓮda", "Ꭺda", "օk", "Αда"):
            self.assert_refused(nick)
        for nick in ("Ada王", "Ада 7", "ロボtto"):
            self.assertEqual(check_nick(nick), nick)

    def test_greek_capitals_that_read_as_latin_are_refused(self):
        """Ν looks like N, but compares as ν, which looks like v: ΑΝΝΑ would pass for Anna."""
        self.assert_refused("ΑΝΝΑ")
        self.assertEqual(nick_key(check_nick("ΑΟΑ")), nick_key("AOA"))


class SkeletonTest(TestCase):
    def test_what_looks_the_same_is_the_same(self):
        for one, *others in (
            (
                "coco",
                "Coco",
                "сосо",
                "СОСО",
                "ⅽoⅽo",
                "c0c0",
                "ｃｏｃｏ",
                "𝒸ℴ𝒸ℴ",
                "ᴄᴏᴄᴏ",
                "сосо".upper(),
            ),
            ("Alice", "AIice", "A1ice", "ALICE", "A|ice", "alıce", "Ａｌｉｃｅ", "ᴀʟɪᴄᴇ", "𝐀𝐥𝐢𝐜𝐞"),
            ("Bob", "B0b", "ВоЬ", "ᏴoᏴ", "вов"),
            ("Tom", "Torn", "Тот".replace("т", "м")),
            ("Ada L", "Ada  L", "Ada\u3000L"),
            ("ada-l", "ada‐l", "ada–l", "ada−l"),
            ("O'Neil", "O’Neil", "Oʼneil"),
            ("Zoë", "Zoe\u0308", "ZOË"),
            ("strasse", "Straße", "STRASSE"),
            ("ova", "ονα", "оѵа"),
        ):
            for other in others:
                with self.subTest(one=one, other=other):
                    self.assertEqual(nick_key(one), nick_key(other))

    def test_every_character_is_compared_without_case_and_composition(self):
        for code in range(sys.maxunicode + 1):
            try:
                nick = check_nick(chr(code))
            except Refusal:
                continue
            forms = {nick.casefold(), nick.lower(), nick.upper(), nick.title()}
            forms |= {unicodedata.normalize(form, nick) for form in ("NFD", "NFKC", "NFKD")}
            self.assertEqual({nick_key(form) for form in forms}, {nick_key(nick)}, ascii(nick))

    def test_what_looks_different_is_different(self):
        keys = [
            nick_key(n)
            for n in ("Ada", "Eda", "Adа L", "Zoe", "Zoë", "Anna", "Avva", "n", "u", "v", "h", "y")
        ]
        self.assertEqual(len(set(keys)), len(keys))

    def test_the_table_serves_folded_text_and_leads_nowhere_further(self):
        for code, looks in SKELETON.items():
            char = chr(code)
            self.assertEqual(unicodedata.normalize("NFKD", char.casefold()), char)
            self.assertEqual("".join(SKELETON.get(ord(each), each) for each in looks), looks)
