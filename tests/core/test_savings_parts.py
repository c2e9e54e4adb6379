"""From the baseline to the actual: parts that add up; the hours of a calendar; what is not known stays so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.baselines import parse
from ops.core.cost import Basis
from ops.core.periods import Period
from ops.core.savings import saving
from ops.core.savings_parts import Step, asleep, calendar, levels, parts, shown_days, spent, together
from ops.core.types import utc
from ops.core.views_savings import Details, Idle, WarmAccount
from tests.components.savings_samples import DETAILS, DOC, LOST, NIGHT, PERIOD, billed, row, rows, view
from tests.core.money_samples import DAY, G5, G6, days, level, prices, time_of, types

BASELINES = ("peak", "one", "max", "hours", "hours:7-20", "0", "2.5")
NEAR = Decimal("1e-15")


def made(values, period=None, against="one", of=None, **usd):  # type: ignore[no-untyped-def]
    chosen = period or days(len(values) / 1440)
    return saving(
        "doc",
        time_of(values),
        chosen,
        parse(against),
        most=4,
        types=of or types(),
        prices=prices(**(usd or {"g5": "1.50"})),
    )


@pytest.mark.parametrize("against", BASELINES)
def test_the_parts_of_all_endpoints_are_the_difference(against: str) -> None:
    found = rows(against)
    whole = sum((r.saved for r in found if r.saved is not None), Decimal(0))
    assert abs(sum((p.usd for p in together(found, PERIOD)), Decimal(0)) - whole) < NEAR


@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, 0.4, float("nan")]), min_size=96, max_size=192),
    st.sampled_from(BASELINES),
)
def test_they_add_up_whatever_happened(quarters: list[float], against: str) -> None:
    values = np.repeat(quarters, 15)
    period = Period(
        DAY, utc(DAY.timestamp() + len(values) * 60), utc(DAY.timestamp() + len(values) * 60), "UTC", "x"
    )
    found = made(values, period, against)
    if found.saved is None:
        assert parts(found, period) == ()
        return
    by_step = {p.step: p.usd for p in parts(found, period)}
    assert abs(sum(by_step.values(), Decimal(0)) - found.saved) < NEAR
    assert by_step.get(Step.ASLEEP, Decimal(0)) >= 0
    assert by_step.get(Step.OUTSIDE, Decimal(0)) <= 0
    assert Step.BILL not in by_step


def test_each_reason_has_its_hours() -> None:
    found = made(np.concatenate([level(0, 12), level(1, 6), level(2, 3), level(5, 3)]), against="2")
    by_step = {p.step: p.usd for p in parts(found, days(1))}
    assert by_step == {
        Step.ASLEEP: Decimal("36.0"),
        Step.FEWER: Decimal("9.0"),
        Step.MORE: Decimal("-13.5"),
    }


def test_business_hours_name_what_ran_outside_them() -> None:
    found = made(np.concatenate([level(1, 8), level(0, 5), level(1, 5), level(2, 6)]), against="hours")
    by_step = {p.step: p.usd for p in parts(found, days(1))}
    assert found.against.instances == 2
    assert by_step == {Step.ASLEEP: Decimal(15), Step.FEWER: Decimal("7.5"), Step.OUTSIDE: Decimal(-30)}


def test_types_of_other_prices_are_a_part_of_their_own() -> None:
    change = types((G5, DAY), (G6, DAY + timedelta(hours=12)))
    found = made(np.concatenate([level(1, 12), level(0, 12)]), against="one", of=change, g5="1", g6="3")
    by_step = {p.step: p.usd for p in parts(found, days(1))}
    assert by_step == {Step.ASLEEP: Decimal(24), Step.PRICES: Decimal(12)}
    assert found.saved == 36


def test_what_a_bill_says_besides_is_said_to_be_the_bills() -> None:
    found = replace(made(np.concatenate([level(1, 12), level(0, 12)])), basis=Basis.BILLED)
    dearer = replace(found, usd=(found.usd or Decimal(0)) + 2)
    by_step = {p.step: p.usd for p in parts(dearer, days(1))}
    assert by_step == {Step.ASLEEP: Decimal(18), Step.BILL: Decimal(-2)}


def test_spent_is_the_actual_and_idle_is_part_of_it() -> None:
    found = rows()
    whole = sum((r.usd for r in found if r.usd is not None), Decimal(0))
    left = spent(found, DETAILS)
    assert left is not None
    assert left.idle is not None
    assert left.warm == Decimal("28.17")
    assert left.work + left.idle + left.warm == whole
    assert left.idle + left.warm == Decimal("169.01") + Decimal("7.04") + Decimal("845.04")


def test_idle_that_is_not_known_is_no_zero_and_is_never_taken_off_a_bill() -> None:
    found = (row(DOC, lambda at: 1.0),)
    unknown = spent(found, {})
    assert unknown is not None
    assert (unknown.idle, unknown.warm, unknown.work) == (None, None, found[0].usd)
    warm = spent(found, {DOC: Details(idle=Idle(None, None), warm=WarmAccount(Decimal(1), Decimal(1), 0))})
    assert warm is not None
    assert warm.idle is None
    assert spent(billed(view()).rows, DETAILS) is None


def test_sleep_is_a_share_of_the_known_time() -> None:
    half = made(np.concatenate([level(0, 6), level(2, 6), level(np.nan, 12)]))
    assert asleep([half]) == 0.5
    assert levels([half]) == ((0.0, 0.5), (2.0, 0.5))
    assert asleep([made(level(1, 24))]) == 0.0
    assert asleep([made(level(np.nan, 24))]) is None


def test_a_calendar_holds_every_instance_hour_once() -> None:
    found = rows()
    made_ = calendar(found, PERIOD)
    assert made_.days[0] == date(2026, 10, 21)
    assert made_.hours.shape == (24, len(made_.days))
    whole = sum(r.time.instance_hours for r in found)
    assert np.nansum(made_.hours) == pytest.approx(whole)


def test_nights_and_weekends_are_empty_and_the_unknown_is_not() -> None:
    made_ = calendar((row(DOC, lambda at: 3.0 if at.weekday() < 5 and 8 <= at.hour < 18 else 0.0),), PERIOD)
    weekend = [i for i, day in enumerate(made_.days) if day.weekday() >= 5]
    assert np.nansum(made_.hours[:, weekend]) == 0
    assert np.nansum(made_.hours[:8]) == 0
    lost = calendar(tuple(r for r in rows() if r.name == LOST), PERIOD)
    blind = np.isnan(lost.hours) & ~np.isnan(lost.known)
    assert int(blind.sum()) == 47 + 5, "whole hours of two days and of six hours that begin at a quarter to"
    assert (lost.known[blind] == 0).all()
    assert np.isnan(lost.known[:13, 0]).all(), "before the period began there is nothing to know"


def test_a_part_that_is_not_known_does_not_hide_the_rest() -> None:
    both = calendar([r for r in rows() if r.name in (LOST, NIGHT)], PERIOD)
    assert not (np.isnan(both.hours) & ~np.isnan(both.known)).any()
    assert 0 < float(np.nanmin(both.known)) < 1


def test_clock_changes_lose_and_repeat_an_hour() -> None:
    start = datetime(2026, 10, 23, 22, tzinfo=UTC)
    period = Period(
        start, start + timedelta(days=3, hours=1), start + timedelta(days=3, hours=1), "Europe/Berlin", "x"
    )
    found = made(level(1, 73), period)
    found = replace(found, time=time_of(level(1, 73), start=start))
    autumn = calendar([found], period)
    assert autumn.days == (date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26))
    assert autumn.hours[2].tolist() == [1, 2, 1]
    spring_start = datetime(2026, 3, 28, 23, tzinfo=UTC)
    end = spring_start + timedelta(hours=23)
    spring = Period(spring_start, end, end, "Europe/Berlin", "x")
    found = replace(found, time=time_of(level(1, 23), start=spring_start))
    made_ = calendar([found], spring)
    assert np.isnan(made_.known[2, 0])
    assert np.nansum(made_.hours) == pytest.approx(23)


def test_without_any_money_the_days_hold_hours() -> None:
    dear = tuple(r for r in rows() if r.usd is None)
    found = view(dear)
    assert found.total.days == ()
    found_days = shown_days(found)
    assert len(found_days) == 31
    assert all(day.usd is None for day in found_days)
    assert float(sum(day.hours or 0 for day in found_days)) == pytest.approx(dear[0].time.instance_hours)
    assert shown_days(view()) == view().total.days
