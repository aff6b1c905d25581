"""HTTP answers: their common headers, their encoding, and problem documents (RFC 9457)."""

from __future__ import annotations

import email.utils
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]

#: The page may load its own files and connect to its own server, nothing else; no other page may
#: frame it. ``connect-src 'self'`` covers ws: and wss: of the same host and port (CSP level 3,
#: section 6.7.2.8) in Chromium since 71, in Firefox since 50, in Safari since 16; see `policy`.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'{sockets}; "
    "img-src 'self' data:; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)

#: On every answer, also refusals. There is no version: it would help only attackers.
SECURITY_HEADERS: Headers = (
    ("Server", "gochat_py"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def policy(host: str = "") -> tuple[str, str]:
    """The ``Content-Security-Policy`` header; with `host`, it lists the WebSockets of `host`.

    `host` must be validated. Safari before 16 needs the list. The grammar of a policy allows
    neither an IPv6 literal (brackets) nor an underscore; for such hosts only ``'self'`` is there.
    """
    expressible = host and "[" not in host and "_" not in host
    sockets = f" ws://{host} wss://{host}" if expressible else ""
    return ("Content-Security-Policy", CONTENT_SECURITY_POLICY.format(sockets=sockets))


_POLICY = policy()
_NO_BODY = (204, 304)  # RFC 9110, sections 15.3.5 and 15.4.5


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")


_SECURITY_LINES = _lines(SECURITY_HEADERS)


@dataclass(frozen=True, slots=True)
class Problem:
    """What a refusal is about, for a page that says it to a person (`error_page`).

    `kind` is a key of `error_texts.KINDS`, or empty. `subject` is the room, host or origin
    concerned, as the client sent it. `near` is the name of a room that was perhaps meant.
    """

    detail: str
    kind: str = ""
    subject: str = ""
    near: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. `headers` are its own; `encode` adds the headers of all answers.

    `problem` is set if the body is a problem document.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    problem: Problem | None = None

    def encode(self, *, head_only: bool = False, close: bool = False) -> bytes:
        """The bytes to send. `head_only` is for HEAD; `close` announces the connection's end."""
        return b"".join(self.parts(head_only=head_only, close=close))

    def parts(self, *, head_only: bool = False, close: bool = False) -> tuple[bytes, bytes]:
        """The same as head and body; the body is not copied."""
        own = list(self.headers)
        if not any(name == "Content-Security-Policy" for name, _ in own):
            own.append(_POLICY)
        if self.status not in _NO_BODY:
            own.append(("Content-Length", str(len(self.body))))
        options = ["Upgrade"] if any(name == "Upgrade" for name, _ in own) else []  # 9110, 7.8
        if close:
            options.append("close")
        if options:
            own.append(("Connection", ", ".join(options)))
        own.append(("Date", email.utils.formatdate(usegmt=True)))
        status_line = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
        head = b"".join((status_line.encode("ascii"), _lines(own), _SECURITY_LINES, b"\r\n"))
        return head, b"" if head_only or self.status in _NO_BODY else self.body


class HttpProblem(Exception):
    """An answer of 4xx or 5xx that ends the connection; `response` has the reason and the remedy.

    Raised where the beginning of the next request is unknown.
    """

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def problem(
    status: int,
    detail: str,
    *headers: tuple[str, str],
    kind: str = "",
    subject: str = "",
    near: str = "",
) -> Response:
    """A refusal as ``application/problem+json`` (RFC 9457); `detail` is a sentence for a person.

    For the other arguments see `Problem`.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        status,
        (("Content-Type", "application/problem+json"), ("Cache-Control", "no-store"), *headers),
        json.dumps(body, ensure_ascii=False).encode() + b"\n",
        Problem(detail, kind, subject, near),
    )


def text(status: int, words: str) -> Response:
    """A short plain answer that must not be cached."""
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(status, headers, words.encode())


#: A limit on connections is reached. The page retries by itself, with jitter.
FULL = problem(
    503, "Too many connections are open; try again later.", ("Retry-After", "10"), kind="full"
)
#: The system grants no thread or memory.
NO_ROOM = problem(
    503, "The server lacks memory or threads; try again soon.", ("Retry-After", "10"), kind="full"
)
STOPPING = problem(
    503, "The server is stopping; try again soon.", ("Retry-After", "2"), kind="stopping"
)
