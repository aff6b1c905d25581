"""What each path gives: one function for each resource, and the table that leads to them.

Nothing here touches a socket: a request comes in, an answer goes out. Only ``/readyz`` may wait.
The WebSocket is agreed on elsewhere (`upgrade`); here is only the answer to who asks for its path
without it.
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
    """A request for a resource. `peer` is the other end of the socket; `names` are the pattern's.

    `stopping` says whether the server has been asked to stop.
    """

    request: Request
    peer: str
    site: Site
    stopping: bool
    names: Mapping[str, str]


def respond(request: Request, peer: str, site: Site, *, stopping: bool) -> Response:
    """The answer to all but an upgrade."""
    method, path = request.method, request.path
    if method not in METHODS:
        return problem(501, "This server knows no such method; use GET.")
    if method == "OPTIONS" and path == "*":
        return Response(204, (_allow(TABLE.methods()),))
    if method == "CONNECT":
        return problem(405, "This server is no proxy.", _allow(TABLE.methods()))
    if not path.startswith("/"):
        return problem(400, "The target must be a path, and begin with a slash.")
    found = TABLE.find(path)
    if found is None:
        return _nothing()
    asked = Asked(request, peer, site, stopping, found.names)
    target = found.target(method)
    if target is not None:
        return target(asked)
    get = found.target("GET")  # which changes nothing, and tells whether anything is there
    if get is not None and (response := get(asked)).status == 404:
        return response
    methods = listed(found.targets)
    if method == "OPTIONS":
        return Response(204, (_allow(methods),))
    *others, last = methods[:-1]
    taken = f"{', '.join(others)} and {last} are" if others else f"{last} is"
    return problem(405, f"Only {taken} understood here.", _allow(methods))


def is_room(name: str) -> bool:
    """Whether a room may be called `name`; its page is there under any spelling of that name."""
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
    return problem(404, "Nothing is here; the chat is at the root of this server.")


def _allow(methods: list[str]) -> tuple[str, str]:
    return ("Allow", ", ".join(methods))


#: Every path there is. docs/protocol.md, section 3, has the same rows.
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
