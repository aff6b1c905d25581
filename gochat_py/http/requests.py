"""Parses HTTP requests with h11; pure.

h11 checks the grammar and the framing (RFC 9112). This module decides what h11 leaves open: the
supported versions, the maximal length of a target and the syntax of ``Host``. It also refuses a
request with two kinds of framing, which could hide a second request from a proxy (smuggling).
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from ..core.origin import Authority
from .responses import HttpProblem, problem

#: Bytes of a whole head, request line and headers. Twice what browsers send with large cookies.
MAX_HEAD = 16 * 1024

#: Bytes of the target; RFC 9112, section 3, asks for at least 8,000.
MAX_TARGET = 8 * 1024

Headers = Sequence[tuple[bytes, bytes]]

VERSIONS = (b"1.0", b"1.1")

#: The blank line that ends a head. The same as h11's, bare line feeds included (RFC 9112, 2.2).
_BLANK_LINE = re.compile(rb"\n\r?\n")
_BLANK_LINES = re.compile(rb"(?:\r?\n)+")
_TRANSFER_ENCODING = re.compile(rb"\n(?i:transfer-encoding)[ \t]*:([^\r\n]*)")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ (\S+) HTTP/(\d+(?:\.\d+)?)[ \t\r]*\n")

_RAW_PATH = re.compile(rb"[^ \r\n]+ (?:[A-Za-z]+://[^/? \r\n]*)?([^? \r\n]*)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, without its body.

    `path` is percent-decoded, without the query; ``*`` and a bare authority are unchanged.
    `authority` is the server's name in the request, None only in HTTP/1.0. `head` is the head as
    received. `machine` is the h11 state that reads the body.
    """

    method: str
    path: str
    authority: Authority | None
    version: bytes
    headers: Headers
    head: bytes
    machine: h11.Connection

    def values(self, name: bytes) -> list[str]:
        """The values of the header `name` (lower-case), in the order received."""
        return [value.decode("latin-1") for each, value in self.headers if each == name]

    def joined(self, name: bytes) -> str:
        """The values of a list header as one list (RFC 9110, section 5.3)."""
        return ",".join(self.values(name))

    def tokens(self, name: bytes) -> list[str]:
        """The elements of a list header, lower-case."""
        return [token for part in self.joined(name).split(",") if (token := part.strip().lower())]

    @property
    def wants_more(self) -> bool:
        """Whether the client may send another request on this connection (RFC 9112, 9.3)."""
        return self.version == b"1.1" and "close" not in self.tokens(b"connection")


def raw_path(head: bytes) -> str:
    """The path in the first line of `head`, percent-encoded as it came; ``/`` if there is none."""
    line = _RAW_PATH.match(head)
    return (line[1].decode("latin-1") if line else "") or "/"


def blank(buffer: bytearray) -> int:
    """The number of bytes of empty lines at the start of `buffer` (RFC 9112, 2.2)."""
    match = _BLANK_LINES.match(buffer)
    return match.end() if match else 0


def end_of_head(buffer: bytearray, searched: int) -> int | None:
    """The offset at which the head in `buffer` ends, or None if the head is incomplete.

    The first `searched` bytes are known not to contain the end. Raises `HttpProblem` if no valid
    head can follow.
    """
    match = _BLANK_LINE.search(buffer, max(0, searched - 3))
    if match is not None and match.end() <= MAX_HEAD:
        return match.end()
    if match is not None or len(buffer) > MAX_HEAD:
        if b"\n" not in buffer[:MAX_HEAD]:
            raise _too_long()
        detail = f"The headers take more than {MAX_HEAD} bytes; send less."
        raise HttpProblem(problem(431, detail, kind="large_head"))
    if buffer and buffer[0] < 0x21 and buffer != b"\r":  # a TLS handshake, for example
        raise _problem(400, "This is not an HTTP request; if you used https, use http here.")
    return None


def parse(head: bytes) -> Request:
    """The request in `head`, which ends with a blank line. Raises `HttpProblem`."""
    line = _REQUEST_LINE.match(head)
    if line is not None and line[2] not in VERSIONS:
        raise _problem(505, "This server speaks HTTP/1.1 and HTTP/1.0.")
    if line is not None and len(line[1]) > MAX_TARGET:
        raise _too_long()
    machine = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
    machine.receive_data(head)
    try:
        event = machine.next_event()
    except h11.RemoteProtocolError as error:
        if error.error_status_hint == 501 and _has_no_end(head):
            raise _problem(
                400, "The end of the body is unknown: chunked must be the last coding, once."
            ) from None
        what = str(error).partition(": bytearray")[0]  # the rest is the client's own text
        raise _problem(error.error_status_hint, f"The request is malformed: {what}.") from None
    assert isinstance(event, h11.Request), "a whole head is one request"
    authority, path = _target(event.target.decode("ascii"))
    headers = list(event.headers)  # h11's own sequence type is slower to iterate
    request = Request(
        method=event.method.decode("ascii"),
        path=path,
        authority=authority or _host(headers),
        version=event.http_version,
        headers=headers,
        head=head,
        machine=machine,
    )
    _check_framing(request)
    return request


def _target(target: str) -> tuple[Authority | None, str]:
    """The authority, if the target names one, and the decoded path (RFC 9112, section 3.2)."""
    authority = None
    if not target.startswith("/"):
        scheme, separator, rest = target.partition("://")
        if not separator:
            return None, target  # "*" or an authority; `resources.respond` decides
        named, slash, path = rest.partition("/")
        named, question, _ = named.partition("?")
        authority = Authority.parse(named)
        if scheme.lower() not in ("http", "https") or authority is None:
            raise _problem(400, "The target is not an http URL with a host.")
        target = "/" if question else slash + path or "/"
    try:
        return authority, urllib.parse.unquote(target.partition("?")[0], errors="strict")
    except UnicodeDecodeError:
        raise _problem(400, "The percent-decoded path is not UTF-8.") from None


def _host(headers: Headers) -> Authority | None:
    for name, value in headers:
        if name == b"host":  # h11 has checked that there is only one
            authority = Authority.parse(value.decode("latin-1"))
            if authority is None:
                raise _problem(400, "The Host header is invalid; write it like chat.example:8080.")
            return authority
    return None


def _has_no_end(head: bytes) -> bool:
    """Whether the transfer codings of a request leave the end of its body unknown.

    If chunked is not the final coding, the answer must be 400 (RFC 9112, section 6.3); an unknown
    coding alone gets 501 (section 6.1).
    """
    named = b",".join(_TRANSFER_ENCODING.findall(head)).lower().split(b",")
    codings = [coding for each in named if (coding := each.strip(b" \t"))]
    return b"chunked" in codings[:-1]


def _check_framing(request: Request) -> None:
    if any(name == b"transfer-encoding" for name, _ in request.headers):
        if request.version == b"1.0":
            raise _problem(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length.")
        if request.values(b"content-length"):  # RFC 9112, section 6.1: ought to be an error
            raise _problem(400, "Send either Content-Length or Transfer-Encoding, not both.")
    if request.version == b"1.1" and set(request.tokens(b"expect")) - {"100-continue"}:
        raise _problem(417, "The only supported expectation is 100-continue.")


def _too_long() -> HttpProblem:
    detail = f"The request target is longer than {MAX_TARGET} bytes; shorten it."
    return HttpProblem(problem(414, detail, kind="long_address"))


def _problem(status: int, detail: str) -> HttpProblem:
    return HttpProblem(problem(status, detail))
