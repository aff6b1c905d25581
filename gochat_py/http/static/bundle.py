"""Joins the page's style sheets into one file, and the modules of its start into another.

Many small files compress badly one by one, and each costs a request. `web/` has one file for each
component. This module joins those that the page needs at its start: the statements are the same, in
the order in which a browser would run them. Pure.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping, Sequence

INDEX = "index.html"

#: The module the page starts with; joined with all that it imports.
ENTRY = "js/main.js"

#: The page's style sheets, joined; not in `web/`.
STYLES = "css/page.css"

_STYLE_LINK = re.compile(r'<link rel="stylesheet" href="assets/(css/[^"]+)">\s*')
_PRELOAD = re.compile(r'<link rel="modulepreload" href="assets/([^"]+)">\s*')

_IMPORT = re.compile(r'^import (?:\{([^{}]*)\}|\* as (\w+)) from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_EXPORT_NAMES = re.compile(r"^export \{ ?(\w+(?:, \w+)*) ?\};\n", re.MULTILINE)
#: A name at the top level: modules are read with their indentation.
_DECLARED = re.compile(
    r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE
)
_UNNAMED = re.compile(r"^(?:(?:const|let) [{\[]|var )", re.MULTILINE)
_LEFT_OVER = re.compile(r"^(?:import\b(?!\()|export\b)", re.MULTILINE)
#: A module that is loaded later, by an address relative to the importing module.
_DYNAMIC = re.compile(r'\bimport\("(\.[^"]+)"\)')
#: Other expressions that depend on the module's own address.
_RELATIVE = re.compile(r'\bimport(?:\((?!"\.)|\.meta\b)')
_ADDRESS = re.compile(r'\b(?:from|import)\s*\(?\s*"(\.[^"]+)"')


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
    """Join the modules that `ENTRY` imports into it; all others import them from there.

    Each name that only one module exports becomes a name of the joined module. The statements of a
    module stand there as they are if none of its own names is used by another; otherwise in a
    function that is called at once. Those of `ENTRY` are a block at the end, where they may wait.
    Returns False, without a change, if a module has a form that is not understood: the modules work
    unjoined, too.
    """
    try:
        names = _in_order(files, ENTRY, [])
        scripts = [name for name in files if name.endswith(".js")]
        modules = {name: _Module(name, files[name].decode()) for name in [*names, *scripts]}
        joined = _Joined(modules, names)
        body = "".join(map(joined.statements, names))
        others = {name: joined.importing(modules[name]) for name in scripts if name not in names}
    except (_NotUnderstood, UnicodeDecodeError):
        return False
    exports = f"export {{ {', '.join(sorted(joined.wanted))} }};\n"
    files.update((name, text.encode()) for name, text in others.items())
    for name in names:
        del files[name]
    files[ENTRY] = f"{body}{exports}".encode()
    files[INDEX] = _PRELOAD.sub(
        lambda link: "" if link[1] in names and link[1] != ENTRY else link[0], files[INDEX].decode()
    ).encode()
    return True


class _Module:
    """A module: its imports, and the names that it declares at its top level."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        #: Of each import: the names ("a", "b as c"), or that of a namespace, and from where.
        self.imports = [
            (_listed(each[1] or ""), each[2], _resolved(name, each[3]))
            for each in _IMPORT.finditer(text)
        ]
        self.exported = [each[2] for each in _EXPORT.finditer(text)]
        for names in _EXPORT_NAMES.finditer(text):
            self.exported += names[1].split(", ")
        self.private = set(_DECLARED.findall(text)).difference(self.exported)

    def body(self) -> str:
        """Its statements, without imports and exports."""
        text = _EXPORT_NAMES.sub("", _EXPORT.sub(r"\1 \2", _IMPORT.sub("", self.text)))
        text = _DYNAMIC.sub(
            lambda each: f'import("{_address(_resolved(self.name, each[1]))}")', text
        )
        elsewhere = posixpath.dirname(self.name) != posixpath.dirname(ENTRY)
        odd = _LEFT_OVER.search(text) or _UNNAMED.search(text)
        if odd or (elsewhere and _RELATIVE.search(text)):
            raise _NotUnderstood(self.name)
        return text


class _Joined:
    """The modules of the start, and what each of their names is called in the joined module."""

    def __init__(self, all_modules: Mapping[str, _Module], names: Sequence[str]) -> None:
        self._modules = modules = {name: all_modules[name] for name in names}
        self._numbers = {name: f"${number}" for number, name in enumerate(modules)}
        imports = [each for module in all_modules.values() for each in module.imports]
        spaces = {source: space for _, space, source in imports if space}
        sources = Counter(spaces.values())
        exported = Counter(
            one for name, each in modules.items() if name not in spaces for one in each.exported
        )
        #: The name in the joined module of the object of each module that is imported as a whole.
        self._objects = self._numbers | {
            name: space
            for name, space in spaces.items()
            if sources[space] == 1
            and not any(space in (*each.exported, *each.private) for each in modules.values())
        }
        #: The modules whose exports are names of the joined module; of others it has an object.
        self._open = {
            name
            for name, each in modules.items()
            if name not in spaces and all(exported[one] == 1 for one in each.exported)
        }
        self._flat: set[str] = set()
        taken = {*exported, *self._objects.values()}
        for name, each in modules.items():
            plain = all(
                space == self._objects.get(source)
                if space
                else source in self._open and not any(" as " in one for one in names)
                for names, space, source in each.imports
            )
            if name in self._open and plain and not taken & each.private:
                self._flat.add(name)
                taken |= each.private
        #: What modules that are not joined import from the joined module.
        self.wanted: set[str] = set()

    def statements(self, name: str) -> str:
        """The statements of a joined module."""
        module = self._modules[name]
        if name == ENTRY:
            return f"{{\n{self._constants(module)}{module.body()}}}\n"
        if name in self._flat:
            return module.body()
        names = ", ".join(module.exported)
        given = f"{{ {names} }}" if name in self._open and names else self._objects[name]
        inside = f"{self._constants(module)}{module.body()}return {{ {names} }};\n"
        return f"const {given} = (() => {{\n{inside}}})();\n"

    def importing(self, module: _Module) -> str:
        """A module that is not joined, changed to import from the joined module."""
        if not any(source in self._modules for *_, source in module.imports):
            return self._checked(module, module.text)
        wanted = []
        for names, _, source in module.imports:
            if source in self._modules:
                own = f"{self._objects[source]} as {self._numbers[source]}"
                wanted += names if source in self._open else [own]
        wanted = list(dict.fromkeys(wanted))
        self.wanted.update(each.split(" as ")[0] for each in wanted)
        rest = _IMPORT.sub(
            lambda each: "" if _resolved(module.name, each[3]) in self._modules else each[0],
            module.text,
        )
        first = f'import {{ {", ".join(wanted)} }} from "{_address(ENTRY, module.name)}";\n'
        return f"{first}{self._constants(module, outside=True)}{self._checked(module, rest)}"

    def _constants(self, module: _Module, *, outside: bool = False) -> str:
        """The imports of `module` that are no names of the joined module, as constants."""
        made = ""
        for names, space, source in module.imports:
            if source not in self._modules:
                continue
            if source not in self._open:
                pattern = space or f"{{ {', '.join(names).replace(' as ', ': ')} }}"
                given = (self._numbers if outside else self._objects)[source]
                made += f"const {pattern} = {given};\n" if pattern != given else ""
            elif not outside:
                for whole, _, own in (each.partition(" as ") for each in names):
                    made += f"const {own} = {whole};\n" if own else ""
        return made

    def _checked(self, module: _Module, text: str) -> str:
        for address in _ADDRESS.findall(text):
            if _resolved(module.name, address) in self._modules:
                raise _NotUnderstood(module.name)
        return text


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


def _listed(names: str) -> list[str]:
    return [each.strip() for each in names.split(",") if each.strip()]


def _address(name: str, of: str = ENTRY) -> str:
    """The address by which the module `of` imports the module `name`."""
    path = posixpath.relpath(name, posixpath.dirname(of))
    return path if path.startswith("../") else f"./{path}"


def _resolved(name: str, address: str) -> str:
    """The path in the tree to which `address` resolves in the module `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
