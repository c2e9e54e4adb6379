"""What else the account pays for, beside its endpoints: seeded by the day, so that any cut sees the same usage.

Readers of bills must tell these apart from hosting: training, notebooks and processing are of SageMaker as well.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from ops.core.types import FloatArray
from ops.local_aws.bill_lines import HOUR_S, STORAGE_USD, Charge, Item, hours_of_month, in_ticks
from ops.local_aws.price_book import SERVICE, location, usage_prefix

if TYPE_CHECKING:
    from ops.local_aws.world import World

TRAINING, PROCESSING, NOTEBOOK = "ml.g5.2xlarge", "ml.m5.xlarge", "ml.t3.medium"
TRAIN_USD, PROCESS_USD, NOTEBOOK_USD = Decimal("1.515"), Decimal("0.23"), Decimal("0.05")
S3_GB_USD, S3_PUT_USD = Decimal("0.023"), Decimal("0.000005")
METRIC_USD, ALARM_USD = Decimal("0.00001"), Decimal("0.1")
NOTEBOOK_GB, ALARMS = 5.0, 14
BUCKET = "ebb-documents"
_TUESDAY, _FRIDAY, _SATURDAY = 1, 4, 5


def others(world: World, first: int, last: int) -> Iterator[Charge]:
    """Usage in the epoch hours [first, last), whole hours before now only."""
    stop = min(last, int(world.now() // HOUR_S))
    if first >= stop:
        return
    yield from _jobs(world, first, stop)
    hours = np.arange(first, stop)
    weekday = (hours // 24 + 3) % 7  # 1970-01-01 was a Thursday
    hour = hours % 24
    region, prefix = world.region, usage_prefix(world.region)
    yearly = hours_of_month(first, len(hours))

    def charge(item: Item, amounts: FloatArray) -> Charge:
        return Charge(item, first, in_ticks(amounts))

    notebook = world.arn("sagemaker", "notebook-instance/research")
    tags = {"team": "research"}
    there = (weekday < _SATURDAY) & (hour >= 8) & (hour < 17) & (_by_day(world, "notebook", hours) < 0.9)
    text = f"${NOTEBOOK_USD} per Notebook {NOTEBOOK} hour in {location(region)}"
    usage = f"{prefix}-Notebk:{NOTEBOOK}"
    item = Item(SERVICE, usage, "RunInstance", notebook, "Hrs", NOTEBOOK_USD, text, region, NOTEBOOK, tags)
    yield charge(item, there.astype(np.float64))
    text = f"${STORAGE_USD} per GB-Mo of Notebook Instance ML storage"
    usage = f"{prefix}-Notebk:VolumeUsage.gp2"
    item = Item(SERVICE, usage, "CreateVolume-Gp2", notebook, "GB-Mo", STORAGE_USD, text, region, "", tags)
    yield charge(item, NOTEBOOK_GB / yearly)
    grown = 0.04 * (hours - 480_000)  # GB; epoch hour 480,000 lies in October 2024
    text = f"${S3_GB_USD} per GB - first 50 TB / month of storage used"
    usage = f"{prefix}-TimedStorage-ByteHrs"
    item = Item("AmazonS3", usage, "StandardStorage", BUCKET, "GB-Mo", S3_GB_USD, text, region)
    yield charge(item, np.maximum(grown, 0.0) / yearly)
    text = "$0.005 per 1,000 PUT, COPY, POST, or LIST requests"
    usage = f"{prefix}-Requests-Tier1"
    item = Item("AmazonS3", usage, "PutObject", BUCKET, "Requests", S3_PUT_USD, text, region)
    busy = np.where((weekday < _SATURDAY) & (hour >= 6) & (hour < 22), 320.0, 30.0)
    yield charge(item, np.rint(busy * (0.7 + 0.6 * _by_day(world, "puts", hours))))
    text = "$0.01 per 1,000 metrics requested using GetMetricData API"
    usage = f"{prefix}-CW:GMD-Metrics"
    item = Item("AmazonCloudWatch", usage, "GetMetricData", "", "Metrics", METRIC_USD, text, region)
    yield charge(item, np.rint(900.0 + 600.0 * _by_day(world, "metrics", hours)))
    text = "$0.10 per alarm metric month (standard resolution)"
    usage = f"{prefix}-CW:AlarmMonitorUsage"
    item = Item("AmazonCloudWatch", usage, "Unknown", "", "Alarms", ALARM_USD, text, region)
    yield charge(item, ALARMS / yearly)


def _jobs(world: World, first: int, last: int) -> Iterator[Charge]:
    """A training job each Tuesday night and a processing job each Friday, of a length of their own."""
    prefix, region = usage_prefix(world.region), world.region
    for day in range((first - 24) // 24, last // 24 + 1):
        weekday = (day + 3) % 7
        if weekday not in (_TUESDAY, _FRIDAY):
            continue
        date = datetime.fromtimestamp(day * 86_400, UTC).date()
        rng = np.random.default_rng([world.options.seed, zlib.crc32(b"jobs"), day])
        begin, drawn = day * 24 + 2.0 + 3.0 * float(rng.random()), float(rng.random())
        if weekday == _TUESDAY:
            seconds, usage, name = int((3 + 4 * drawn) * HOUR_S), "Train", TRAINING
            rate, words = TRAIN_USD, "Training"
            arn = world.arn("sagemaker", f"training-job/layout-weekly-{date}")
        else:
            seconds, usage, name = int((0.5 + drawn) * HOUR_S), "Processing", PROCESSING
            rate, words = PROCESS_USD, "Processing"
            arn = world.arn("sagemaker", f"processing-job/page-sampling-{date}")
        edges = np.arange(first, last + 1, dtype=np.float64)
        amounts = np.diff(np.clip(edges, begin, begin + seconds / HOUR_S))
        if amounts.any():
            text = f"${rate} per {words} {name} hour in {location(region)}"
            tags = {"team": "research"} if usage == "Train" else {}
            item = Item(
                SERVICE, f"{prefix}-{usage}:{name}", "RunInstance", arn, "Hrs", rate, text, region, name, tags
            )
            yield Charge(item, first, in_ticks(amounts))


def _by_day(world: World, what: str, hours: np.typing.NDArray[np.int64]) -> FloatArray:
    """A number in [0, 1) for each hour, the same all day."""
    first, last = int(hours[0]) // 24, int(hours[-1]) // 24
    seed = [world.options.seed, zlib.crc32(what.encode())]
    drawn = np.array([np.random.default_rng([*seed, day]).random() for day in range(first, last + 1)])
    found: FloatArray = drawn[hours // 24 - first]
    return found
