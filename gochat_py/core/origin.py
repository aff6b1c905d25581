"""Where a request comes from, and whom it is for: whose page sent it, from which address, to which
name.

A browser lets any page on the web open a WebSocket to any server, and says only in ``Origin``
whose page it was; without a look at it, a stranger's page could chat in its visitor's name.
Behind a reverse proxy, the proxy is the peer and tells what it saw in ``X-Forwarded-*``, which is
believed from nobody else. Everything here is pure.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..hostnames import dns_name

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: The port that a URL of this scheme means when it names none.
DEFAULT_PORTS = {"http": 80, "https": 443}

# A registered name as DNS and container networks write it; narrower than RFC 3986, section 3.2.2,
# so that a validated host can stand in a header of ours without being looked at again.
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
        """The authority that `text` spells, as in ``chat.example:8080`` or ``[::1]``, or None."""
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
    """Whose page it is: scheme, host and port, as in RFC 6454, section 4."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Origin | None:
        """The origin that `text` spells, or None; ``null`` is nobody's, and so None too."""
        scheme, separator, rest = text.partition("://")
        authority = Authority.parse(rest) if separator else None
        if authority is None:
            return None
        scheme = scheme.lower()
        port = DEFAULT_PORTS.get(scheme) if authority.port is None else authority.port
        return cls(scheme, authority.host, port)


class OriginRule:
    """Which pages may open the WebSocket. Immutable.

    `listed` are origins as the settings give them; ``*`` among them lets every page in. A name
    in any script is compared in the form that browsers send it in (``xn--…``).
    """

    def __init__(self, listed: Iterable[str]) -> None:
        origins = frozenset(listed)
        self._everyone = "*" in origins
        self._nobody = "null" in origins  # a page opened from a file, or in a sandboxed frame
        self._listed = frozenset(Origin.parse(_to_ascii(text)) for text in origins) - {None}

    def allows(
        self, origins: Sequence[str], hosts: Sequence[Authority], scheme: str | None = None
    ) -> bool:
        """Whether a request with these ``Origin`` values, sent to one of `hosts`, is welcome.

        No origin at all is welcome: no browser leaves it out, and what is not a browser acts in
        nobody else's name. A page of the same host and port is welcome. A host without a port
        means the default port of the *origin's* scheme, because http and https cannot be told
        apart here: a proxy that ends TLS may stand in front, and passes on ``Host`` alone.
        Where a trusted proxy named the `scheme`, the origin's must be the same.
        """
        if not origins:
            return True
        if self._everyone:
            return True
        if len(origins) > 1:  # no browser sends two; which of them would one believe?
            return False
        if origins[0] == "null":
            return self._nobody
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
    """An origin as a browser would send it: the name's labels in their ASCII form."""
    scheme, separator, rest = text.partition("://")
    try:
        return text if text.isascii() else scheme + separator + rest.encode("idna").decode("ascii")
    except UnicodeError:  # it names no host there can be, so no page will ever come from it
        return text


class HostRule:
    """By which names this server may be called. Immutable.

    Against DNS rebinding: a stranger's page whose name is made to mean this server's address is,
    to its browser, a page of this server. It is told apart by that name. An address cannot be
    rebound, and ``localhost`` means this machine to every browser (RFC 6761, section 6.3).

    `host` is what the server listens on, `names` are as the settings give them: names, ``*.name``
    for all below that one, ``*`` for any. Names in other scripts are compared as ``xn--…``.
    """

    def __init__(self, host: str, names: Iterable[str]) -> None:
        given = set(names)
        self._any = "*" in given
        below = {each for each in given if each.startswith("*.")}
        listed = (given - below) | {host, "localhost"}
        # "127.0.0.1." is no address, nor to be taken for a name that `host` has.
        self._names = {dns_name(each) for each in listed if not is_address(each)}
        self._below = (".localhost", *(f".{dns_name(each[2:])}" for each in below))

    def allows(self, authority: Authority) -> bool:
        """Whether a request may be addressed to `authority`; its port is not looked at.

        IPv4 is an address in its usual form only. ``127.1``, ``2130706433`` or ``0x7f000001``,
        which some resolvers take for one too, no browser sends.
        """
        if self._any or is_address(authority.host):
            return True
        name = authority.host.removesuffix(".")
        return name in self._names or name.endswith(self._below)


def is_address(host: str) -> bool:
    """Whether a host, as `Authority` has it, is an IP address."""
    if host.startswith("["):
        return True
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


class Proxies:
    """The reverse proxies whose word is taken. Immutable.

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
        """The client's own address, for a request that came from `peer`.

        `forwarded_for` are the values of ``X-Forwarded-For``. Each proxy appends whom it got the
        request from, so the list is believed from its right end up to the first address that is
        not a trusted proxy: what stands left of it, that client may have written itself.
        """
        found = peer
        if not self.trusts(peer):
            return found
        for entry in reversed(",".join(forwarded_for).split(",")):
            address = _strip_port(entry.strip())
            if _parse(address) is None:
                break
            found = address
            if not self.trusts(found):
                break
        return found


def plain(address: str) -> str:
    """The address as people write it: IPv4 that came over an IPv6 socket without its prefix."""
    return str(_parse(address) or address) if ":" in address else address


def counted_as(address: str) -> str:
    """What `address` is counted under where connections are limited for each address.

    One IPv4 address; but for IPv6 the whole /64, since that is what a single household or machine
    is given (RFC 6177), and it can call from any of its addresses.
    """
    if ":" not in address:
        return address
    parsed = _parse(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed) if parsed is not None else address


def _parse(address: str) -> Address | None:
    """The address without its zone; IPv4 that came over an IPv6 socket is IPv4 again."""
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
