"""The resources of the server: one function for each, and the table of their paths.

Each function takes a request and returns an answer; none uses a socket. Only ``/readyz`` may wait.
The WebSocket handshake is in `upgrade`. The function for its path here answers requests that do not
ask for an upgrade.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..core.names import check_room
from ..refusals import Refusal
from . import upgrade
from .requests import Request
from .responses import Response, policy, problem, text
from .routes import METHODS, Routes, listed
from .site import Site


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a resource, with what is needed to answer it.

    `peer` is the address at the other end of the socket. `names` are the values of the pattern's
    names. `stopping` is True once the server has been asked to stop.
    """

    request: Request
    peer: str
    site: Site
    stopping: bool
    names: Mapping[str, str]


def respond(request: Request, peer: str, site: Site, *, stopping: bool) -> Response:
    """The answer to any request that is not an upgrade."""
    method, path = request.method, request.path
    if method not in METHODS:
        return problem(501, "This server does not implement this method; use GET.")
    if method == "OPTIONS" and path == "*":
        return Response(204, (_allow(TABLE.methods()),))
    if method == "CONNECT":
        return problem(405, "This server is not a proxy.", _allow(TABLE.methods()))
    if not path.startswith("/"):
        return problem(400, "The request target must be a path that begins with a slash.")
    found = TABLE.find(path)
    if found is None:
        return _nothing()
    asked = Asked(request, peer, site, stopping, found.names)
    target = found.target(method)
    if target is not None:
        return target(asked)
    get = found.target("GET")  # it changes nothing, and shows whether the resource exists
    if get is not None and (response := get(asked)).status == 404:
        return response
    methods = listed(found.targets)
    if method == "OPTIONS":
        return Response(204, (_allow(methods),))
    *others, last = methods[:-1]
    allowed = f"{', '.join(others)} and {last}" if others else last
    return problem(405, f"This path allows only {allowed}.", _allow(methods))


def is_room(name: str) -> bool:
    """Whether `name` is a valid room name. The room's page exists under any spelling of it."""
    try:
        check_room(name)
    except Refusal:
        return False
    return True


# ---- the resources ------------------------------------------------------------------------------


def _page(asked: Asked) -> Response:
    request = asked.request
    names, _ = asked.site.addressing.names(request, asked.peer)
    header = policy(str(names[0]) if names else "")
    encodings = request.joined(b"accept-encoding")
    known = request.joined(b"if-none-match")
    return asked.site.assets.page_for(request.path).answer("no-cache", encodings, known, header)


def _room(asked: Asked) -> Response:
    return _page(asked) if is_room(asked.names["room"]) else _nothing()


def _file(asked: Asked) -> Response:
    request = asked.request
    found = asked.site.assets.find(request.path)
    if found is None:
        return _nothing()
    file, cache = found
    encodings = request.joined(b"accept-encoding")
    known = request.joined(b"if-none-match")
    return file.answer(cache, encodings, known)


def _websocket(asked: Asked) -> Response:
    return upgrade.REQUIRED


def _health(asked: Asked) -> Response:
    return text(200, "ok\n")


def _readiness(asked: Asked) -> Response:
    reason = "stopping" if asked.stopping else asked.site.unready()
    return text(503, f"{reason}\n") if reason else text(200, "ok\n")


def _nothing() -> Response:
    return problem(404, "There is no such page; the chat is at the root of this server.")


def _allow(methods: list[str]) -> tuple[str, str]:
    return ("Allow", ", ".join(methods))


#: All paths. docs/protocol.md, section 3, has the same rows.
TABLE: Routes[Callable[[Asked], Response]] = Routes(
    (
        ("GET", "/", _page),
        ("GET", "/r/{room}", _room),
        ("GET", "/ws", _websocket),
        ("GET", "/assets/{file*}", _file),
        ("GET", "/sw.js", _file),
        ("GET", "/manifest.webmanifest", _file),
        ("GET", "/healthz", _health),
        ("GET", "/readyz", _readiness),
    )
)
