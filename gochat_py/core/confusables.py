"""The scripts of characters, and which characters look like others.

Reads the tables that tools/unicode_tables.py made from Unicode's files (UTS #39, UAX #24). Python's
`unicodedata` has neither scripts nor look-alikes. Pure; any thread.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

from .unicode_looks import AMBIGUOUS as _AMBIGUOUS
from .unicode_looks import LOOKS as _LOOKS
from .unicode_prototypes import PROTOTYPES as _PROTOTYPES
from .unicode_scripts import SCRIPTS as _SCRIPTS

Scripts = frozenset[str]  # ISO 15924 codes, as ``Latn``

#: Any script: Common and Inherited characters (digits, spaces, accents, emoji) match every script.
ANY: Scripts = frozenset({"Zyyy"})

#: Scripts that are written together and count as one (UTS #39, section 5.1): Chinese with Bopomofo,
#: Japanese, Korean.
_TOGETHER = {
    "Hani": ("Hanb", "Jpan", "Kore"),
    "Hira": ("Jpan",),
    "Kana": ("Jpan",),
    "Hang": ("Kore",),
    "Bopo": ("Hanb",),
}


def _spread(listing: str) -> Iterator[int]:
    for span in listing.split(","):
        first, _, last = span.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def _mapping(table: str) -> dict[int, str]:
    """A mapping for `str.translate`."""
    made = {}
    for group in table.split(" "):
        target, _, sources = group.partition("=")
        text = "".join(chr(int(code, 16)) for code in target.split("+"))
        for code in _spread(sources):
            made[code] = text
    return made


#: Maps a character, in NFKD and case-folded, to the text that it is compared as.
LOOKS = _mapping(_LOOKS)

#: Compatibility characters that do not look like their NFKD form.
AMBIGUOUS = frozenset(map(chr, _spread(_AMBIGUOUS)))


@cache
def prototypes() -> dict[int, str]:
    """Maps characters in NFKD to what they look like; a missing one is its own prototype."""
    return _mapping(_PROTOTYPES)


@cache
def _script_spans() -> tuple[list[int], list[tuple[int, Scripts]]]:
    """The first code points of all spans; for each span its last code point and its scripts."""
    starts, spans = [], []
    sets: dict[str, Scripts] = {}
    for each in _SCRIPTS.split(" "):
        span, _, names = each.partition("=")
        first, _, last = span.partition("-")
        if names not in sets:
            listed = names.split("/")
            together = (other for name in listed for other in _TOGETHER.get(name, ()))
            sets[names] = ANY if listed[0] in ("Zyyy", "Zinh") else frozenset((*listed, *together))
        starts.append(int(first, 16))
        spans.append((int(last or first, 16), sets[names]))
    return starts, spans


def scripts_of(char: str) -> Scripts:
    """The scripts that use `char`, and the scripts that those are written together with.

    `ANY` for a character that every script uses. Empty for characters of scripts that are not in
    use today, and for letters newer than the table; an emoji newer than the table gives `ANY`.
    """
    starts, spans = _script_spans()
    at = bisect_right(starts, ord(char)) - 1
    if at >= 0 and ord(char) <= spans[at][0]:
        return spans[at][1]
    new_emoji = char >= "\U0001f000" and unicodedata.category(char) == "So"
    return ANY if new_emoji else frozenset()
