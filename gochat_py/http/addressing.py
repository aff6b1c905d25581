"""Checks that a request names this server: the host in it must be one of the server's names.

Behind a trusted proxy the name comes from the proxy's headers, since the client connected to the
proxy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.origin import Authority, HostRule, Proxies
from ..log_limit import LogLimit
from . import refusal_log
from .requests import Request
from .responses import HttpProblem, problem


@dataclass(frozen=True, slots=True)
class Addressing:
    """The check of each request, for the page, a file or a WebSocket. Any thread may call it."""

    rule: HostRule
    proxies: Proxies
    log_limit: LogLimit = field(default_factory=LogLimit)

    def check(self, request: Request, peer: str) -> None:
        """Raise `HttpProblem` if `request` is addressed to a name this server does not have.

        From a trusted proxy ``X-Forwarded-Host`` counts in place of ``Host``, and each of its
        values must be a name of this server: a page can add values of its own in front. A request
        with neither is HTTP/1.0. It is allowed: no browser sends it (RFC 9112, section 3.2), so
        DNS rebinding is impossible, and health checks do. But a proxy that forwards a client's
        request (``X-Forwarded-For``) must name the host.
        """
        trusted = self.proxies.trusts(peer)
        forwarded = request.joined(b"x-forwarded-host").strip() if trusted else ""
        names: list[Authority | None] = [request.authority]
        if forwarded:
            names = [Authority.parse(each.strip()) for each in forwarded.split(",")]
        elif request.authority is None and not (trusted and request.values(b"x-forwarded-for")):
            return
        for name in names:
            if name is None:
                raise HttpProblem(
                    problem(
                        403,
                        "The proxy did not send the name of the requested host; configure it to "
                        "pass the Host header or to set X-Forwarded-Host.",
                        kind="no_host",
                    )
                )
            if not self.rule.allows(name):
                self._refuse(name.host, peer)

    def _refuse(self, host: str, peer: str) -> None:
        refusal_log.unknown_host(self.log_limit, peer, host)
        detail = f"This server is not called {host}; to allow it, start with --name {host}."
        raise HttpProblem(problem(403, detail, kind="bad_host", subject=host))

    def names(self, request: Request, peer: str) -> tuple[list[Authority], str | None]:
        """The names that the client used for this server; and the scheme, if a proxy sends it."""
        names = [request.authority] if request.authority else []
        if not self.proxies.trusts(peer):
            return names, None
        # Of several values the first is the browser's own.
        forwarded = Authority.parse(_first(request, b"x-forwarded-host"))
        if forwarded is not None:
            names.insert(0, forwarded)
        scheme = _first(request, b"x-forwarded-proto").lower()
        return names, {"ws": "http", "wss": "https"}.get(scheme, scheme) or None


def _first(request: Request, name: bytes) -> str:
    return request.joined(name).partition(",")[0].strip()
