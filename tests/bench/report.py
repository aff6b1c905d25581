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


def median(runs: Iterable[Result], key: str) -> float | None:
    """The median of a figure over the runs that have it; None if none has."""
    values = [run[key] for run in runs if key in run]
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
    """The largest part of the cores that others took in a run, in percent; None if none says."""
    values = [run["others"] for run in runs if "others" in run]
    return 100 * max(values) if values else None


def disturbance(runs: Runs) -> str:
    """How busy the machine was, in a sentence or two."""
    every = [run for work in runs.values() for own in work.values() for run in own]
    most = others(every)
    if most is None:
        return "No run was completed."
    words = f"Others took at most {most:.1f} % of the cores during a run"
    repeated = sum(run.get("tries", 1) > 1 for run in every)
    if repeated:
        words += f"; {repeated} of {len(every)} runs were repeated because others disturbed them"
    disturbed = sum(run.get("others", 0.0) > DISTURBED for run in every)
    if disturbed:
        words += f"; {disturbed} stayed disturbed, so these figures are not to be relied on"
    return f"{words}."


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
