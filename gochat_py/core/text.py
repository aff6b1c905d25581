"""What characters a text may hold, how it is shown in one line, and how texts are compared.

Marks are the reason for much of it. Unicode puts the marks after a letter into an order of their
own, and CPython sorts them by insertion: a run of n marks costs n² steps, 64 KiB of them two
seconds in which no other thread runs. So runs are held to the 30 that Unicode's Stream-Safe Text
Format allows (UAX #15, section 13) before anything is normalized. Every function here takes a time
that grows linearly with its text. Pure; any thread.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Raised whenever `fold` gives another form for a text: an index made with another is to be made
#: again, since an entry can only be taken out of it in the form it was put in.
FOLD_VERSION = 2

#: Marks in a row at the most, counted after NFKD (UAX #15, section 13).
MAX_MARKS = 30

#: The shortest run that can be too long: each character of it is at most two marks after NFKD, and
#: the letter before it brings at most four of its own.
_SUSPICIOUS = 13

#: How many times longer `fold` may make a text, beyond `_FOLDED_FREELY` characters. NFKC makes 18
#: of one character (U+FDFA), and whatever is indexed costs by its length.
MAX_GROWTH = 4
_FOLDED_FREELY = 64

#: Stands for what was taken out of a text.
REPLACEMENT = "\ufffd"

#: Stands for a line break where a text is shown in one line.
LINE_BREAK = " ⏎ "


def _marks() -> Iterator[str]:
    """Every character that is only marks after NFKD.

    Those of a combining class of their own, and five that decompose into such (three of UAX #15,
    "Non-Starter Decompositions", a closed list, and two halfwidth ones). The rest of the code
    points are ideographs, Hangul, private, or format characters without a class.
    """
    yield from "\u0f73\u0f75\u0f81\uff9e\uff9f"
    for block in (0x300, 0x3400), (0xA000, 0xAC00), (0xFB00, 0x17000), (0x18D00, 0x20000):
        yield from filter(unicodedata.combining, map(chr, range(*block)))


_MARKS = "".join(_marks())
_MARK = f"[{_MARKS}]"
_RUN = re.compile(f"{_MARK}{{{_SUSPICIOUS},}}+")

# The same for a first look, with a span in place of the marks beyond the Basic Multilingual Plane:
# these alone would make the set ten times as slow (CPython 3.11: 7 µs for 40 letters). A repetition
# that does not begin the pattern lets `re` skip quickly to the first member of the set.
_FIRST_LOOK = f"[{''.join(char for char in _MARKS if ord(char) < 0x10000)}\U00010000-\U0001efff]"
_PERHAPS_A_RUN = re.compile(f"{_FIRST_LOOK}{_FIRST_LOOK}{{{_SUSPICIOUS - 1}}}")

# No control characters; no halves of surrogate pairs, which UTF-8 cannot say; no noncharacters; and
# no format characters that reorder what follows them (bidirectional embeddings and overrides), or
# that Unicode advises against in plain text (deprecated ones, interlinear annotations).
_NEVER = (
    "\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u206a-\u206f\ufff9-\ufffb\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
)
_BREAKS = "\n\u2028\u2029"  # line, and paragraph, separators
_TAGS = "\U000e0000-\U000e007f"  # they are not seen, and may say anything

_HARMFUL = re.compile(f"[{_NEVER}{_TAGS}]")
_HARMFUL_IN_ONE_LINE = re.compile(f"[{_NEVER}{_TAGS}{_BREAKS}\t]")
_BREAK = re.compile(f"\r\n|[\r\x0b\x0c\x1c-\x1e\x85{_BREAKS}]")

#: Perhaps seen: neither space, nor a control, nor ignorable by default (UAX #44,
#: Default_Ignorable_Code_Point), nor the blank of Braille, the note without a head, an anchor of an
#: interlinear annotation.
_PERHAPS_SEEN = re.compile(
    "[^\\s\0-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d159"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

#: The one good use of tags: flags of regions (UTS #51, annex C).
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")


# --- What a text may hold -----------------------------------------------------------------------


def wrong_with(text: str, *, lines: bool = False) -> str | None:
    """What no text of gochat.v1 may hold and `text` does, for a sentence; None if it is right.

    Line breaks and tabs are right where there may be several `lines`.
    """
    if not text.isprintable():  # which is quick, and true of nothing that is forbidden
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
    """Whether nothing in `text` can be seen: spaces, ignorable characters, marks without a letter.

    What this version of Unicode does not know (newer emoji) counts as seen.
    """
    return all(
        unicodedata.category(found[0]) in ("Mn", "Me") for found in _PERHAPS_SEEN.finditer(text)
    )


def clean_line(text: str) -> str:
    """A line of the classic dialect without what `wrong_with` would find; the rest is verbatim.

    The dialect has no word for a refusal. Carriage returns become line breaks, what else is harmful
    U+FFFD, and of a run of marks the first 30 stay.
    """
    if not text.isprintable():
        text = _CARRIAGE_RETURN.sub("\n", text)
        text = "".join(
            piece if kept else _HARMFUL.sub(REPLACEMENT, piece) for piece, kept in _by_flags(text)
        )
    return cut_runs(text)


_CARRIAGE_RETURN = re.compile("\r\n?")


def _by_flags(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is a flag."""
    at = 0
    for flag in _FLAG.finditer(text):
        yield text[at : flag.start()], False
        yield flag[0], True
        at = flag.end()
    yield text[at:], False


def cut_runs(text: str) -> str:
    """`text` with the first 30 marks of each run that is longer (Stream-Safe, but cut)."""
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
    """Where suspiciously long runs of marks begin and end, and how many marks each is.

    Marks that the letter before it is put together with count too, as after NFKD.
    """
    if _PERHAPS_A_RUN.search(text) is None:
        return
    for run in _RUN.finditer(text):
        start, end = run.span()
        length = sum(len(unicodedata.normalize("NFKD", char)) for char in run[0])
        yield start, end, length + _trailing_marks(text[start - 1 : start])


def _trailing_marks(char: str) -> int:
    """How many marks `char`, one character or none, ends with after NFKD."""
    decomposed = unicodedata.normalize("NFKD", char)
    return next(
        (at for at, each in enumerate(reversed(decomposed)) if not unicodedata.combining(each)), 0
    )


# --- How it is shown, and compared --------------------------------------------------------------


def one_line(text: str) -> str:
    """`text` with `LINE_BREAK` for each line break, so that none of it passes for another line."""
    return text if text.isprintable() else _BREAK.sub(LINE_BREAK, text)


def fold(text: str) -> str:
    """The form in which texts and queries are compared: NFKC, and without case.

    Longer than `text` at most `MAX_GROWTH` times, if not short; the rest is cut off. For text of
    more than 30 marks in a row, only the first 30 count.
    """
    if text.isascii():
        return text.lower().replace("\0", " ")
    folded = unicodedata.normalize("NFKC", cut_runs(text)).casefold().replace("\0", " ")
    return folded[: max(_FOLDED_FREELY, MAX_GROWTH * len(text))]
