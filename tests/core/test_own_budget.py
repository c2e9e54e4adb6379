"""The budget for Ebb's own asking: each decision as a table, and a month under it as a law."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.own_budget import ENOUGH_H, MOST, Rate, Slowing, Why, decide

STEP_H = 1 / 6
MONTH_H = 720.0
KNOWN = Rate().noted(1.0, 1.0, 1.0)
"""A dollar an hour, for an hour."""


@pytest.mark.parametrize(
    ("budget", "spent", "rate", "left", "before", "expected"),
    [
        (None, "1000", KNOWN, 100.0, 9.0, Slowing(1.0, Why.NO_BUDGET)),
        ("200", "0", KNOWN, 100.0, 9.0, Slowing(1.0, Why.INSIDE)),
        ("100", "45", KNOWN, 100.0, 1.0, Slowing(2.0, Why.SLOWED)),
        ("100", "45", Rate(), 100.0, 3.0, Slowing(3.0, Why.MEASURING)),
        ("100", "94", KNOWN, 100.0, 1.0, Slowing(MOST, Why.NOT_ENOUGH)),
        ("100", "95", KNOWN, 100.0, 1.0, Slowing(MOST, Why.SPENT)),
        ("100", "120", Rate(), 100.0, 1.0, Slowing(MOST, Why.SPENT)),
        ("100", "94", KNOWN, 0.0, 60.0, Slowing(1.0, Why.INSIDE)),
    ],
)
def test_the_table_of_decisions(
    budget: str | None, spent: str, rate: Rate, left: float, before: float, expected: Slowing
) -> None:
    found = decide(Decimal(budget) if budget else None, Decimal(spent), rate, left, before)
    assert found.why is expected.why
    assert found.stretch == pytest.approx(expected.stretch)


def test_a_rate_is_not_known_before_there_was_time_to_measure_it() -> None:
    young = Rate().noted(5.0, ENOUGH_H / 2, 1.0)
    assert young.per_hour is young.at_full_pace is None
    assert Rate().noted(5.0, 0.0, 1.0) == Rate()


@given(st.floats(0.001, 10), st.floats(1, MOST), st.lists(st.floats(0.01, 5), min_size=1, max_size=30))
def test_of_steady_spending_the_rate_is_what_was_spent_in_an_hour(
    usd: float, stretch: float, hours: list[float]
) -> None:
    rate = Rate(usd, usd * stretch, 1.0)
    for each in hours:
        rate = rate.noted(usd * each, each, stretch)
    assert rate.hours < ENOUGH_H or rate.per_hour == pytest.approx(usd)
    assert rate.hours < ENOUGH_H or rate.at_full_pace == pytest.approx(usd * stretch)


def month(budget: Decimal | None, steady: float, kept: float, begun_h: float) -> tuple[float, list[float]]:
    """Dollars spent by the month's end, and every stretch, of a fleet whose reading costs `steady` dollars an hour.

    `kept`: the part of it that is never slowed.
    """
    spent, rate, stretch, hour, stretches = 0.0, Rate(), 1.0, begun_h, []
    while hour < MONTH_H:
        usd = steady * (kept + (1 - kept) / stretch) * STEP_H
        spent, rate, hour = spent + usd, rate.noted(usd, STEP_H, stretch), hour + STEP_H
        stretch = decide(budget, Decimal(spent), rate, MONTH_H - hour, stretch).stretch
        stretches.append(stretch)
    return spent, stretches


@given(st.floats(0.0001, 1), st.floats(0, 0.5), st.floats(1.15, 100), st.floats(0, MONTH_H - 72))
def test_a_steady_fleet_stays_under_any_budget_that_holds_its_slowest_reading(
    steady: float, kept: float, room: float, begun_h: float
) -> None:
    slowest = steady * (kept + (1 - kept) / MOST) * (MONTH_H - begun_h)
    unmeasured = steady * 2 * ENOUGH_H  # full pace, until there is a rate
    budget = Decimal(slowest * room + unmeasured)
    spent, _ = month(budget, steady, kept, begun_h)
    assert spent <= budget


@given(st.floats(0.0001, 1), st.floats(0, 0.5), st.floats(0, MONTH_H - 1))
def test_without_a_budget_and_with_one_that_is_large_enough_nothing_changes(
    steady: float, kept: float, begun_h: float
) -> None:
    enough = Decimal(steady * (MONTH_H - begun_h) * 1.06)
    spent, stretches = month(None, steady, kept, begun_h)
    assert set(stretches) == {1.0}
    assert month(enough, steady, kept, begun_h) == (spent, stretches)
