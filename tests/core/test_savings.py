"""What an endpoint cost against its baseline: tables of money, and laws."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.baselines import Baseline, Kind, parse
from ops.core.cost import Basis
from ops.core.instance_time import InstanceTime
from ops.core.periods import Period, month
from ops.core.savings import Saving, TypeFrom, saving, total
from ops.core.savings_lines import held_at
from ops.core.types import FloatArray
from tests.core.money_samples import BORN, DAY, G5, G6, days, level, price, prices, time_of, types

NAN = float("nan")


def saved(
    values: FloatArray,
    period: Period,
    against: str = "one",
    *,
    most: int | None = 8,
    of: tuple[TypeFrom, ...] = types(),
    at: dict[str, Any] | None = None,
    name: str = "doc",
    start: datetime = DAY,
    step: int = 60,
) -> Saving:
    time = time_of(values, step, start)
    listed = prices(g5="1.50", g6="2") if at is None else at
    return saving(name, time, period, parse(against), most=most, types=of, prices=listed)


def test_a_night_asleep() -> None:
    found = saved(np.concatenate([level(0, 12), level(2, 6), level(1, 6)]), days(1))
    assert (found.hours, found.baseline_hours) == (18, 24)
    assert (found.usd, found.baseline_usd) == (Decimal(27), Decimal(36))
    assert (found.saved, found.ratio) == (9, Decimal("0.25"))
    assert (found.basis, found.missing, found.final) == (Basis.ESTIMATED, "", True)


@pytest.mark.parametrize(
    ("against", "hours"),
    [("peak", 48), ("one", 24), ("max", 192), ("number", 60), ("0", 0), ("hours", 20), ("hours:0-24", 48)],
)
def test_every_baseline(against: str, hours: int) -> None:
    wanted = "2.5" if against == "number" else against
    found = saved(np.concatenate([level(0, 12), level(2, 12)]), days(1), wanted)
    assert found.baseline_hours == hours
    assert found.baseline_usd == hours * Decimal("1.5")


def test_it_may_cost_more_than_its_baseline() -> None:
    found = saved(level(3, 24), days(1), "one")
    assert (found.saved, found.ratio) == (-72, -2)


def test_a_baseline_that_costs_nothing_has_no_share() -> None:
    found = saved(level(1, 24), days(1), "0")
    assert (found.baseline_usd, found.saved, found.ratio) == (0, -36, None)


def test_one_odd_minute_is_no_peak() -> None:
    values = level(1, 24)
    values[100] = 8
    assert saved(values, days(1), "peak").baseline_hours == 24


def test_types_that_change_within_a_day() -> None:
    change = types((G5, BORN), (G6, DAY + timedelta(hours=10, minutes=7)))
    found = saved(level(1, 24), days(1), of=change)
    assert [(t.instance_type, t.hours, t.usd) for t in found.by_type] == [
        (G5, 10, 15),
        (G6, 14, 28),
    ]
    assert found.usd == 43
    assert found.baseline_usd == 43, "what would have been on would have been of that type, too"
    assert {p.instance_type for p in found.prices} == {G5, G6}


def test_the_first_type_holds_before_it_was_known() -> None:
    kinds = types((G5, DAY + timedelta(days=3)), (G6, DAY + timedelta(days=5)))
    at = int(DAY.timestamp())
    assert held_at(kinds, at) == kinds[0]
    assert held_at(kinds, at + 5 * 86_400 - 1) == kinds[0]
    assert held_at(kinds, at + 5 * 86_400) == kinds[1]
    assert held_at((), at) is None


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (types(("ml.x.huge", BORN)), "no price is known for ml.x.huge"),
        (types((None, BORN)), "no price is known for an instance type that is not known"),
        (types((G5, BORN), ("ml.x.huge", DAY + timedelta(hours=12))), "no price is known for ml.x.huge"),
    ],
)
def test_without_a_price_nothing_is_told_in_dollars(of: tuple[TypeFrom, ...], said: str) -> None:
    found = saved(level(1, 24), days(1), of=of)
    assert (found.usd, found.baseline_usd, found.saved, found.ratio) == (None, None, None, None)
    assert (found.hours, found.baseline_hours, found.missing, found.final) == (24, 24, said, False)


def test_a_type_without_a_price_that_never_ran_still_leaves_the_sum_unknown() -> None:
    """Its minutes asleep cost nothing, but the baseline would have run then."""
    change = types((G5, BORN), ("ml.x.huge", DAY + timedelta(hours=12)))
    found = saved(np.concatenate([level(1, 12), level(0, 12)]), days(1), of=change)
    assert found.baseline_usd is None


def test_a_price_that_is_lacking_where_nothing_is_known_does_no_harm() -> None:
    change = types(("ml.x.huge", BORN), (G5, DAY + timedelta(hours=12)))
    values = np.concatenate([level(NAN, 12), level(1, 12)])
    found = saved(values, days(1), of=change)
    assert (found.usd, found.missing) == (18, "")


def test_unknown_minutes_are_in_neither_sum() -> None:
    found = saved(np.concatenate([level(NAN, 18), level(1, 6)]), days(1))
    assert (found.hours, found.baseline_hours, found.usd, found.baseline_usd) == (6, 6, 9, 9)
    assert (found.time.coverage, found.final) == (0.25, False)
    assert found.days[0].known == 0.25


def test_nothing_known_is_not_zero() -> None:
    found = saved(level(NAN, 24), days(1), "peak")
    assert (found.hours, found.usd, found.baseline_usd, found.saved) == (None, None, None, None)
    assert found.missing == "nothing is known of this period yet"
    assert [(d.known, d.usd) for d in found.days] == [(0.0, None)]
    assert found.by_type == ()


def test_without_bounds_the_maximum_is_not_known() -> None:
    found = saved(level(1, 24), days(1), "max", most=None)
    assert (found.usd, found.baseline_usd, found.saved) == (36, None, None)
    assert found.missing == "no maximum capacity is known: it has no scalable target"


def test_an_endpoint_born_within_the_period_is_counted_from_then_on() -> None:
    found = saved(level(1, 12), days(2), start=DAY + timedelta(hours=36))
    assert (found.baseline_hours, found.time.coverage) == (12, 1.0)
    assert [(d.day, d.known, d.hours) for d in found.days] == [(date(2026, 11, 3), 0.5, 12)]


def test_a_period_that_goes_on_is_not_final() -> None:
    assert not saved(level(1, 24), days(1, whole=False)).final


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Berlin", date(2026, 3, 29), 23), ("Europe/Berlin", date(2026, 10, 25), 25)],
)
def test_a_day_is_as_long_as_it_was(zone: str, day: date, hours: int) -> None:
    period = month(f"{day:%Y-%m}", datetime(2026, 11, 2, tzinfo=UTC), zone)
    values = level(1, period.hours)
    found = saved(values, period, start=period.start)
    [own] = [d for d in found.days if d.day == day]
    assert (own.hours, own.baseline_hours, own.usd) == (hours, hours, hours * Decimal("1.5"))


@pytest.mark.parametrize(
    ("text", "zone", "against", "hours"),
    [
        ("2026-11", "Europe/Berlin", "hours:8-18", 210),  # 21 weekdays
        ("2026-10", "Europe/Berlin", "hours:8-18", 220),  # the clocks go back on a Sunday
        ("2026-10", "Europe/Berlin", "hours:0-24", 528),
        ("2026-11", "Asia/Kathmandu", "hours:8-18", 210),  # 5:45 ahead of UTC
        ("2026-11", "America/New_York", "hours:7-8", 21),
        ("2026-03", "Africa/Cairo", "hours:0-1", 22),
    ],
)
def test_business_hours_are_those_of_the_zone(text: str, zone: str, against: str, hours: int) -> None:
    period = month(text, datetime(2026, 12, 5, tzinfo=UTC), zone)
    found = saved(level(1, period.hours, 900), period, against, start=period.start, step=900)
    assert found.baseline_hours == hours
    assert {d.baseline_hours for d in found.days if d.day.weekday() >= 5} == {0}
    assert len({d.baseline_hours for d in found.days if d.day.weekday() < 5}) == 1


def test_where_midnight_does_not_exist_the_day_begins_after_it() -> None:
    """Cairo, 24 April 2026: the clocks go from 00:00 to 01:00, a Friday of 23 hours."""
    period = month("2026-04", datetime(2026, 6, 5, tzinfo=UTC), "Africa/Cairo")
    found = saved(level(1, period.hours, 900), period, "hours:0-24", start=period.start, step=900)
    [short] = [d for d in found.days if d.day == date(2026, 4, 24)]
    assert (short.hours, short.baseline_hours) == (23, 23)


def test_a_day_that_is_cut_holds_the_business_hours_of_its_part() -> None:
    noon = DAY + timedelta(hours=12)
    period = Period(noon, noon + timedelta(days=1), noon + timedelta(days=1), "UTC", "in a day")
    found = saved(level(1, 24), period, "hours", start=noon)
    assert [d.baseline_hours for d in found.days] == [6, 4]


# ---- several endpoints


def test_a_sum_leaves_out_what_is_not_known_and_says_so() -> None:
    known = saved(level(1, 24), days(1), name="a")
    dark = saved(level(NAN, 24), days(1), name="b")
    found = total([known, dark])
    assert (found.counted, found.usd, found.final) == (("a",), 36, False)
    assert [(e.name, e.why) for e in found.left_out] == [("b", "nothing is known of this period yet")]
    assert found.coverage == 0.5


def test_nothing_to_add_up_is_not_zero() -> None:
    found = total([])
    assert (found.usd, found.baseline_usd, found.saved, found.ratio) == (None, None, None, None)
    assert (found.coverage, found.days, found.final) == (0.0, (), False)


def test_billed_and_estimated_are_never_added() -> None:
    one = saved(level(1, 24), days(1))
    with pytest.raises(ValueError, match="never added"):
        total([one, replace(one, basis=Basis.BILLED)])


# ---- laws

counts = st.lists(st.sampled_from([0.0, 1.0, 2.0, 7.0, 0.4, NAN]), min_size=96, max_size=96)
several = st.lists(counts, min_size=1, max_size=4)
baselines = st.sampled_from(["peak", "one", "max", "hours", "2.75", "0"])


def fleet(found: list[list[float]], against: str) -> list[Saving]:
    change = types((G5, BORN), (G6, DAY + timedelta(hours=9)))
    return [
        saved(np.array(each), days(1), against, step=900, name=f"e{i}", of=change if i % 2 else types())
        for i, each in enumerate(found)
    ]


@given(several, baselines)
def test_lines_and_days_add_up(found: list[list[float]], against: str) -> None:
    rows = fleet(found, against)
    for row in rows:
        known = [d for d in row.days if d.usd is not None]
        assert sum((d.usd for d in known if d.usd is not None), Decimal(0)) == (row.usd or 0)
        assert sum((t.usd for t in row.by_type if t.usd is not None), Decimal(0)) == (row.usd or 0)
        assert sum((t.hours for t in row.by_type), Decimal(0)) == (row.hours or 0)
        based = sum((d.baseline_usd for d in known if d.baseline_usd is not None), Decimal(0))
        assert based == (row.baseline_usd or 0)
    whole = total(rows)
    assert (whole.usd or 0) == sum((r.usd for r in rows if r.usd is not None), Decimal(0))
    assert sum((d.usd or 0 for d in whole.days), Decimal(0)) == (whole.usd or 0)
    assert sum((d.baseline_usd or 0 for d in whole.days), Decimal(0)) == (whole.baseline_usd or 0)
    assert len(whole.counted) + len(whole.left_out) == len(rows)


@given(several, baselines, st.randoms(use_true_random=False))
def test_the_order_of_endpoints_does_not_matter(found: list[list[float]], against: str, by: Any) -> None:
    rows = fleet(found, against)
    mixed = rows[:]
    by.shuffle(mixed)
    one, other = total(rows), total(mixed)
    assert (one.usd, one.baseline_usd, one.hours) == (other.usd, other.baseline_usd, other.hours)
    assert {d.day: d.usd for d in one.days} == {d.day: d.usd for d in other.days}
    assert set(one.counted) == set(other.counted)


@given(counts, baselines, st.decimals("0.01", "40", places=4), st.integers(2, 9))
def test_twice_the_price_is_twice_the_money(
    found: list[float], against: str, usd: Decimal, times: int
) -> None:
    one = saved(np.array(found), days(1), against, step=900, at={G5: price(G5, str(usd))})
    more = saved(np.array(found), days(1), against, step=900, at={G5: price(G5, str(usd * times))})
    assert (more.usd or 0) == (one.usd or 0) * times
    assert (more.saved or 0) == (one.saved or 0) * times
    if one.ratio is not None and more.ratio is not None:
        assert abs(more.ratio - one.ratio) < Decimal("1e-20")


@given(counts, baselines)
def test_no_float_ever_stands_for_money_or_hours(found: list[float], against: str) -> None:
    row = saved(np.array(found), days(1), against, step=900)
    for each in (row, *row.days, *row.by_type, total([row]), *total([row]).days):
        assert is_dataclass(each)
        for field in fields(each):
            if "usd" in field.name or "hours" in field.name:
                assert isinstance(getattr(each, field.name), Decimal | None), field.name
    for value in (row.saved, row.ratio):
        assert isinstance(value, Decimal | None)


@given(counts)
def test_more_is_never_saved_against_less(found: list[float]) -> None:
    """A larger baseline never saves less."""
    amounts = [saved(np.array(found), days(1), str(n), step=900).saved for n in (0, 1, 2.5, 8)]
    known = [a for a in amounts if a is not None]
    assert known == sorted(known)


@given(counts, st.integers(1, 95))
def test_a_period_in_two_parts_costs_as_much(found: list[float], at: int) -> None:
    values = np.array(found)
    whole = saved(values, days(1), "one", step=900)
    cut = DAY + timedelta(minutes=15 * at)
    end = DAY + timedelta(days=1)
    first = saved(values[:at], Period(DAY, cut, cut, "UTC", "x"), "one", step=900)
    last = saved(values[at:], Period(cut, end, end, "UTC", "y"), "one", step=900, start=cut)
    assert (first.usd or 0) + (last.usd or 0) == (whole.usd or 0)
    assert (first.baseline_usd or 0) + (last.baseline_usd or 0) == (whole.baseline_usd or 0)


minutes = st.lists(st.tuples(st.integers(1, 400), st.sampled_from([0.0, 1.0, 3.0, 7 / 3, NAN])), min_size=1)


@given(
    minutes, st.decimals("0.0001", "99.9999", places=4), st.integers(0, 99), st.sampled_from(["2.75", "peak"])
)
def test_days_add_up_to_the_last_digit_at_any_minute_and_price(
    found: list[tuple[int, float]], usd: Decimal, off: int, against: str
) -> None:
    values = np.concatenate([np.full(n, each) for n, each in found])
    values = np.concatenate([values, np.full(-len(values) % 1440, NAN)])
    odd = usd * (100 - off) / 100
    row = saved(values, days(len(values) // 1440), against, at={G5: price(G5, str(odd))})
    assert sum((d.usd or 0 for d in row.days), Decimal(0)) == (row.usd or 0)
    assert sum((d.baseline_usd or 0 for d in row.days), Decimal(0)) == (row.baseline_usd or 0)
    assert sum((t.usd or 0 for t in row.by_type), Decimal(0)) == (row.usd or 0)
    reverse = total([row, saved(values[::-1], days(len(values) // 1440), name="b")])
    again = total([saved(values[::-1], days(len(values) // 1440), name="b"), row])
    assert reverse.usd == again.usd


def test_a_saving_without_any_time_says_so() -> None:
    empty = InstanceTime(int(DAY.timestamp()), np.zeros(0), np.zeros(0), ())
    found = saving("doc", empty, days(1), Baseline(Kind.PEAK), most=1, types=types(), prices=prices(g5="1.5"))
    assert (found.usd, found.days, found.time.coverage) == (None, (), 0.0)
    assert not found.final
