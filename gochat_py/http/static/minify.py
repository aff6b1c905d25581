"""What a file of the page is without what only its readers need: comments and indentation.

They are a quarter of what would travel, compressed. Nothing is parsed: in JavaScript a comment goes
if it has its lines to itself, or ends a line behind a statement and has no quotation mark, so that
no string can end behind it. That is how the page's modules are written, and a test sees to it that
none of their strings holds what is taken away. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_OWN_LINES = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_AT_THE_END = re.compile(r"(?<=[;,{}\[(]) // [^\"'`\n]*$", re.MULTILINE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INDENT = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")
_CSS_LINE_END = re.compile(r"(?<=[{};,])\n")
_CSS_NAME = re.compile(r"(?<=[{;])([\w-]+): ")


def _without(*comments: re.Pattern[str]) -> Callable[[str], str]:
    def apply(text: str) -> str:
        for each in comments:
            text = each.sub("", text)
        return _EMPTY_LINES.sub("\n", _INDENT.sub("", text)).lstrip("\n")

    return apply


def _css(text: str) -> str:
    """A style sheet without comments, and without what its syntax does not need."""
    text = _CSS_LINE_END.sub("", _without(_CSS_COMMENT)(text))
    return _CSS_NAME.sub(r"\1:", text.replace(" {", "{").replace(";}", "}"))


_RULES = {
    ".js": _without(_OWN_LINES, _AT_THE_END),
    ".css": _css,
    ".html": _without(_HTML_COMMENT),
}

#: Others' work keeps its words, the licence above all.
VENDOR = "vendor/"


def minify(path: str, body: bytes) -> bytes:
    """`body` of the file at `path`, to be served; all kinds but ours as they are."""
    suffix = path[path.rfind(".") :].lower()
    if suffix not in _RULES or path.startswith(VENDOR):
        return body
    return _RULES[suffix](body.decode()).encode()
