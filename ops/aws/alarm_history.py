"""DescribeAlarmHistory: what alarms went through. AWS keeps 14 days of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ops.aws.calls import Reading
from ops.core.records import AlarmChange

KEPT_DAYS = 14
PAGE = 100
MOST = 1000
"""Items that one reading takes of one alarm."""


def read(
    reading: Reading,
    alarm: str,
    start: datetime,
    end: datetime,
    *,
    kind: str | None = "StateUpdate",
    most: int = MOST,
) -> tuple[AlarmChange, ...]:
    """What happened to an alarm in [start, end), newest first; `kind` None is every kind. Raises OpsError."""
    more = {"HistoryItemType": kind} if kind is not None else {}
    items = reading.pages(
        "cloudwatch",
        "DescribeAlarmHistory",
        "AlarmHistoryItems",
        AlarmName=alarm,
        StartDate=start,
        EndDate=end,
        MaxRecords=PAGE,
        ScanBy="TimestampDescending",
        **more,
    )
    return tuple(islice(map(parse_change, items), most))


def read_all(
    reading: Reading, alarms: Iterable[str], start: datetime, end: datetime
) -> dict[str, tuple[AlarmChange, ...]]:
    """State changes by alarm. Raises OpsError."""
    names = tuple(dict.fromkeys(alarms))
    found = reading.each(lambda name: read(reading, name, start, end), names)
    return dict(zip(names, found, strict=True))


def parse_change(wire: Mapping[str, Any]) -> AlarmChange:
    """An item; its HistoryData is JSON inside JSON, and read leniently."""
    try:
        data = json.loads(wire.get("HistoryData") or "{}")
    except ValueError:
        data = {}
    old, new = (
        part if isinstance(part, dict) else {} for part in (data.get("oldState"), data.get("newState"))
    )
    before, after = old.get("stateValue"), new.get("stateValue")
    return AlarmChange(
        alarm=str(wire.get("AlarmName", "")),
        at=wire["Timestamp"],
        kind=str(wire.get("HistoryItemType", "")),
        summary=str(wire.get("HistorySummary", "")),
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        reason=str(new.get("stateReason", "")),
    )
