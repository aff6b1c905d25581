"""Every setting there is: its flag, its environment variable, unit, range, default, and why.

A field ``max_message_size`` is the flag ``--max-message-size`` and the environment variable
``GOCHAT_MAX_MESSAGE_SIZE``. A flag wins over the environment, the environment over the default.
A field that is a tuple may be given several times as a flag, and comma-separated in the
environment. Nothing else in the package reads the environment or knows a default.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from .errors import StartupError
from .hostnames import dns_name

ENVIRONMENT_PREFIX = "GOCHAT_"


def setting(
    default: Any,
    about: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that carries what the command line and its help need to know."""
    return field(
        default=default,
        metadata={"about": about, "unit": unit, "low": low, "high": high, "choices": choices},
    )


class Duration(float):
    """A length of time in seconds; spelled with a unit, as in ``30d``, ``12h`` or ``90m``."""

    UNITS: ClassVar[dict[str, float]] = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}

    @classmethod
    def read(cls, text: str) -> Duration:
        """The length that `text` spells; raises ValueError."""
        number, unit = (text[:-1], text[-1:]) if text[-1:] in cls.UNITS else (text, "s")
        return cls(float(number) * cls.UNITS[unit])

    def __str__(self) -> str:
        for unit, seconds in reversed(self.UNITS.items()):
            if self and self % seconds == 0:
                return f"{self / seconds:g}{unit}"
        return f"{float(self):g}"


#: How long messages are kept unless something else is said.
FOR_EVER = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one server runs. Immutable; tests turn single fields with `dataclasses.replace`."""

    host: str = setting(
        "127.0.0.1", "address to listen on; 0.0.0.0 or :: lets other machines in", unit="ADDRESS"
    )
    port: int = setting(
        8080, "TCP port to listen on; 0 lets the system pick a free one", low=0, high=65535
    )
    origin: tuple[str, ...] = setting(
        (),
        "another origin whose pages may open the WebSocket, besides the server's own host; "
        "* allows every page on the web, null those opened from a file or in a sandboxed frame",
        unit="SCHEME://HOST[:PORT]",
    )
    name: tuple[str, ...] = setting(
        (),
        "a name by which this server is called, besides localhost, IP addresses and a name given "
        "with --host; a request to any other is refused, as DNS rebinding makes them; "
        "*.NAME is every name below it, * any name",
        unit="NAME",
    )
    trusted_proxy: tuple[str, ...] = setting(
        (),
        "address or network of a reverse proxy whose X-Forwarded-* headers are believed",
        unit="ADDRESS[/BITS]",
    )
    max_connections: int = setting(
        10_000,
        "connections held at once, HTTP and WebSocket together; the next gets 503 "
        "(two threads and about 50 KiB each once upgraded)",
        low=1,
    )
    max_connections_per_address: int = setting(
        1_000,
        "connections held at once from one address; a school or an office often shares one",
        low=1,
    )
    max_message_size: int = setting(
        65_536,
        "largest message taken, after inflating; a larger one closes with 1009",
        unit="BYTES",
        low=1,
        high=16 * 1024 * 1024,
    )
    send_buffer: int = setting(
        256,
        "messages waiting for one slow connection before it is dropped (goChat's figure)",
        unit="MESSAGES",
        low=1,
    )
    send_buffer_bytes: int = setting(
        1024 * 1024,
        "bytes waiting for one slow connection before it is dropped",
        unit="BYTES",
        low=1024,
    )
    write_wait: float = setting(
        10.0,
        "a write that makes no progress for so long ends the connection (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    pong_wait: float = setting(
        60.0,
        "a peer not heard from for so long is gone (gorilla's figure)",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    ping_period: float = setting(
        54.0,
        "time between pings; less than pong-wait, and than the 60 s after which nginx cuts a quiet "
        "line",
        unit="SECONDS",
        low=0.01,
        high=86_400,
    )
    header_timeout: float = setting(
        10.0,
        "a whole request header must have arrived within this, however slowly it trickles",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    idle_timeout: float = setting(
        30.0,
        "an HTTP connection kept alive between requests is closed after this",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    compress_from: int = setting(
        1024,
        "messages of at least this size are deflated, once for all clients that asked for it; "
        "smaller ones cost more than they save",
        unit="BYTES",
        low=0,
    )
    data: str = setting(
        "gochat-data",
        "directory that keeps messages and users; made if it is not there",
        unit="DIRECTORY",
    )
    memory: bool = setting(False, "keep nothing: what was said is gone when the server stops")
    durability: str = setting(
        "process",
        "what an acknowledged message survives: the end of the process, even by kill -9, or also "
        "the loss of power, at the price of waiting for the disk",
        choices=("process", "power"),
    )
    retention: Duration = setting(
        FOR_EVER, "how long messages are kept; 0 is for ever", unit="TIME, like 30d, 12h, 90m"
    )
    history_limit: int = setting(
        0, "messages kept in each room; 0 is all of them", unit="MESSAGES", low=0
    )
    rate: float = setting(
        10.0,
        "messages, edits and reactions a second that one gochat.v1 connection may send",
        unit="PER-SECOND",
        low=0.01,
    )
    burst: int = setting(
        30, "of those, how many may come at once after a quiet time", unit="MESSAGES", low=1
    )
    max_rooms: int = setting(
        50, "rooms that one connection may be in at a time", unit="ROOMS", low=1, high=10_000
    )
    hello_wait: float = setting(
        10.0,
        "a gochat.v1 client must say hello within this",
        unit="SECONDS",
        low=0.01,
        high=3600,
    )
    drain_timeout: float = setting(
        4.0,
        "when stopping, connections have this long to take what is queued and say goodbye",
        unit="SECONDS",
        low=0.0,
        high=3600,
    )
    log_level: str = setting(
        "info",
        "least severe log record written to standard error",
        choices=("debug", "info", "warning", "error"),
    )
    log_format: str = setting(
        "text",
        "shape of a log record: text for people, json for machines",
        choices=("text", "json"),
    )

    def __post_init__(self) -> None:
        """Refuse values out of range, or that contradict each other, with the cure."""
        for option in options():
            option.check(getattr(self, option.name))
        if self.ping_period >= self.pong_wait:
            raise StartupError(
                f"--ping-period {self.ping_period:g} must be less than --pong-wait "
                f"{self.pong_wait:g}, or a live peer would be dropped before it is asked"
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


@dataclass(frozen=True, slots=True)
class Option:
    """One field of `Settings` as the command line sees it."""

    name: str
    default: Any
    about: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]

    @property
    def flag(self) -> str:
        """The command-line flag, as in ``--max-message-size``."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable, as in ``GOCHAT_MAX_MESSAGE_SIZE``."""
        return ENVIRONMENT_PREFIX + self.name.upper()

    @property
    def many(self) -> bool:
        """Whether it may be given more than once."""
        return isinstance(self.default, tuple)

    @property
    def switch(self) -> bool:
        """Whether the flag takes no value."""
        return isinstance(self.default, bool)

    def read(self, text: str) -> Any:
        """The value that `text` spells, or `StartupError` with a sentence that names the flag."""
        text = text.strip()
        if isinstance(self.default, bool):
            words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
            if text.lower() not in words:
                raise StartupError(f"{self.flag} takes true or false, not {text!r}")
            return words[text.lower()]
        if isinstance(self.default, Duration):
            try:
                value: Any = Duration.read(text)
            except ValueError:
                raise StartupError(
                    f"{self.flag} takes a time like 30d, 12h or 90m, not {text!r}"
                ) from None
        elif isinstance(self.default, int | float):
            number = type(self.default)
            try:
                value = number(text)
            except ValueError:
                what = "a whole number" if number is int else "a number"
                raise StartupError(f"{self.flag} takes {what}, not {text!r}") from None
        else:
            value = text
        self.check((value,) if self.many else value)
        return value

    def check(self, value: Any) -> None:
        """Raise `StartupError` if `value` is out of range or not one of the choices."""
        if self.choices and value not in self.choices:
            raise StartupError(f"{self.flag} takes one of {', '.join(self.choices)}, not {value!r}")
        if isinstance(value, int | float):
            if not (value == value and abs(value) != float("inf")):
                raise StartupError(f"{self.flag} takes a finite number, not {value}")
            if self.low is not None and value < self.low:
                raise StartupError(f"{self.flag} must be at least {self.low:g}, not {value:g}")
            if self.high is not None and value > self.high:
                raise StartupError(f"{self.flag} must be at most {self.high:g}, not {value:g}")


def options() -> Iterator[Option]:
    """Each setting, in the order in which help lists them."""
    for each in dataclasses.fields(Settings):
        yield Option(each.name, each.default, **each.metadata)


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that `environment` gives, by field name; empty variables count as absent."""
    found: dict[str, Any] = {}
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
    """Settings from the defaults, `environment` over them, and `flags` over both."""
    return Settings(**cast(dict[str, Any], {**from_environment(environment), **flags}))
