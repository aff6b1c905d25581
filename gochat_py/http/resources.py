"""The resources of the server: one function for each, and the table of their paths.

Each function takes a request and returns an answer; none uses a socket. Only ``/readyz`` may wait.
The WebSocket handshake is in `upgrade`. The function for its path here answers requests that do not
ask for an upgrade.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from ..core.names import check_room
from ..refusals import Refusal
from . import error_page, upgrade
from .requests import Request, raw_path
from .responses import FULL, STOPPING, Response, policy, problem, text
from .routes import METHODS, Routes, listed
from .site import Site

NOTHING = "There is no such page; the chat is at the root of this server."

#: Characters of a wrong room name that are looked at to find the right one.
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a resource, with what is needed to answer it.

    `peer` is the address at the other end of the socket. `names` are the values of the pattern's
    names. `stopping` is True once the server has been asked to stop. `is_full` tells whether
    another connection of this client would be refused.
    """

    request: Request
    peer: str
    site: Site
    stopping: bool
    is_full: Callable[[], bool]
    names: Mapping[str, str]


def respond(
    request: Request, peer: str, site: Site, *, stopping: bool, is_full: Callable[[], bool]
) -> Response:
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
        return _no_room(path[3:]) if path.startswith("/r/") and path != "/r/" else _nothing()
    asked = Asked(request, peer, site, stopping, is_full, found.names)
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
    room = asked.names["room"]
    return _page(asked) if is_room(room) else _no_room(room)


def _room_with_slash(asked: Asked) -> Response:
    """A redirect to the room's page. Its address is relative: a proxy may serve it below a path."""
    room = asked.names["room"]
    if not is_room(room):
        return _no_room(room)
    up = "../" if raw_path(asked.request.head).endswith("/") else "./"  # else it is %2F
    headers = (("Location", up + quote(room)), ("Cache-Control", "no-store"))
    return Response(308, headers)


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
    """The answer that an upgrade of this page would get, but 426 if it would be accepted.

    A browser does not tell a page why its WebSocket was refused, so the page asks here. It sends no
    ``Origin`` to its own server, but a ``Referer``. That of a navigation is the page of the link.
    """
    if asked.stopping:
        return STOPPING
    if asked.is_full():
        return FULL
    request = asked.request
    origins = request.values(b"origin")
    if not origins and request.values(b"referer") and not error_page.is_browser(request.head):
        scheme, _, rest = request.joined(b"referer").partition("://")
        origins = [f"{scheme}://{rest.partition('/')[0]}"]
    names, scheme_used = asked.site.addressing.names(request, asked.peer)
    refused = asked.site.doorkeeper.refusal(origins, names, scheme_used)
    return refused or upgrade.REQUIRED


def _health(asked: Asked) -> Response:
    return text(200, "ok\n")


def _readiness(asked: Asked) -> Response:
    reason = "stopping" if asked.stopping else asked.site.unready()
    return text(503, f"{reason}\n") if reason else text(200, "ok\n")


def _nothing() -> Response:
    return problem(404, NOTHING, kind="no_page")


def _no_room(name: str) -> Response:
    """The answer where no room can be; with the name of one, if `name` is nearly valid."""
    near = re.sub(r"[^\w-]+", "-", name[:MAX_NAME]).strip("-_")
    return problem(404, NOTHING, kind="no_room", subject=name, near=near if is_room(near) else "")


def _allow(methods: list[str]) -> tuple[str, str]:
    return ("Allow", ", ".join(methods))


#: All paths. docs/protocol.md, section 3, has the same rows.
TABLE: Routes[Callable[[Asked], Response]] = Routes(
    (
        ("GET", "/", _page),
        ("GET", "/r/{room}", _room),
        ("GET", "/r/{room}/", _room_with_slash),
        ("GET", "/ws", _websocket),
        ("GET", "/assets/{file*}", _file),
        ("GET", "/sw.js", _file),
        ("GET", "/manifest.webmanifest", _file),
        ("GET", "/healthz", _health),
        ("GET", "/readyz", _readiness),
    )
)
