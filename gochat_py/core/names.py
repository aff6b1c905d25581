"""Which names rooms and users may have, and which spellings are the same name.

Room names are compared without regard to case, width and style of letters (`room_key`). Nicks are
compared by their *skeleton* (`nick_key`), in the sense of Unicode Technical Standard #39, section
4: two nicks that look the same have the same skeleton, so no user can imitate another. A nick uses
one script, as in the level "Highly Restrictive" there (section 5.2). All names are in NFC, so names
that look the same are stored the same, whatever the keyboard sent. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from ..refusals import Code, Refusal
from .confusables import AMBIGUOUS, ANY, LOOKS, Scripts, prototypes, scripts_of

#: The version of `nick_key` and `room_key`; increased when they change. Keys are stored; after a
#: change of this number they are computed again at the next start.
KEY_VERSION = 3

ROOM_LENGTH = 64  #: most characters of a room's name, after NFC
NICK_LENGTH = 32  #: most characters of a nick, after NFC

#: Most marks on one letter: UTS #39, section 5.4, asks for a limit of four.
MARKS = 4

_PLAIN_ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

#: Characters that are invisible but not of category Cf: Hangul fillers, Khmer inherent vowels, the
#: Braille blank, the grapheme joiner, variation selectors, also Mongolian ones. (Tags, joiners,
#: soft hyphens and direction controls are of category Cf; Default_Ignorable_Code_Point, UAX #44.)
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)

#: ZERO WIDTH NON-JOINER and JOINER. Words of Persian and of many Indic languages need them.
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_WITHOUT_JOINERS = {ord(_NON_JOINER): None, ord(_JOINER): None}

#: Scripts whose letters join, so that a non-joiner between two of them is visible.
_JOINING = frozenset({"Adlm", "Arab", "Mand", "Mong", "Nkoo", "Rohg", "Syrc"})

#: Scripts that are mixed with Latin letters: Chinese with Bopomofo, Japanese, Korean.
_BESIDE_LATIN = frozenset({"Hanb", "Jpan", "Kore"})

#: The letters that a nick of another script must not look like. Rarer letters are not in this list:
#: with archaic Greek, phonetic Latin and all of Cyrillic, most names would look like another.
_COMMON_LETTERS = "".join(
    chr(code)
    for first, last in ("AZ", "az", "ΑΡ", "Σω", "Ѐџ")
    for code in range(ord(first), ord(last) + 1)
)

#: Reserved nicks: their user would be mistaken for the server, a moderator, everyone in the room,
#: or the user at the page (whom it calls "You"). "all" is missing: Ali has the same skeleton.
RESERVED = (
    "admin", "administrator", "channel", "everyone", "gochat", "here", "me", "moderator", "owner",
    "room", "root", "server", "system", "you",
    "你", "您", "我", "系统", "系統", "服务器", "伺服器", "管理员", "管理員", "所有人",
)  # fmt: skip

#: Characters that look like a colon but are not in Unicode's table of look-alikes.
_COLONS = frozenset("ˑ⁝⁞∷∹≔≕⋮⍠⦂⫶⸪⸫𐞂")

#: Names of classic connections: "guest-" and four characters. No nick may begin with the word.
_GUEST = re.compile(r"[\W_]*guest(?![^\W_])")

#: A dot above i and j (compared as l and j), which have one already.
_DOTTED_TWICE = re.compile("(?<=[lj])\u0307+")


def check_room(name: str) -> str:
    """The room's name in NFC, or `Refusal`: a letter or digit, then letters, digits, ``_``, ``-``.

    Letters and digits are those of all scripts (categories L and N). Marks (Mn, Mc) may follow a
    letter; at most four nonspacing ones in a row, and none twice in a row. A joiner or non-joiner
    is allowed only where it is visible: after a virama, and a non-joiner between letters of a
    script that joins them (UAX #31, section 2.3, A1, A2 and B).
    """
    if _PLAIN_ROOM.fullmatch(name):
        return name
    name = _composed(name, ROOM_LENGTH)
    if not 1 <= len(name) <= ROOM_LENGTH:
        raise Refusal(Code.BAD_ROOM, f'"room" must be 1 to {ROOM_LENGTH} characters long.')
    if not _is_letter_or_digit(name[0]):
        raise Refusal(Code.BAD_ROOM, '"room" must begin with a letter or a digit.')
    for index, char in enumerate(name):
        if char in "_-" or _is_letter_or_digit(char):
            continue
        if not (_is_mark_of_a_letter(name, index) or _is_joiner_in_place(name, index)):
            raise Refusal(
                Code.BAD_ROOM, '"room" may contain only letters with marks, digits, "_" and "-".'
            )
    if not name.isascii() and (wrong := _wrong_with_marks(name)):
        raise Refusal(Code.BAD_ROOM, f'"room" {wrong}')
    return name


def room_key(name: str) -> str:
    """The form in which checked room names are compared: NFKC, case-folded, with one kind of i.

    ``ß`` is ``ss``. In Turkish the capital of i is ``İ``, and the small letter of ``I`` is ``ı``;
    in other languages I and i are a pair. So all four become ``i``. Joiners are removed. The page
    has the same rule (``keyOf`` in web/js/core/room.js).
    """
    if name.isascii():
        return name.lower()
    folded = _folded(_folded(name.translate(_WITHOUT_JOINERS)))
    return folded.replace("i\u0307", "i").replace("ı", "i")


def check_nick(nick: str) -> str:
    """The nick in NFC, or `Refusal`.

    1 to 32 visible characters; spaces only between them; letters of one script, and digits of one;
    a limited number of marks, no colon, and no reserved word.
    """
    nick = _composed(nick, NICK_LENGTH)
    if not 1 <= len(nick) <= NICK_LENGTH:
        raise Refusal(Code.BAD_NICK, f'"nick" must be 1 to {NICK_LENGTH} characters long.')
    if nick[0].isspace() or nick[-1].isspace():
        raise Refusal(Code.BAD_NICK, '"nick" must not begin or end with a space.')
    if not nick.isascii() or not nick.isprintable():
        for char in nick:
            _check_visible(char)
    if not nick.isascii():
        if wrong := _wrong_with_marks(nick):
            raise Refusal(Code.BAD_NICK, f'"nick" {wrong}')
        _check_scripts(nick)
        _check_digits(nick)
        _check_other_reading(nick)
    _check_reserved(nick)
    return nick


def nick_key(nick: str) -> str:
    """The skeleton of a checked nick; nicks that look the same have the same skeleton.

    Compatibility forms (wide, mathematical, small capitals …) and case are folded, a run of spaces
    becomes one space, and a character with look-alikes becomes the simplest of them. The skeleton
    is for comparing only, and is never shown: ``Bill``, ``B1ll`` and Cyrillic look-alikes have the
    same one.
    """
    # Decompose before folding, so that a Greek iota subscript comes after the other marks when it
    # becomes a letter (Unicode, section 3.13, D145); and after folding, so that marks stay on
    # letters that are mapped.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", nick).casefold())
    looks = _DOTTED_TWICE.sub("", unicodedata.normalize("NFKD", folded.translate(LOOKS)))
    return " ".join(looks.split())


def _composed(name: str, length: int) -> str:
    """The name in NFC; a name that is too long in any case is returned as it is.

    NFC joins at most four characters into one. To sort marks takes time proportional to the square
    of their number, and a client could send many: 64 KiB of marks stop the whole server for two
    seconds (CPython 3.11).
    """
    return name if len(name) > 4 * length else unicodedata.normalize("NFC", name)


def _is_letter_or_digit(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def _is_mark_of_a_letter(name: str, index: int) -> bool:
    """Whether `name[index]` is a visible mark, after a letter and its other marks."""
    if unicodedata.category(name[index]) not in ("Mn", "Mc") or _BLANK.match(name[index]):
        return False
    return unicodedata.category(name[index - 1])[0] in "LM"


def _is_joiner_in_place(name: str, index: int) -> bool:
    """Whether `name[index]` is a joiner or non-joiner where it can change how letters look."""
    if name[index] not in (_NON_JOINER, _JOINER):
        return False
    following = name[index + 1 : index + 2]
    category = unicodedata.category(following) if following else ""
    if unicodedata.combining(name[index - 1]) == 9:  # a virama
        return category[:1] == "L" or (name[index] == _JOINER and category[:1] != "M")
    if name[index] == _JOINER or category[:1] != "L":
        return False
    while index and unicodedata.category(name[index - 1])[0] == "M":
        index -= 1
    before = name[index - 1 : index]
    return bool(before and scripts_of(before) & scripts_of(following) & _JOINING)


def _folded(name: str) -> str:
    """Case and style folded (Unicode, section 3.13, D147, except that no character is removed)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", name).casefold())


def _check_visible(char: str) -> None:
    """Refuse invisible and undefined characters: control, format, private, unassigned, blank."""
    category = unicodedata.category(char)
    if category[0] == "C" or category in ("Zl", "Zp") or _BLANK.match(char):
        raise Refusal(
            Code.BAD_NICK, f'"nick" must not contain U+{ord(char):04X}, which is invisible.'
        )
    # Chinese and Japanese keyboards give the ideographic space.
    if category == "Zs" and char not in " \u3000":
        raise Refusal(
            Code.BAD_NICK, f'"nick" must not contain U+{ord(char):04X}; use an ordinary space.'
        )


def _wrong_with_marks(name: str) -> str | None:
    """The end of an error sentence for marks without a letter, too many, or repeated; or None."""
    run = ""
    for char in unicodedata.normalize("NFD", name):
        if unicodedata.category(char) not in ("Mn", "Me"):
            run = char
            continue
        if not run or run[0].isspace():
            return "has an accent or mark without a letter before it."
        if run[-1] == char or len(run) > MARKS:
            return "has too many marks on one letter."
        run += char
    return None


def _check_scripts(nick: str) -> None:
    """Refuse a nick that is not "Highly Restrictive" (UTS #39, sections 5.1 and 5.2).

    It may use one script; or Latin together with Chinese, Japanese or Korean.
    """
    whole = without_latin = ANY
    for char in nick:
        scripts = scripts_of(char)
        if not scripts:
            raise Refusal(
                Code.BAD_NICK,
                f'"nick" must not contain U+{ord(char):04X}: its script is not in use today, or '
                "this server does not know it.",
            )
        whole = _common(whole, scripts)
        if "Latn" not in scripts:
            without_latin = _common(without_latin, scripts)
    if not whole and not without_latin & _BESIDE_LATIN:
        raise Refusal(Code.BAD_NICK, '"nick" mixes letters of several scripts; use one script.')


def _common(one: Scripts, other: Scripts) -> Scripts:
    if one is ANY or other is ANY:
        return other if one is ANY else one
    return one & other


def _check_digits(nick: str) -> None:
    """Refuse decimal digits of two scripts, since some look like others (UTS #39, 5.3)."""
    zeros = {ord(char) - unicodedata.decimal(char) for char in nick if char.isdecimal()}
    if len(zeros) > 1:
        raise Refusal(Code.BAD_NICK, '"nick" mixes digits of several scripts; use one script.')


def _check_other_reading(nick: str) -> None:
    """Refuse a nick that looks like one of another script, but has a different skeleton.

    A capital is compared as its small letter, so it cannot also be compared as the letter that it
    looks like, if the small letter looks like a different one: Ν looks like N, but is compared as
    ν, which looks like v. So a nick that looks like a Latin (or other) one must be in lower case.
    """
    if not AMBIGUOUS.isdisjoint(nick):
        raise Refusal(
            Code.BAD_NICK, '"nick" contains a character that looks like another; remove it.'
        )
    readings = ANY
    ambiguous = False
    for char in unicodedata.normalize("NFKD", nick):
        looks = prototypes().get(ord(char), char)
        ambiguous = ambiguous or nick_key(looks) != nick_key(char)
        for each in looks:
            common = scripts_of(each) is ANY
            readings = _common(readings, ANY if common else _writers().get(each, frozenset()))
    if ambiguous and readings:
        raise Refusal(
            Code.BAD_NICK,
            '"nick" looks like letters of another script; write it in lower case.',
        )


@cache
def _writers() -> dict[str, Scripts]:
    """For each prototype, the scripts with a common letter that looks like it and compares so."""
    made: dict[str, Scripts] = {}
    for char in _COMMON_LETTERS:
        looks = prototypes().get(ord(char), char)
        if nick_key(looks) == nick_key(char):
            for each in looks:
                made[each] = made.get(each, frozenset()) | scripts_of(char)
    return made


def _check_reserved(nick: str) -> None:
    """Refuse colons and reserved words, also with other signs and marks around them."""
    key = nick_key(nick)
    # Signs that follow a letter, such as the visarga of Hindi, are not colons.
    signs = (char for char in nick if unicodedata.category(char) not in ("Mc", "Lo"))
    if not _COLONS.isdisjoint(nick) or (
        ":" in key and (": " in key or any(":" in nick_key(char) for char in signs))
    ):
        raise Refusal(Code.BAD_NICK, '"nick" must not contain a colon; it separates nick and text.')
    if _GUEST.match(key):
        raise Refusal(Code.BAD_NICK, '"nick" must not begin with "guest-"; choose another.')
    if _letters(key) in _RESERVED:
        raise Refusal(Code.BAD_NICK, f'"nick" must not be "{nick}" (reserved); choose another.')


def _letters(key: str) -> str:
    return "".join(filter(str.isalnum, key))


_RESERVED = frozenset(_letters(nick_key(word)) for word in RESERVED)
