"""What rooms and people may be called, and when two spellings are one name.

A room's name is compared case-folded (`room_key`). A nick is compared by its *skeleton*
(`nick_key`), in the sense of Unicode Technical Standard #39, section 4: two nicks that look the
same have the same skeleton, so that the second comer cannot pass for the first. Everything here is
in NFC, so a name is what it looks like, however a keyboard put it together. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata

from ..refusals import Code, Refusal
from .confusables import SKELETON

#: Counts the changes of `nick_key` and `room_key`. Keys are stored; with another number here they
#: are computed anew at the next start.
KEY_VERSION = 1

ROOM_LENGTH = 64  #: characters of a room's name at the most, after NFC
NICK_LENGTH = 32  #: characters of a nick at the most, after NFC

#: Marks over one letter at the most: UTS #39, section 5.4, asks for a limit of four.
MARKS = 4

_PLAIN_ROOM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PLAIN_NICK = re.compile(r"[!-~](?:[ -~]{0,30}[!-~])?")

#: Alphabets with letters that look like another's. A nick keeps to one of them.
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})

#: What shows nothing and yet is no format character: Hangul fillers, Khmer inherent vowels, the
#: blank of Braille, the grapheme joiner, variation selectors, Mongolian ones too. (Tags, joiners,
#: soft hyphens and direction controls are of category Cf; Default_Ignorable_Code_Point, UAX #44.)
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)

#: Greek letters that read as Latin ones; of the first three the small letter reads as another.
_TWO_FACED = frozenset("ΗΝΥ")
_READ_AS_LATIN = _TWO_FACED | frozenset("ΑΒΕΖΙΚΜΟΡΤΧαγινορυχ")


def check_room(name: str) -> str:
    """The room's name in NFC, or `Refusal`: a letter or digit, then letters, digits, ``_``, ``-``.

    Letters and digits are those of all scripts (categories L and N).
    """
    if _PLAIN_ROOM.fullmatch(name):
        return name
    name = _composed(name, ROOM_LENGTH)
    if not 1 <= len(name) <= ROOM_LENGTH:
        raise Refusal(Code.BAD_ROOM, f'"room" must be 1 to {ROOM_LENGTH} characters long.')
    if not _is_letter_or_digit(name[0]):
        raise Refusal(Code.BAD_ROOM, '"room" must begin with a letter or a digit.')
    if not all(char in "_-" or _is_letter_or_digit(char) for char in name):
        raise Refusal(Code.BAD_ROOM, '"room" takes letters, digits, "_" and "-" only.')
    return name


def room_key(name: str) -> str:
    """What a checked room name is compared by: case-folded, and put into NFC again."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_nick(nick: str) -> str:
    """The nick in NFC, or `Refusal`.

    1 to 32 characters, all of them to be seen; spaces only between them; not two alphabets that
    look alike; and no pile of marks.
    """
    if _PLAIN_NICK.fullmatch(nick):
        return nick
    nick = _composed(nick, NICK_LENGTH)
    if not 1 <= len(nick) <= NICK_LENGTH:
        raise Refusal(Code.BAD_NICK, f'"nick" must be 1 to {NICK_LENGTH} characters long.')
    if nick[0].isspace() or nick[-1].isspace():
        raise Refusal(Code.BAD_NICK, '"nick" must not begin or end with a space.')
    for char in nick:
        _check_visible(char)
    _check_marks(nick)
    _check_alphabets(nick)
    return nick


def nick_key(nick: str) -> str:
    """The skeleton of a checked nick: equal for nicks that differ only in ways nobody would see.

    Compatibility forms (wide, mathematical, small capitals …) and case are folded, runs of spaces
    are one, and each letter with a look-alike becomes the commonest of those it looks like. It is
    for comparing only, and not to be shown: ``Bill``, ``B1ll`` and Cyrillic look-alikes have one.
    """
    # Decomposed before folding, so that a Greek iota below stands after the other marks when it
    # becomes a letter (Unicode, section 3.13, D145); and after it, so that marks stay on letters
    # that are mapped.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", nick).casefold())
    return " ".join(folded.translate(SKELETON).split())


def _composed(name: str, length: int) -> str:
    """The name in NFC; one that will be too long anyway as it is.

    NFC makes at most four characters one. And to put marks into order takes a time that grows with
    the square of their number, which a stranger must not choose: 64 KiB of them hold up the whole
    server for two seconds (CPython 3.11).
    """
    return name if len(name) > 4 * length else unicodedata.normalize("NFC", name)


def _is_letter_or_digit(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


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


def _check_marks(nick: str) -> None:
    """Refuse marks with nothing to stand on, too many over one letter, and the same one twice."""
    run = ""
    for char in unicodedata.normalize("NFD", nick):
        if unicodedata.category(char) not in ("Mn", "Me"):
            run = char
            continue
        if not run or run[0].isspace():
            raise Refusal(Code.BAD_NICK, '"nick" has an accent or mark without a letter below it.')
        if run[-1] == char or len(run) > MARKS:
            raise Refusal(Code.BAD_NICK, '"nick" has too many marks over one letter.')
        run += char


def _check_alphabets(nick: str) -> None:
    letters = [char for char in unicodedata.normalize("NFKD", nick) if char.isalpha()]
    found = {unicodedata.name(char, "?").split()[0] for char in letters} & _ALPHABETS
    if len(found) > 1:
        mixed = " and ".join(sorted(each.capitalize() for each in found))
        raise Refusal(Code.BAD_NICK, f'"nick" mixes {mixed} letters that look alike; keep to one.')
    # A capital that compares like its small letter cannot also compare like the Latin letter it
    # looks like. So a Greek nick that could be read as a Latin one is written in small letters.
    if (
        found == {"GREEK"}
        and not _TWO_FACED.isdisjoint(letters)
        and _READ_AS_LATIN.issuperset(letters)
    ):
        raise Refusal(
            Code.BAD_NICK, '"nick" reads as Latin letters; write the Greek in small letters.'
        )
