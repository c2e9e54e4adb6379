"""One bill of an account, written as each kind of export: for tests of reading."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

D = Decimal
HOUR, PRICE = D(1), D("1.4084")
ACCOUNT = "111122223333"
DAY = datetime(2026, 11, 3, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """A charge as AWS knows it. `effective`: with a savings plan's rate, where it covers the line."""

    usage_type: str = "USE1-AsyncInf:ml.g5.xlarge"
    quantity: Decimal | None = HOUR
    cost: Decimal | None = PRICE
    kind: str = "Usage"
    resource: str = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/doc-async"
    description: str = "$1.4084 per hour of asynchronous inference"
    operation: str = "RunInstance"
    service: str = "AmazonSageMaker"
    start: datetime = DAY
    hours: int = 1
    effective: Decimal | None = None
    listed: Decimal | None = PRICE
    currency: str = "USD"
    invoice: str = "2026-11"
    account: str = ACCOUNT
    unit: str = "Hrs"

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=self.hours)


def account_bill() -> list[Line]:
    """Hosting of two endpoints, their storage and data, and all that must be left out. Sums below."""
    host = Line(
        "USE1-Host:ml.m5.xlarge", D("2.5"), D("0.575"), description="$0.23 per Hosting ml.m5.xlarge hour"
    )
    host = replace(host, resource=f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/chat", listed=D("0.575"))
    covered = replace(
        host, kind="SavingsPlanCoveredUsage", quantity=D(2), cost=D("0.46"), effective=D("0.30")
    )
    plan = Line(
        "ComputeSP:1yrNoUpfront", D(1), D("0.30"), "SavingsPlanRecurringFee", "", "1 year No Upfront plan"
    )
    plan = replace(plan, service="ComputeSavingsPlans", operation="", listed=None)
    volume = Line(
        "USE1-Host:VolumeUsage.gp2", D("0.222"), D("0.03"), operation="CreateVolume-Gp2", unit="GB-Mo"
    )
    volume = replace(volume, description="$0.14 per GB-Mo of Endpoint ML storage")
    data = Line("USE1-Hst:Data-Bytes-Out", D("1.5"), D("0.024"), operation="Invoke-Endpoint", unit="GB")
    data = replace(data, description="$0.016 per GB for Endpoint Data OUT")
    other = Line(resource="", description="another thing", operation="RunInstance", listed=None)
    return [
        *(replace(Line(), start=DAY + timedelta(hours=h)) for h in range(5)),
        replace(Line(), start=DAY + timedelta(days=1), invoice=""),
        host,
        covered,
        replace(
            covered, kind="SavingsPlanNegation", cost=D("-0.46"), effective=None, listed=None, resource=""
        ),
        plan,
        volume,
        data,
        replace(other, usage_type="USE1-Train:ml.g5.xlarge", cost=D("7.1")),
        replace(other, usage_type="USE1-TrSpt:ml.g5.xlarge", cost=D("2.1")),
        replace(other, usage_type="USE1-TrainWarmPool:ml.g5.xlarge", cost=D("0.9")),
        replace(other, usage_type="USE1-Processing:ml.m5.xlarge", cost=D("0.8")),
        replace(other, usage_type="USE1-Tsform:ml.m5.xlarge", cost=D("0.7")),
        replace(other, usage_type="USE1-Notebk:ml.t3.medium", cost=D("0.6")),
        replace(
            other, usage_type="USE1-Notebk:VolumeUsage.gp2", cost=D("0.01"), operation="CreateVolume-Gp2"
        ),
        replace(other, usage_type="USE1-Studio:KernelGateway-ml.t3.medium", cost=D("0.5")),
        replace(other, usage_type="USE1-ServerlessInf:Mem-4GB", cost=D("0.4")),
        replace(other, usage_type="USE1-Cluster:ml.p5.48xlarge", cost=D("113.068")),
        replace(other, usage_type="USE1-FeatureStore:ReadRequestUnits", cost=D("0.2")),
        replace(other, usage_type="USE1-BoxUsage:m5.large", service="AmazonEC2", cost=D("3.3")),
        replace(other, usage_type="USE1-EBS:VolumeUsage.gp2", service="AmazonEC2", cost=D("0.3")),
        replace(other, usage_type="", kind="Tax", cost=D("12.3456789012"), quantity=D(1)),
        replace(Line(), kind="Credit", cost=D("-2.5"), quantity=D(0), description="Promotional credit"),
        replace(Line(), kind="Refund", cost=D("-1.1"), quantity=D(0), description="Refund"),
    ]


HOURS, COST = D("10.5"), 6 * D("1.4084") + D("0.575") + D("0.46")
"""Hosting of `account_bill`: five hours and one on the next day, and 4.5 real-time ones, two of them covered."""
EFFECTIVE = COST - D("0.16")
TOTAL = sum((line.cost or D(0) for line in account_bill()), D(0))

# --- CUR ---


def cur(line: Line) -> dict[str, Any]:
    """A line with the snake_case columns of a CUR, doubles and all."""
    return {
        "identity_line_item_id": "x",
        "bill_invoice_id": line.invoice or None,
        "line_item_usage_start_date": line.start,
        "line_item_usage_end_date": line.end,
        "line_item_usage_account_id": line.account,
        "line_item_line_item_type": line.kind,
        "line_item_product_code": line.service,
        "line_item_usage_type": line.usage_type or None,
        "line_item_operation": line.operation or None,
        "line_item_resource_id": line.resource or None,
        "line_item_usage_amount": line.quantity,
        "line_item_unblended_cost": line.cost,
        "line_item_currency_code": line.currency,
        "line_item_line_item_description": line.description,
        "pricing_unit": line.unit,
        "pricing_public_on_demand_cost": line.listed,
        "savings_plan_savings_plan_effective_cost": line.effective,
        "product_region_code": "us-east-1",
    }


_DOUBLES = {
    "line_item_usage_amount", "line_item_unblended_cost", "pricing_public_on_demand_cost",
    "savings_plan_savings_plan_effective_cost",
}  # fmt: skip
_TIMES = {"line_item_usage_start_date", "line_item_usage_end_date", "ChargePeriodStart", "ChargePeriodEnd"}
MAP = pa.map_(pa.string(), pa.string())


def parquet(
    path: Path, rows: Sequence[dict[str, Any]], maps: Sequence[str] = (), names: Iterable[str] = ()
) -> Path:
    """Rows as a Parquet file: amounts as doubles, as AWS writes them."""
    columns = list(rows[0]) if rows else list(names)
    arrays = {}
    for name in columns:
        values = [row[name] for row in rows]
        if name in maps:
            arrays[name] = pa.array(values, MAP)
        elif name in _TIMES:
            arrays[name] = pa.array([v.replace(tzinfo=None) for v in values], pa.timestamp("ms"))
        elif name in _DOUBLES or any(isinstance(v, Decimal) for v in values):
            arrays[name] = pa.array([None if v is None else float(v) for v in values], pa.float64())
        else:
            arrays[name] = pa.array(values, pa.string())
    pq.write_table(pa.table(arrays), path)
    return path


def cur2_parquet(path: Path, lines: Sequence[Line]) -> Path:
    """CUR 2.0: with the maps, and the region and instance in the map alone."""
    rows = []
    for line in lines:
        row = cur(line)
        del row["product_region_code"]
        tags = {"user_team": "docs"} if line.resource else {}
        product = {"region": "us-east-1", "product_name": "Amazon SageMaker"}
        rows.append(row | {"product": list(product.items()), "resource_tags": list(tags.items())})
    names = [*cur(Line()), "product", "resource_tags"]
    return parquet(path, rows, ("product", "resource_tags"), names)


def legacy_parquet(path: Path, lines: Sequence[Line]) -> Path:
    return parquet(path, [cur(line) for line in lines], names=list(cur(Line())))


_GROUPS = ("identity", "bill", "line_item", "pricing", "savings_plan", "product")


def slashed(name: str) -> str:
    """lineItem/UsageType for line_item_usage_type."""
    group = next(g for g in _GROUPS if name.startswith(g + "_"))
    head = group.split("_")
    tail = [word.capitalize() for word in name.removeprefix(group + "_").split("_")]
    if group == "product":
        tail[0] = tail[0].lower()
    return f"{head[0]}{''.join(w.capitalize() for w in head[1:])}/{''.join(tail)}"


def table(rows: Sequence[dict[str, Any]], delimiter: str = ",") -> str:
    """Rows as CSV text with a header."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(
            ["" if v is None else stamp(v) if isinstance(v, datetime) else v for v in row.values()]
        )
    return out.getvalue()


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def legacy_csv(path: Path, lines: Sequence[Line], zipped: bool = True) -> Path:
    rows = [{slashed(name): value for name, value in cur(line).items()} for line in lines]
    text = table(rows)
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    return path


# --- FOCUS ---

_CATEGORY = {"Tax": "Tax", "Credit": "Credit", "SavingsPlanRecurringFee": "Purchase"}


def focus(lines: Sequence[Line], version: str = "1.2", extensions: bool = True) -> list[dict[str, Any]]:
    """The same in FOCUS: no negation lines there, covered lines are billed at 0, and the plan's fee is a purchase."""
    rows = []
    for line in lines:
        if line.kind == "SavingsPlanNegation":
            continue
        covered = line.kind == "SavingsPlanCoveredUsage"
        row: dict[str, Any] = {
            "BilledCost": D(0) if covered else line.cost,
            "BillingCurrency": line.currency,
            "ChargeCategory": _CATEGORY.get(line.kind, "Usage"),
            "ChargeClass": "Correction" if line.kind == "Refund" else None,
            "ChargeDescription": line.description,
            "ChargeFrequency": "Recurring" if line.kind == "SavingsPlanRecurringFee" else "Usage-Based",
            "ChargePeriodStart": line.start,
            "ChargePeriodEnd": line.end,
            "CommitmentDiscountStatus": "Used" if covered else None,
            "ConsumedQuantity": line.quantity,
            "ConsumedUnit": line.unit,
            "EffectiveCost": line.effective if covered else line.cost,
            "ListCost": line.listed,
            "RegionId": "us-east-1",
            "ResourceId": line.resource or None,
            "ServiceName": "Amazon SageMaker" if line.service == "AmazonSageMaker" else line.service,
            "SubAccountId": line.account,
        }
        if version >= "1.1":
            row["SkuMeter"] = line.usage_type or None
        if version >= "1.2":
            row["InvoiceId"] = line.invoice or None
        if extensions:
            row |= {"x_ServiceCode": line.service, "x_UsageType": line.usage_type or None}
            row |= {"x_Operation": line.operation or None}
        rows.append(row)
    return rows


def focus_parquet(path: Path, lines: Sequence[Line], version: str = "1.2", extensions: bool = True) -> Path:
    return parquet(path, focus(lines, version, extensions))


FOCUS_COST = COST - D("0.46")
FOCUS_TOTAL = TOTAL - D("0.46") + D("0.46")

# --- plain ---


def plain(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


CONSOLE_BILL = """\
"InvoiceID","PayerAccountId","LinkedAccountId","RecordType","RecordID","BillingPeriodStartDate",\
"BillingPeriodEndDate","ProductCode","ProductName","UsageType","Operation","ItemDescription","UsageStartDate",\
"UsageEndDate","UsageQuantity","CurrencyCode","CostBeforeTax","Credits","TaxAmount","TotalCost"
"42","111122223333","111122223333","LinkedLineItem","1","2026/11/01 00:00:00","2026/11/30 23:59:59",\
"AmazonSageMaker","Amazon SageMaker","USE1-AsyncInf:ml.g5.xlarge","RunInstance","$1.4084 per hour",\
"2026/11/01 00:00:00","2026/11/30 23:59:59","100.5","USD","141.544200","-1.500000","28.010000","168.054200"
"42","111122223333","111122223333","LinkedLineItem","2","2026/11/01 00:00:00","2026/11/30 23:59:59",\
"AmazonS3","Amazon S3","Requests-Tier1","PutObject","PUT requests","2026/11/01 00:00:00","2026/11/30 23:59:59",\
"10","USD","0.200000","0.0","0.040000","0.240000"
"42","111122223333","111122223333","AccountTotal","AccountTotal:111122223333","2026/11/01 00:00:00",\
"2026/11/30 23:59:59","","","","","Total for linked account","","","","USD","141.744200","-1.5","28.05","168.294200"
"42","111122223333","","StatementTotal","StatementTotal","2026/11/01 00:00:00","2026/11/30 23:59:59",\
"","","","","Total statement amount","","","","USD","141.744200","-1.5","28.05","168.294200"
"""

PAGE_OF_A_BILL = """\
Description,Quantity,Cost in USD
$0.00 for SageMaker Debugger Built-in Rule Volume,5.058 GB-Mo,USD 0.00
$0.110 per GB-Mo of Processing ML storage,0.096 GB-Mo,USD 0.01
$0.154 per GB-Mo of Endpoint ML storage,0.222 GB-Mo,USD 0.03
$0.154 per GB-Mo of Notebook Instance ML storage,5 GB-Mo,USD 0.77
$0.154 per GB-Mo of Training Job ML storage,1.942 GB-Mo,USD 0.30
$0.154 per GB-Mo of Training Warm Pool Job ML storage,6.746 GB-Mo,USD 1.04
$0.016 per GB for Endpoint Data IN,0 GB,USD 0.00
$0.055 per Notebook ml.t3.medium hour in EU (Ireland),744 Hrs,USD 40.92
$0.128 per Studio-Notebook ml.m5.large hour in EU (Ireland),"1,339.426 Hrs",USD 171.45
$0.257 per BatchTransform Job ml.m5.xlarge hour in EU (Ireland),2.126 Hrs,USD 0.55
$0.257 per Hosting ml.m5.xlarge hour in EU (Ireland),8.208 Hrs,USD 2.11
$0.257 per Training ml.m5.xlarge hour in EU (Ireland),44.015 Hrs,USD 11.31
$0.257 per Training Warm Pool ml.m5.xlarge hour in EU (Ireland),167.301 Hrs,USD 43.00
$0.821 for Endpoint ml.g4dn.xlarge,1.299 Hrs,USD 1.07
$0.822 for Training job ml.g4dn.xlarge per hour in EU (Ireland),14.801 Hrs,USD 12.17
$5.453 per Hosting ml.g4dn.12xlarge hour in EU (Ireland),31.543 Hrs,"USD 1,172.00"
$0.00695 per Advanced Instance Hr in EU (Ireland),"4,099 Hrs",USD 28.49
"""
"""Lines in the words of a real bill of AWS (facts E.1); one cost is larger, for its separator."""


def first_day() -> date:
    return DAY.date()
