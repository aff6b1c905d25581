"""What rooms and people may be called, and when two spellings are one name.

A room's name is compared without case, width and style of letters (`room_key`). A nick is compared
by its *skeleton* (`nick_key`), in the sense of Unicode Technical Standard #39, section 4: two nicks
that look the same have the same skeleton, so that the second comer cannot pass for the first. A
nick keeps to one script, as "Highly Restrictive" does there (section 5.2). Everything here is in
NFC, so a name is what it looks like, however a keyboard put it together. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from ..refusals import Code, Refusal
from .confusables import AMBIGUOUS, ANY, LOOKS, Scripts, prototypes, scripts_of

#: Counts the changes of `nick_key` and `room_key`. Keys are stored; with another number here they
#: are computed anew at the next start.
KEY_VERSION = 3

ROOM_LENGTH = 64  #: characters of a room's name at the most, after NFC
NICK_LENGTH = 32  #: characters of a nick at the most, after NFC

#: Marks over one letter at the most: UTS #39, section 5.4, asks for a limit of four.
MARKS = 4

_PLAIN_ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

#: What shows nothing and yet is no format character: Hangul fillers, Khmer inherent vowels, the
#: blank of Braille, the grapheme joiner, variation selectors, Mongolian ones too. (Tags, joiners,
#: soft hyphens and direction controls are of category Cf; Default_Ignorable_Code_Point, UAX #44.)
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)

#: ZERO WIDTH NON-JOINER and JOINER. Words of Persian and of many Indic languages need them.
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_WITHOUT_JOINERS = {ord(_NON_JOINER): None, ord(_JOINER): None}

#: Scripts whose letters join, so that a non-joiner between two of them shows.
_JOINING = frozenset({"Adlm", "Arab", "Mand", "Mong", "Nkoo", "Rohg", "Syrc"})

#: What writes Latin letters beside others: Chinese with Bopomofo, Japanese, Korean.
_BESIDE_LATIN = frozenset({"Hanb", "Jpan", "Kore"})

#: The letters that a nick of another script may be read as. With rarer ones (archaic Greek, the
#: Latin of phonetics, Cyrillic of some languages) somebody could imitate most names.
_COMMON_LETTERS = "".join(
    chr(code)
    for first, last in ("AZ", "az", "ΑΡ", "Σω", "Ѐџ")
    for code in range(ord(first), ord(last) + 1)
)

#: Nicks that a member would be taken for the server, for somebody with rights, for everybody, or
#: for the one who reads (the page calls them "You"). "all" is missing: Ali has the same skeleton.
RESERVED = (
    "admin", "administrator", "channel", "everyone", "gochat", "here", "me", "moderator", "owner",
    "room", "root", "server", "system", "you",
    "你", "您", "我", "系统", "系統", "服务器", "伺服器", "管理员", "管理員", "所有人",
)  # fmt: skip

#: What has no look-alike in Unicode's table, and still ends a name: signs with points in a column.
_COLONS = frozenset("ˑ⁝⁞∷∹≔≕⋮⍠⦂⫶⸪⸫𐞂")

#: Classic connections are called so, with four characters.
_GUEST = re.compile(r"[\W_]*guest(?![^\W_])")

#: A dot above i and j, which these have already.
_DOTTED_TWICE = re.compile("(?<=[lj])\u0307+")


def check_room(name: str) -> str:
    """The room's name in NFC, or `Refusal`: a letter or digit, then letters, digits, ``_``, ``-``.

    Letters and digits are those of all scripts (categories L and N). Marks (Mn, Mc) may follow a
    letter, up to four that take no space of their own in a row, none twice. A joiner or non-joiner
    is right where it shows: after a virama, and a non-joiner between letters of a script that joins
    them (UAX #31, section 2.3, A1, A2 and B).
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
                Code.BAD_ROOM, '"room" takes letters with their marks, digits, "_" and "-" only.'
            )
    if not name.isascii() and (wrong := _wrong_with_marks(name)):
        raise Refusal(Code.BAD_ROOM, f'"room" {wrong}')
    return name


def room_key(name: str) -> str:
    """What a checked room name is compared by: NFKC without case, and with one i for all four.

    ``ß`` is ``ss``. The capital of the Turkish i is ``İ``, the small letter of ``I`` is ``ı``; in
    other languages I and i are one. So all of them are ``i``. Joiners make no difference. The page
    has the same rule (``keyOf`` in web/js/core/room.js).
    """
    if name.isascii():
        return name.lower()
    folded = _folded(_folded(name.translate(_WITHOUT_JOINERS)))
    return folded.replace("i\u0307", "i").replace("ı", "i")


def check_nick(nick: str) -> str:
    """The nick in NFC, or `Refusal`.

    1 to 32 characters, all of them to be seen; spaces only between them; of one script, with the
    digits of one; no pile of marks, no colon, and no reserved word.
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
    """The skeleton of a checked nick: equal for nicks that differ only in ways nobody would see.

    Compatibility forms (wide, mathematical, small capitals …) and case are folded, runs of spaces
    are one, and what has a look-alike becomes the simplest of those it looks like. It is for
    comparing only, and not to be shown: ``Bill``, ``B1ll`` and Cyrillic look-alikes have one.
    """
    # Decomposed before folding, so that a Greek iota below stands after the other marks when it
    # becomes a letter (Unicode, section 3.13, D145); and after it, so that marks stay on letters
    # that are mapped.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", nick).casefold())
    looks = _DOTTED_TWICE.sub("", unicodedata.normalize("NFKD", folded.translate(LOOKS)))
    return " ".join(looks.split())


def _composed(name: str, length: int) -> str:
    """The name in NFC; one that will be too long anyway as it is.

    NFC makes at most four characters one. And to put marks into order takes a time that grows with
    the square of their number, which a stranger must not choose: 64 KiB of them hold up the whole
    server for two seconds (CPython 3.11).
    """
    return name if len(name) > 4 * length else unicodedata.normalize("NFC", name)


def _is_letter_or_digit(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def _is_mark_of_a_letter(name: str, index: int) -> bool:
    """Whether `name[index]` is a mark that can be seen, after a letter and its other marks."""
    if unicodedata.category(name[index]) not in ("Mn", "Mc") or _BLANK.match(name[index]):
        return False
    return unicodedata.category(name[index - 1])[0] in "LM"


def _is_joiner_in_place(name: str, index: int) -> bool:
    """Whether `name[index]` is a joiner or non-joiner where one can change how letters look."""
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
    """Without case and style (Unicode, section 3.13, D147, save that nothing is left out)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", name).casefold())


def _check_visible(char: str) -> None:
    """Refuse what is not seen, or has no meaning: controls, format, private, unassigned, blanks."""
    category = unicodedata.category(char)
    if category[0] == "C" or category in ("Zl", "Zp") or _BLANK.match(char):
        raise Refusal(
            Code.BAD_NICK, f'"nick" must not hold U+{ord(char):04X}, which cannot be seen.'
        )
    # The ideographic space is the one that Chinese and Japanese keyboards give.
    if category == "Zs" and char not in " \u3000":
        raise Refusal(
            Code.BAD_NICK, f'"nick" must not hold U+{ord(char):04X}; use an ordinary space.'
        )


def _wrong_with_marks(name: str) -> str | None:
    """Marks with nothing below them, too many over one letter, or one twice, for a sentence."""
    run = ""
    for char in unicodedata.normalize("NFD", name):
        if unicodedata.category(char) not in ("Mn", "Me"):
            run = char
            continue
        if not run or run[0].isspace():
            return "has an accent or mark without a letter below it."
        if run[-1] == char or len(run) > MARKS:
            return "has too many marks over one letter."
        run += char
    return None


def _check_scripts(nick: str) -> None:
    """Refuse what is not "Highly Restrictive" (UTS #39, sections 5.1 and 5.2).

    One script; or Latin beside Chinese, Japanese or Korean, which write it among their own.
    """
    whole = without_latin = ANY
    for char in nick:
        scripts = scripts_of(char)
        if not scripts:
            raise Refusal(
                Code.BAD_NICK,
                f'"nick" must not hold U+{ord(char):04X}: its script is not in use today, or newer '
                "than this server.",
            )
        whole = _common(whole, scripts)
        if "Latn" not in scripts:
            without_latin = _common(without_latin, scripts)
    if not whole and not without_latin & _BESIDE_LATIN:
        raise Refusal(Code.BAD_NICK, '"nick" mixes letters of different scripts; keep to one.')


def _common(one: Scripts, other: Scripts) -> Scripts:
    if one is ANY or other is ANY:
        return other if one is ANY else one
    return one & other


def _check_digits(nick: str) -> None:
    """Refuse decimal digits of two scripts, of which some look like others (UTS #39, 5.3)."""
    zeros = {ord(char) - unicodedata.decimal(char) for char in nick if char.isdecimal()}
    if len(zeros) > 1:
        raise Refusal(Code.BAD_NICK, '"nick" mixes digits of different scripts; keep to one.')


def _check_other_reading(nick: str) -> None:
    """Refuse a nick that reads as another script's, and does not compare like that.

    A capital that compares like its small letter cannot also compare like the letter it looks like,
    if the small letter looks like a different one: Ν looks like N, but compares as ν, which looks
    like v. So a nick that can be read as a Latin (or other) one is written in small letters.
    """
    if not AMBIGUOUS.isdisjoint(nick):
        raise Refusal(Code.BAD_NICK, '"nick" holds a character that reads as another; leave it.')
    readings = ANY
    two_faced = False
    for char in unicodedata.normalize("NFKD", nick):
        looks = prototypes().get(ord(char), char)
        two_faced = two_faced or nick_key(looks) != nick_key(char)
        for each in looks:
            common = scripts_of(each) is ANY
            readings = _common(readings, ANY if common else _writers().get(each, frozenset()))
    if two_faced and readings:
        raise Refusal(
            Code.BAD_NICK,
            '"nick" reads as letters of another script; write it in small letters.',
        )


@cache
def _writers() -> dict[str, Scripts]:
    """For each prototype the scripts with a common letter that looks like it, and compares so."""
    made: dict[str, Scripts] = {}
    for char in _COMMON_LETTERS:
        looks = prototypes().get(ord(char), char)
        if nick_key(looks) == nick_key(char):
            for each in looks:
                made[each] = made.get(each, frozenset()) | scripts_of(char)
    return made


def _check_reserved(nick: str) -> None:
    """Refuse colons, and what is reserved, whatever signs and marks stand around it."""
    key = nick_key(nick)
    # Signs that are written with a letter before them, as the visarga of Hindi, are no colon.
    signs = (char for char in nick if unicodedata.category(char) not in ("Mc", "Lo"))
    if not _COLONS.isdisjoint(nick) or (
        ":" in key and (": " in key or any(":" in nick_key(char) for char in signs))
    ):
        raise Refusal(Code.BAD_NICK, '"nick" must not hold a colon, which ends a name in a chat.')
    if _GUEST.match(key):
        raise Refusal(Code.BAD_NICK, '"nick" must not begin with "guest-"; choose another.')
    if _letters(key) in _RESERVED:
        raise Refusal(Code.BAD_NICK, f'"nick" must not be "{nick}", which is reserved; add to it.')


def _letters(key: str) -> str:
    return "".join(filter(str.isalnum, key))


_RESERVED = frozenset(_letters(nick_key(word)) for word in RESERVED)
