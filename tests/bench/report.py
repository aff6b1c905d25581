"""From runs to words: medians, and a table for each work."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from .machine import DISTURBED
from .measure import Result
from .servers import REFERENCE, Server
from .works import Figure, Work

#: For each work, for each server, the runs in order.
Runs = Mapping[str, Mapping[str, Sequence[Result]]]


def disturbed(run: Result) -> bool:
    """Whether others took so much of the cores that the run's figures are not to be relied on."""
    return bool(run.get("others", 0.0) > DISTURBED)


def counted(runs: Iterable[Result], key: str) -> list[float]:
    """A figure of each run that has it; of those that others disturbed only if all were."""
    having = [run for run in runs if key in run]
    quiet = [run for run in having if not disturbed(run)]
    return [run[key] for run in quiet or having]


def median(runs: Iterable[Result], key: str) -> float | None:
    """The median of a figure over the runs that count; None if no run has it."""
    values = counted(runs, key)
    return statistics.median(values) if values else None


def worst(runs: Iterable[Result], key: str) -> int:
    """The largest value of a count over all runs: a fault is not to be averaged away."""
    return max((int(run.get(key, 0)) for run in runs), default=0)


def number(value: float | None, digits: int) -> str:
    """A figure as people read it: thousands apart, small ones with three digits that count."""
    if value is None:
        return "–"
    if digits == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1 and digits > 1:
        return f"{value:.{digits + 1}f}"
    return f"{value:,.{digits}f}"


def ratio(value: float | None, reference: float | None) -> str:
    """How many times the reference's figure."""
    if value is None or not reference:
        return "–"
    return f"{value / reference:.2f}"


def faults(runs: Sequence[Result]) -> str:
    """What must not happen, in words; empty when it did not."""
    found = [run["failed"] for run in runs if "failed" in run]
    found += [
        f"only {run['open']:,} of {run['asked']:,} let in"
        for run in runs
        if run.get("open", 0) + run.get("dropped", 0) < run.get("asked", 0)
    ]
    for key, words in (
        ("dropped", "healthy clients dropped"),
        ("lost", "lines lost"),
        ("repeated", "lines out of order or twice"),
        ("garbled", "frames not understood"),
        ("unreachable", "handshakes failed"),
        ("witnesses_dropped", "witnesses dropped"),
        ("tried_again", "turned away at first"),
    ):
        count = worst(runs, key)
        if count:
            found.append(f"{count:,} {words}")
    return "; ".join(dict.fromkeys(found))


def others(runs: Iterable[Result]) -> float | None:
    """The most that others took of the cores in a run that counts, in percent; None without one."""
    values = counted(runs, "others")
    return 100 * max(values) if values else None


def disturbance(runs: Runs) -> str:
    """How busy the machine was, in a sentence or two."""
    rows = [own for work in runs.values() for own in work.values() if own]
    every = [run for own in rows for run in own]
    taken = [most for own in rows if (most := others(own)) is not None]
    if not taken:
        return "No run was completed."
    repeated = sum(run.get("tries", 1) > 1 for run in every)
    left_out = sum(disturbed(run) for own in rows if not _unreliable(own) for run in own)
    unreliable = sum(_unreliable(own) for own in rows)
    parts = [f"Others took at most {max(taken):.1f} % of the cores during a run"]
    if repeated:
        parts.append(f"{repeated} of {len(every)} runs were repeated because others disturbed them")
    if left_out:
        parts.append(f"runs that stayed disturbed and do not count: {left_out}")
    if unreliable:
        parts.append(
            f"rows of which all runs were disturbed, and that are not to be relied on: {unreliable}"
        )
    return "; ".join(parts) + "."


def _unreliable(runs: Sequence[Result]) -> bool:
    """Whether others disturbed all runs of a row that have figures."""
    most = others(runs)
    return most is not None and most > 100 * DISTURBED


def table(work: Work, servers: Sequence[Server], runs: Mapping[str, Sequence[Result]]) -> str:
    """One work's table: a row a server, the headline first, then its ratio to the reference."""
    headline = work.figures[0]
    reference = median(runs.get(REFERENCE, ()), headline.key)
    ratios = reference is not None
    rows = [_heading(work.figures, ratios)]
    for server in servers:
        if not work.takes(server.name):
            continue
        own = runs.get(server.name, ())
        cells = [number(median(own, figure.key), figure.digits) for figure in work.figures]
        if ratios:
            cells.insert(1, ratio(median(own, headline.key), reference))
        rows.append([server.name, *cells, number(others(own), 1), faults(own)])
    return f"{work.title}\n{columns(rows)}"


def _heading(figures: Sequence[Figure], ratios: bool) -> list[str]:
    names = [figure.heading for figure in figures]
    if ratios:
        names.insert(1, f"× {REFERENCE}")
    return ["", *names, "others %", ""]


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as aligned text: the first and last to the left, those between to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        middle = [cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join(["  " + row[0].ljust(widths[0]), *middle, row[-1]]).rstrip())
    return "\n".join(lines)
