"""Whom a request is for: the names that it calls this server by, and whether they are its own.

A trusted proxy is asked for them, as it is the one that the client has spoken to.
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
    """What is asked of each request, page, file or WebSocket. Any thread may ask."""

    rule: HostRule
    proxies: Proxies
    log_limit: LogLimit = field(default_factory=LogLimit)

    def check(self, request: Request, peer: str) -> None:
        """Raise `HttpProblem` if `request` is addressed to a name this server does not have.

        From a trusted proxy ``X-Forwarded-Host`` counts in place of ``Host``, and each of its
        values must be a name of this server: a page can put some of its own in front. Where there
        is neither, in HTTP/1.0, no browser asks (RFC 9112, section 3.2), so there is nothing to
        fear, and health checks are made that way. But a proxy that passes on somebody's request
        has to say what it was asked for.
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
                        "The proxy does not tell which host was asked for; let it pass the Host "
                        "header, or set X-Forwarded-Host.",
                    )
                )
            if not self.rule.allows(name):
                self._refuse(name.host, peer)

    def _refuse(self, host: str, peer: str) -> None:
        refusal_log.unknown_host(self.log_limit, peer, host)
        detail = f"This server is not known as {host}; if it is to be, start it with --name {host}."
        raise HttpProblem(problem(403, detail))

    def names(self, request: Request, peer: str) -> tuple[list[Authority], str | None]:
        """What the client has called this server; and by which scheme, if a proxy tells."""
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
