"""Removes comments, indentation and spaces from the page's files.

They are a quarter of the compressed size. Nothing is parsed. In JavaScript a comment is removed if
it has its lines to itself, or if it ends a line after a statement and has no quotation mark, so
that no string can end in it. The page's modules are written that way, and a test checks that none
of their strings contains what would be removed.

`squeeze` later removes the spaces around operators and ends of lines; the bundler needs them. It
also writes what the syntax allows in fewer bytes: a parameter without parentheses, `let` for
`const`, no semicolon at the end of a block. It leaves a line as it is if that has a slash or a
quotation mark elsewhere than in a string in double quotes, a template or a regular expression: such
a line may hold a comment or a string in single quotes. Each statement of the page's modules ends
with a semicolon or a block, and a test checks that `squeeze` leaves their syntax trees the same.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_OWN_LINES = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)$", re.MULTILINE | re.DOTALL)
_AT_THE_END = re.compile(r"(?<=[;,{}\[(]) // [^\"'`\n]*$", re.MULTILINE)
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")')
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_HTML_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INDENT = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)
_LINE_END = re.compile(r"[ \t]+$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")
_CSS_LINE_END = re.compile(r"(?<=[{};,])\n")
_CSS_ZERO = re.compile(r"(?<=[ :,(-])0\.(?=\d)")
_CSS_COLOUR = re.compile(r"#([\da-f])\1([\da-f])\2([\da-f])\3\b")
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
    parts = _STRING.split(_CSS_NAME.sub(r"\1:", text.replace(" {", "{").replace(";}", "}")))
    parts[::2] = [
        _CSS_ZERO.sub(".", _CSS_COLOUR.sub(r"#\1\2\3", code.replace(", ", ",").replace(" > ", ">")))
        for code in parts[::2]
    ]
    return "".join(parts)


def _script(text: str) -> str:
    """A script without comments; the indentation tells the bundler what is at the top level."""
    for each in (_OWN_LINES, _AT_THE_END, _LINE_END):
        text = each.sub("", text)
    return _EMPTY_LINES.sub("\n", text).lstrip("\n")


_RULES = {
    ".js": _script,
    ".css": _css,
    ".html": _without(_HTML_COMMENT),
}

#: Files of other authors are unchanged, because of their licence.
VENDOR = "vendor/"


def minify(path: str, body: bytes) -> bytes:
    """`body` of the file at `path`, minified; files of other types or authors are unchanged."""
    suffix = path[path.rfind(".") :].lower()
    if suffix not in _RULES or path.startswith(VENDOR):
        return body
    return _RULES[suffix](body.decode()).encode()


_TEMPLATE = re.compile(r"`\n[^`]*`")
_OPERATOR = re.compile(r" ?(=>|[=!]==|[<>]=?|&&|\|\||\?\?|[-+*]?=|[?:;,*%^{}()]) ?")
#: Between two operands. A sign may come after a sign, and needs the space: ``a - -b``.
_SUM = re.compile(r"(?<=[\w)\]]) ?([-+]) ?(?=[\w(\[])")
_ONE_PARAMETER = re.compile(r"(?<![\w$])\(([\w$]+)\)=>")
_CONSTANT = re.compile(r"(?<![\w$.])const(?=[ {\[])")
_LIST = re.compile(r" (?=\[)")
_LITERAL = r"/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*"
#: Strings in double quotes, templates of one line, and regular expressions: no division comes after
#: a bracket, an operator or `return`.
_QUOTED = re.compile(
    r'("(?:[^"\\]|\\.)*"|`(?:[^`\\\n]|\\.)*`|'
    rf"(?:(?<=[(\[!])|(?<=[(\[,=:!&|?{{;] )|(?<=\breturn )){_LITERAL})"
)
_UNCLEAR = frozenset("/'`\"\\")


def squeeze(path: str, body: bytes) -> bytes:
    """A minified script without the spaces and ends of lines that its syntax does not need."""
    if not path.endswith(".js") or path.startswith(VENDOR):
        return body
    text = _INDENT.sub("", body.decode())
    squeezed, end = [], 0
    for template in _TEMPLATE.finditer(text):  # of several lines
        squeezed += [_squeezed(text[end : template.start()]), template[0]]
        end = template.end()
    return "".join((*squeezed, _squeezed(text[end:]))).encode()


def _squeezed(text: str) -> str:
    done: list[str] = []
    for line in map(_squeezed_line, re.findall(r"[^\n]*\n|[^\n]+", text)):
        if line.startswith("}") and done and done[-1].endswith(";"):
            done[-1] = done[-1][:-1]
        done.append(line)
    return "".join(done)


def _squeezed_line(line: str) -> str:
    """A line of code; without its end where a statement or a block ends, or something goes on."""
    parts = _QUOTED.split(line)  # code, string, code, …
    if any(_UNCLEAR.intersection(code) for code in parts[::2]):
        return line
    parts[::2] = [_squeezed_code(code).strip(" ") for code in parts[::2]]
    squeezed = "".join(parts)
    return squeezed[:-1] if squeezed.endswith((";\n", "{\n", ",\n", "}\n")) else squeezed


def _squeezed_code(code: str) -> str:
    code = _SUM.sub(r"\1", _OPERATOR.sub(r"\1", code)).replace(";}", "}")
    return _LIST.sub("", _CONSTANT.sub("let", _ONE_PARAMETER.sub(r"\1=>", code)))
