"""The replay, reference and kernels, against the embedded AWS: random cases lived by all, to the last request.

`python -m bench.agreement [--cases 1000] [--from 0]`; ends with 1 where one differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable

from bench.goals import goal, row
from ops.replay import engine, oracle
from ops.replay.outcome import Replayed
from ops.replay.scenario import Requests, Scenario
from tests.replay.random_cases import draw_case
from tests.replay.side_by_side import differences, live

REPLAYS: dict[str, Callable[[Requests, Scenario], Replayed]] = {
    "reference": oracle.replay,
    "kernels": engine.replay,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=1000)
    options.add_argument("--from", type=int, default=0, dest="first", help="seed of the first case")
    asked = options.parse_args()
    counts, differing, spent = Counter[str](), 0, dict.fromkeys(("embedded AWS", *REPLAYS), 0.0)
    for seed in range(asked.first, asked.first + asked.cases):
        began = time.process_time()
        lived = live(draw_case(seed))
        spent["embedded AWS"] += time.process_time() - began
        found = []
        for name, replay in REPLAYS.items():
            began = time.process_time()
            replayed = replay(lived.requests, lived.scenario)
            spent[name] += time.process_time() - began
            found += [f"{name}: {what}" for what in differences(lived, replayed)]
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
    for name, seconds in spent.items():
        row(f"processor time, {name}", f"{seconds:.2f} s")
    goal("no case differs", f"{differing} differ", not differing)
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
