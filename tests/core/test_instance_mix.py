"""Pools of instance types: who ran when by what was seen, and the money of it. Tables, and laws."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.baselines import parse
from ops.core.instance_mix import LOOKS_S, MixSeen, seen_more, split
from ops.core.savings import Saving, TypeFrom, saving, total
from ops.core.savings_lines import edges_of, price_at
from ops.core.types import FloatArray, Price
from tests.core.money_samples import BORN, DAY, G5, G6, days, level, prices, time_of

POOL = (G5, G6)
PRICES = prices(g5="2", g6="1")
"""The preferred type is the dearer one."""


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def mix(begin: float, end: float, g5: int, g6: int) -> MixSeen:
    """From hour to hour of the day."""
    return MixSeen(at(begin), at(end), ((G5, g5), (G6, g6)))


def saved(values: FloatArray, *seen: MixSeen, against: str = "one", of: dict[str, Price] = PRICES) -> Saving:
    time = time_of(values)
    types = (TypeFrom(BORN, None, POOL, seen),)
    return saving("doc", time, days(1), parse(against), most=8, types=types, prices=of)


def by_type(found: Saving) -> dict[str, Decimal]:
    return {each.instance_type: each.hours for each in found.by_type}


WATCHED = (mix(0, 8, 0, 0), mix(8, 10, 1, 0), mix(10, 12, 1, 2), mix(12, 24, 0, 0))
WORKED = np.concatenate([level(0, 8), level(1, 2), level(3, 2), level(0, 12)])


def test_each_type_is_counted_at_its_own_price() -> None:
    found = saved(WORKED, *WATCHED)
    assert by_type(found) == {G5: 4, G6: 4}
    assert (found.hours, found.usd, found.spread_usd, found.unseen) == (8, 12, 0, "")
    assert found.missing == ""


def test_the_baseline_is_at_the_price_of_the_first_type_and_says_so() -> None:
    found = saved(WORKED, *WATCHED, against="peak")
    assert found.baseline_hours == 72
    assert found.baseline_usd == 144
    assert found.against.formula.endswith(f"; at the price of {G5}, the first of its pool")


def test_what_nobody_saw_is_the_cheapest_and_says_what_it_may_be() -> None:
    found = saved(WORKED, mix(0, 10, 1, 0), mix(12, 24, 0, 0))
    assert by_type(found) == {G5: 2, f"not seen: {G5} or {G6}": 6}
    assert (found.usd, found.unseen_hours, found.spread_usd) == (10, 6, 6)
    assert found.unseen == (
        "Which type of its pool ran was not seen for 6.00 of its 8.00 instance-hours: they are counted as "
        f"{G6}, the cheapest; as {G5}, the dearest, they had cost $6.00 more. A bill tells."
    )
    assert found.told == (found.unseen,)


def test_nobody_looked_at_all() -> None:
    found = saved(WORKED)
    assert (found.hours, found.usd, found.spread_usd) == (8, 8, 8)


@pytest.mark.parametrize("missing", POOL)
def test_without_a_price_of_what_ran_the_money_is_not_known(missing: str) -> None:
    known = {kind: price for kind, price in PRICES.items() if kind != missing}
    found = saved(WORKED, *WATCHED, of=known)
    assert found.usd is None
    assert found.missing == f"no price is known for {missing}"


def test_without_a_price_of_the_first_type_the_cost_is_known_and_the_baseline_not() -> None:
    found = saved(level(1, 24), mix(0, 24, 0, 1), of=prices(g6="1"))
    assert (found.usd, found.baseline_usd, found.saved) == (24, None, None)
    assert found.missing == f"no price is known for {G5}"


def test_a_type_that_never_ran_needs_no_price() -> None:
    found = saved(level(1, 24), mix(0, 24, 1, 0), of=prices(g5="2"))
    assert (found.usd, found.baseline_usd) == (48, 48)


def test_one_that_slept_all_day_costs_nothing_whoever_looked() -> None:
    for seen in ((mix(0, 24, 0, 0),), ()):
        found = saved(level(0, 24), *seen)
        assert (found.usd, found.baseline_usd, found.unseen) == (0, 48, "")


def test_a_minute_that_only_the_metric_saw_follows_its_neighbour() -> None:
    values = WORKED.copy()
    values[8 * 60 - 1] = 1  # seen by the metric, and by the description a moment later
    found = saved(values, *WATCHED)
    assert by_type(found)[G5] == 4 + (Decimal(1) / 60).quantize(Decimal("1E-9"))
    assert found.unseen == ""


def test_short_gaps_between_looks_leave_nothing_unseen_long_ones_do() -> None:
    short, long = LOOKS_S / 3600, LOOKS_S / 3600 + 0.1
    assert saved(level(1, 24), mix(0, 12, 1, 0), mix(12 + short, 24, 0, 1)).unseen_hours == 0
    assert saved(level(1, 24), mix(0, 12, 1, 0), mix(12 + long, 24, 0, 1)).unseen_hours > 0


def test_looks_are_joined_where_nothing_changed() -> None:
    seen: tuple[MixSeen, ...] = ()
    for each in (mix(0, 1, 1, 0), mix(0.5, 2, 1, 0), mix(2, 2, 1, 1), mix(1, 3, 1, 1), mix(2.9, 2.95, 0, 0)):
        seen = seen_more(seen, each)
    assert seen == (mix(0, 2, 1, 0), mix(2, 3, 1, 1))
    assert seen_more(seen, mix(4, 5, 1, 1)) == (*seen, mix(4, 5, 1, 1)), "an hour nobody looked"


def test_the_mean_price_of_a_mix() -> None:
    types = (TypeFrom(BORN, None, POOL, WATCHED),)
    price = price_at(types, PRICES)
    told = {hour: price(int(at(hour).timestamp())) for hour in (-1, 9, 11)}
    assert {hour: found and found.usd_per_hour for hour, found in told.items()} == {
        -1: 1,
        9: 2,
        11: Decimal("1.333333"),
    }
    edges = edges_of(int(at(0).timestamp()), int(at(24).timestamp()), types)
    assert {int(at(hour).timestamp()) for hour in (8, 10, 12)} <= {*edges}


COUNTS = st.tuples(st.integers(0, 3), st.integers(0, 3))
SPANS = st.lists(st.tuples(st.integers(1, 300), st.integers(0, 200), COUNTS), max_size=12)
VALUES = st.lists(st.one_of(st.integers(0, 4).map(float), st.just(float("nan"))), min_size=96, max_size=96)


def looks(spans: list[tuple[int, int, tuple[int, int]]]) -> tuple[MixSeen, ...]:
    """(minutes of a look, minutes until the next, counts)"""
    seen: tuple[MixSeen, ...] = ()
    begin = 0
    for long, gap, (g5, g6) in spans:
        seen = seen_more(seen, mix(begin / 60, (begin + long) / 60, g5, g6))
        begin += long + gap
    return seen


@given(VALUES, SPANS)
def test_lines_by_type_add_up_to_the_total(
    values: list[float], spans: list[tuple[int, int, tuple[int, int]]]
) -> None:
    found = saved(np.repeat(values, 15), *looks(spans))
    if found.hours is None:
        return
    assert sum((each.hours for each in found.by_type), Decimal(0)) == found.hours
    assert sum((each.usd or Decimal(0) for each in found.by_type), Decimal(0)) == found.usd
    assert sum((day.usd or Decimal(0) for day in found.days), Decimal(0)) == found.usd
    assert total([found]).usd == found.usd
    assert 0 <= found.spread_usd == found.unseen_hours * (2 - 1)
    assert found.usd is not None
    assert found.hours <= found.usd <= found.usd + found.spread_usd <= 2 * found.hours


@given(VALUES, SPANS)
def test_a_split_is_never_negative_and_whole(
    values: list[float], spans: list[tuple[int, int, tuple[int, int]]]
) -> None:
    time = time_of(np.repeat(values, 15))
    found = split(time, POOL, looks(spans))
    parts = np.array([*found.minutes, found.unseen])
    assert (parts >= 0).all()
    assert parts.sum(axis=0) == pytest.approx(time.minutes.astype(float))
