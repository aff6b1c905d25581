"""``python -m tests.bench``: measure chat servers side by side, print tables, draw a chart."""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import chart, machine, measure, report, servers, storm, works
from .peers.program import raise_descriptor_limit

CHART = servers.ROOT / "docs" / "bench.svg"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit status, 2 if it could not begin."""
    options = parser().parse_args(arguments)
    chosen = choose_works(options)
    raise_descriptor_limit()
    with tempfile.TemporaryDirectory(prefix="gochat-bench-") as name:
        folder = Path(name)
        try:
            load = servers.build_load(folder)
        except servers.Missing as missing:
            print(missing, file=sys.stderr)
            return 2
        found, sentences = servers.find(folder, frozenset(options.only))
        cores = None if options.unpinned else choose_cores()
        if cores is None and not options.unpinned:
            sentences.append("only one core is to be had, so nothing is pinned")
        for sentence in sentences:
            print(sentence)
        begun, average = time.monotonic(), os.getloadavg()[0]
        patience = machine.Patience(0 if options.quick else options.patience)
        rounds = 1 if options.quick else options.rounds
        runs = run_all(chosen, found, load, cores, rounds, patience)
    print()
    for work in chosen:
        if any(work.takes(server.name) for server in found):
            print(report.table(work, found, runs[work.name]), end="\n\n")
    note = f"{small_print(options, cores)} {report.disturbance(runs)}"
    print(f"{note} Load average before: {average:.2f}. Took {time.monotonic() - begun:.0f} s.")
    write(options, chosen, found, runs, note)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    result.add_argument(
        "--only", action="append", default=[], choices=servers.names(), metavar="SERVER",
        help=f"measure only this server; may be given several times: {', '.join(servers.names())}",
    )  # fmt: skip
    work_names = [work.name for work in works.WORKS]
    families = dict.fromkeys(work.family for work in works.WORKS if work.family != work.name)
    result.add_argument(
        "--works", action="append", default=[], choices=[*work_names, *families], metavar="WORK",
        help=f"do only this work; may be given several times: {', '.join(work_names)}; "
        f"{', '.join(families)}: all of that kind",
    )  # fmt: skip
    result.add_argument("--rounds", type=int, default=3, help="runs of each, of which the median")
    result.add_argument(
        "--patience", type=float, default=600.0, metavar="SECONDS",
        help="time in all to wait for a quiet machine and to repeat runs that others disturbed; "
        "default 600, with --quick none",
    )  # fmt: skip
    result.add_argument("--quick", action="store_true", help="one short round, for a glance")
    result.add_argument("--unpinned", action="store_true", help="let the system choose the cores")
    result.add_argument("--json", type=Path, metavar="PATH", help="write every run's figures there")
    result.add_argument(
        "--svg", type=Path, metavar="PATH",
        help="write the chart there; a whole run writes docs/bench.svg",
    )  # fmt: skip
    return result


def choose_works(options: argparse.Namespace) -> list[works.Work]:
    """The works the command line asks for, in the order of the table."""
    chosen = [
        work
        for work in works.WORKS
        if not options.works or work.name in options.works or work.family in options.works
    ]
    if options.quick:
        kept = [work for work in chosen if options.works or work.name not in works.NOT_QUICK]
        chosen = [work.quick() for work in kept]
    return chosen


def choose_cores() -> tuple[int, int] | None:
    """A core for the server and another for the load; None where there is but one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


def run_all(
    chosen: Sequence[works.Work],
    found: Sequence[servers.Server],
    load: str,
    cores: tuple[int, int] | None,
    rounds: int,
    patience: machine.Patience,
) -> dict[str, dict[str, list[measure.Result]]]:
    """Every work with every server, round by round, so that what disturbs disturbs all alike."""
    runs: dict[str, dict[str, list[measure.Result]]] = {
        work.name: {server.name: [] for server in found} for work in chosen
    }
    look = machine.looker(cores or machine.all_cores())
    for turn in range(rounds):
        for work in chosen:
            if turn >= work.most_rounds:
                continue
            run = storm.run if work.load == "storm" else measure.run
            for server in found:
                if not work.takes(server.name):
                    continue
                tell(f"round {turn + 1} of {rounds}: {work.title}: {server.name}")
                once = functools.partial(run, work, server, load, cores)
                runs[work.name][server.name].append(machine.least_disturbed(once, look, patience))
    tell("")
    return runs


def tell(words: str) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def small_print(options: argparse.Namespace, cores: tuple[int, int] | None) -> str:
    """How it was measured, in a sentence or two."""
    rounds = "one short round" if options.quick else f"medians of {options.rounds} rounds"
    where = "server on one core, load on another" if cores else "not pinned"
    return (
        f"{rounds[0].upper()}{rounds[1:]}; {where}; 64-byte lines, no compression; "
        f"Python {platform.python_version()}, {platform.system()} {platform.machine()}."
    )


def write(
    options: argparse.Namespace,
    chosen: Sequence[works.Work],
    found: Sequence[servers.Server],
    runs: dict[str, dict[str, list[measure.Result]]],
    note: str,
) -> None:
    """Write the chart and the raw figures, where they are wanted."""
    whole = not (options.only or options.works or options.quick)
    path = options.svg or (CHART if whole else None)
    if path:
        compared = [work for work in chosen if not work.servers]
        path.write_text(chart.draw(compared, found, runs, note), encoding="utf-8")
        print(f"The chart is in {path}.")
    if options.json:
        raw = {"note": note, "servers": {s.name: s.about for s in found}, "runs": runs}
        options.json.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
        print(f"The figures are in {options.json}.")


if __name__ == "__main__":
    sys.exit(main())
