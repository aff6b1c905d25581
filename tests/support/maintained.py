"""A store that is maintained as by the journal, with a clock that the test sets."""

from __future__ import annotations

import itertools
from unittest import mock

from gochat_py.backplane.maintenance import Maintenance
from gochat_py.core.clock import EARLIEST
from gochat_py.message import Draft, Entry
from gochat_py.store import history, retention
from tests.support.case import PATIENCE
from tests.support.store import StoreCase, message
from tests.support.written import written

DAY = 86_400.0


class FakeConnection:
    """A connection that the test does not read."""


class MaintainedCase(StoreCase):
    """`time` is the monotonic clock; the wall clock is that and `clock_offset`.

    Steps work for as long as they like, and count as 5 ms each, however busy this machine is.
    """

    keep = 0.0
    history_limit = 0

    def setUp(self) -> None:
        super().setUp()
        for name in ("TRIMMING", "DROPPING"):
            self.enterContext(mock.patch.object(retention, name, PATIENCE))
        self.time = 1_000.0
        self.clock_offset = EARLIEST + 300 * DAY
        self.start()

    def start(self, keep: float | None = None, history_limit: int | None = None) -> None:
        """Start again, as after a start of the server."""
        self.maintenance = Maintenance(
            self.keep if keep is None else keep,
            self.history_limit if history_limit is None else history_limit,
            clock=itertools.count(0.0, 0.005).__next__,
        )

    @property
    def wall(self) -> float:
        return self.time + self.clock_offset

    def step(self, *, idle: bool) -> None:
        self.maintenance.observe_clock(self.time, self.wall)
        self.maintenance.step(self.writer, self.read_pool, idle, self.time, self.wall)

    def say(self, *drafts: Draft) -> list[Entry]:
        """Write one batch as the journal does, then do a step."""
        self.maintenance.observe_clock(self.time, self.wall)
        self.writer.begin()
        applied = [self.writer.apply(draft, self.wall) for draft in drafts]
        self.writer.acknowledge()
        self.maintenance.wrote([written(each.entry, FakeConnection()) for each in applied])
        self.step(idle=False)
        return [each.entry for each in applied]

    def passes(self, seconds: float, *, every: float = 0.0) -> None:
        """Let time pass, with a message in the room Noise `every` so many seconds, if that is not
        0. Meanwhile the journal waits, and does its steps.
        """
        end = self.time + seconds
        says = self.time + every if every else end
        while self.time < end:
            wakes = self.time + self.maintenance.idle_timeout(self.time)
            if says <= wakes:
                self.time = says
                if self.time >= end:
                    return
                self.say(message(f"noise at {self.time:.3f}", room="Noise"))
                says += every
            else:
                self.time = min(wakes, end)
                self.step(idle=True)

    def oldest(self, room: str = "noise") -> float:
        """How many seconds ago the oldest entry of the room was written, by its time."""
        found = self.read(
            lambda connection: connection.execute(
                "SELECT time FROM entries JOIN rooms ON entries.id = (rooms.id << 40 | first)"
                " WHERE key = ?",
                (room,),
            ).fetchone()
        )
        return self.wall - found[0] if found else 0.0

    def kept(self, room: str = "tea") -> list[int]:
        return [entry.seq for entry in self.read(history.page, room, limit=1_000).entries]
