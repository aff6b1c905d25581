"""The works: what every server is asked to do, and which figure of it is the headline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any


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


@dataclass(frozen=True, slots=True)
class Work:
    """One thing to do. `load` and `options` are load.c's; `figures[0]` is the headline."""

    name: str
    title: str
    load: str
    options: Mapping[str, float]
    figures: tuple[Figure, ...]
    most_rounds: int = 1_000

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
    **options: Any,
) -> Work:
    return Work(name, title, load, MappingProxyType(options), figures, most_rounds)


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
)  # fmt: skip

#: What `--quick` leaves out, as opening so many takes longest.
NOT_QUICK = frozenset({"idle-9900"})
