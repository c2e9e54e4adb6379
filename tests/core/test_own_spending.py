"""A month of Ebb's own asking: what is added up, what a line costs, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from ops.core.own_budget import MOST, Rate, Slowing, Why
from ops.core.own_spending import (
    DATA,
    Counted,
    Spending,
    dumped,
    hours_left,
    lines,
    loaded,
    sentence,
    slowed,
)
from ops.core.views import Usage

AT = datetime(2026, 11, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOTHING = Usage(AT, {}, 0, Decimal(0))


def usage(metrics: int, **more: int) -> Usage:
    """One GetMetricData call for each ten metrics."""
    return Usage(AT, {DATA: metrics // 10, "sagemaker:ListEndpoints": 7, **more}, metrics, Decimal(0))


def test_only_the_news_are_added_and_the_rate_is_of_them() -> None:
    first = Counted(AT, AT).noted(NOTHING, usage(1000), AT, 1.0)
    assert (first.usd, first.rate.per_hour) == (Decimal("0.01"), None)  # of no time there is no rate
    second = first.noted(usage(1000), usage(3000), AT + HOUR, 2.0)
    assert (second.usd, second.metrics, second.hours) == (Decimal("0.03"), 3000, 1.0)
    assert second.calls == {DATA: 300, "sagemaker:ListEndpoints": 7}
    assert second.rate.per_hour == pytest.approx(0.02)
    assert second.rate.at_full_pace == pytest.approx(0.04)


def test_a_new_month_begins_at_nothing_and_keeps_the_rate() -> None:
    last = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    old = Counted(last - HOUR, last - HOUR).noted(NOTHING, usage(1000), last, 1.0)
    new = old.noted(usage(1000), usage(1500), last + HOUR, 1.0)
    assert (new.usd, new.metrics, new.since) == (Decimal("0.005"), 500, last + HOUR)
    assert new.rate.per_hour is not None


def test_an_earlier_process_of_the_same_month_is_added_once_and_one_of_another_month_is_not() -> None:
    kept = Counted(AT - HOUR, AT - HOUR / 2, 0.5, {DATA: 5}, 50, Rate(1, 1, 1))
    own = Counted(AT, AT, 0.0, {DATA: 1, "sts:GetCallerIdentity": 1}, 10)
    both = own.after(kept)
    assert both == Counted(AT - HOUR, AT, 0.5, {DATA: 6, "sts:GetCallerIdentity": 1}, 60, Rate(1, 1, 1))
    assert own.after(replace(kept, until=AT - 20 * 24 * HOUR)) == own


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        (datetime(2026, 11, 1, tzinfo=UTC), 720.0),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), 1.0),
        (datetime(2028, 2, 28, tzinfo=UTC), 48.0),
    ],
)
def test_hours_left_of_a_month(at: datetime, hours: float) -> None:
    assert hours_left(at) == hours


def test_lines_add_up_to_the_sum_and_what_is_not_priced_is_not_nothing() -> None:
    calls = {DATA: 90, "cloudwatch:DescribeAlarms": 1_500_000, "cloudwatch:DescribeAlarmHistory": 500_000}
    calls |= {"ce:GetCostAndUsage": 3, "s3:ListObjectsV2": 9, "sagemaker:DescribeEndpoint": 40, "sts:X": 0}
    counted = Counted(AT, AT + HOUR, 2.0, calls, 900)
    found = {each.name: each for each in lines(counted)}
    assert sum((each.usd or Decimal(0) for each in found.values()), Decimal(0)) == counted.usd
    assert found["s3:ListObjectsV2"].usd is None
    assert found["sagemaker:DescribeEndpoint"].usd == 0
    assert found["cloudwatch:DescribeAlarms"].usd == Decimal("7.5")
    assert (found[DATA].metrics, found[DATA].per_hour) == (900, 45.0)
    assert "sts:X" not in found
    assert lines(counted)[0].name == "cloudwatch:DescribeAlarms"
    assert lines(replace(counted, hours=0.0))[0].per_hour is None


def test_what_is_kept_is_read_back_and_damage_is_nothing() -> None:
    counted = Counted(AT, AT + HOUR, 1.25, {DATA: 3}, 30, Rate(0.1, 0.2, 0.9))
    assert loaded(dumped(counted)) == counted
    for text in ("", "{", "[]", "null", '{"since": 1}', dumped(counted).replace("[0.1", '["x"')):
        assert loaded(text) is None


def told(slowing: Slowing, budget: str | None = "5") -> Spending:
    rate = Rate(0.01, 0.02, 1.0)
    return Spending(
        Counted(AT, AT, 9.0, {DATA: 1}, 100_000, rate), slowing, Decimal(budget) if budget else None, True
    )


def test_the_sentence_names_spent_projected_budget_and_why_it_is_slowed() -> None:
    said = sentence(told(Slowing(2.0, Why.SLOWED)))
    assert said == (
        "About $1.00 this month so far; comes to about $6.04 by its end, an estimate at list price. The budget is "
        "$5.00 a month. Metrics are read 2.0 times less often, to stay within the budget for Ebb's own asking: at full "
        "pace the month would come to about $11."
    )
    assert sentence(told(Slowing(), None)).endswith("No budget is set.")
    assert sentence(told(Slowing(1.0, Why.INSIDE))).endswith("Nothing is slowed.")
    assert "raise EBB_OWN_BUDGET_USD" in slowed(told(Slowing(MOST, Why.NOT_ENOUGH)))


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ("1.05", "95 % of this month's budget for Ebb's own asking is spent."),
        ("1.0001", "99 % of this month's budget for Ebb's own asking is spent."),
        ("1", "this month's budget for Ebb's own asking is used up."),
        ("0.114", "this month's budget for Ebb's own asking is used up: 877 % of it is spent."),
        ("0.0001", "this month's budget for Ebb's own asking is used up: 1,000,000 % of it is spent."),
    ],
)
def test_of_a_budget_that_is_spent_it_says_how_much(budget: str, said: str) -> None:
    spent = slowed(told(Slowing(MOST, Why.SPENT), budget))
    assert spent == f"Metrics are read once an hour: {said}"
