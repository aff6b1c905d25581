"""Which characters a text may contain, how it is shown in one line, and how texts are compared.

Combining marks need special care. Normalization sorts the marks after a letter, and CPython uses an
insertion sort: a run of n marks costs n² steps, and 64 KiB of marks take two seconds, in which no
other thread runs. So a run is limited to 30 marks, as in Unicode's Stream-Safe Text Format (UAX
#15, section 13), before any text is normalized. Every function here takes time linear in the length
of its text. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: The version of `fold`; increased when its result changes. An index made with another version must
#: be rebuilt, since an entry can only be removed from it in the form in which it was added.
FOLD_VERSION = 2

#: Most marks in a row, counted after NFKD (UAX #15, section 13).
MAX_MARKS = 30

#: The shortest run that can be too long: each character of it is at most two marks after NFKD, and
#: the letter before it decomposes into at most four.
_SUSPICIOUS = 13

#: How many times longer `fold` may make a text of more than `_FOLDED_FREELY` characters. NFKC makes
#: 18 characters of one (U+FDFA), and the cost of indexing grows with the length.
MAX_GROWTH = 4
_FOLDED_FREELY = 64

#: Replaces a harmful character in a classic line.
REPLACEMENT = "\ufffd"

#: Replaces a line break when a text is shown in one line.
LINE_BREAK = " ⏎ "


def _marks() -> Iterator[str]:
    """Every character that is only marks after NFKD.

    These are the characters with a combining class, and five that decompose into them (three of UAX
    #15, "Non-Starter Decompositions", a closed list, and two halfwidth ones). The code points that
    are skipped are ideographs, Hangul, private, or format characters without a class.
    """
    yield from "\u0f73\u0f75\u0f81\uff9e\uff9f"
    for block in (0x300, 0x3400), (0xA000, 0xAC00), (0xFB00, 0x17000), (0x18D00, 0x20000):
        yield from filter(unicodedata.combining, map(chr, range(*block)))


_MARKS = "".join(_marks())
_MARK = f"[{_MARKS}]"
_RUN = re.compile(f"{_MARK}{{{_SUSPICIOUS},}}+")

# A faster test, with a span instead of the marks beyond the Basic Multilingual Plane: those alone
# make the set ten times as slow (CPython 3.11: 7 µs for 40 letters). A repetition that does not
# begin the pattern lets `re` skip quickly to the first member of the set.
_FIRST_LOOK = f"[{''.join(char for char in _MARKS if ord(char) < 0x10000)}\U00010000-\U0001efff]"
_PERHAPS_A_RUN = re.compile(f"{_FIRST_LOOK}{_FIRST_LOOK}{{{_SUSPICIOUS - 1}}}")

# Control characters; halves of surrogate pairs, which UTF-8 cannot encode; noncharacters; and
# format characters that reorder the text after them (bidirectional embeddings and overrides), or
# that Unicode advises against in plain text (deprecated ones, interlinear annotations).
_NEVER = (
    "\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u206a-\u206f\ufff9-\ufffb\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
)
_BREAKS = "\n\u2028\u2029"  # line, and paragraph, separators
_TAGS = "\U000e0000-\U000e007f"  # invisible; they could hide any text

_HARMFUL = re.compile(f"[{_NEVER}{_TAGS}]")
_HARMFUL_IN_ONE_LINE = re.compile(f"[{_NEVER}{_TAGS}{_BREAKS}\t]")
_BREAK = re.compile(f"\r\n|[\r\x0b\x0c\x1c-\x1e\x85{_BREAKS}]")

#: Possibly visible: neither space, nor control, nor ignorable by default (UAX #44,
#: Default_Ignorable_Code_Point), nor the Braille blank, the musical null notehead, or an anchor of
#: an interlinear annotation.
_PERHAPS_SEEN = re.compile(
    "[^\\s\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

#: The only allowed use of tags: flags of regions (UTS #51, annex C).
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")


# --- What a text may contain --------------------------------------------------------------------


def wrong_with(text: str, *, lines: bool = False) -> str | None:
    """The end of an error sentence if `text` is not allowed in gochat.v1; None if it is allowed.

    Line breaks and tabs are allowed only if there may be several `lines`.
    """
    if not text.isprintable():  # a quick test; no forbidden character is printable
        harmful = _HARMFUL if lines else _HARMFUL_IN_ONE_LINE
        found = harmful.search(text)
        if found is not None and _TAGS[0] <= found[0] <= _TAGS[-1]:
            found = harmful.search(_FLAG.sub("", text))
        if found is not None:
            return f"without the character U+{ord(found[0]):04X}"
    if not text.isascii() and any(length > MAX_MARKS for _, _, length in _runs(text)):
        return f"without more than {MAX_MARKS} combining marks in a row"
    return None


def is_blank(text: str) -> bool:
    """Whether `text` has no visible character: only spaces, ignorable characters, lone marks.

    Characters that this version of Unicode does not know (newer emoji) count as visible.
    """
    return all(
        unicodedata.category(found[0]) in ("Mn", "Me") for found in _PERHAPS_SEEN.finditer(text)
    )


def clean_line(text: str) -> str:
    """A line of the classic dialect, without what `wrong_with` would find; the rest is unchanged.

    The classic dialect cannot express a refusal. Carriage returns become line breaks, other harmful
    characters become U+FFFD, and a run of marks is cut to 30.
    """
    if not text.isprintable():
        text = _CARRIAGE_RETURN.sub("\n", text)
        text = "".join(
            piece if kept else _HARMFUL.sub(REPLACEMENT, piece) for piece, kept in _by_flags(text)
        )
    return cut_runs(text)


_CARRIAGE_RETURN = re.compile("\r\n?")


def _by_flags(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces; and for each piece, whether it is a flag."""
    at = 0
    for flag in _FLAG.finditer(text):
        yield text[at : flag.start()], False
        yield flag[0], True
        at = flag.end()
    yield text[at:], False


def cut_runs(text: str) -> str:
    """`text` with each run of marks cut to 30 (Stream-Safe would insert a joiner instead)."""
    if text.isascii():
        return text
    pieces, at = [], 0
    for start, end, length in _runs(text):
        if length > MAX_MARKS:
            pieces.append(text[at:start])
            room = MAX_MARKS - _trailing_marks(text[start - 1 : start])
            for char in text[start:end]:
                room -= len(unicodedata.normalize("NFKD", char))
                if room < 0:
                    break
                pieces.append(char)
            at = end
    return "".join([*pieces, text[at:]]) if at else text


def _runs(text: str) -> Iterator[tuple[int, int, int]]:
    """The start, end and number of marks of each run of marks that may be too long.

    Marks that are part of the letter before the run count, too, as after NFKD.
    """
    if _PERHAPS_A_RUN.search(text) is None:
        return
    for run in _RUN.finditer(text):
        start, end = run.span()
        length = sum(len(unicodedata.normalize("NFKD", char)) for char in run[0])
        yield start, end, length + _trailing_marks(text[start - 1 : start])


def _trailing_marks(char: str) -> int:
    """The number of marks at the end of `char`, one character or none, after NFKD."""
    decomposed = unicodedata.normalize("NFKD", char)
    return next(
        (at for at, each in enumerate(reversed(decomposed)) if not unicodedata.combining(each)), 0
    )


# --- How a text is shown and compared -----------------------------------------------------------


def one_line(text: str) -> str:
    """`text` with `LINE_BREAK` for each line break, so that no part looks like another line."""
    return text if text.isprintable() else _BREAK.sub(LINE_BREAK, text)


def fold(text: str) -> str:
    """The form in which texts and queries are compared: NFKC and case-folded.

    A long `text` grows at most `MAX_GROWTH` times; the rest is cut off. Of more than 30 marks in a
    row, only the first 30 count.
    """
    if text.isascii():
        return text.lower().replace("\0", " ")
    folded = unicodedata.normalize("NFKC", cut_runs(text)).casefold().replace("\0", " ")
    return folded[: max(_FOLDED_FREELY, MAX_GROWTH * len(text))]
