"""What several runs are told as: the same medians in text and JSON, and what never came in some of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ops.replay.numbers import Numbers, Waits
from ops.replay.told import document, documents, lines

WAITS = Waits(100, 50, 30.0, 20.0, 60.0, 80.0, 90.0, 0, 100)
RUN = Numbers(100, 100, 0, WAITS, (), 10.0, 2, 3, 2, 7, 7200.0, math.nan, 500.0, 900.0)


def run(p95: float, drained: float, full: float, hours: float) -> Numbers:
    waits = replace(WAITS, p95_s=p95)
    return replace(RUN, waits=waits, drained_s=drained, first_full_s=full, billed_s=hours * 3600)


NAN = math.nan
RUNS = [
    run(10, 100, NAN, 5),
    run(50, 300, 40, 4),
    run(30, 200, NAN, 3),
    run(20, NAN, NAN, 2),
    run(40, NAN, 60, 1),
]


def test_text_and_json_say_the_same_median() -> None:
    found = documents(RUNS, None)
    assert (found["p95_wait_s"], found["instance_hours"]) == (30, 3)
    told = "\n".join(lines(RUNS, None))
    assert told.startswith(
        "95 % of 100 requests waited at most 30 s, with 2 cold starts and 3.00 instance-hours."
    )
    assert "p95 30 s" in told
    assert "range        p95 10 s to 50 s" in told
    assert "1.00 to 5.00 instance-hours: 5 ways" in told


def test_what_never_came_in_some_runs_is_late_and_in_most_is_null() -> None:
    found = documents(RUNS, None)
    assert found["drained_s"] == 300  # 100, 200, 300, never, never
    assert found["first_full_s"] is None
    assert found["range"]["drained_s"] == [100, 300]
    assert found["range"]["first_full_s"] == [40, 60]
    assert found["range_of"] == {"drained_s": 3, "first_full_s": 2}
    told = "\n".join(lines(RUNS, None))
    assert (
        "drained after 1 min to 5 min in 3 of 5" in told or "drained after 2 min to 5 min in 3 of 5" in told
    )
    assert "never at the maximum" in told


def test_seconds_are_rounded_to_the_microsecond() -> None:
    assert document(run(1 / 3, 2.8e-17, NAN, 1), None)["p95_wait_s"] == 0.333333
    assert document(run(1 / 3, 2.8e-17, NAN, 1), None)["drained_s"] == 0


@pytest.mark.parametrize(
    ("started", "expired", "said"),
    [
        (100, 0, "95 % of 100 requests waited"),
        (
            97,
            2,
            "95 % of 97 requests that started waited at most 30 s (2 expired and 1 still waited at the end)",
        ),
        (94, 6, "6 of 100 requests never started: 6 expired; 2 cold starts"),
        (0, 99, "None of 100 requests was started: 99 expired and 1 still waited at the end; 2 cold"),
    ],
)
def test_the_first_sentence_hides_no_request(started: int, expired: int, said: str) -> None:
    waits = replace(WAITS, started=started, p95_s=30.0)
    told = lines([replace(RUN, waits=waits, expired=expired, completed=started)], None)
    assert told[0].startswith(said)


def test_openings_that_met_an_updating_endpoint_are_told_and_only_then() -> None:
    met = [replace(each, failed_openings=n, failed_closings=1) for n, each in enumerate(RUNS)]
    assert "4 openings and 1 closing could not move the capacity" in "\n".join(lines([met[4]], None))
    assert "schedule     0 to 4 openings and 1 closing could not" in "\n".join(lines(met, None))
    assert "could not move the capacity" not in "\n".join(lines(RUNS, None))
    found = documents(met, None)
    assert (found["failed_openings"], found["failed_actions"]) == (2, 3)
    assert found["range"]["failed_openings"] == [0, 4]
