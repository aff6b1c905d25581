"""The page and its files, read once at start into a table; nothing outside it is ever served.

A request is looked up in the table by its whole path, so there is no way to climb out of it.
What is served is without comments and indentation (`minify`), and the files that the page starts
with are joined (`bundle`).
Links in the page carry a checksum of the whole tree, ``assets/<checksum>/js/main.js``: under the
current checksum a file may be kept for ever, under any other or none the current file is served
and must be asked for again each time (docs/decisions/0012-one-checksum-for-all-files.md).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import StartupError
from ..responses import Headers, Response
from .bundle import INDEX, bundle_modules, bundle_styles
from .minify import minify

log = logging.getLogger(__name__)

#: What is served, by suffix. A suffix that is not here stops the server at its start rather than
#: reach a browser as something to guess at.
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

#: These are packed already.
INCOMPRESSIBLE = frozenset({".jpg", ".png", ".webp", ".woff2"})

#: A gzip representation is kept only if it saves at least a tenth; else it is not worth a byte.
WORTH_PACKING = 0.9

FOR_EVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"

#: Served beside the page, under names that stay: a worker rules over what is below its own address
#: only, and both are known to browsers by their address from one version to the next.
BESIDE_THE_PAGE = frozenset({"sw.js", "manifest.webmanifest"})

#: Made here, not read: which files a worker has to keep for the page to open without a server.
SHELL = "shell.json"

BASE = '<base href="./">'
BASE_IN_ROOM = '<base href="../">'
_CHECKSUM = re.compile(r"[0-9a-f]{12}")
_ETAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Representation:
    """A file in one encoding. Its strong ETag is of these very bytes (RFC 9110, 8.8.3.3)."""

    body: bytes
    etag: str
    encoding: Headers = ()

    @classmethod
    def of(cls, body: bytes, encoding: Headers = ()) -> Representation:
        """`body` with its ETag."""
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', encoding)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is, and packed where that pays."""

    content_type: str
    plain: Representation
    packed: Representation | None

    @classmethod
    def of(cls, suffix: str, body: bytes) -> File:
        """`body` as a file with that suffix."""
        packed = None
        if suffix not in INCOMPRESSIBLE:
            small = gzip.compress(body, 9, mtime=0)  # no time of day in it: same file, same bytes
            if len(small) < len(body) * WORTH_PACKING:
                packed = Representation.of(small, (("Content-Encoding", "gzip"),))
        return cls(CONTENT_TYPES[suffix], Representation.of(body), packed)

    def answer(
        self, cache: str, accept_encoding: str, if_none_match: str, *headers: tuple[str, str]
    ) -> Response:
        """200 with the file in the encoding the client likes best, or 304 if it has it."""
        chosen = self.packed if self.packed and prefers_gzip(accept_encoding) else self.plain
        common: Headers = (("ETag", chosen.etag), ("Cache-Control", cache), *headers)
        if self.packed:
            common = (*common, ("Vary", "Accept-Encoding"))
        if has(if_none_match, chosen.etag):
            return Response(304, common)
        common = (("Content-Type", self.content_type), *chosen.encoding, *common)
        return Response(200, common, chosen.body)


class Assets:
    """The table. Immutable once loaded; any thread may read it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        """`files` are the bytes of each file by its path in the tree, with forward slashes."""
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
    def load(cls, root: Path) -> Assets:
        """Read the tree at `root`, but for names that begin with a dot.

        Raises `StartupError` if it has no page, or a file of a kind that is not known.
        """
        files = {}
        try:
            for path in sorted(root.rglob("*")):
                name = path.relative_to(root).as_posix()
                if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                    files[name] = minify(name, path.read_bytes())
        except OSError as error:
            raise StartupError(f"the page cannot be read: {error}; mend or reinstall it") from None
        for name in files:
            if _suffix(name) not in CONTENT_TYPES:
                raise StartupError(
                    f"{root / name} is of no kind that is served; take it out of that directory, "
                    "or name its content type in gochat_py/http/static/assets.py"
                )
        if BASE.encode() not in files.get(INDEX, b""):
            raise StartupError(
                f"{root / INDEX} is missing or lacks {BASE}, which the page's links lean on; "
                "reinstall gochat_py"
            )
        bundle_styles(files)
        bundle_modules(files)
        return cls(files)

    def read_again(self) -> Assets:
        """The files as they are now, or these if they cannot be read. Logs which; never raises."""
        try:
            found = Assets.load(web_root())
        except StartupError as error:
            log.error("the page was not reloaded, and is served as before: %s", error)
        except Exception:
            log.exception("the page was not reloaded, and is served as before")
        else:
            same = found.checksum == self.checksum
            log.info(
                "reloaded the page: %s; the program and its settings change with a restart only",
                "it is the same" if same else f"it is {found.checksum} now, not {self.checksum}",
            )
            return found
        return self

    def page_for(self, path: str) -> File:
        """The page as it is for ``/``, or, one level deeper, for ``/r/ROOM``."""
        return self.page if path == "/" else self.page_in_room

    def find(self, path: str) -> tuple[File, str] | None:
        """The file at `path`, other than the page, and its cache policy; None if none is there."""
        name = path.removeprefix("/assets/")
        if name == path:
            file = self._beside.get(path[1:])
            return (file, ASK_EACH_TIME) if file else None
        first, _, rest = name.partition("/")
        if _CHECKSUM.fullmatch(first) and rest in self._files:
            # Under another checksum a page asks that was open during an upgrade, or one that came
            # from another node while servers are upgraded in turn. The file it means is not here.
            # What stands in its place now nearly always fits, and 404 never does; where it does
            # not, an import fails, as it would have with 404. But it must not be kept by that
            # name: only the bytes that a checksum was made of may be.
            return self._files[rest], FOR_EVER if first == self.checksum else ASK_EACH_TIME
        file = self._files.get(name)
        return (file, ASK_EACH_TIME) if file else None


def web_root() -> Path:
    """Where the page's files are: inside the installed package, or beside it in a checkout.

    Raises `StartupError` if they are in neither place.
    """
    package = Path(__file__).resolve().parents[2]
    for root in (package / "web", package.parent / "web"):
        if (root / INDEX).is_file():
            return root
    raise StartupError(
        f"the page is in neither {package / 'web'} nor {package.parent / 'web'}; "
        "reinstall gochat_py"
    )


def prefers_gzip(accept_encoding: str) -> bool:
    """Whether gzip is accepted, and liked no less than the plain file (RFC 9110, 12.5.3)."""
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
                    weight = 0.0  # unreadable: the plain file is always right
        weights["gzip" if coding == "x-gzip" else coding] = weight
    gzipped = weights.get("gzip", weights.get("*", 0.0))
    return gzipped > 0 and gzipped >= weights.get("identity", 0.0)


def has(if_none_match: str, etag: str) -> bool:
    """Whether the client has what `etag` names: weak comparison, a list, or ``*`` (13.1.2)."""
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def _suffix(path: str) -> str:
    return Path(path).suffix.lower()


def _shell(checksum: str, paths: Iterable[str]) -> bytes:
    """The list of all that the page may ever load, addressed from the root.

    Also what it loads late: a worker that has all of one version serves all of one version. And
    the page twice, for its links lean on where it is: the second is right in every room.
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
    """Each part after its length, so that two trees that differ cannot run together as one."""
    for part in parts:
        yield len(part).to_bytes(8, "big")
        yield part
