"""What the state of an endpoint means for a request that is about to be sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.ahead import Ahead, ahead
from ops.core.cold_start import ColdStart
from ops.core.states import judge
from ops.core.types import Bounds, ScalableTarget, Suspended
from tests.core.observed import EMPTY, ONE, TRACK, WAITING, Case, look
from tests.core.test_cold_start_stats import days

USUAL = tuple(replace(s, start_s=300.0) for s in days(*[420.0] * 5))
ASLEEP = Case("asleep", "ok", (), EMPTY)


def of(case: Case, kept: tuple[ColdStart, ...] = USUAL, ttl_s: float = 21_600) -> Ahead:
    seen = look(case)
    return ahead(seen, judge(seen), kept, ttl_s)


def test_a_sleeper_is_woken_and_paid_for_until_it_sleeps_again() -> None:
    found = of(ASLEEP)
    assert found.said == (
        "doc-async sleeps: this wakes it, usually about 7 min before the first result (median of 5 earlier cold "
        "starts); an instance stays about 15 min after the last work."
    )
    assert not found.warns
    assert found.paid_s == 300 + 900
    assert found.paid == "with the start and about 15 min of idle time after it"


def test_with_too_few_cold_starts_no_time_is_told() -> None:
    found = of(ASLEEP, USUAL[:1])
    assert "not known, too few cold starts" in found.said
    assert of(ASLEEP, ()).paid == "with about 15 min of idle time after the work, the start not counted"


def test_nothing_that_takes_it_away_is_said_and_not_priced() -> None:
    found = of(replace(ASLEEP, target=ScalableTarget(Bounds(0, 8), Suspended(scale_in=True))))
    assert "nothing that Ebb sees takes the instance away" in found.said
    assert found.paid == "with the start"


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (
            replace(ASLEEP, target=ScalableTarget(Bounds(0, 8), Suspended(scale_out=True))),
            " (scaling out is suspended)",
        ),
        (replace(ASLEEP, target=ScalableTarget(Bounds(0, 0))), " (its maximum is 0)"),
        (replace(ASLEEP, policies=(TRACK,)), " ("),
        (Case("wake_stuck", "critical", (), WAITING), ""),
    ],
)
def test_what_cannot_wake_is_a_warning_without_a_price(case: Case, why: str) -> None:
    found = of(case, ttl_s=3600)
    assert found.said.startswith(f"doc-async cannot wake{why}")
    assert found.said.endswith("the request would wait and expire after 1 h.")
    assert found.warns
    assert not found.paid_s


def test_what_is_awake_or_cannot_be_seen_is_no_promise() -> None:
    assert of(replace(ASLEEP, at=ONE)) == Ahead()
    blind = of(replace(ASLEEP, hidden=frozenset({"scaling", "alarms"})))
    assert "this wakes it" not in blind.said
    assert "idle" not in blind.paid
