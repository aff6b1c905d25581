"""The page's style sheets as one, and the modules of its start as one.

Many small files pack badly, each by itself, and each is a request. `web/` is served as it is
written, a file for each component, but what the page needs at its start is joined here: the very
same statements, in the order in which a browser would have run them. Pure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

INDEX = "index.html"

#: The module the page starts with.
ENTRY = "js/main.js"

#: All that `ENTRY` imports, and the page's style sheets in their order; not to be found in `web/`.
MODULES = "js/page.js"
STYLES = "css/page.css"

_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="assets/(css/[^"]+)">\s*')
_PRELOAD = re.compile(r'<link rel="modulepreload" href="assets/([^"]+)">\s*')

_IMPORT = re.compile(r'^import (?:\{([^{}]*)\}|\* as (\w+)) from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_EXPORT_NAMES = re.compile(r"^export \{ ?(\w+(?:, \w+)*) ?\};\n", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b", re.MULTILINE)
#: A module that is loaded later, by an address relative to the module that says so.
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
#: What else is relative to the module's own address.
_RELATIVE = re.compile(r'\bimport(?:\((?!"\.)|\.meta\b)')
_ADDRESS = re.compile(r'\b(?:from|import)\s*\(?\s*"(\.[^"]+)"')


class _Unknown(Exception):
    """Raised by a module that says something in a way that is not understood here."""


def bundle_styles(files: dict[str, bytes]) -> None:
    """Let the page link one style sheet, in place of one for each of its components.

    What is styled by none but them keeps its place in the order: the page has no other.
    """
    index = files[INDEX].decode()
    names = _STYLE_LINK.findall(index)
    if len(names) > 1 and all(name in files for name in names):
        files[STYLES] = b"".join(files[name] for name in names)
        joined = iter([f'<link rel="stylesheet" href="assets/{STYLES}">\n'])
        files[INDEX] = _STYLE_LINK.sub(lambda _: next(joined, ""), index).encode()


def bundle_modules(files: dict[str, bytes]) -> bool:
    """Join what `ENTRY` imports into `MODULES`; it and what comes late import it from there.

    Each module becomes a function that is called at once and gives what the module exports.
    Returns False, having changed nothing, if there is anything in them that is not understood:
    they work as well one by one.
    """
    try:
        *names, _ = _in_order(files, ENTRY, [])
        calls = [_as_call(name, files[name].decode(), names) for name in names]
        others = {
            name: _taking(name, body.decode(), names)
            for name, body in files.items()
            if name.endswith(".js") and name not in names
        }
    except (_Unknown, UnicodeDecodeError):
        return False
    exports = f"export {{ {', '.join(_variable(name, names) for name in names)} }};\n"
    files.update((name, text.encode()) for name, text in others.items())
    files[MODULES] = "".join([*calls, exports]).encode()
    for name in names:
        del files[name]
    joined = iter([f'<link rel="modulepreload" href="assets/{MODULES}">\n'])
    files[INDEX] = _PRELOAD.sub(
        lambda link: next(joined, "") if link[1] in names else link[0], files[INDEX].decode()
    ).encode()
    return True


def _in_order(
    files: Mapping[str, bytes], name: str, found: list[str], above: tuple[str, ...] = ()
) -> list[str]:
    """`found`, with `name` and all that it imports: each after what it leans on."""
    if name not in files or name in above:
        raise _Unknown(name)
    if name not in found:
        for each in _IMPORT.finditer(files[name].decode()):
            _in_order(files, _resolved(name, each[3]), found, (*above, name))
        found.append(name)
    return found


def _as_call(name: str, text: str, joined: Sequence[str]) -> str:
    """A module as a function that is called at once and gives what it exports."""
    exported = [match[2] for match in _EXPORT.finditer(text)]
    for match in _EXPORT_NAMES.finditer(text):
        exported += match[1].split(", ")
    body = _EXPORT_NAMES.sub("", _EXPORT.sub(r"\1 \2", _bound(name, text, joined)))
    body = _DYNAMIC.sub(lambda each: f'import("{_address(_resolved(name, each[1]))}")', body)
    elsewhere = posixpath.dirname(name) != posixpath.dirname(MODULES)
    if _LEFT_OVER.search(body) or (elsewhere and _RELATIVE.search(body)):
        raise _Unknown(name)
    given = f"return {{ {', '.join(exported)} }};\n"
    return f"const {_variable(name, joined)} = (() => {{\n{body}{given}}})();\n"


def _taking(name: str, text: str, joined: Sequence[str]) -> str:
    """A module that is not joined, and takes what is from `MODULES`."""
    body = _bound(name, text, joined)
    sources = dict.fromkeys(_resolved(name, each[3]) for each in _IMPORT.finditer(text))
    wanted = [_variable(source, joined) for source in sources if source in joined]
    if not wanted:
        return body
    return f'import {{ {", ".join(wanted)} }} from "{_address(MODULES, name)}";\n{body}'


def _bound(name: str, text: str, joined: Sequence[str]) -> str:
    """The module's statements, with constants for what it imports of those that are joined."""

    def bind(each: re.Match[str]) -> str:
        source = _resolved(name, each[3])
        if source not in joined:
            return each[0]
        pattern = each[2] or f"{{{each[1].replace(' as ', ': ')}}}"
        return f"const {pattern} = {_variable(source, joined)};\n"

    body = _IMPORT.sub(bind, text)
    if any(_resolved(name, address) in joined for address in _ADDRESS.findall(body)):
        raise _Unknown(name)
    return body


def _address(name: str, of: str = MODULES) -> str:
    """The address by which the module `of` imports the module `name`."""
    path = posixpath.relpath(name, posixpath.dirname(of))
    return path if path.startswith("../") else f"./{path}"


def _resolved(name: str, address: str) -> str:
    """What `address` means in the module `name`, as a path in the tree."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _variable(name: str, joined: Sequence[str]) -> str:
    """What a joined module's exports are called: its number, which is shorter, compressed, than its
    path by 400 bytes in all. No module has a name of its own like it.
    """
    return f"${joined.index(name)}"
