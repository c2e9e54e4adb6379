"""DescribeAlarmHistory: what alarms went through. AWS keeps 14 days of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from ops.aws.calls import Reading
from ops.core.alarm_past import DEFINITION, AlarmPast
from ops.core.errors import Denied
from ops.core.records import AlarmChange
from ops.core.types import Problem

KEPT_DAYS = 14
PAGE = 100
MOST = 1000
"""Items that one reading takes of one alarm."""
MOST_SHOWN = 300
"""Changes of state that are read of one alarm for people to look at."""


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
    told = (change for change in map(parse_change, items) if change is not None)
    return tuple(islice(told, most))


def read_all(
    reading: Reading, alarms: Iterable[str], start: datetime, end: datetime
) -> dict[str, tuple[AlarmChange, ...]]:
    """State changes by alarm. Raises OpsError."""
    names = tuple(dict.fromkeys(alarms))
    found = reading.each(lambda name: read(reading, name, start, end), names)
    return dict(zip(names, found, strict=True))


def read_past(reading: Reading, alarms: Iterable[str], end: datetime) -> AlarmPast:
    """Changes of state and of definition in the two weeks before `end`. What AWS denies is a Problem. OpsError."""
    start, names = end - timedelta(days=KEPT_DAYS), tuple(dict.fromkeys(alarms))

    def both(name: str) -> tuple[tuple[AlarmChange, ...], tuple[AlarmChange, ...]]:
        moves = read(reading, name, start, end, most=MOST_SHOWN)
        return moves, read(reading, name, start, end, kind=DEFINITION, most=PAGE)

    try:
        found = dict(zip(names, reading.each(both, names), strict=True))
    except Denied as error:
        problem = Problem("the history of alarms", error.what, error.hint, error.action)
        return AlarmPast(start, end, {}, frozenset(names), (problem,))
    changes = {
        name: tuple(sorted((*moves, *edits), key=lambda change: change.at, reverse=True))
        for name, (moves, edits) in found.items()
    }
    cut = frozenset(name for name, (moves, _) in found.items() if len(moves) >= MOST_SHOWN)
    return AlarmPast(start, end, changes, cut)


def parse_change(wire: Mapping[str, Any]) -> AlarmChange | None:
    """An item; its HistoryData is JSON inside JSON, and read leniently. None: AWS does not say when it was."""
    at = wire.get("Timestamp")
    if not isinstance(at, datetime) or at.tzinfo is None:
        return None
    data = _data(wire.get("HistoryData"))
    old, new = (
        part if isinstance(part, dict) else {} for part in (data.get("oldState"), data.get("newState"))
    )
    before, after = old.get("stateValue"), new.get("stateValue")
    return AlarmChange(
        alarm=str(wire.get("AlarmName", "")),
        at=at,
        kind=str(wire.get("HistoryItemType", "")),
        summary=str(wire.get("HistorySummary", "")),
        before=None if before is None else str(before),
        after=None if after is None else str(after),
        reason=str(new.get("stateReason", "")),
    )


def _data(text: Any) -> Mapping[str, Any]:
    """HistoryData; empty where it is no JSON object."""
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
