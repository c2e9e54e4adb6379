"""Money: the choice of a price, estimates, and what is never added up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.cost import (
    ASYNC,
    FALLBACK_SOURCE,
    HOST,
    HOST_NOTE,
    SEVERAL_NOTE,
    Basis,
    CostLine,
    cents,
    choose_price,
    estimate,
    fallback_price,
    per_hour,
    per_month,
    total,
)
from ops.core.types import Price

DAY = datetime(2026, 9, 28, tzinfo=UTC)


def price(
    usd: str = "1.4084",
    component: str = ASYNC,
    as_of: datetime = DAY,
    instance_type: str = "ml.g5.xlarge",
    region: str = "us-east-1",
) -> Price:
    return Price(instance_type, region, Decimal(usd), "AWS Price List", as_of, component)


def chosen(*candidates: Price, asynchronous: bool = True) -> Price | None:
    return choose_price(candidates, "ml.g5.xlarge", "us-east-1", asynchronous=asynchronous)


def test_asynchronous_inference_comes_first_and_host_is_a_flagged_fallback() -> None:
    asynchronous, host = price("1.5"), price("1.4", HOST)
    assert chosen(host, asynchronous) == asynchronous
    fallback = chosen(host)
    assert fallback is not None
    assert (fallback.usd_per_hour, fallback.note) == (Decimal("1.4"), HOST_NOTE)


def test_a_real_time_endpoint_pays_host_without_a_flag_and_never_async() -> None:
    host = price("1.4", HOST)
    assert chosen(price("1.5"), host, asynchronous=False) == host
    assert chosen(price("1.5"), asynchronous=False) is None


def test_no_arbitrary_row_is_taken() -> None:
    others = [
        price("0.1", "Training"),
        price("0.2", instance_type="ml.g5.2xlarge"),
        price("0.3", region="us-east-2"),
    ]
    assert chosen(*others) is None
    assert chosen() is None


def test_of_several_prices_the_newest_then_the_highest_and_it_is_said() -> None:
    old = price("9", as_of=datetime(2025, 1, 1, tzinfo=UTC))
    assert chosen(old, price("1.4")) == price("1.4")
    highest = chosen(price("1.4"), price("1.6"))
    assert highest is not None
    assert (highest.usd_per_hour, highest.note) == (Decimal("1.6"), SEVERAL_NOTE)
    assert chosen(price("1.4"), price("1.4")) == price("1.4")


def test_an_estimate_is_hours_times_price() -> None:
    line = estimate(2.5, price("1.4084"))
    assert line is not None
    assert line.usd == Decimal("3.52100")
    assert (line.basis, line.instance_hours) == (Basis.ESTIMATED, Decimal("2.5"))
    assert line.price == price("1.4084")


def test_what_is_not_known_is_none_and_never_zero() -> None:
    assert estimate(2, None) is None
    assert estimate(float("nan"), price()) is None
    assert per_hour(1, None) is None
    assert per_month(1, None) is None
    assert total([]) is None
    assert total([estimate(1, price()), None]) is None
    nothing_ran = estimate(0, price())
    assert nothing_ran is not None
    assert nothing_ran.usd == 0


@pytest.mark.parametrize("hours", [-1.0, float("inf")])
def test_impossible_hours_are_refused(hours: float) -> None:
    with pytest.raises(ValueError, match="instance-hours"):
        estimate(hours, price())


def test_an_hour_and_a_month_of_running_instances() -> None:
    hour, month = per_hour(1, price()), per_month(2, price())
    assert hour is not None
    assert month is not None
    assert cents(hour.usd) == Decimal("1.41")
    assert cents(month.usd) == Decimal("2056.26")


def test_billed_and_estimated_are_never_added() -> None:
    billed = CostLine(Decimal(3), Basis.BILLED)
    estimated = estimate(1, price())
    with pytest.raises(ValueError, match="never added"):
        total([billed, estimated])
    both = total([billed, CostLine(Decimal("0.5"), Basis.BILLED)])
    assert both == CostLine(Decimal("3.5"), Basis.BILLED)


def test_a_total_keeps_hours_price_and_flags() -> None:
    fallback = chosen(price("1.4", HOST))
    one, two = estimate(1, fallback), estimate(2, fallback)
    both = total([one, two])
    assert both is not None
    assert (both.usd, both.instance_hours, both.price) == (Decimal("4.2"), Decimal(3), fallback)
    assert both.note == HOST_NOTE
    mixed = total([one, estimate(1, price("2"))])
    assert mixed is not None
    assert mixed.price is None


def test_the_built_in_table_is_labelled_and_holds_for_its_region_alone() -> None:
    found = fallback_price("ml.g5.xlarge", "us-east-1")
    assert found is not None
    assert (found.usd_per_hour, found.source) == (Decimal("1.4084"), FALLBACK_SOURCE)
    assert "28 September 2026" in found.note
    assert fallback_price("ml.g5.xlarge", "eu-west-1") is None
    assert fallback_price("ml.p5.48xlarge", "us-east-1") is None


@given(st.lists(st.decimals(min_value=0, max_value=10_000, places=4), min_size=1, max_size=20))
def test_a_total_of_estimates_is_exact(hours: list[Decimal]) -> None:
    one_price = price("1.4084")
    whole = total(estimate(each, one_price) for each in hours)
    assert whole is not None
    assert whole.usd == sum(hours, Decimal(0)) * Decimal("1.4084")
