import sys
from collections import Counter

from .suite import echo_server, run, verdicts


def main() -> int:
    with echo_server() as url:
        results = run(url, sys.argv[1:] or None)
    for case, verdict in verdicts(results).items():
        print(f"{case}: {verdict}")
    counts = Counter(result.behavior.value for result in results)
    print(f"{len(results)} cases: {', '.join(f'{n} {what}' for what, n in sorted(counts.items()))}")
    return int(not all(result.passed for result in results))


if __name__ == "__main__":
    sys.exit(main())
