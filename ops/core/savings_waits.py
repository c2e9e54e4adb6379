"""What sleeping cost those who waited: cold starts, waits, and requests that expired. Pure.

What lies before `since` is not known, and not counted: cold starts are kept from there on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from ops.core.cold_start import ColdStart, Step, served
from ops.core.cold_start_stats import FEW
from ops.core.cold_start_stats import waits as waited_for
from ops.core.cold_starts import WokenBy
from ops.core.periods import Period
from ops.core.views_savings import Heard, Waited, Waits
from ops.core.worked import Steps

LONGEST_STEP_S = 300
"""In longer steps than this the longest queue says too little about how long who waited."""


def heard(
    starts: Iterable[ColdStart],
    pieces: Sequence[Steps],
    since: datetime | None,
    period: Period,
) -> Heard:
    """`starts`: all that are kept of the period, of any cause; `pieces`: what was read of it."""
    lost = [float(np.nansum(p.expired)) for p in pieces if not np.isnan(p.expired).all()]
    caused = (
        s
        for s in served(starts)
        if s.woken_by is WokenBy.REQUEST
        and period.start <= s.began < period.until
        and since is not None
        and s.began >= since
    )
    return Heard(
        tuple(Waited(s, _minutes(s, pieces)) for s in caused), since, round(sum(lost)) if lost else None
    )


def waits_of(found: Iterable[Heard], period: Period) -> Waits:
    """Of one endpoint or several together; what nobody knows of one of them leaves the sum at what is known."""
    given = tuple(found)
    known = [each for each in given if each.since is not None and each.since < period.until]
    expired = [each.expired for each in given if each.expired is not None]
    lost = sum(expired) if expired else None
    if not known:
        return Waits(None, None, None, lost, None, left_out=len(given))
    waited = [each for one in known for each in one.waited]
    starts = [each.start for each in waited]
    counts = [s.waited for s in starts if s.waited is not None]
    minutes = [each.minutes for each in waited if each.minutes is not None]
    lengths = [s.total_s for s in waited_for(starts) if s.total_s is not None]
    day, worst = _worst_day(starts, ZoneInfo(period.zone))
    begin = max(each.since for each in known if each.since is not None)
    return Waits(
        len(starts),
        sum(counts) if counts or not starts else None,
        sum(minutes) if minutes or not starts else None,
        lost,
        _p95(lengths),
        day,
        worst,
        begin if begin > period.start else None,
        len(given) - len(known),
    )


def _minutes(start: ColdStart, pieces: Sequence[Steps]) -> float | None:
    """Minutes that requests waited until an instance was in service: the length of the queue added up over the time.

    None where that time is not known in steps of five minutes or less.
    """
    service = start.at(Step.SERVICE)
    if service is None:
        return None
    begin, end = start.began.timestamp(), service.timestamp()
    if end <= begin:
        return 0.0
    total = seen = 0.0
    for steps in pieces:
        if steps.period > LONGEST_STEP_S or steps.end <= begin or steps.start >= end:
            continue
        a = max(0, int(begin - steps.start) // steps.period)
        b = min(len(steps.backlog), int(end - steps.start) // steps.period + 1)
        at = steps.start + steps.period * np.arange(a, b, dtype=np.float64)
        overlap = np.clip(np.minimum(at + steps.period, end) - np.maximum(at, begin), 0.0, None)
        queue = steps.backlog[a:b]
        known = ~np.isnan(queue)
        total += float((overlap[known] * queue[known]).sum())
        seen += float(overlap[known].sum())
    return total / 60 if seen >= 0.9 * (end - begin) else None


def _worst_day(starts: Sequence[ColdStart], zone: tzinfo) -> tuple[int | None, float | None]:
    """The weekday with the longest p95, and that; where more than one weekday has enough waits to say."""
    of: dict[int, list[float]] = {}
    for start in waited_for(starts):
        if start.total_s is not None:
            of.setdefault(start.began.astimezone(zone).weekday(), []).append(start.total_s)
    found = {day: p95 for day, each in of.items() if (p95 := _p95(each)) is not None}
    if len(found) < 2:
        return None, None
    day = max(found, key=lambda each: (found[each], -each))
    return day, found[day]


def _p95(seconds: Sequence[float]) -> float | None:
    return float(np.percentile(seconds, 95)) if len(seconds) >= FEW else None
