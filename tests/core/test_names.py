import re
import sys
import unicodedata
from unittest import mock

from gochat_py.core.confusables import LOOKS
from gochat_py.core.names import check_nick, check_room, nick_key, room_key
from gochat_py.refusals import Code, Refusal
from tests.support.case import TestCase
from tests.support.server import ROOT


class RoomTest(TestCase):
    def test_letters_and_digits_of_every_script_are_valid(self):
        for name in ("lobby", "Лобби", "聊天室", "غرفة", "٤٢", "a-b_c", "7", "r" * 64):
            self.assertEqual(check_room(name), name)

    def test_words_of_every_script_are_valid(self):
        """Vowel signs and viramas are marks; without them there is no Hindi, Thai or Tamil."""
        for name in (
            "हिन्दी", "देवनागरी", "संस्कृतम्", "मराठी", "বাংলা", "অসমীয়া", "ਪੰਜਾਬੀ", "ગુજરાતી", "ଓଡ଼ିଆ",
            "தமிழ்", "తెలుగు", "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ไทย", "น้ำชา", "ລາວ", "བོད-སྐད",
            "མཛད", "བསྒྲུབས", "မြန်မာ", "က္ကျွန်ုပ်", "ភាសាខ្មែរ", "ខ្មែរ", "עִבְרִית", "שָּׁ֑לוֹם", "العَرَبِيَّة", "اُردُو",
            "ދިވެހި", "Việt", "አማርኛ", "ᬩᬲᬩᬮᬶ", "ꦗꦮ", "ᨅᨔ", "ꯃꯤꯇꯩ", "ᤕᤠᤰᤌᤢᤱ", "𑄌𑄋𑄴𑄟", "ܣܘܪܝܝܐ",
            "q̇", "ᠮᠣᠩᠭᠣᠯ", "हिन्दी-चाय_2",
        ):  # fmt: skip
            with self.subTest(name=name):
                composed = unicodedata.normalize("NFC", name)
                self.assertEqual(check_room(name), composed)
                self.assertEqual(room_key(room_key(name)), room_key(name))

    def test_joiners_are_accepted_where_they_are_visible_and_do_not_distinguish_rooms(self):
        for name in ("ශ්‍රී", "क्‍ष", "क्‌ष", "می‌خواهم", "ന്‍", "ক্‍ষ"):
            with self.subTest(name=name):
                self.assertEqual(check_room(name), name)
                bare = name.replace("‌", "").replace("‍", "")
                self.assertEqual(room_key(name), room_key(bare))
        for name in ("te‍a", "te‌a", "می‍", "می‌", "क‌ा", "क‍ष", "‍क"):
            with self.subTest(name=name), self.assertRaises(Refusal):
                check_room(name)

    def test_many_marks_on_a_letter_are_refused_in_rooms(self):
        for name in (
            "á́", "a" + "̖̗́̈̊", "ไ" + "่" * 3, "7́",
            "-́", "a⃝", "a️", "a͏", "ក឴", "ᠮ᠋",
        ):  # fmt: skip
            with self.subTest(name=name), self.assertRaises(Refusal):
                check_room(name)

    def test_other_characters_are_refused(self):
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

    def test_a_name_is_composed_however_it_was_typed(self):
        self.assertEqual(check_room("cafe\u0301"), "café")
        self.assertEqual(room_key("cafe\u0301"), room_key("CAFÉ"))

    def test_width_and_style_and_the_dots_of_i_do_not_distinguish_rooms(self):
        """Turkish writes İ for i, and ı for I; elsewhere I and i are one."""
        for one, *others in (
            ("lobby", "ｌｏｂｂｙ", "ＬＯＢＢＹ", "𝐥𝐨𝐛𝐛𝐲"),
            ("istanbul", "İstanbul", "ıstanbul", "ISTANBUL", "İSTANBUL"),
            ("weiss", "weiß", "WEIẞ", "WEISS"),
            ("アイ", "ｱｲ"),
        ):
            for other in others:
                self.assertEqual(room_key(check_room(other)), room_key(one), other)

    def test_case_does_not_distinguish_rooms(self):
        for one, other in (("Lobby", "lOBBY"), ("STRASSE", "straße"), ("ΣΟΦΟΣ", "σοφος")):
            self.assertEqual(room_key(one), room_key(other))
        self.assertNotEqual(room_key("lobby"), room_key("lobby2"))


class LengthTest(TestCase):
    def test_a_name_that_is_far_too_long_is_not_composed(self):
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

    def test_names_of_people_are_accepted_unchanged(self):
        for nick in (
            "Ada", "x", "Ada L.", "O'Neil", "Zoë", "Müller", "Łukasz", "Вера", "Дима", "Ёлка",
            "Νίκος", "Ελένη", "王小明", "田中　太郎", "김철수", "عمر", "שָׁלוֹם", "हिन्दी", "สมชาย",
            "Nguyễn", "Ada 😀", "n" * 32, "李明", "محمد", "Søren", "Ōe", "Владимир", "Ἀλέξανδρος",
            "יעל", "Nguyễn Văn An", "さくら", "田中 Taro", "Ada-2", "user_1", "Ηλίας", "Βασίλης",
            "ΝΙΚΟΣ", "Γιώργος", "Христо", "Гарри", "Галя", "Євген", "Ґанна", "Նարեկ", "გიორგი",
            "አበበ", "ᏣᎳᎩ", "रामः", "অমিত", "ਗੁਰੂ", "અમિત", "சுரேஷ்", "అనిల్", "ಅನಿಲ್", "അനിൽ", "සුනිල්",
            "ဦးသန့်", "សុខា", "ສົມ", "བསོད་ནམས", "ᐃᓄᒃ", "ⵉⴷⵉⵔ", "ꆈꌠ", "ߒߞߏ", "ܫܡܥ", "ދިވެހި", "ꓡꓲꓢꓴ",
            "Ali", "Mel", "İbrahim", "Işık", "Weiß", "ẞ", "ВОВ", "Jean–Luc", "ヴィオ", "王a1",
            "Guestav",
        ):  # fmt: skip
            with self.subTest(nick=nick):
                self.assertEqual(check_nick(nick), nick)

    def test_invisible_characters_are_refused(self):
        for code in (
            0x00, 0x0A, 0x7F, 0x85, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x17B4, 0x180B, 0x180E,
            0x200B, 0x200D, 0x200E, 0x2028, 0x202E, 0x2060, 0x2066, 0x2800, 0x3164, 0xD800,
            0xE000, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFF, 0x1D173, 0xE0001, 0xE0041, 0xE0100,
            0x10FFFF,
        ):  # fmt: skip
            self.assert_refused(f"A{chr(code)}da")

    def test_lengths_and_ends_are_checked(self):
        for nick in ("", " ", " Ada", "Ada ", "\u3000Ada", "n" * 33, "é" * 33, "\u0301Ada"):
            self.assert_refused(nick)

    def test_the_length_is_counted_after_composition(self):
        self.assertEqual(check_nick("e\u0301" * 32), "é" * 32)

    def test_many_marks_on_a_letter_are_refused(self):
        self.assertEqual(
            check_nick("a\u0316\u0301\u0308"), unicodedata.normalize("NFC", "a\u0316\u0301\u0308")
        )
        self.assert_refused("a\u0301\u0301")
        self.assert_refused("a" + "\u0316\u0317\u0301\u0308\u030a")
        self.assert_refused("A " + "\u0301da")

    def test_two_alphabets_that_look_alike_are_not_mixed(self):
        for nick in ("Аda", "paypaӏ", "Αda", "аα", "ꓮda", "Ꭺda", "օk", "Αда"):
            self.assert_refused(nick)
        for nick in ("Ada王", "Ада 7", "ロボtto"):
            self.assertEqual(check_nick(nick), nick)

    def test_scripts_are_not_mixed(self):
        """UTS #39, section 5.2, but for Chinese, Japanese and Korean, which use Latin letters."""
        for nick in (
            "Bסb", "Bഠb", "ᗷob", "Aᑯmin", "Boᑲ", "B໐b", "Bοb", "Bօb", "Bоb", "Bﻩb", "Boꓐ", "paypаl",
            "Adaא", "мухammad", "さくらА", "김Ж", "王Ω", "ㄅВ", "かㄅ", "함か",
        ):  # fmt: skip
            self.assert_refused(nick)

    def test_historic_scripts_are_refused(self):
        for nick in ("𐐁𐐔𐐂", "𐌀𐌃", "ⲁⲃ", "𐎠", "𓀀", "𑢠𑣁", "ᚠᚢ"):
            self.assert_refused(nick)

    def test_digits_of_two_scripts_are_not_mixed(self):
        self.assertEqual(check_nick("٤٢"), "٤٢")
        for nick in ("1٤", "राम २1", "٣۳"):
            self.assert_refused(nick)

    def test_a_nick_with_a_colon_is_refused_because_it_looks_like_a_message(self):
        """`Ada: I quit` was shown to classic clients as a message of Ada."""
        self.assert_refused("Ada: I quit")
        self.assert_refused("राम: x")
        self.assert_refused("रामः x")
        for code in range(sys.maxunicode + 1):
            name = unicodedata.name(chr(code), "")
            if "COLON" in name and "SEMICOLON" not in name and name != "COLON SIGN":  # money
                self.assert_refused(f"a{chr(code)} b")

    def test_names_of_the_server_and_of_all_users_are_reserved(self):
        for nick in (
            "system", "System", "SYSTEM", "ѕуѕтем", "ｓｙｓｔｅｍ", "S-y-s-t-e-m", "[System]",
            "*server*", "Adm1n", "ADMIN", "Adrnin", "ädmin", "Administrator", "moderator", "Owner",
            "root", "@everyone", "here", "channel", "Room", "me", "gochat", "guest", "guest-k4x9",
            "Guest k4x9", "GUEST_7", "(guest-k4x9)", "guest–k4x9", "系统", "管理员",
        ):  # fmt: skip
            self.assert_refused(nick)

    def test_the_page_s_words_for_its_own_user_are_reserved(self):
        for path in (ROOT / "web" / "js" / "i18n").glob("??.js"):
            words = re.findall(r'"(?:list\.you|members\.me)": "(.+)"', path.read_text("utf-8"))
            self.assertEqual(len(words), 2)
            for word in words:
                self.assert_refused(word)

    def test_greek_capitals_that_look_latin_are_refused(self):
        """Ν looks like N, but compares as ν, which looks like v: ΑΝΝΑ would pass for Anna."""
        self.assert_refused("ΑΝΝΑ")
        self.assertEqual(nick_key(check_nick("ΑΟΑ")), nick_key("AOA"))


class SkeletonTest(TestCase):
    def test_nicks_that_look_the_same_are_the_same(self):
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

    def test_sequences_that_look_like_one_letter_are_that_letter(self):
        for one, other in (("Tom", "Torn"), ("Walter", "VValter")):
            self.assertEqual(nick_key(one), nick_key(other))

    def test_numbers_in_hexadecimal_are_different_nicks(self):
        """Programs are often called so; as ``cl`` looks like ``d``, ``c1`` would be ``d``."""
        self.assertEqual(len({nick_key(f"bot-{number:x}") for number in range(5_000)}), 5_000)

    def test_a_dot_does_not_distinguish_nicks(self):
        for other in ("İvan", "ıvan", "i̇van", "IVAN", "lvan", "ɩvan"):
            self.assertEqual(nick_key(other), nick_key("ivan"))

    def test_nicks_that_look_different_are_different(self):
        keys = [
            nick_key(n)
            for n in ("Ada", "Eda", "Adа L", "Zoe", "Zoë", "Anna", "Avva", "n", "u", "v", "h", "y")
        ]
        self.assertEqual(len(set(keys)), len(keys))

    def test_the_table_maps_folded_text_in_one_step(self):
        for code, looks in LOOKS.items():
            char = chr(code)
            self.assertEqual(unicodedata.normalize("NFKD", char.casefold()), char)
            self.assertEqual("".join(LOOKS.get(ord(each), each) for each in looks), looks)
