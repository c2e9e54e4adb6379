"""A bill: its sums, and that it is the same after JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ops.core.bill import Bill, BilledDay, Charge, LeftOut, OtherCurrency

D = Decimal
AMOUNT = st.decimals(-(10**9), 10**9, places=12)
DAYS = st.builds(
    BilledDay,
    day=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    account=st.sampled_from(["111122223333", ""]),
    region=st.sampled_from(["us-east-1", ""]),
    endpoint=st.none() | st.sampled_from(["doc-async", "a'b"]),
    usage_type=st.text(max_size=8),
    instance_type=st.sampled_from(["ml.m5.xlarge", "ml.g5.xlarge"]),
    asynchronous=st.sampled_from([True, False, None]),
    charge=st.sampled_from(Charge),
    hours=AMOUNT,
    usd=AMOUNT,
    effective=st.none() | AMOUNT,
    listed=st.none() | AMOUNT,
    final=st.booleans(),
    days=st.integers(1, 31),
)
BILLS = st.builds(
    Bill,
    source=st.text(max_size=8),
    format=st.just("CUR 2.0"),
    currency=st.just("USD"),
    lines=st.integers(0, 10**9),
    file_total=AMOUNT,
    days=st.lists(DAYS, max_size=5).map(tuple),
    storage=AMOUNT,
    data=AMOUNT,
    left_out=st.lists(st.builds(LeftOut, st.text(max_size=5), st.integers(0, 9), AMOUNT), max_size=3).map(
        tuple
    ),
    other_currencies=st.lists(
        st.builds(OtherCurrency, st.just("EUR"), st.integers(0, 9), AMOUNT), max_size=1
    ).map(tuple),
    free=st.lists(DAYS, max_size=2).map(tuple),
    first=st.none() | st.dates(),
    notes=st.lists(st.text(max_size=5), max_size=2).map(tuple),
    scanned=st.none() | st.integers(0, 10**12),
)


@given(BILLS)
def test_json_and_back_is_the_same_bill(bill: Bill) -> None:
    assert Bill.from_json(json.loads(json.dumps(bill.to_json()))) == bill


@given(BILLS)
def test_sums_by_type_and_by_endpoint_are_the_hosting_sums(bill: Bill) -> None:
    assert sum((t.cost for t in bill.by_type), D(0)) == bill.hosting_cost
    assert sum((t.hours for t in bill.by_endpoint), D(0)) == bill.hosting_hours
    parts = bill.hosting_cost + bill.storage + bill.data + sum((x.cost for x in bill.left_out), D(0))
    assert replace(bill, file_total=parts).check_difference == 0
    assert replace(bill, file_total=parts + D("0.01")).check_difference == D("0.01")


def test_effective_cost_is_unknown_where_one_day_lacks_it() -> None:
    day = BilledDay(
        date(2026, 11, 1), "1", "us-east-1", "doc", "USE1-AsyncInf:ml.m5.xlarge", "ml.m5.xlarge", True,
        Charge.USAGE, D(24), D("5.52"), D("5.52"), None, True,
    )  # fmt: skip
    bill = Bill("x", "CUR 2.0", "USD", 2, D("11.04"), days=(day, replace(day, effective=None)))
    assert bill.effective_cost is None
    assert replace(bill, days=(day, day)).effective_cost == D("11.04")
    assert bill.by_type[0].hours == 48
    assert bill.check_difference == 0
