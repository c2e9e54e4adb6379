"""docs/planner-advice.md and docs/planner.md say the numbers that the code holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.arrival_files import KEPT, MOST_BYTES, MOST_ROWS, TIMEOUT_S
from ops.core.views_planner import MOST_CANDIDATES, SEEDS
from ops.given_traffic import CONCURRENCY, PROVISION_S
from ops.planner_given import MOST_DAYS, MOST_REQUESTS, TAIL_S
from ops.planner_kept import MOST_FILES
from ops.planner_posed import EXPANSIONS
from ops.replay.advice import FEW, GAIN
from ops.replay.noise import SAME
from ops.replay.promise import parse
from ops.replay.search import NEVER, ROUNDS
from ops.replay.space import CALM, GRID_SHARE, MOST_FIXED, WIDEST_H

TEXT = (Path(__file__).parent.parent / "docs/planner-advice.md").read_text(encoding="utf-8")
NUMBERS = {1: "one", 2: "two", 3: "three", 5: "five", 8: "eight"}


@pytest.mark.parametrize(
    "said",
    [
        f"{MOST_CANDIDATES} candidates by default",
        f"the same {NUMBERS[EXPANSIONS]} expansions",
        f"fewer than {FEW} requests",
        f"saves less than {GAIN * 100:.0f} % of the cheapest",
        "by at least half a percent" if SAME == 0.005 else "?",
        f"more than {NEVER * 100:.0f} % of the requests never start",
        f"in {NUMBERS[ROUNDS]} rounds",
        f"{GRID_SHARE * 100:.0f} % of the candidates",
        f"{MOST_FIXED} of them at most",
        f"hold {100 - CALM * 100:.0f} % of the requests, where that is at most {WIDEST_H} hours",
    ],
)
def test_the_numbers_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(TEXT.split())


@pytest.mark.parametrize(
    "said",
    [
        f"up to {MOST_BYTES / 2**20:.0f} MB and {MOST_ROWS:,} rows",
        f"for at most {NUMBERS[round(TIMEOUT_S / 60)]} minutes",
        f"up to {MOST_REQUESTS:,} requests and {MOST_DAYS:g} days",
        f"**assumed**: {CONCURRENCY} and {PROVISION_S:g} s",
        "until an hour, the longest request" if TAIL_S == 3600 else "?",
        f"the last {NUMBERS[KEPT]}",
        f"{MOST_FILES} files at most",
    ],
)
def test_the_limits_of_given_traffic_are_those_of_the_code(said: str) -> None:
    text = (Path(__file__).parent.parent / "docs/planner.md").read_text(encoding="utf-8")
    assert said in " ".join(text.split())


def test_there_are_as_many_seeds_as_expansions() -> None:
    assert len(SEEDS) == EXPANSIONS


def test_the_promises_that_are_shown_can_be_typed() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith(("| `p95", "| `99%"))]
    typed = [text for row in rows for text in row.split("|")[1].split("`")[1::2]]
    assert len(typed) == 8
    assert all(parse(text, "Europe/Berlin").clauses for text in typed)
