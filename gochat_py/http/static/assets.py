"""The page and its files, read once at the start into a table; only files in it are served.

A request is looked up by its whole path, so path traversal is impossible. Files are served without
comments and indentation (`minify`), and the files that the page starts with are joined (`bundle`).
Links in the page contain a checksum of the whole tree, ``assets/<checksum>/js/main.js``. Under the
current checksum a file may be cached for ever. Under any other checksum, or without one, the
current file is served and must be revalidated each time
(docs/decisions/0012-one-checksum-for-all-files.md).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ...errors import StartupError
from ..responses import Headers, Response
from .bundle import INDEX, bundle_modules, bundle_styles
from .late import separate
from .minify import minify, squeeze

log = logging.getLogger(__name__)

#: Content types by suffix. A file with another suffix stops the server at its start, so that no
#: browser has to guess a type.
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}

#: These formats are compressed already.
INCOMPRESSIBLE = frozenset({".jpg", ".png", ".webp", ".woff2"})

#: A gzip representation is kept only if it is at most this part of the file's size.
MAX_COMPRESSED_RATIO = 0.9

FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

#: Served beside the page, under fixed names: a service worker controls only paths below its own
#: address, and browsers identify both files by their address from one version to the next.
BESIDE_THE_PAGE = frozenset({"sw.js", "manifest.webmanifest"})

#: Made here, not read: the list of files that the service worker caches for use offline.
SHELL = "shell.json"

BASE = '<base href="./">'
BASE_IN_ROOM = '<base href="../">'
_CHECKSUM = re.compile(r"[0-9a-f]{12}")
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Representation:
    """A file in one encoding. Its strong ETag is a hash of these bytes (RFC 9110, 8.8.3.3)."""

    body: bytes
    etag: str
    encoding: Headers = ()

    @classmethod
    def of(cls, body: bytes, encoding: Headers = ()) -> Representation:
        """`body` with its ETag."""
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', encoding)


@dataclass(frozen=True, slots=True)
class File:
    """A file, with a gzip representation where that is smaller by a tenth."""

    content_type: str
    plain: Representation
    packed: Representation | None

    @classmethod
    def of(cls, suffix: str, body: bytes) -> File:
        """`body` as a file with that suffix."""
        packed = None
        if suffix not in INCOMPRESSIBLE:
            small = gzip.compress(body, 9, mtime=0)  # without a time: same file, same bytes
            if len(small) < len(body) * MAX_COMPRESSED_RATIO:
                packed = Representation.of(small, (("Content-Encoding", "gzip"),))
        return cls(CONTENT_TYPES[suffix], Representation.of(body), packed)

    def answer(
        self, cache: str, accept_encoding: str, if_none_match: str, *headers: tuple[str, str]
    ) -> Response:
        """200 with the file in the encoding the client prefers, or 304 if the client has it."""
        chosen = self.packed if self.packed and prefers_gzip(accept_encoding) else self.plain
        common: Headers = (("ETag", chosen.etag), ("Cache-Control", cache), *headers)
        if self.packed:
            common = (*common, ("Vary", "Accept-Encoding"))
        if has(if_none_match, chosen.etag):
            return Response(304, common)
        common = (("Content-Type", self.content_type), *chosen.encoding, *common)
        return Response(200, common, chosen.body)


class Assets:
    """The table of files. Immutable; any thread may read it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """`files` maps the path of each file in the tree, with forward slashes, to its bytes."""
        self.checksum = _checksum(files)
        index = files[INDEX].decode()
        for attribute in ("href", "src"):
            link = f'{attribute}="assets/'
            index = index.replace(link, f"{link}{self.checksum}/")
        self.page = File.of(".html", index.encode())
        self.page_in_room = File.of(".html", index.replace(BASE, BASE_IN_ROOM).encode())
        packed = {
            path: File.of(_suffix(path), body) for path, body in files.items() if path != INDEX
        }
        self._beside = {path: packed.pop(path) for path in BESIDE_THE_PAGE & packed.keys()}
        self._files = {**packed, SHELL: File.of(".json", _shell(self.checksum, packed))}

    @classmethod
    def load(cls, root: Traversable) -> Assets:
        """Read the tree at `root`, without names that begin with a dot.

        Raises `StartupError` if it has no page, or a file of an unknown type.
        """
        try:
            files = {name: minify(name, file.read_bytes()) for name, file in _tree(root)}
        except OSError as error:
            raise StartupError(
                f"the page cannot be read: {error}; fix that or reinstall gochat_py"
            ) from None
        for name in files:
            if _suffix(name) not in CONTENT_TYPES:
                raise StartupError(
                    f"{root.joinpath(name)} has an unknown file type; remove it from that "
                    "directory, or add its content type in gochat_py/http/static/assets.py"
                )
        if BASE.encode() not in files.get(INDEX, b""):
            raise StartupError(
                f"{root.joinpath(INDEX)} is missing or lacks {BASE}, which the page's links need; "
                "reinstall gochat_py"
            )
        bundle_styles(files)
        bundle_modules(files)
        separate(files)
        return cls({name: squeeze(name, body) for name, body in files.items()})

    def read_again(self) -> Assets:
        """The files as they are now, or `self` if they cannot be read. Logs which; never raises."""
        try:
            found = Assets.load(web_root())
        except StartupError as error:
            log.error("the page was not reloaded; the old one is still served: %s", error)
        except Exception:
            log.exception("the page was not reloaded; the old one is still served")
        else:
            same = found.checksum == self.checksum
            log.info(
                "reloaded the page: %s; the program and its settings change only with a restart",
                "no change" if same else f"version {found.checksum} replaces {self.checksum}",
            )
            return found
        return self

    def page_for(self, path: str) -> File:
        """The page for ``/``, or for ``/r/ROOM``, which is one level deeper."""
        return self.page if path == "/" else self.page_in_room

    def find(self, path: str) -> tuple[File, str] | None:
        """The file at `path`, other than the page, and its cache policy; None if there is none."""
        name = path.removeprefix("/assets/")
        if name == path:
            file = self._beside.get(path[1:])
            return (file, ASK_EACH_TIME) if file else None
        first, _, rest = name.partition("/")
        if _CHECKSUM.fullmatch(first) and rest in self._files:
            # A request with another checksum comes from a page that was open during an upgrade,
            # or that another node served while servers are upgraded in turn. That version of the
            # file does not exist here. The current one nearly always works, and 404 never does; if
            # it does not work, an import fails, as with 404. But it must not be cached under that
            # address: only the bytes that the checksum was computed from may be.
            return self._files[rest], FOR_EVER if first == self.checksum else ASK_EACH_TIME
        file = self._files.get(name)
        return (file, ASK_EACH_TIME) if file else None


def web_root() -> Traversable:
    """The directory of the page's files: in the installed package, or beside it in a checkout.

    The package may be in a zip file. Raises `StartupError` if neither directory exists.
    """
    package = resources.files(__package__.partition(".")[0])
    roots = [package.joinpath("web")]
    if isinstance(package, Path):
        roots.append(package.parent / "web")
    for root in roots:
        if root.joinpath(INDEX).is_file():
            return root
    places = " nor in ".join(map(str, roots))
    raise StartupError(f"the page is not in {places}; reinstall gochat_py")


def prefers_gzip(accept_encoding: str) -> bool:
    """Whether the client accepts gzip and does not prefer the plain file (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0  # invalid: the plain file is always acceptable
        weights["gzip" if coding == "x-gzip" else coding] = weight
    gzipped = weights.get("gzip", weights.get("*", 0.0))
    return gzipped > 0 and gzipped >= weights.get("identity", 0.0)


def has(if_none_match: str, etag: str) -> bool:
    """Whether the client has `etag`: weak comparison, a list, or ``*`` (RFC 9110, 13.1.2)."""
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def _tree(folder: Traversable, within: str = "") -> Iterator[tuple[str, Traversable]]:
    """Each file in the tree with its path in it, in the order of their names."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        name = f"{within}{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _tree(entry, f"{name}/")
        else:
            yield name, entry


def _suffix(path: str) -> str:
    return Path(path).suffix.lower()


def _shell(checksum: str, paths: Iterable[str]) -> bytes:
    """The list of all files that the page may load, addressed from the root.

    It includes files that are loaded later, so that a service worker has one complete version. It
    has the page twice, because its relative links depend on its address: the second one is for all
    rooms.
    """
    files = ["./", "r/lobby", *(f"assets/{checksum}/{path}" for path in sorted(paths))]
    return json.dumps({"digest": checksum, "files": files}, indent=1).encode()


def _checksum(files: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, body in sorted(files.items()):
        for part in _framed(path.encode(), body):
            whole.update(part)
    return whole.hexdigest()[:12]


def _framed(*parts: bytes) -> Iterable[bytes]:
    """Each part after its length, so that two different trees have different encodings."""
    for part in parts:
        yield len(part).to_bytes(8, "big")
        yield part
