"""The run of a storm: a server is killed, everybody comes back at once, and all leave at once.

A storm needs what only gochat.v1 has, rooms and `since`. Meanwhile two witnesses talk in a room of
their own, and how long their lines take says what everybody else feels.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from subprocess import Popen
from typing import Any

from .machine import Watch, all_cores, cpu_seconds
from .measure import Result, figures, loading, say, settle
from .servers import Failed, Server, complete, started
from .works import Work

#: Lines a second of the witnesses: often enough to be there at the worst moment, while what they
#: cost the server, some 20 ms a second, still counts as rest.
WITNESSES = {"connections": 2, "rate": 20, "seconds": 600, "room": "quiet", "until": "word"}

#: Seconds the server may take for what is left to do when everybody is live, or gone.
PATIENCE = 120.0


def run(work: Work, server: Server, load: str, cores: tuple[int, int] | None) -> Result:
    """Let everybody come back and leave. What went wrong is in the result: `failed`."""
    server_core, load_core = cores or (None, None)
    watched = cores or all_cores()
    options = {"dialect": server.dialect, **work.options}
    witnesses = {"dialect": server.dialect, **WITNESSES}
    try:
        with complete(server) as command, started(command, server_core) as (process, port):
            clients = loading(load, port, work.load, load_core, options)
            with clients as storm:
                settle(process.pid)
                process.kill()
                process.wait()
                with started(command, server_core) as (again, port):
                    with loading(load, port, "pace", load_core, witnesses) as quiet:
                        coming = _phase(again.pid, storm, quiet, f"go {port}", watched)
                    with loading(load, port, "pace", load_core, witnesses) as quiet:
                        leaving = _phase(again.pid, storm, quiet, "leave", watched)
                    say(storm, "end")
    except Failed as failed:
        return {"failed": str(failed)}
    return derive(coming, leaving)


def _phase(
    pid: int, storm: Popen[str], quiet: Popen[str], words: str, cores: Sequence[int]
) -> dict[str, Any]:
    """Say `words` to the storm, and measure until the server has done all that follows from it."""
    settle(pid)
    watch, before = Watch(cores), cpu_seconds(pid)
    begun = time.monotonic()
    say(quiet, "go")
    say(storm, words)
    told = figures(storm)
    rest = settle(pid, PATIENCE)
    say(quiet, "stop")
    heard = figures(quiet)
    used, others = cpu_seconds(pid) - before, watch.others()
    say(quiet, "end")
    return {**told, "used": used, "until_rest": rest - begun, "witnesses": heard, "others": others}


def derive(coming: Mapping[str, Any], leaving: Mapping[str, Any]) -> Result:
    """The figures of a storm, from what load and kernel told of its two halves."""
    result: Result = {
        **{key: coming[key] for key in ("asked", "open", "dropped", "unreachable", "garbled")},
        "tried_again": coming["tried_again"],
        "witnesses_dropped": coming["witnesses"]["dropped"] + leaving["witnesses"]["dropped"],
        "lost": coming["witnesses"]["lost"] + leaving["witnesses"]["lost"],
        "others": max(coming["others"], leaving["others"]),
        "coming_us": coming["used"] * 1e6 / coming["asked"],
        "coming_s": coming["elapsed"],
        "coming_wait_ms": _wait(coming),
        "coming_kib": coming["received"] / 1024 / coming["asked"],
        "leaving_us": leaving["used"] * 1e6 / coming["asked"],
        "leaving_s": leaving["until_rest"],
        "leaving_wait_ms": _wait(leaving),
    }
    return result


def _wait(phase: Mapping[str, Any]) -> float:
    """The longest time one of the witnesses' lines took (ms); one that never came, all of it."""
    heard = phase["witnesses"]
    return float(phase["until_rest"] * 1000 if heard["lost"] else heard["max"] / 1000)
