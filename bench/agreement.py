"""The replay against the embedded AWS: random cases lived by both, to the last request.

`python -m bench.agreement [--cases 1000] [--from 0]`; ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from bench.goals import goal, row
from ops.replay.oracle import replay
from tests.replay.random_cases import draw_case
from tests.replay.side_by_side import differences, live


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=1000)
    options.add_argument("--from", type=int, default=0, dest="first", help="seed of the first case")
    asked = options.parse_args()
    counts, differing, lived_s, replayed_s = Counter[str](), 0, 0.0, 0.0
    for seed in range(asked.first, asked.first + asked.cases):
        began = time.process_time()
        lived = live(draw_case(seed))
        middle = time.process_time()
        found = differences(lived, replay(lived.requests, lived.scenario))
        lived_s += middle - began
        replayed_s += time.process_time() - middle
        counts["requests"] += len(lived.requests)
        counts["expired"] += lived.expired
        counts["scaling activities"] += len(lived.moves)
        counts["failed ones"] += len(lived.failed)
        counts["cold starts"] += lived.cold_starts
        counts["minutes"] += len(lived.minutes)
        if found:
            differing += 1
            print(f"  case {seed}: {'; '.join(found)}")
    print(f"{asked.cases:,} cases from seed {asked.first}")
    for what, count in counts.items():
        row(what, f"{count:,}")
    row("processor time, embedded AWS", f"{lived_s:.1f} s")
    row("processor time, replay (the reference)", f"{replayed_s:.1f} s")
    goal("no case differs", f"{differing} differ", not differing)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
