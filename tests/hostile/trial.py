"""One trial: a server with default settings, a quiet room, and one attack."""

from __future__ import annotations

import contextlib
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import process
from tests.support.server import ROOT, ServerProcess

from .attacks import ATTACKS
from .quiet import Figures, QuietRoom
from .wire import Target

#: Where the quiet room is, and where the attack comes from.
FRIENDS, STRANGER = "127.0.0.1", "127.0.0.2"

MIB = 2**20

#: What the server's resident memory may grow by.
MEMORY = 64 * MIB

#: What the disk may grow by without any message of the attack: the quiet room's, the redo log,
#: users, the WAL's usual size.
BASE = 8 * MIB

#: The default limits of messages: at once, and a second.
BURST, RATE = 30, 10.0

#: How often an entry's bytes may be on the disk: row, index of trigrams, WAL, redo log.
COPIES = 6

#: Seconds in which the server must have ended; it gives its connections 4 to say goodbye.
ENDED = 10.0

#: Seconds in which somebody who comes back must be in a room.
VISIT = 5.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """The greatest delays that are allowed in the quiet room, in milliseconds.

    A machine that is slow or busy without any attack is not blamed on the server: the control's
    figures, times `times`, are allowed in any case.
    """

    median: float
    worst: float
    times: float = 3.0


#: From another address; and from the same, where the attack shares the friends' budget.
APART, TOGETHER = Bounds(20.0, 500.0), Bounds(50.0, 1000.0)


@dataclass(slots=True)
class Outcome:
    """The result of a trial. Memory and disk are their growth in bytes."""

    name: str
    control: Figures
    attacked: Figures = field(default_factory=Figures)
    memory: int = 0
    disk: int = 0
    disk_allowed: int = 0
    status: int | None = None
    problems: list[str] = field(default_factory=list)


def control(seconds: float) -> Figures:
    """What the quiet room feels when nobody attacks."""
    with ServerProcess() as server, QuietRoom(Target(server.port, FRIENDS)) as room:
        return room.talk(seconds)


def attempt(
    name: str,
    seconds: float,
    undisturbed: Figures,
    *,
    bounds: Bounds = APART,
    address: str = STRANGER,
    to_the_end: bool = True,
) -> Outcome:
    """Let one attack run for so long from `address`; `undisturbed` is the control.

    The server is stopped while the attack goes on, unless it is not to go on `to_the_end`: then
    the attackers vanish before. That saves up to four seconds, which the server gives to
    connections that do not answer its goodbye.
    """
    outcome = Outcome(name, undisturbed)
    attack = ATTACKS[name]
    with ServerProcess() as server:
        pid = server.process.pid
        with contextlib.ExitStack() as strangers:
            with QuietRoom(Target(server.port, FRIENDS), visited=address != FRIENDS) as room:
                forget_peak(pid)
                memory, disk, begun = peak_memory(pid), on_disk(server.data), time.monotonic()
                strangers.enter_context(attacking(name, server.port, address))
                outcome.attacked = room.talk(seconds)
                took = time.monotonic() - begun
                outcome.memory = peak_memory(pid) - memory
                outcome.disk = on_disk(server.data) - disk
            if not to_the_end:
                strangers.close()
            outcome.status = stop(server)
        outcome.disk_allowed = int(
            BASE + attack.authors * (BURST + RATE * took) * attack.size * COPIES
        )
        if outcome.status != 0:
            words = "it had to be killed" if outcome.status is None else f"status {outcome.status}"
            outcome.problems.append(f"SIGTERM: {words}")
        if "Traceback" in server.errors():
            outcome.problems.append("the log has a traceback")
    judge(outcome, bounds)
    return outcome


def stop(server: ServerProcess) -> int | None:
    """Ask the server to end, though the attack goes on; its status, None if it had to be killed."""
    server.process.send_signal(signal.SIGTERM)
    try:
        return server.process.wait(ENDED)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
        return None


def judge(outcome: Outcome, bounds: Bounds) -> None:
    """Note in the outcome what is not as it should be."""
    attacked, undisturbed, problems = outcome.attacked, outcome.control, outcome.problems
    median = max(bounds.median, bounds.times * undisturbed.median)
    worst = max(bounds.worst, bounds.times * undisturbed.worst)
    if attacked.median >= median:
        problems.append(f"median {attacked.median:.0f} ms, not under {median:.0f}")
    if attacked.worst >= worst:
        problems.append(f"worst {attacked.worst:.0f} ms, not under {worst:.0f}")
    if attacked.visits and attacked.slowest_visit >= VISIT * 1000:
        problems.append(f"a visitor waited {attacked.slowest_visit / 1000:.1f} s")
    if outcome.memory >= MEMORY:
        problems.append(f"memory +{outcome.memory / MIB:.0f} MiB, not under {MEMORY / MIB:.0f}")
    if outcome.disk >= outcome.disk_allowed:
        allowed = outcome.disk_allowed / MIB
        problems.append(f"disk +{outcome.disk / MIB:.0f} MiB, not under {allowed:.0f}")
    problems += sorted(set(attacked.faults))[:3]


@contextlib.contextmanager
def attacking(name: str, port: int, address: str) -> Iterator[None]:
    """The attack, in a process of its own, from when it is prepared until the end of the block."""
    attacker = subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.flood", name, str(port), address],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert attacker.stdin is not None and attacker.stdout is not None
    with attacker.stdin, attacker.stdout:
        try:
            if attacker.stdout.readline() != "ready\n":
                raise AssertionError(f"the attack {name} could not be prepared")
            yield
        finally:
            attacker.kill()
            attacker.wait()


def forget_peak(pid: int) -> None:
    """Let `peak_memory` begin anew (proc_pid_clear_refs(5))."""
    with contextlib.suppress(OSError):  # then the peak is that since the start
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_memory(pid: int) -> int:
    """The largest resident memory of a process since `forget_peak`, in bytes."""
    return process.status(pid, "VmHWM") * 1024


def on_disk(folder: Path) -> int:
    """The bytes that a directory's files take on the disk."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # it was removed meanwhile
            total += path.stat().st_blocks * 512
    return total


def table(outcomes: Sequence[Outcome]) -> str:
    """A row for each trial."""
    rows = [
        ("attack", "control", "median", "worst", "visit", "faults", "RSS", "disk", ""),
        ("", "med/worst ms", "ms", "ms", "ms", "", "MiB", "of MiB", "verdict"),
    ]
    rows += [
        (
            each.name,
            f"{_ms(each.control.median)}/{_ms(each.control.worst)}",
            _ms(each.attacked.median),
            _ms(each.attacked.worst),
            _ms(each.attacked.slowest_visit) if each.attacked.visits else "–",
            str(len(each.attacked.faults)),
            f"{each.memory / MIB:+.0f}",
            f"{each.disk / MIB:+.1f}/{each.disk_allowed / MIB:.0f}",
            "; ".join(each.problems) or "ok",
        )
        for each in outcomes
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = []
    for first, *middle, last in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(middle, widths[1:], strict=True)]
        lines.append("  ".join([*cells, last]).rstrip())
    return "\n".join(lines)


def _ms(value: float) -> str:
    return "–" if math.isinf(value) else f"{value:.1f}" if value < 10 else f"{value:.0f}"
