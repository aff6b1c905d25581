"""How busy the machine was: what other programs took from the cores on which a run is measured.

A run that others disturbed is no measurement, and it does not disturb all servers alike: a busy
machine favours those that wake fewer threads. So a run waits until the machine is quiet, is done
again if it was not, and says how much others took.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .servers import Failed

TICK = 1 / os.sysconf("SC_CLK_TCK")  # seconds; of the times in /proc/stat and /proc/PID/stat

#: A run is disturbed if others took more than this part of its cores.
DISTURBED = 0.03

#: How often a run is done at most, and for how long the machine is watched before each (seconds).
TRIES, LOOK = 3, 0.3


def cpu_seconds(pid: int) -> float:
    """CPU used so far by a process, its descendants, and its children that have ended (seconds)."""
    stats = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                stats[int(entry.name)] = parse_stat((entry / "stat").read_text())
    family, total = [pid], 0
    while family:
        one = family.pop()
        if one not in stats:
            raise Failed("the server has ended")
        total += stats[one][1]
        family += [child for child, (parent, _) in stats.items() if parent == one]
    return total * TICK


def parse_stat(text: str) -> tuple[int, int]:
    """The parent's pid, and the ticks of utime, stime, cutime and cstime, from /proc/PID/stat."""
    # proc_pid_stat(5). The second field is a name in brackets, which may hold spaces and brackets.
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), sum(int(field) for field in fields[11:15])


def parse_busy(text: str, cores: Sequence[int]) -> int:
    """The ticks of `cores` in which a process ran or another virtual machine did, in /proc/stat.

    Interrupts are left out: those of the loopback device are a run's own.
    """
    # proc_stat(5): user nice system idle iowait irq softirq steal guest guest_nice
    names, total = {f"cpu{core}" for core in cores}, 0
    for line in text.splitlines():
        name, *ticks = line.split()
        if name in names:
            user, nice, system, stolen = (int(ticks[place]) for place in (0, 1, 2, 7))
            total += user + nice + system + stolen
    return total


def all_cores() -> tuple[int, ...]:
    """The cores that this process may use."""
    return tuple(sorted(os.sched_getaffinity(0)))


class Watch:
    """Counts, from its making on, the time that others took from some cores.

    Time of this process, the servers and the loads is its own, and no one else's.
    """

    def __init__(self, cores: Sequence[int]) -> None:
        self._cores = cores
        self._begin = self._now()

    def _now(self) -> tuple[float, float, float]:
        busy = parse_busy(Path("/proc/stat").read_text(), self._cores) * TICK
        return time.monotonic(), busy, cpu_seconds(os.getpid())

    def others(self) -> float:
        """The part of the cores that others took, from 0 to 1."""
        pairs = zip(self._begin, self._now(), strict=True)
        wall, busy, own = (now - begin for begin, now in pairs)
        return share(wall * len(self._cores), busy, own)


def share(whole: float, busy: float, own: float) -> float:
    """What part of `whole` seconds others took; ticks are coarse, so it may come out below zero."""
    return min(1.0, max(0.0, busy - own) / whole) if whole > 0 else 0.0


class Patience:
    """Seconds that may be spent, in all, on waiting for a quiet machine and on runs done again."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def spend(self, seconds: float) -> bool:
        """Spend so much, if any time is left; gives whether it was."""
        if self.left <= 0:
            return False
        self.left -= seconds
        return True


def wait_until_quiet(look: Callable[[], float], patience: Patience) -> float:
    """Look, `LOOK` seconds each time, until others take little; gives what they took at last."""
    while (taken := look()) > DISTURBED and patience.spend(LOOK):
        pass
    return taken


def looker(cores: Sequence[int]) -> Callable[[], float]:
    """A look at the cores: what others take from them during `LOOK` seconds."""
    pause = threading.Event()

    def look() -> float:
        watch = Watch(cores)
        pause.wait(LOOK)
        return watch.others()

    return look


def least_disturbed(
    run: Callable[[], Mapping[str, Any]], look: Callable[[], float], patience: Patience
) -> dict[str, Any]:
    """Do a run, again if others disturbed it; gives that in which others took least.

    Its result also says what others took just before (`others_before`) and how often it was done
    (`tries`). A run that failed is not done again: that is a finding about the server.
    """
    tries: list[dict[str, Any]] = []
    while True:
        before = wait_until_quiet(look, patience)
        begun = time.monotonic()
        tries.append({**run(), "others_before": before})
        disturbed = tries[-1].get("others", 0.0) > DISTURBED
        if not disturbed or len(tries) == TRIES or not patience.spend(time.monotonic() - begun):
            break
    best = min(tries, key=lambda result: result.get("others", math.inf))
    return {**best, "tries": len(tries)}
