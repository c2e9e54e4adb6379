"""Bill against estimate, in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from ops.core.baselines import Baseline
from ops.core.bill import Bill, BilledDay, Charge
from ops.core.bill_days import bill_days
from ops.core.instance_time import InstanceTime, Piece, instance_time
from ops.core.reconcile import PARTLY, agreement, reconciled
from ops.core.savings import Saving, TypeFrom
from ops.core.savings import saving as estimated
from ops.core.savings_upper import Moving
from ops.core.types import FloatArray, Price
from ops.core.views_savings import Reconciled
from tests.core.test_billed import BEGIN, LATER, LISTED, NOW, TYPE, bill, known, line, three_days


def minutes(cells: FloatArray) -> InstanceTime:
    start = int(BEGIN.timestamp())
    return instance_time([Piece(start, 60, cells)], start, start + len(cells) * 60)


def beside(
    found: Bill, estimates: Sequence[Saving], moved: Mapping[tuple[str, date], Moving] | None = None
) -> tuple[Reconciled, ...]:
    return reconciled(bill_days(found, LATER), estimates, moved or {})


def estimate(instances: float | FloatArray, price: Price = LISTED) -> Saving:
    period = three_days()
    return estimated(
        "doc",
        known(instances) if isinstance(instances, float) else minutes(instances),
        period,
        Baseline(),
        most=8,
        types=(TypeFrom(BEGIN, TYPE),),
        prices={TYPE: price},
    )


@pytest.mark.parametrize(
    ("lines", "extra", "moved", "said"),
    [
        ([line(1, "24", "33.60")], "0", 0, ()),
        (
            [line(1, "24.5", "34.30")],
            "0.6",
            0,
            ("instances take up to 0.60 h that day to start and to leave",),
        ),
        (
            [line(1, "25", "35.00")],
            "0.1",
            0,
            ("1.00 h more were billed than were seen in service: not explained",),
        ),
        ([line(1, "23.7", "33.18")], "0.1", 30, ("first and last minute",)),
        ([line(1, "20", "28.00")], "0", 0, ("4.00 h fewer were billed",)),
        ([line(1, "24", "28.80")], "0", 0, ("billed at $1.2000 an hour, listed at $1.40",)),
        ([line(1, "24", "33.60", final=False)], "0", 0, ("may still change",)),
        ([line(1, "24", "33.605")], "0", 0, ("rounding",)),
        (
            [line(1, "24", "33.60", charge=Charge.COVERED, effective="20")],
            "0",
            0,
            ("covered by a savings plan",),
        ),
    ],
    ids=["same", "provisioning", "more", "edges of minutes", "fewer", "discount", "late", "rounding", "plan"],
)
def test_why_bill_and_estimate_differ(
    lines: list[BilledDay], extra: str, moved: int, said: tuple[str, ...]
) -> None:
    upper = {("doc", date(2026, 10, 1)): Moving(Decimal(extra), moved)}
    (found,) = beside(bill(*lines), [estimate(1.0)], upper)
    assert len(found.why) == len(said)
    for each, part in zip(found.why, said, strict=True):
        assert part in each


def half_known(instances: float) -> FloatArray:
    """Three days, of the first of which the first half is known."""
    return np.concatenate([np.full(720, instances), np.full(720, np.nan), np.full(2880, instances)])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            [line(1, "20", "28.00"), line(1, "4", "0", charge=Charge.FREE_TIER)],
            ("the free tier paid for 4.00 of the hours: they cost nothing on the bill",),
        ),
        ([line(1, "20", "28.00"), line(1, "4", "0")], ("4.00 of the hours cost nothing on the bill, which does not",)),
        (
            [line(1, "24", "33.60"), line(1, "0", "-3.36", charge=Charge.DISCOUNT)],
            ("the bill takes $3.36 off as discounts",),
        ),
        (
            [line(1, "24", "0", charge=Charge.COVERED, effective="20", listed="33.60")],
            ("covered by a savings plan",),
        ),
    ],
    ids=["free tier", "nothing said", "discount", "plan in FOCUS"],
)  # fmt: skip
def test_charges_that_explain_are_named(lines: list[BilledDay], said: tuple[str, ...]) -> None:
    (found,) = beside(bill(*lines), [estimate(1.0)])
    assert len(found.why) == len(said)
    for each, part in zip(found.why, said, strict=True):
        assert part in each


@pytest.mark.parametrize(
    ("hours", "said"),
    [("24", "up to 12.00 h can have run in the minutes that are not known"), ("25", "not explained")],
)
def test_what_ran_in_unknown_minutes_is_not_unexplained(hours: str, said: str) -> None:
    usd = str(Decimal(hours) * Decimal("1.40"))
    (found,) = beside(bill(line(1, hours, usd)), [estimate(half_known(1.0))])
    assert found.known == 0.5
    assert found.why[0] == "50.0% of its minutes are not known"
    assert said in found.why[1]


def test_a_day_without_anything_known_is_told_and_not_compared() -> None:
    (found,) = beside(bill(line(1, "5", "7.00")), [estimate(np.full(4320, np.nan))])
    assert (found.estimated_hours, found.estimated_usd) == (None, None)
    assert "nothing is known" in found.why[-1]
    assert agreement([found]) is None


def test_a_day_that_is_not_billed_in_full_is_not_compared() -> None:
    (newest,) = reconciled(bill_days(bill(line(3, "5", "7.00")), NOW), [estimate(1.0)], {})
    assert (newest.complete, newest.why) == (False, (PARTLY,))
    assert agreement([newest]) is None


def test_only_endpoints_and_days_that_are_asked_for_stand_beside_the_bill() -> None:
    """A real-time endpoint of the same bill, one filtered out, a day outside the period."""
    lines = [line(1, "24", "33.60"), line(2, "9", "12.60", name="chat"), line(9, "24", "33.60")]
    found = beside(bill(*lines, last=9), [estimate(1.0)])
    assert [(each.day.day, each.endpoint) for each in found] == [(1, "doc")]


def test_the_agreement_of_all_days() -> None:
    days = beside(bill(line(1, "24", "33.60"), line(2, "25", "35.00")), [estimate(1.0)])
    whole = agreement(days)
    assert whole is not None
    assert (whole.days, whole.billed_hours, whole.estimated_hours) == (2, Decimal(49), Decimal(48))
    assert whole.apart == (Decimal("68.60") - Decimal("67.20")) / Decimal("68.60")


def test_days_that_are_known_in_part_or_paid_by_the_free_tier_are_no_match() -> None:
    lines = [line(1, "24", "33.60"), line(2, "24", "0", charge=Charge.FREE_TIER), line(3, "24", "33.60")]
    whole = agreement(beside(bill(*lines), [estimate(half_known(1.0))]))
    assert whole is not None
    assert (whole.days, whole.apart) == (1, 0)


def test_the_newest_day_stands_first() -> None:
    days = beside(bill(line(1, "1", "1"), line(3, "1", "1"), line(2, "1", "1")), [estimate(1.0)])
    assert [each.day for each in days] == [date(2026, 10, 1) + timedelta(days=n) for n in (2, 1, 0)]
