"""The works: what every server is asked to do, and which figure of it is the headline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from .servers import OURS_V1


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured quantity: its key in a run's result, how it is headed, and which end is good."""

    key: str
    heading: str
    digits: int = 2
    less_is_better: bool = True


CPU = Figure("cpu_us", "µs CPU/delivery")
DELIVERIES = Figure("deliveries_a_second", "deliveries/s", 0, less_is_better=False)
JOINED = Figure("lines_a_frame", "lines/frame", 1, less_is_better=False)
P50 = Figure("p50_ms", "p50 ms")
P99 = Figure("p99_ms", "p99 ms")
HANDSHAKES = Figure("handshakes_a_second", "handshakes/s", 0, less_is_better=False)
CPU_HANDSHAKE = Figure("cpu_us_a_handshake", "µs CPU each", 0)
RSS = Figure("rss_kib", "RSS KiB each", 1)
PSS = Figure("pss_kib", "PSS KiB each", 1)
COMING = Figure("coming_us", "µs CPU coming", 0)
UNTIL_LIVE = Figure("coming_s", "s until live", 1)
WAIT_COMING = Figure("coming_wait_ms", "worst wait ms", 0)
TOLD_COMING = Figure("coming_kib", "KiB each", 1)
LEAVING = Figure("leaving_us", "µs CPU leaving", 0)
UNTIL_GONE = Figure("leaving_s", "s until gone", 1)
WAIT_LEAVING = Figure("leaving_wait_ms", "worst wait ms", 0)


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. `load` and `options` are load.c's; `figures[0]` is the headline.

    `servers` names those that take part; empty, all do.
    """

    name: str
    title: str
    load: str
    options: Mapping[str, float]
    figures: tuple[Figure, ...]
    most_rounds: int = 1_000
    servers: frozenset[str] = frozenset()

    @property
    def family(self) -> str:
        """The name without the number of connections in it: ``idle`` of ``idle-1000``."""
        return self.name.partition("-")[0]

    def takes(self, server: str) -> bool:
        """Whether the server of that name takes part."""
        return not self.servers or server in self.servers

    def quick(self) -> Work:
        """The same in less time, for a glance."""
        shorter = {k: v / 2 if k == "seconds" else v for k, v in self.options.items()}
        return replace(self, options=MappingProxyType(shorter))


def _work(
    name: str,
    title: str,
    load: str,
    *figures: Figure,
    most_rounds: int = 1_000,
    servers: frozenset[str] = frozenset(),
    **options: Any,
) -> Work:
    return Work(name, title, load, MappingProxyType(options), figures, most_rounds, servers)


_STORM = (
    COMING, UNTIL_LIVE, WAIT_COMING, TOLD_COMING, LEAVING, UNTIL_GONE, WAIT_LEAVING
)  # fmt: skip


def _storm(connections: int) -> Work:
    return _work(
        f"storm-{connections}",
        f"{connections:,} come back after kill -9, in 20 rooms; then all leave",
        "storm", *_STORM, most_rounds=1, servers=frozenset({OURS_V1}),
        connections=connections, rooms=20, missed=4, seconds=120,
    )  # fmt: skip


_DELIVERY = (CPU, DELIVERIES, JOINED, P50, P99)

#: Two seconds of work are some 200 ticks of the kernel's 10 ms CPU clock when a server is busy, so
#: that a tick is under 1 %. Memory hardly differs between rounds and opening takes long: one round.
WORKS = (
    _work(
        "crowd", "10 senders × 8 in flight → 100", "talk", *_DELIVERY,
        connections=100, senders=10, inflight=8, seconds=2.5,
    ),
    _work(
        "everyone", "50 senders × 1 in flight → 50", "talk", *_DELIVERY,
        connections=50, senders=50, inflight=1, seconds=2.5,
    ),
    _work(
        "hundred", "1 sender → 100", "talk", *_DELIVERY,
        connections=100, senders=1, inflight=1, seconds=2.5,
    ),
    _work(
        "thousand", "1 sender → 1,000", "talk", *_DELIVERY,
        connections=1000, senders=1, inflight=1, seconds=2.5,
    ),
    _work(
        "latency", "20 lines a second → 10", "pace", P50, P99,
        connections=10, rate=20, seconds=5,
    ),
    _work(
        "handshakes", "opened and closed, 32 at a time", "shake", HANDSHAKES, CPU_HANDSHAKE,
        connections=32, seconds=2.5,
    ),
    _work("idle-1000", "1,000 idle connections", "hold", RSS, PSS, connections=1000, most_rounds=1),
    _work("idle-9900", "9,900 idle connections", "hold", RSS, PSS, connections=9900, most_rounds=1),
    *map(_storm, (500, 1000, 2000, 4000, 8000)),
    _work(
        "enter-5000", "5,000 known users enter one room; then all leave", "storm", *_STORM,
        most_rounds=1, servers=frozenset({OURS_V1}),
        connections=5000, rooms=1, missed=0, since=0, seconds=120,
    ),
)  # fmt: skip

#: What `--quick` leaves out, as opening so many takes longest.
NOT_QUICK = frozenset({"idle-9900", "storm-2000", "storm-4000", "storm-8000", "enter-5000"})
