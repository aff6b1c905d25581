"""All settings: for each the flag, environment variable, unit, range, default, and its purpose.

The field ``max_message_size`` is the flag ``--max-message-size`` and the environment variable
``GOCHAT_MAX_MESSAGE_SIZE``. A flag overrides the environment, and the environment the default.
A field that is a tuple may be given several times as a flag, and comma-separated in the
environment. No other module reads the environment or defines a default.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from .errors import StartupError
from .hostnames import dns_name
from .option import ENVIRONMENT_PREFIX, Duration, Option, nearest, setting

#: The prefix of the test suite's own environment variables.
TEST_PREFIX = ENVIRONMENT_PREFIX + "TEST_"

#: How long messages are kept by default.
FOR_EVER = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server. Immutable; tests change fields with `dataclasses.replace`."""

    host: str = setting(
        "127.0.0.1", "address to listen on; 0.0.0.0 or :: lets other machines in", unit="ADDRESS"
    )
    port: int = setting(
        8080, "TCP port to listen on; 0 lets the system pick a free one", low=0, high=65535
    )
    origin: tuple[str, ...] = setting(
        (),
        "another origin whose pages may open the WebSocket, besides the server's own host; "
        "* allows every web page, null allows pages from a file or in a sandboxed frame",
        unit="SCHEME://HOST[:PORT]",
    )
    name: tuple[str, ...] = setting(
        (),
        "a host name of this server, besides localhost, IP addresses and a name given with --host; "
        "a request to any other name is refused, which stops DNS rebinding; "
        "*.NAME is every name below NAME, * any name",
        unit="NAME",
    )
    trusted_proxy: tuple[str, ...] = setting(
        (),
        "address or network of a reverse proxy whose X-Forwarded-* headers are believed",
        unit="ADDRESS[/BITS]",
    )
    max_connections: int = setting(
        10_000,
        "open connections, HTTP and WebSocket together; the next one gets 503 "
        "(a WebSocket takes two threads and about 50 KiB)",
        low=1,
    )
    max_connections_per_address: int = setting(
        1_000,
        "open connections from one address; a school or an office often shares one address",
        low=1,
    )
    max_message_size: int = setting(
        65_536,
        "largest message accepted, after inflating; a larger one closes the connection with 1009",
        unit="BYTES",
        low=1,
        high=16 * 1024 * 1024,
    )
    send_buffer: int = setting(
        256,
        "messages that may wait for one slow connection; beyond it, it is closed (goChat's figure)",
        unit="MESSAGES",
        low=1,
    )
    send_buffer_bytes: int = setting(
        1024 * 1024,
        "bytes that may wait for one slow connection; beyond it, it is closed",
        unit="BYTES",
        low=1024,
    )
    address_buffer_bytes: int = setting(
        16 * 1024 * 1024,
        "bytes that may wait for all slow connections of one address (IPv6: /64) together",
        unit="BYTES",
        low=1024,
    )
    total_buffer_bytes: int = setting(
        256 * 1024 * 1024,
        "bytes that may wait for all slow connections together",
        unit="BYTES",
        low=1024,
    )
    write_wait: float = setting(
        10.0,
        "a write of 16 KiB that takes longer ends the connection (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    pong_wait: float = setting(
        60.0,
        "a connection is closed if nothing is received for this long (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    ping_period: float = setting(
        25.0,
        "time between pings; must be less than pong-wait, and should be at most half of the 50 to "
        "60 s after which many proxies close an idle connection",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    header_timeout: float = setting(
        10.0,
        "time limit for a whole request header, however many pieces it comes in",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    idle_timeout: float = setting(
        30.0,
        "an HTTP connection that is idle between requests is closed after this",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    compress_from: int = setting(
        1024,
        "messages of at least this size are compressed, once for all clients that asked for it; "
        "for smaller ones compression costs more than it saves",
        unit="BYTES",
        low=0,
    )
    data: str = setting(
        "gochat-data",
        "directory for messages and users; created if it does not exist",
        unit="DIRECTORY",
    )
    memory: bool = setting(
        False, "store nothing on disk: all messages and users are lost when the server stops"
    )
    durability: str = setting(
        "process",
        "what an acknowledged message survives: the end of the process, even by kill -9, or also a "
        "power failure; the second waits for the disk with each commit",
        choices=("process", "power"),
    )
    retention: Duration = setting(
        FOR_EVER, "how long messages are kept; 0 means for ever", unit="TIME, like 30d, 12h, 90m"
    )
    history_limit: int = setting(
        0, "messages kept in each room; 0 means all", unit="MESSAGES", low=0
    )
    rate: float = setting(
        10.0,
        "messages, edits and reactions a second that one gochat.v1 connection may send",
        unit="PER-SECOND",
        low=0.01,
    )
    burst: int = setting(
        30, "how many of those may come at once after an idle time", unit="MESSAGES", low=1
    )
    budget: float = setting(
        5.0,
        "processor time (an estimate) for each message that --rate allows, of one connection, and "
        "of one user over all connections; beyond it the server reads from them more slowly; "
        "0 means no limit",
        unit="MILLISECONDS",
        low=0.0,
        high=1e6,
    )
    address_share: float = setting(
        0.005,
        "processor time that one address may take: the budgets of this part of the connections "
        "that it may open",
        unit="PART",
        low=0.000001,
        high=1.0,
    )
    new_users: float = setting(
        1.0,
        "users that one address may create in an hour, for each connection that it may open; "
        "0 means no limit",
        unit="USERS",
        low=0.0,
    )
    new_rooms: float = setting(
        0.2,
        "rooms that one address may create in an hour, for each connection that it may open; "
        "0 means no limit",
        unit="ROOMS",
        low=0.0,
    )
    max_rooms: int = setting(
        50, "rooms that one connection may be in at a time", unit="ROOMS", low=1, high=10_000
    )
    max_rooms_total: int = setting(
        10_000,
        "rooms in the database; at the limit none can be created until others are removed",
        unit="ROOMS",
        low=1,
        high=1_000_000,
    )
    max_users: int = setting(
        100_000,
        "users in the database; at the limit those not seen for a day are removed, oldest first",
        unit="USERS",
        low=1,
        high=10_000_000,
    )
    hello_wait: float = setting(
        10.0,
        "a gochat.v1 client must send hello within this",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    drain_timeout: float = setting(
        4.0,
        "at shutdown, time for connections to receive what is queued and to close",
        unit="SECONDS",
        low=0.0,
        high=3600,
    )
    log_level: str = setting(
        "info",
        "lowest level of log records written to standard error",
        choices=("debug", "info", "warning", "error"),
    )
    log_format: str = setting(
        "text",
        "format of log records: text for people, json for machines",
        choices=("text", "json"),
    )

    def __post_init__(self) -> None:
        """Raise `StartupError`, with the remedy, for values out of range or in conflict."""
        for option in options():
            option.check(getattr(self, option.name))
        if self.ping_period >= self.pong_wait:
            raise StartupError(
                f"--ping-period {self.ping_period:g} must be less than --pong-wait "
                f"{self.pong_wait:g}; otherwise a live peer is closed before it is pinged"
            )
        for network in self.trusted_proxy:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise StartupError(
                    f"--trusted-proxy {network!r} is not an address or network; "
                    "write it like 10.0.0.1 or 10.0.0.0/8"
                ) from None
        for name in self.name:
            if name != "*" and dns_name(name.removeprefix("*.")) is None:
                raise StartupError(
                    f"--name {name!r} is not a host's name; write it like chat.example.org, "
                    "without a scheme, port or path"
                )
        if self.retention < 0:
            raise StartupError("--retention must not be negative; 0 keeps messages for ever")
        for origin in self.origin:
            scheme, _, rest = origin.partition("://")
            if origin not in ("*", "null") and (
                scheme not in ("http", "https") or not rest or "/" in rest
            ):
                raise StartupError(
                    f"--origin {origin!r} is not an origin; write it like https://chat.example.org"
                )

    @property
    def shortest_wait(self) -> float:
        """The shortest time limit for a peer, in seconds; shorter stalls need not be noticed."""
        return min(
            self.pong_wait,
            self.write_wait,
            self.hello_wait,
            self.header_timeout,
            self.idle_timeout,
        )


def options() -> Iterator[Option]:
    """All settings, in the order in which ``--help`` lists them."""
    for each in dataclasses.fields(Settings):
        yield Option(each.name, each.default, **each.metadata)


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that `environment` gives, by field name; empty variables count as absent.

    Raises `StartupError` for a value that is not allowed, and for a variable with this program's
    prefix that is not a setting: otherwise a misspelled setting would silently have no effect.
    Variables that begin with `TEST_PREFIX` belong to the test suite and are ignored.
    """
    found: dict[str, Any] = {}
    known = [option.variable for option in options()]
    for name in sorted(environment):
        if name.startswith(TEST_PREFIX) or not name.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        if name not in known:
            raise StartupError(
                f"the environment variable {name!r} is not a setting; the nearest one is "
                f"{nearest(name.upper(), known)} (gochat --help lists all; unset the wrong one)"
            )
    for option in options():
        text = environment.get(option.variable, "").strip()
        if not text:
            continue
        try:
            if option.many:
                found[option.name] = tuple(option.read(part) for part in text.split(","))
            else:
                found[option.name] = option.read(text)
        except StartupError as error:
            raise StartupError(f"in the environment variable {option.variable}: {error}") from None
    return found


def combine(environment: Mapping[str, str], flags: Mapping[str, Any]) -> Settings:
    """The settings: defaults, overridden by `environment`, overridden by `flags`."""
    return Settings(**cast(dict[str, Any], {**from_environment(environment), **flags}))
