"""Kills the server and cuts connections in turn, for a given time.

    python -m tests.soak [MINUTES]

Each turn has a seed of its own, which is printed; GOCHAT_TEST_SEED repeats the first one.
"""

from __future__ import annotations

import sys
import time
from random import Random

from . import killing, new_seed, tearing

#: Seconds of one turn, at the least.
TURN = 60.0


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    end = time.monotonic() + minutes * 60
    seed = new_seed()
    print(f"GOCHAT_TEST_SEED={seed}, for {minutes:g} minutes", flush=True)
    while (left := end - time.monotonic()) > 0:
        for turn in (killing, tearing):
            print(turn(seed, 1, seconds=min(TURN, left / 2)), f"(seed {seed})", flush=True)
        seed = str(Random(seed).getrandbits(32))


if __name__ == "__main__":
    main()
