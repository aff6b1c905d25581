"""Splits the tests over processes, and adds up the results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Tally:
    """The counts that `unittest` prints at the end of a run."""

    ran: int = 0
    failures: int = 0
    errors: int = 0
    skipped: int = 0
    expected_failures: int = 0
    unexpected_successes: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(Tally))
        )

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.failures + self.errors + self.unexpected_successes

    @property
    def good(self) -> bool:
        """Whether something ran, and nothing failed."""
        return self.ran > 0 and self.failed == 0

    def __str__(self) -> str:
        """The two lines that `unittest` prints at the end."""
        counts = {each.name.replace("_", " "): getattr(self, each.name) for each in fields(self)}
        ran = counts.pop("ran")
        counted = ", ".join(f"{name}={count}" for name, count in counts.items() if count)
        verdict = "OK" if self.good else "FAILED" if ran else "NO TESTS RAN"
        return f"Ran {ran} tests\n\n{verdict}" + (f" ({counted})" if counted else "")


def tally(output: str, status: int) -> Tally:
    """What a run of `unittest` that wrote `output`, and ended with `status`, comes to.

    A run that ended badly without saying why, because it was killed or could not begin, or that ran
    nothing, is one error.
    """
    ran = re.findall(r"^Ran (\d+) tests? in ", output, re.MULTILINE)
    closing = re.findall(r"^(?:OK|FAILED)(?: \((.*)\))?$", output, re.MULTILINE)
    counts = dict(re.findall(r"([a-z ]+)=(\d+)", closing[-1])) if closing else {}
    named = {name.strip().replace(" ", "_"): int(count) for name, count in counts.items()}
    found = Tally(ran=int(ran[-1]) if ran else 0, **named)
    if found.good if status == 0 else found.failed:
        return found
    return found + Tally(errors=1)


def split(weights: Mapping[str, int], parts: int) -> list[list[str]]:
    """The names in `weights` in so many parts of about the same weight, always the same.

    The heaviest goes first, each into the part that is lightest by then.
    """
    found: list[list[str]] = [[] for _ in range(parts)]
    filled = [0] * parts
    for name in sorted(weights, key=lambda name: (-weights[name], name)):
        lightest = filled.index(min(filled))
        found[lightest].append(name)
        filled[lightest] += weights[name]
    return [sorted(part) for part in found]


def apart(modules: Iterable[str], *packages: str) -> tuple[list[str], list[str]]:
    """The modules that are in none of `packages`, and those that are."""
    every = sorted(modules)
    within = tuple(f"{package}." for package in packages)
    inside = [name for name in every if name.startswith(within)]
    return [name for name in every if name not in inside], inside
