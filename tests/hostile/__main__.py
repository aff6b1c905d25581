"""``python -m tests.hostile``: runs each attack against a server of its own; prints a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .attacks import ATTACKS
from .trial import APART, FRIENDS, STRANGER, TOGETHER, Outcome, attempt, control, table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 if anything is not as it should be."""
    options = parser().parse_args(arguments)
    bounds, address = (TOGETHER, FRIENDS) if options.same_address else (APART, STRANGER)
    outcomes: list[Outcome] = []
    for name in options.attacks or ATTACKS:
        undisturbed = control(options.control)
        outcomes.append(attempt(name, options.seconds, undisturbed, bounds=bounds, address=address))
        verdict = "; ".join(outcomes[-1].problems) or "ok"
        print(f"{name}: {verdict}", file=sys.stderr, flush=True)
    print(table(outcomes))
    return int(any(outcome.problems for outcome in outcomes))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    result.add_argument(
        "attacks", nargs="*", choices=[*ATTACKS, []], metavar="ATTACK",
        help=f"all, if none is named: {', '.join(ATTACKS)}",
    )  # fmt: skip
    result.add_argument("--seconds", type=float, default=10.0, help="how long each attack goes on")
    result.add_argument(
        "--control", type=float, default=3.0, help="seconds for which nobody attacks, before each"
    )
    result.add_argument(
        "--same-address", action="store_true", help="let the attack come from the quiet room's"
    )
    return result


if __name__ == "__main__":
    sys.exit(main())
