"""Cost Explorer's answers, as AWS documents their shape, put together into one bill."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ops.aws.billing import bill_of, days_of, parse
from ops.core.bill import Bill, Charge
from ops.core.errors import OpsError

ASYNC = "USE1-AsyncInf:ml.g5.xlarge"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/"


def answer(
    day: str, *groups: tuple[str, str, str, str], estimated: bool = False, unit: str = "USD"
) -> dict[str, Any]:
    """(first key, second key, hours, dollars) as one day of GetCostAndUsage."""
    return {
        "ResultsByTime": [
            {
                "TimePeriod": {"Start": day, "End": "2026-11-30"},
                "Total": {},
                "Estimated": estimated,
                "Groups": [
                    {
                        "Keys": [one, two],
                        "Metrics": {
                            "UnblendedCost": {"Amount": usd, "Unit": unit},
                            "AmortizedCost": {"Amount": usd, "Unit": unit},
                            "UsageQuantity": {"Amount": hours, "Unit": "N/A"},
                        },
                    }
                    for one, two, hours, usd in groups
                ],
            }
        ]
    }


def bill(by_type: dict[str, Any], named: dict[str, Any] | None = None) -> Bill:
    cells, others = list(parse(by_type)), list(parse(named or {}))
    return bill_of(cells, others, "123456789012", "us-east-1", days_of(by_type))


def test_a_day_by_type_alone_names_no_endpoint() -> None:
    found = bill(answer("2026-11-01", (ASYNC, "Usage", "10.5", "14.7882")))
    (day,) = found.days
    assert (day.day, day.endpoint, day.instance_type) == (date(2026, 11, 1), None, "ml.g5.xlarge")
    assert (day.asynchronous, day.hours, day.usd) == (True, Decimal("10.5"), Decimal("14.7882"))
    assert day.final
    assert found.check_difference == 0


def test_endpoints_and_what_is_left_of_the_day() -> None:
    found = bill(
        answer("2026-11-20", (ASYNC, "Usage", "10", "14.00")),
        answer("2026-11-20", (ARN + "doc", ASYNC, "6", "8.40"), (ARN + "forms", ASYNC, "3", "4.20")),
    )
    assert [(d.endpoint, d.hours, d.usd) for d in found.days] == [
        (None, Decimal(1), Decimal("1.40")),
        ("doc", Decimal(6), Decimal("8.40")),
        ("forms", Decimal(3), Decimal("4.20")),
    ]
    assert found.hosting_cost == Decimal("14.00")
    assert found.check_difference == 0


def test_everything_lands_in_one_place() -> None:
    found = bill(
        answer(
            "2026-11-20",
            (ASYNC, "Usage", "10", "14.00"),
            ("USE1-Host:ml.m5.xlarge", "Usage", "24", "5.52"),
            ("USE1-Host:VolumeUsage.gp2", "Usage", "0.5", "0.07"),
            ("USE1-Host:Data-Bytes-In", "Usage", "2", "0.04"),
            ("USE1-Train:ml.g5.2xlarge", "Usage", "3", "4.55"),
            (ASYNC, "Tax", "0", "1.30"),
            (ASYNC, "Credit", "0", "-2.00"),
            ("USE1-AsyncInf:ml.m5.xlarge", "SavingsPlanCoveredUsage", "4", "0.92"),
            ("USE1-AsyncInf:ml.m5.xlarge", "SavingsPlanNegation", "4", "-0.92"),
        )
    )
    assert found.file_total == Decimal("23.48")
    assert found.check_difference == 0
    assert (found.storage, found.data) == (Decimal("0.07"), Decimal("0.04"))
    assert {each.reason: each.cost for each in found.left_out} == {
        "other SageMaker usage (Train)": Decimal("4.55"),
        "tax": Decimal("1.30"),
        "credit": Decimal("-2.00"),
        "savings plan negation": Decimal("-0.92"),
    }
    assert {d.charge for d in found.days} == {Charge.USAGE, Charge.COVERED}
    assert {d.asynchronous for d in found.days} == {True, False}


def test_a_type_partly_under_a_plan_is_not_told_by_endpoint() -> None:
    found = bill(
        answer("2026-11-20", (ASYNC, "Usage", "6", "8.40"), (ASYNC, "SavingsPlanCoveredUsage", "4", "5.60")),
        answer("2026-11-20", (ARN + "doc", ASYNC, "10", "14.00")),
    )
    assert [(d.endpoint, d.charge, d.hours) for d in found.days] == [
        (None, Charge.USAGE, Decimal(6)),
        (None, Charge.COVERED, Decimal(4)),
    ]
    assert found.check_difference == 0


def test_an_estimated_day_is_not_final() -> None:
    found = bill(answer("2026-11-20", (ASYNC, "Usage", "6", "8.40"), estimated=True))
    assert [d.final for d in found.days] == [False]


def test_groups_that_hold_nothing_are_no_lines() -> None:
    assert bill(answer("2026-11-20", (ASYNC, "Usage", "0", "0"))).days == ()


def test_two_currencies_are_never_added() -> None:
    both = answer("2026-11-20", (ASYNC, "Usage", "6", "8.40"))
    both["ResultsByTime"] += answer("2026-11-21", (ASYNC, "Usage", "6", "8.40"), unit="EUR")["ResultsByTime"]
    with pytest.raises(OpsError, match="several currencies"):
        bill(both)
