"""Joins the page's style sheets into one file, and the modules of its start into another.

Many small files compress badly one by one, and each costs a request. `web/` has one file for each
component. This module joins those that the page needs at its start: the statements are the same, in
the order in which a browser would run them. Pure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

INDEX = "index.html"

#: The module the page starts with.
ENTRY = "js/main.js"

#: The modules that `ENTRY` imports, joined, and the page's style sheets, joined; not in `web/`.
MODULES = "js/page.js"
STYLES = "css/page.css"

_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="assets/(css/[^"]+)">\s*')
_PRELOAD = re.compile(r'<link rel="modulepreload" href="assets/([^"]+)">\s*')

_IMPORT = re.compile(r'^import (?:\{([^{}]*)\}|\* as (\w+)) from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_EXPORT_NAMES = re.compile(r"^export \{ ?(\w+(?:, \w+)*) ?\};\n", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import|export)\b", re.MULTILINE)
#: A module that is loaded later, by an address relative to the importing module.
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
#: Other expressions that depend on the module's own address.
_RELATIVE = re.compile(r'\bimport(?:\((?!"\.)|\.meta\b)')
_ADDRESS = re.compile(r'\b(?:from|import)\s*\(?\s*"(\.[^"]+)"')


#: Names that a module declares at its top level, which is not indented, and patterns there.
_DECLARED = re.compile(r"^(?:async )?(?:function\*?|class|const|let|var) (\w+)", re.MULTILINE)
_DESTRUCTURED = re.compile(r"^(?:const|let|var) [{\[]", re.MULTILINE)

#: Global names of browsers that modules might use without an object before them.
_GLOBALS = frozenset(
    (
        "alert",
        "blur",
        "caches",
        "close",
        "closed",
        "confirm",
        "crypto",
        "document",
        "event",
        "external",
        "fetch",
        "find",
        "focus",
        "frames",
        "history",
        "length",
        "location",
        "name",
        "navigation",
        "navigator",
        "open",
        "opener",
        "origin",
        "parent",
        "performance",
        "print",
        "prompt",
        "queueMicrotask",
        "report",
        "screen",
        "scroll",
        "self",
        "status",
        "stop",
        "top",
        "window",
    )
)


class _NotUnderstood(Exception):
    """Raised for a module with an import or export in a form that this code does not parse."""


def bundle_styles(files: dict[str, bytes]) -> None:
    """Make the page link one style sheet instead of one for each component.

    The order of the rules stays the same, as the page links no other style sheets.
    """
    index = files[INDEX].decode()
    names = _STYLE_LINK.findall(index)
    if len(names) > 1 and all(name in files for name in names):
        files[STYLES] = b"".join(files[name] for name in names)
        joined = iter([f'<link rel="stylesheet" href="assets/{STYLES}">\n'])
        files[INDEX] = _STYLE_LINK.sub(lambda _: next(joined, ""), index).encode()


def bundle_modules(files: dict[str, bytes]) -> bool:
    """Join the modules that `ENTRY` imports into `MODULES`; all others import them from there.

    The modules share one scope where their names allow that; see `_Scope`. Returns False, without
    a change, if a module has a form that is not understood: the modules work unjoined, too.
    """
    try:
        *names, _ = _in_order(files, ENTRY, [])
        texts = {name: body.decode() for name, body in files.items() if name.endswith(".js")}
        scope = _Scope(names, texts)
        joined = [scope.add(name) for name in names]
        others = {name: scope.outside(name) for name in texts if name not in names}
    except (_NotUnderstood, UnicodeDecodeError):
        return False
    exports = f"export {{ {', '.join(sorted(scope.wanted))} }};\n"
    files.update((name, text.encode()) for name, text in others.items())
    files[MODULES] = "".join([*joined, exports]).encode()
    for name in names:
        del files[name]
    links = iter([f'<link rel="modulepreload" href="assets/{MODULES}">\n'])
    files[INDEX] = _PRELOAD.sub(
        lambda link: next(links, "") if link[1] in names else link[0], files[INDEX].decode()
    ).encode()
    return True


class _Scope:
    """The scope that the joined modules share.

    A module whose names are all free is joined as it is: its names are those of the scope. Another
    one becomes a function that is called at once; its exports become names of the scope if they
    are free, and otherwise the properties of one constant. Free names are neither taken by an
    earlier module nor global in browsers.
    """

    def __init__(self, names: Sequence[str], texts: Mapping[str, str]) -> None:
        self._names = names
        self._texts = texts
        self._taken: set[str] = set(_GLOBALS)
        self._objects: dict[str, str] = {}  # constants whose properties are a module's exports
        self.wanted: set[str] = set()  # names that modules outside import
        self._whole = {
            _resolved(name, each[3]): each[2]
            for name, text in texts.items()
            for each in _IMPORT.finditer(text)
            if each[2]
        }  # modules that are imported as an object, with the name of the object

    def add(self, name: str) -> str:
        """The text of the module `name` in the scope. Modules come after their imports."""
        text = self._texts[name]
        exported = [match[2] for match in _EXPORT.finditer(text)]
        for match in _EXPORT_NAMES.finditer(text):
            exported += match[1].split(", ")
        imports = _IMPORT.sub(lambda each: self._bind(name, each), text)
        body = _EXPORT_NAMES.sub("", _EXPORT.sub(r"\1 \2", imports))
        body = _DYNAMIC.sub(lambda each: f'import("{_address(_resolved(name, each[1]))}")', body)
        elsewhere = posixpath.dirname(name) != posixpath.dirname(MODULES)
        if _LEFT_OVER.search(body) or (elsewhere and _RELATIVE.search(body)):
            raise _NotUnderstood(name)
        own = _DECLARED.findall(body)
        whole = name in self._whole
        if not whole and not _DESTRUCTURED.search(body) and self._take(own):
            return body
        inner = f"(() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
        if not whole and self._take(exported):
            return f"const {{ {', '.join(exported)} }} = {inner}"
        constant = self._whole.get(name, "")
        if not constant or not self._take([constant]):
            constant = f"${self._names.index(name)}"  # no module uses such a name itself
        self._objects[name] = constant
        return f"const {constant} = {inner}"

    def outside(self, name: str) -> str:
        """A module that is not joined, changed to import the joined modules from `MODULES`."""
        names: dict[str, None] = {}

        def move(each: re.Match[str]) -> str:
            source = _resolved(name, each[3])
            if source not in self._names:
                return each[0]
            if source in self._objects:
                names[self._objects[source]] = None
                return self._bind(name, each)
            names.update(dict.fromkeys(_items(each[1])))
            return ""

        body = self._checked(name, _IMPORT.sub(move, self._texts[name]))
        if not names:
            return body
        self.wanted.update(item.split(" as ")[0] for item in names)
        return f'import {{ {", ".join(names)} }} from "{_address(MODULES, name)}";\n{body}'

    def _bind(self, name: str, each: re.Match[str]) -> str:
        """What takes the place of an import in the scope: constants, as far as they are needed."""
        source = _resolved(name, each[3])
        if source not in self._names:
            return each[0]
        if source in self._objects:
            pattern = each[2] or f"{{ {', '.join(_items(each[1])).replace(' as ', ': ')} }}"
            constant = self._objects[source]
            return "" if pattern == constant else f"const {pattern} = {constant};\n"
        renamed = (item.split(" as ") for item in _items(each[1]) if " as " in item)
        return "".join(f"const {own} = {theirs};\n" for theirs, own in renamed)

    def _checked(self, name: str, body: str) -> str:
        if any(_resolved(name, address) in self._names for address in _ADDRESS.findall(body)):
            raise _NotUnderstood(name)
        return body

    def _take(self, names: Sequence[str]) -> bool:
        """Take `names` if all are free; returns whether they were."""
        if len(set(names)) < len(names) or not self._taken.isdisjoint(names):
            return False
        self._taken.update(names)
        return True


def _items(names: str) -> list[str]:
    """What is imported, as it is written: ``a`` or ``a as b``."""
    return [item.strip() for item in names.split(",") if item.strip()]


def _in_order(
    files: Mapping[str, bytes], name: str, found: list[str], above: tuple[str, ...] = ()
) -> list[str]:
    """`found`, with `name` and all that it imports: each module after its imports."""
    if name not in files or name in above:
        raise _NotUnderstood(name)
    if name not in found:
        for each in _IMPORT.finditer(files[name].decode()):
            _in_order(files, _resolved(name, each[3]), found, (*above, name))
        found.append(name)
    return found


def _address(name: str, of: str = MODULES) -> str:
    """The address by which the module `of` imports the module `name`."""
    path = posixpath.relpath(name, posixpath.dirname(of))
    return path if path.startswith("../") else f"./{path}"


def _resolved(name: str, address: str) -> str:
    """The path in the tree to which `address` resolves in the module `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
