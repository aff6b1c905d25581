"""Checks where a request comes from and to which name it is addressed: origin, host, proxy.

A browser lets any web page open a WebSocket to any server, and names the page's origin only in the
``Origin`` header; without a check, another site's page could chat in its visitor's name. Behind a
reverse proxy, the proxy is the peer; it reports the client in ``X-Forwarded-*``, which is accepted
only from trusted proxies. Pure; any thread.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..hostnames import dns_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: The port of a URL that names none, for each scheme.
DEFAULT_PORTS = {"http": 80, "https": 443}

# A registered name as DNS and container networks write it; narrower than RFC 3986, section 3.2.2,
# so that a validated host can be copied into a response header without another check.
_AUTHORITY = re.compile(
    r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,254})|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{0,5}))?"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A host, lower-case and with IPv6 in its shortest form, and the port if one was named."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Authority | None:
        """Parse an authority, as ``chat.example:8080`` or ``[::1]``; None if it is invalid."""
        match = _AUTHORITY.fullmatch(text)
        if match is None:
            return None
        host, digits = match["host"].lower(), match["port"]
        if host.startswith("["):
            try:
                host = f"[{ipaddress.IPv6Address(host[1:-1])}]"
            except ValueError:
                return None
        port = int(digits) if digits else None  # "host:" is allowed (RFC 3986, section 3.2.3)
        if port is not None and port > 65_535:
            return None
        return cls(host, port)

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a page: scheme, host and port, as in RFC 6454, section 4."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Origin | None:
        """Parse an origin; None if it is invalid, and for ``null``, which names no host."""
        scheme, separator, rest = text.partition("://")
        authority = Authority.parse(rest) if separator else None
        if authority is None:
            return None
        scheme = scheme.lower()
        port = DEFAULT_PORTS.get(scheme) if authority.port is None else authority.port
        return cls(scheme, authority.host, port)


class OriginRule:
    """Which pages may open the WebSocket. Immutable.

    `listed` are origins as the settings give them; ``*`` among them allows every page. A name in
    any script is compared in the form that browsers send (``xn--…``).
    """

    def __init__(self, listed: Iterable[str]) -> None:
        origins = frozenset(listed)
        self._everyone = "*" in origins
        self._null = "null" in origins  # a page opened from a file, or in a sandboxed frame
        self._listed = frozenset(Origin.parse(_to_ascii(text)) for text in origins) - {None}

    def allows(
        self, origins: Sequence[str], hosts: Sequence[Authority], scheme: str | None = None
    ) -> bool:
        """Whether a request with these ``Origin`` values, sent to one of `hosts`, is allowed.

        A request without an origin is allowed: every browser sends one, and other programs do not
        act for a user of another site. A page of the same host and port is allowed. A host without
        a port means the default port of the *origin's* scheme, because the server cannot tell http
        from https: a proxy that terminates TLS may forward ``Host`` only. If a trusted proxy named
        the `scheme`, the origin must have the same.
        """
        if not origins:
            return True
        if self._everyone:
            return True
        if len(origins) > 1:  # no browser sends two
            return False
        if origins[0] == "null":
            return self._null
        origin = Origin.parse(origins[0])
        if origin is None:
            return False
        return origin in self._listed or any(_same(origin, host, scheme) for host in hosts)


def _same(origin: Origin, host: Authority, scheme: str | None) -> bool:
    default = DEFAULT_PORTS.get(origin.scheme)
    if default is None or origin.host != host.host:
        return False
    if scheme is not None and origin.scheme != scheme:
        return False
    return origin.port == (default if host.port is None else host.port)


def _to_ascii(text: str) -> str:
    """An origin as a browser sends it: with the host name in ASCII form."""
    scheme, separator, rest = text.partition("://")
    try:
        return text if text.isascii() else scheme + separator + rest.encode("idna").decode("ascii")
    except UnicodeError:  # the host name is invalid, so no page can have this origin
        return text


class HostRule:
    """The host names that a request may be addressed to. Immutable.

    It stops DNS rebinding: an attacker makes the host name of their page resolve to this server's
    address, so the browser treats that page as a page of this server. The host name of the request
    shows the attack. An IP address cannot be rebound, and ``localhost`` is this machine in every
    browser (RFC 6761, section 6.3).

    `host` is the address the server listens on. `names` are as the settings give them: a name,
    ``*.name`` for all names below it, ``*`` for any. Names in other scripts are compared as
    ``xn--…``.
    """

    def __init__(self, host: str, names: Iterable[str]) -> None:
        given = set(names)
        self._any = "*" in given
        below = {each for each in given if each.startswith("*.")}
        listed = (given - below) | {host, "localhost"}
        # "127.0.0.1." is not an address, and must not match as the name of `host`.
        self._names = {dns_name(each) for each in listed if not is_address(each)}
        self._below = (".localhost", *(f".{dns_name(each[2:])}" for each in below))

    def allows(self, authority: Authority) -> bool:
        """Whether a request may be addressed to `authority`; its port is ignored.

        An IPv4 address counts in its usual form only. Some resolvers also accept ``127.1``,
        ``2130706433`` or ``0x7f000001``, but no browser sends them.
        """
        if self._any or is_address(authority.host):
            return True
        name = authority.host.removesuffix(".")
        return name in self._names or name.endswith(self._below)


def is_address(host: str) -> bool:
    """Whether a host, in the form of `Authority`, is an IP address."""
    if host.startswith("["):
        return True
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


class Proxies:
    """The trusted reverse proxies. Immutable.

    `networks` are addresses or networks as the settings give them.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(each, strict=False) for each in networks]

    def trusts(self, address: str) -> bool:
        """Whether `address` (numeric) is one of them."""
        if not self._networks:
            return False
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The client's address, for a request that came from `peer`.

        `forwarded_for` are the values of ``X-Forwarded-For``. Each proxy appends the address from
        which it received the request. So the list is read from its right end up to the first
        address that is not a trusted proxy: the client may have written everything left of it.
        """
        found = peer
        if not self.trusts(peer):
            return found
        for entry in reversed(",".join(forwarded_for).split(",")):
            # Without the zone, which may be any text (RFC 4007, section 11).
            address = _strip_port(entry.strip()).partition("%")[0]
            if _parse(address) is None:
                break
            found = address
            if not self.trusts(found):
                break
        return found


def plain(address: str) -> str:
    """The address in its usual form: IPv4 over an IPv6 socket is written without the prefix."""
    return str(_parse(address) or address) if ":" in address else address


def counted_as(address: str) -> str:
    """The key under which limits for each address count `address`.

    It is the IPv4 address itself, but the whole /64 for IPv6, since a single household or machine
    gets at least a /64 (RFC 6177) and can use any address of it.
    """
    if ":" not in address:
        return address
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed) if parsed is not None else address


def _parse(address: str) -> Address | None:
    """The address without its zone; IPv4 over an IPv6 socket gives an IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _strip_port(entry: str) -> str:
    """An entry of ``X-Forwarded-For`` without the port and brackets that some proxies write."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, _, rest = entry.partition(":")
    return entry if ":" in rest else host
