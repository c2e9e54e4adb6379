"""A CUR 2.0 export of five million lines: Ebb's reading against plain pandas doing the same sums.

The export is made up on the fly, in a temporary folder: one month by the hour, nine lines of ten of other services.
Each reading is a process of its own; ratios are of one run. pandas adds up doubles, Ebb decimals: their totals
are compared to the cent. `python -m bench.bills [--rows 5000000]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ops.core.bill import Bill

ROOT = Path(__file__).resolve().parent.parent
ROWS, GROUP = 5_000_000, 250_000
ACCOUNT, REGION = "111122223333", "us-east-1"
START = np.datetime64("2026-10-01T00:00:00", "ms")
HOURS = 31 * 24
# usage type, operation, product code, dollars per unit, share of the lines
KINDS = (
    ("USE1-AsyncInf:ml.g5.xlarge", "RunInstance", "AmazonSageMaker", 1.4084, 3),
    ("USE1-AsyncInf:ml.g6.2xlarge", "RunInstance", "AmazonSageMaker", 1.222, 2),
    ("USE1-Host:ml.m5.xlarge", "RunInstance", "AmazonSageMaker", 0.23, 1),
    ("USE1-Host:VolumeUsage.gp2", "CreateVolume-Gp2", "AmazonSageMaker", 0.14, 1),
    ("USE1-Train:ml.g5.2xlarge", "RunInstance", "AmazonSageMaker", 1.515, 2),
    ("USE1-Notebk:ml.t3.medium", "RunInstance", "AmazonSageMaker", 0.05, 1),
    ("USE1-BoxUsage:m5.large", "RunInstances", "AmazonEC2", 0.096, 30),
    ("USE1-EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "AmazonEC2", 0.08, 25),
    ("USE1-Requests-Tier1", "PutObject", "AmazonS3", 0.000005, 20),
    ("USE1-DataTransfer-Out-Bytes", "GetObject", "AmazonS3", 0.09, 10),
    ("USE1-Lambda-GB-Second", "Invoke", "AWSLambda", 0.0000166667, 5),
)
ENDPOINTS, OTHERS = 100, 20_000


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds, those of its processor, its greatest memory in 10^6 bytes; and what it said."""

    seconds: float
    cpu_s: float
    peak_mb: float
    said: dict[str, Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--pandas", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.pandas:
        json.dump(by_pandas(asked.pandas), sys.stdout)
        return
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(
        f"{machine}, Python {platform.python_version()}, DuckDB {duckdb.__version__}, pandas {pd.__version__}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cur.parquet"
        made_up(path, asked.rows)
        print(f"{asked.rows:,} lines, {path.stat().st_size / 1e6:.0f} MB of Parquet")
        request = {"files": [str(path)], "format": "auto", "memory_mb": 1024}
        ebb = measured([sys.executable, "-m", "ops.billing"], json.dumps(request))
        pandas = measured([sys.executable, "-m", "bench.bills", "--pandas", str(path)], "")
    bill = Bill.from_json(ebb.said["bill"])
    mine = {
        "total": bill.file_total,
        "hosting hours": bill.hosting_hours,
        "hosting cost": bill.hosting_cost,
        "storage": bill.storage,
        "left out": bill.excluded_cost,
        "days": Decimal(len(bill.days)),
    }
    for name, run in (("Ebb", ebb), ("pandas", pandas)):
        print(f"{name:7} {run.seconds:6.1f} s  {run.cpu_s:6.1f} s of CPU  {run.peak_mb:6.0f} MB")
    shares = (ebb.seconds / pandas.seconds, ebb.cpu_s / pandas.cpu_s, ebb.peak_mb / pandas.peak_mb)
    print("Ebb takes {:.2f} of the time, {:.2f} of the CPU, {:.2f} of the memory".format(*shares))
    for name, exact in mine.items():
        other = round(Decimal(pandas.said[name]), 2)
        same = "equal" if round(exact, 2) == other else "DIFFERENT"
        print(f"{name:14} {round(exact, 2):>18,}  {other:>18,}  {same}")
    print(f"check difference {bill.check_difference.normalize()}, lines {bill.lines:,}")


def measured(command: list[str], stdin: str) -> Run:
    """Run a process to its end, and what it took as the kernel counted."""
    began = perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as asked:
        asked.write(stdin.encode())
        asked.seek(0)
        process = subprocess.Popen(command, cwd=ROOT, stdin=asked, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        took = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[2]} failed; the lines above say why.")
        out.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return Run(
            took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, json.loads(out.read())
        )


def by_pandas(path: str) -> dict[str, str]:
    """The same sums as anybody would write them: hosting by day and endpoint, storage, the rest, the total."""
    columns = [
        "line_item_usage_start_date", "line_item_line_item_type", "line_item_product_code", "line_item_usage_type",
        "line_item_resource_id", "line_item_usage_amount", "line_item_unblended_cost", "line_item_currency_code",
        "pricing_public_on_demand_cost", "savings_plan_savings_plan_effective_cost",
    ]  # fmt: skip
    frame = pd.read_parquet(path, columns=columns)
    ours = (frame.line_item_product_code == "AmazonSageMaker") & (frame.line_item_line_item_type == "Usage")
    kind = frame.line_item_usage_type
    hosting = ours & kind.str.contains(r"(?:^|-)(?:AsyncInf|Host|Hosting):ml\.", regex=True)
    storage = ours & kind.str.contains(r"(?:^|-)(?:AsyncInf|Host|Hosting):VolumeUsage", regex=True)
    hosted = frame[hosting]
    keys = [
        hosted.line_item_usage_start_date.dt.date,
        hosted.line_item_resource_id,
        hosted.line_item_usage_type,
    ]
    sums = ["line_item_usage_amount", "line_item_unblended_cost", "pricing_public_on_demand_cost"]
    days = hosted.groupby(keys)[sums].sum()
    cost = frame.line_item_unblended_cost
    found = {
        "total": frame.groupby("line_item_currency_code").line_item_unblended_cost.sum().iloc[0],
        "hosting hours": days.line_item_usage_amount.sum(),
        "hosting cost": days.line_item_unblended_cost.sum(),
        "storage": cost[storage].sum(),
        "left out": cost[~(hosting | storage)].groupby(kind[~(hosting | storage)]).sum().sum(),
        "days": len(days),
    }
    return {name: repr(float(value)) for name, value in found.items()}


def made_up(path: Path, rows: int) -> None:
    """The export: a month by the hour, in groups of lines as AWS writes them, costs with up to ten decimals."""
    chance = np.random.default_rng(7)
    shares = np.array([kind[4] for kind in KINDS], dtype=float)
    writer: pq.ParquetWriter | None = None
    for first in range(0, rows, GROUP):
        table = _group(chance, shares / shares.sum(), min(GROUP, rows - first))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="snappy")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def _group(chance: np.random.Generator, shares: np.ndarray, size: int) -> pa.Table:
    kind = chance.choice(len(KINDS), size=size, p=shares)
    price = np.array([k[3] for k in KINDS])[kind]
    amount = np.round(chance.random(size), 6)
    start = START + chance.integers(0, HOURS, size).astype("timedelta64[h]")
    ours = np.array([k[2] == "AmazonSageMaker" for k in KINDS])[kind]
    number = np.where(ours, chance.integers(0, ENDPOINTS, size), ENDPOINTS + chance.integers(0, OTHERS, size))
    endpoints = [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/endpoint-{n:03}" for n in range(ENDPOINTS)]
    resources = [*endpoints, *(f"i-{n:017x}" for n in range(OTHERS))]
    cost = np.round(amount * price, 10)

    def pick(values: list[str], index: np.ndarray) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(index.astype("int32")), values).cast(pa.string())

    same = np.zeros(size, dtype=int)
    described = [f"${k[3]} per unit of {k[0]}" for k in KINDS]
    tags = pa.MapArray.from_arrays(
        np.arange(size + 1, dtype="int32"), pick(["user_team"], same), pick(["docs"], same)
    )
    product = pa.MapArray.from_arrays(
        np.arange(size + 1, dtype="int32"), pick(["region"], same), pick([REGION], same)
    )
    return pa.table(
        {
            "bill_invoice_id": pick(["2026-10"], same),
            "identity_line_item_id": pa.array(chance.integers(0, 1 << 62, size)).cast(pa.string()),
            "line_item_usage_start_date": pa.array(start),
            "line_item_usage_end_date": pa.array(start + np.timedelta64(1, "h")),
            "line_item_usage_account_id": pick([ACCOUNT], same),
            "line_item_line_item_type": pick(["Usage"], same),
            "line_item_product_code": pick([k[2] for k in KINDS], kind),
            "line_item_usage_type": pick([k[0] for k in KINDS], kind),
            "line_item_operation": pick([k[1] for k in KINDS], kind),
            "line_item_resource_id": pick(resources, number),
            "line_item_usage_amount": pa.array(amount),
            "line_item_unblended_cost": pa.array(cost),
            "line_item_currency_code": pick(["USD"], same),
            "line_item_line_item_description": pick(described, kind),
            "pricing_public_on_demand_cost": pa.array(cost),
            "pricing_unit": pick(["Hrs"], same),
            "savings_plan_savings_plan_effective_cost": pa.array(np.zeros(size)),
            "product_region_code": pick([REGION], same),
            "product": product,
            "resource_tags": tags,
        }
    )


if __name__ == "__main__":
    main()
