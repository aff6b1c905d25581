"""All settings: the flag, environment variable, unit, range, default and purpose of each.

A field ``max_message_size`` is the flag ``--max-message-size`` and the environment variable
``GOCHAT_MAX_MESSAGE_SIZE``. Flags take precedence over the environment, the environment over
defaults. The flag of a tuple field may be repeated; its variable is a comma-separated list. No
other module reads the environment or defines a default.
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

#: The default retention: no limit.
FOR_EVER = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one server. Immutable; tests change fields with `dataclasses.replace`."""

    host: str = setting(
        "127.0.0.1",
        "address to listen on; 0.0.0.0 or :: accepts connections from other machines",
        unit="ADDRESS",
    )
    port: int = setting(
        8080, "TCP port to listen on; 0 lets the system pick a free one", low=0, high=65535
    )
    origin: tuple[str, ...] = setting(
        (),
        "another origin whose pages may open the WebSocket, besides the server's own host; "
        "* allows every page on the web, null allows pages opened from a file or in a sandboxed "
        "frame",
        unit="SCHEME://HOST[:PORT]",
    )
    name: tuple[str, ...] = setting(
        (),
        "a host name of this server, besides localhost, IP addresses and a name given with --host; "
        "requests to other names are refused, to prevent DNS rebinding; *.NAME allows every "
        "subdomain of NAME, * any name",
        unit="NAME",
    )
    password_file: str | None = setting(
        None,
        "file that holds the password which new users must give, in one line; SIGHUP reads it "
        "again; users who have a token stay users",
        unit="FILE",
    )
    classic: bool = setting(
        False,
        "accept clients of goChat's protocol, which cannot send a password, although one is "
        "required; they read and write the lobby",
    )
    trusted_proxy: tuple[str, ...] = setting(
        (),
        "address or network of a reverse proxy whose X-Forwarded-* headers are trusted",
        unit="ADDRESS[/BITS]",
    )
    max_connections: int = setting(
        10_000,
        "most open connections, HTTP and WebSocket together; further ones get 503 "
        "(a WebSocket takes two threads and about 50 KiB)",
        low=1,
    )
    max_connections_per_address: int = setting(
        1_000,
        "most open connections from one address; a school or an office often shares one",
        low=1,
    )
    max_message_size: int = setting(
        65_536,
        "size limit of a received message, after decompression; a larger one closes the connection "
        "with 1009",
        unit="BYTES",
        low=1,
        high=16 * 1024 * 1024,
    )
    send_buffer: int = setting(
        256,
        "most messages queued for one slow connection before it is closed (goChat's figure)",
        unit="MESSAGES",
        low=1,
    )
    send_buffer_bytes: int = setting(
        1024 * 1024,
        "most bytes queued for one slow connection before it is closed",
        unit="BYTES",
        low=1024,
    )
    address_buffer_bytes: int = setting(
        16 * 1024 * 1024,
        "most bytes queued for all slow connections of one address (IPv6: /64) together",
        unit="BYTES",
        low=1024,
    )
    total_buffer_bytes: int = setting(
        256 * 1024 * 1024,
        "most bytes queued for all slow connections together",
        unit="BYTES",
        low=1024,
    )
    write_wait: float = setting(
        10.0,
        "time limit for sending 16 KiB; a slower peer is disconnected (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    pong_wait: float = setting(
        60.0,
        "a peer that sends nothing for this time is disconnected (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    ping_period: float = setting(
        25.0,
        "time between pings; must be less than --pong-wait, and should be at most half of the 50 "
        "to 60 s after which many proxies close an idle connection",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    header_timeout: float = setting(
        10.0,
        "time limit for receiving a whole request header",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    idle_timeout: float = setting(
        30.0,
        "an HTTP connection that is idle between requests is closed after this time",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    compress_from: int = setting(
        1024,
        "messages of at least this size are compressed, once for all clients that support it; "
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
        False, "store nothing on disk: all messages are lost when the server stops"
    )
    durability: str = setting(
        "process",
        "what an acknowledged message survives: process is a killed server (kill -9), power also a "
        "power failure, for which each message waits for the disk",
        choices=("process", "power"),
    )
    retention: Duration = setting(
        FOR_EVER,
        "how long messages are kept; 0 keeps them for ever",
        unit="TIME, like 30d, 12h, 90m",
    )
    history_limit: int = setting(
        0, "messages kept in each room; 0 keeps all of them", unit="MESSAGES", low=0
    )
    rate: float = setting(
        10.0,
        "messages, edits and reactions per second that one user may send (in the classic dialect: "
        "one connection)",
        unit="PER-SECOND",
        low=0.01,
    )
    burst: int = setting(
        30, "how many of those a user may send at once after a pause", unit="MESSAGES", low=1
    )
    budget: float = setting(
        5.0,
        "estimated processor time for each message that --rate allows, for one connection, and for "
        "one user over all connections; above it the server reads more slowly; 0 is no limit",
        unit="MILLISECONDS",
        low=0.0,
        high=1e6,
    )
    address_share: float = setting(
        0.005,
        "budget of one address, as a part of the budgets of all connections that it may open",
        unit="PART",
        low=0.000001,
        high=1.0,
    )
    new_users: float = setting(
        1.0,
        "users that one address may create per hour, for each connection that it may open; "
        "0 is no limit",
        unit="USERS",
        low=0.0,
    )
    new_rooms: float = setting(
        0.2,
        "rooms that one address may create per hour, for each connection that it may open; "
        "0 is no limit",
        unit="ROOMS",
        low=0.0,
    )
    max_rooms: int = setting(
        50,
        "most rooms that one connection may be in at the same time",
        unit="ROOMS",
        low=1,
        high=10_000,
    )
    max_rooms_total: int = setting(
        10_000,
        "most rooms stored; at the limit no room can be created until others are removed",
        unit="ROOMS",
        low=1,
        high=1_000_000,
    )
    max_users: int = setting(
        100_000,
        "most users stored; at the limit the users not seen for the longest time, at least a "
        "day, are removed",
        unit="USERS",
        low=1,
        high=10_000_000,
    )
    hello_wait: float = setting(
        10.0,
        "a gochat.v1 client must send hello within this time",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    drain_timeout: float = setting(
        4.0,
        "time limit at shutdown for sending queued messages and closing connections",
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
        """Raise `StartupError` for values out of range or in conflict with each other."""
        for option in options():
            option.check(getattr(self, option.name))
        if self.ping_period >= self.pong_wait:
            raise StartupError(
                f"--ping-period {self.ping_period:g} must be less than --pong-wait "
                f"{self.pong_wait:g}; otherwise live peers would be disconnected before a ping"
            )
        for network in self.trusted_proxy:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError:
                raise StartupError(
                    f"--trusted-proxy {network!r} is not an address or a network; "
                    "write it like 10.0.0.1 or 10.0.0.0/8"
                ) from None
        for name in self.name:
            if name != "*" and dns_name(name.removeprefix("*.")) is None:
                raise StartupError(
                    f"--name {name!r} is not a host name; write it like chat.example.org, "
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
        """Seconds of the shortest wait for a peer; stalls of that length must be detected."""
        return min(
            self.pong_wait,
            self.write_wait,
            self.hello_wait,
            self.header_timeout,
            self.idle_timeout,
        )


def options() -> Iterator[Option]:
    """Each setting, in the order of ``--help``."""
    for each in dataclasses.fields(Settings):
        yield Option(each.name, each.default, **each.metadata)


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings in `environment`, by field name; empty variables count as absent.

    Raises `StartupError` for an invalid value, and for a variable with this program's prefix that
    is not a setting: otherwise a misspelled setting would silently have no effect. Variables that
    begin with `TEST_PREFIX` belong to the test suite and are ignored.
    """
    found: dict[str, Any] = {}
    known = [option.variable for option in options()]
    for name in sorted(environment):
        if name.startswith(TEST_PREFIX) or not name.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        if name not in known:
            raise StartupError(
                f"the environment variable {name!r} is not a setting; the nearest one is "
                f"{nearest(name.upper(), known)} (gochat --help lists all); rename or unset it"
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
    """Settings from the defaults, overridden by `environment`, overridden by `flags`."""
    return Settings(**cast(dict[str, Any], {**from_environment(environment), **flags}))
