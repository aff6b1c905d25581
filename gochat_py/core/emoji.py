"""Normalises reactions, since keyboards encode the same emoji in different ways.

Many emoji are also text symbols, such as the heart U+2764. As an emoji, such a symbol is followed
by U+FE0F. Some keyboards omit that; then the emoji is not *fully qualified* (UTS #51, ED-18).
`emoji_form` gives the fully qualified form in NFC, so two reactions are the same if and only if
their forms are equal. Skin tones and other parts of a sequence are not changed. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata

#: Characters with Emoji=Yes and Emoji_Presentation=No (emoji-data.txt of Unicode 17.0), without
#: digits, ``#`` and ``*``, which are emoji only before U+20E3. All newer emoji have
#: Emoji_Presentation=Yes.
_SIGNS = (
    "A9 AE 203C 2049 2122 2139 2194-2199 21A9-21AA 2328 23CF 23ED-23EF 23F1-23F2 23F8-23FA 24C2 "
    "25AA-25AB 25B6 25C0 25FB-25FC 2600-2604 260E 2611 2618 261D 2620 2622-2623 2626 262A "
    "262E-262F 2638-263A 2640 2642 265F-2660 2663 2665-2666 2668 267B 267E 2692 2694-2697 2699 "
    "269B-269C 26A0 26A7 26B0-26B1 26C8 26CF 26D1 26D3 26E9 26F0-26F1 26F4 26F7-26F9 2702 "
    "2708-2709 270C-270D 270F 2712 2714 2716 271D 2721 2733-2734 2744 2747 2763-2764 27A1 "
    "2934-2935 2B05-2B07 3030 303D 3297 3299 1F170-1F171 1F17E-1F17F 1F202 1F237 1F321 "
    "1F324-1F32C 1F336 1F37D 1F396-1F397 1F399-1F39B 1F39E-1F39F 1F3CB-1F3CE 1F3D4-1F3DF 1F3F3 "
    "1F3F5 1F3F7 1F43F 1F441 1F4FD 1F549-1F54A 1F56F-1F570 1F573-1F579 1F587 1F58A-1F58D 1F590 "
    "1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE 1F5E1 1F5E3 1F5E8 1F5EF "
    "1F5F3 1F5FA 1F6CB 1F6CD-1F6CF 1F6E0-1F6E5 1F6E9 1F6F0 1F6F3"
)


def _class(spans: str) -> str:
    """A character class of `re` for hexadecimal spans ``first-last``."""
    ends = (span.partition("-")[::2] for span in spans.split())
    return "".join(f"{chr(int(a, 16))}-{chr(int(b or a, 16))}" for a, b in ends)


#: Variation selectors: they only select how the character before them looks.
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")

#: A symbol that needs U+FE0F: one without a skin tone behind it, or the first sign of a keycap.
_UNQUALIFIED = re.compile(f"[{_class(_SIGNS)}](?![\U0001f3fb-\U0001f3ff])|[0-9#*](?=\u20e3)")


def emoji_form(emoji: str) -> str:
    """The normal form of `emoji`: NFC, with U+FE0F where needed, without other selectors.

    In other text only NFC and selectors are applied. The result is at most twice as long.
    """
    if emoji.isascii():
        return emoji
    return _UNQUALIFIED.sub("\\g<0>\ufe0f", _SELECTORS.sub("", unicodedata.normalize("NFC", emoji)))
