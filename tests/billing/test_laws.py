"""Laws of reading a bill, whatever its lines are."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.billing.reading import read_bill
from ops.core.bill import Bill
from tests.billing import exports
from tests.billing.exports import DAY, Line

D = Decimal
USAGE_TYPES = (
    "USE1-AsyncInf:ml.g5.xlarge", "EU-Host:ml.m5.xlarge", "Hosting:ml.c5.large", "USE1-Host:VolumeUsage.gp2",
    "USE1-Hst:Data-Bytes-In", "USE1-Train:ml.g5.xlarge", "EU-TrainWarmPool:ml.m5.large", "USE1-Notebk:ml.t3.medium",
    "USE1-Studio:JupyterLab-ml.t3.medium", "APN1-ServerlessInf:Mem-4GB", "USE1-BoxUsage:m5.large", "", "NULL",
)  # fmt: skip
KINDS = (
    "Usage", "SavingsPlanCoveredUsage", "SavingsPlanNegation", "SavingsPlanRecurringFee", "Tax", "Credit", "Refund",
    "EdpDiscount", "Fee", "SomethingNew",
)  # fmt: skip
MONEY = st.decimals(-(10**9), 10**9, places=10) | st.just(D(0)) | st.none()
LINES = st.builds(
    Line,
    usage_type=st.sampled_from(USAGE_TYPES),
    quantity=st.decimals(-5, 1000, places=6) | st.none(),
    cost=MONEY,
    kind=st.sampled_from(KINDS),
    resource=st.sampled_from([Line().resource, "", "NULL", "arn:aws:sagemaker:eu-west-1:1:endpoint/x-y"]),
    description=st.sampled_from(["", "a, \"b\"\nc", "$0.00 under monthly free tier", "null"]),
    service=st.sampled_from(["AmazonSageMaker", "AmazonEC2", ""]),
    start=st.integers(0, 300).map(lambda hours: DAY + timedelta(hours=hours)),
    hours=st.sampled_from([1, 24, 720]),
    effective=MONEY,
    listed=MONEY,
    currency=st.sampled_from(["USD", "USD", "EUR"]),
    invoice=st.sampled_from(["", "2026-11"]),
    account=st.sampled_from(["111122223333", "444455556666"]),
)  # fmt: skip
BILLS = st.lists(LINES, min_size=1, max_size=40)


def read(*parts: Sequence[Line]) -> Bill:
    """The bill of these lines, each part in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, part in enumerate(parts):
            path = Path(folder) / f"{number}.csv"
            text = exports.table([exports.cur(line) for line in part])
            path.write_text(text, encoding="utf-8", newline="")
            files.append(path)
        return read_bill(files)


def told(bill: Bill) -> dict[str, Any]:
    return bill.to_json() | {"source": ""}


@settings(max_examples=3)
@given(st.lists(LINES, min_size=2, max_size=40), st.data())
def test_sums_are_the_files_and_neither_order_nor_pieces_matter(
    lines: list[Line], data: st.DataObject
) -> None:
    bill = read(lines)
    assert bill.lines == len(lines)
    assert bill.check_difference == 0
    assert bill.lines_difference == 0
    main = [line for line in lines if line.currency == bill.currency]
    assert bill.file_total == sum((line.cost or D(0) for line in main), D(0))
    others = sum((line.cost or D(0) for line in lines if line.currency != bill.currency), D(0))
    assert sum((o.cost for o in bill.other_currencies), D(0)) == others
    assert all(isinstance(v, Decimal) for day in bill.days for v in (day.hours, day.usd))

    mixed = data.draw(st.permutations(lines))
    cut = data.draw(st.integers(1, len(lines) - 1))
    first, second = mixed[:cut], mixed[cut:]
    if [exports.cur(a) for a in first] == [exports.cur(b) for b in second]:
        return  # the same content twice is counted once, rightly
    assert told(read(first, second)) == told(bill)
