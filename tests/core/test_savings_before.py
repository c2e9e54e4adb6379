"""A period beside the one before: a fleet that did not change costs as before, whatever the months."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.baselines import AT_PEAK
from ops.core.cost import Basis
from ops.core.periods import Period, last_days, month, months
from ops.core.savings import Total, saving, total
from ops.core.savings_before import compared
from tests.core.money_samples import prices, time_of, types


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def awake(period: Period, instances: float = 1.0, dark: int = 0) -> Total:
    """So many instances in service all the time, but for the first `dark` hours, of which nothing is known."""
    values = np.full(round(period.hours * 4), instances)
    values[: dark * 4] = np.nan
    time = time_of(values, 900, period.start)
    row = saving("doc", time, period, AT_PEAK, most=4, types=types(), prices=prices(g5="1.5"))
    return total([row])


@pytest.mark.parametrize(
    ("now", "hours", "before", "alike"),
    [
        ("2026-03-31T12:20", 732, 672, False),
        ("2026-03-29T00:20", 672, 672, True),
        ("2026-03-30T00:20", 696, 672, False),
        ("2026-03-15T00:20", 336, 336, True),
    ],
)
def test_an_unchanged_fleet_at_the_end_of_march(now: str, hours: float, before: float, alike: bool) -> None:
    period = month("2026-03", at(now))
    found = compared(awake(period), awake(period.previous()), period)
    assert found is not None
    assert (found.hours, found.hours_before, found.alike) == (hours, before, alike)
    assert abs(found.change) < Decimal("1e-12")


@given(
    st.integers(1_767_225_600, 1_798_761_600), st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"])
)
def test_an_unchanged_fleet_costs_as_before_at_any_time(moment: int, zone: str) -> None:
    now = datetime.fromtimestamp(moment, UTC)
    for period in (month(months(now, now, zone)[0], now, zone), last_days(30, now, zone)):
        found = compared(awake(period), awake(period.previous()), period)
        assert found is not None
        assert abs(found.change) < Decimal("1e-9")


def test_twice_as_many_cost_twice_as_much_although_half_is_not_known() -> None:
    period = last_days(2, at("2026-11-10T12:00"))
    found = compared(awake(period, 2.0, dark=24), awake(period.previous()), period)
    assert found is not None
    assert found.change == pytest.approx(Decimal(1))
    assert found.alike


def test_nothing_to_compare_with() -> None:
    period = last_days(2, at("2026-11-10T12:00"))
    assert compared(awake(period), None, period) is None
    assert compared(awake(period), awake(period.previous(), 0.0), period) is None
    assert compared(awake(period, dark=48), awake(period.previous()), period) is None


def test_a_bill_is_not_compared_with_an_estimate() -> None:
    period = last_days(2, at("2026-11-10T12:00"))
    before = awake(period.previous())
    billed = Total(Basis.BILLED, (), (), None, None, Decimal(3), Decimal(4), 1.0, (), False)
    with pytest.raises(ValueError, match="never compared"):
        compared(billed, before, period)
