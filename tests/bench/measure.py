"""One run: a server, a load, and what the kernel says the server used meanwhile."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .machine import TICK, Watch, all_cores, cpu_seconds
from .servers import Failed, Server, last_line, pin, running
from .works import Work

#: Seconds until a server's CPU clock must have stood still, and for how long it must.
SETTLED_WITHIN, STILL_FOR = 30.0, 0.3

Result = dict[str, Any]


def run(work: Work, server: Server, load: str, cores: tuple[int, int] | None) -> Result:
    """Do one work with one server, started for it. What went wrong is in the result: `failed`."""
    server_core, load_core = cores or (None, None)
    try:
        with running(server, server_core) as (pid, port):
            memory_before = memory(pid)
            options = {"dialect": server.dialect, **work.options}
            with loading(load, port, work.load, load_core, options) as clients:
                settle(pid)
                memory_after = memory(pid)
                watch, before = Watch(cores or all_cores()), cpu_seconds(pid)
                say(clients, "go")
                told = figures(clients)
                used, others = cpu_seconds(pid) - before, watch.others()
                say(clients, "end")
    except Failed as failed:
        return {"failed": str(failed)}
    return {**derive(told, used, memory_before, memory_after), "others": others}


def derive(
    told: Mapping[str, Any],
    cpu: float,
    before: tuple[float, float] = (0, 0),
    after: tuple[float, float] = (0, 0),
) -> Result:
    """The figures of a run, from what the load told and the server's CPU (s) and memory (KiB)."""
    result: Result = {**told, "server_cpu": round(cpu, 3)}
    elapsed = told["elapsed"]
    if told["deliveries"]:
        result["cpu_us"] = cpu * 1e6 / told["deliveries"]
        result["deliveries_a_second"] = told["deliveries"] / elapsed
        result["lines_a_frame"] = told["deliveries"] / told["frames"]
        result["p50_ms"] = told["p50"] / 1000
        result["p99_ms"] = told["p99"] / 1000
    if told["handshakes"]:
        result["handshakes_a_second"] = told["handshakes"] / elapsed
        result["cpu_us_a_handshake"] = cpu * 1e6 / told["handshakes"]
    if told["open"]:
        result["rss_kib"] = (after[0] - before[0]) / told["open"]
        result["pss_kib"] = (after[1] - before[1]) / told["open"]
    return result


@contextlib.contextmanager
def loading(
    load: str, port: int, name: str, core: int | None, options: Mapping[str, Any]
) -> Iterator[subprocess.Popen[str]]:
    """Start the load on a work of its own, and wait until it is ready for `say`.

    Leaving waits for its end. Raises `Failed` if it does not get ready.
    """
    words = [f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}"
             for key, value in options.items()]  # fmt: skip
    with subprocess.Popen(
        [load, str(port), name, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: pin(core),  # safe: this process has one thread
    ) as clients:
        if _answer(clients) != "ready":
            raise Failed("the load was not ready")
        try:
            yield clients
        finally:
            assert clients.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it ended by itself, unheard words are left
                clients.stdin.close()


def figures(clients: subprocess.Popen[str]) -> dict[str, Any]:
    """What the load prints next, once it has done what it was told to."""
    told: dict[str, Any] = json.loads(_answer(clients))
    return told


def _answer(clients: subprocess.Popen[str]) -> str:
    """The load's next line. It cannot hang: the load has an alarm, whose end is an empty line."""
    assert clients.stdout is not None and clients.stderr is not None
    line = clients.stdout.readline().strip()
    if not line:
        said = last_line(clients.stderr.read())
        late = clients.wait() == -signal.SIGALRM
        raise Failed("the load ran out of time" if late else f"the load ended: {said}")
    return line


def say(clients: subprocess.Popen[str], words: str) -> None:
    """Tell the load to go on."""
    assert clients.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has ended: the next answer says so
        clients.stdin.write(words + "\n")
        clients.stdin.flush()


def memory(pid: int) -> tuple[float, float]:
    """Resident and proportional memory of a process (RSS, PSS; KiB)."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        raise Failed("the server has ended") from None
    values = {}
    for line in text.splitlines()[1:]:
        name, _, rest = line.partition(":")
        values[name] = float(rest.split()[0])
    return values["Rss"], values["Pss"]


def settle(pid: int, within: float = SETTLED_WITHIN) -> float:
    """Return once the server is at rest: what it does after accepting is no part of the work.

    Gives when it came to rest (`time.monotonic`), to `STILL_FOR`; or now, after `within` seconds.
    """
    pause = threading.Event()
    last = -1.0
    for _ in range(int(within / STILL_FOR)):
        used = cpu_seconds(pid)
        if used - last < 2 * TICK:
            return time.monotonic() - STILL_FOR
        last = used
        pause.wait(STILL_FOR)
    return time.monotonic()
