"""While an endpoint wakes: how far it is, and when its own history lets expect the first result. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import numpy as np

from ops.core import metrics
from ops.core.cold_start import ColdStart, Counted, Step, served
from ops.core.cold_start_phases import TTL_S
from ops.core.cold_start_stats import FEW
from ops.core.types import FloatArray, MetricSet, utc


@dataclass(frozen=True, slots=True)
class Expected:
    """When half of this endpoint's cold starts were that far, and when nine of ten."""

    median: datetime
    p90: datetime


@dataclass(frozen=True, slots=True)
class Expiring:
    """Requests that run out of time before `until` at a time to live of `ttl_s`: at least, at most.

    `most` None: what waited then is not known.
    """

    until: datetime
    ttl_s: float
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A wake under way as seen at `now`. `first` and `empty` are None with fewer than FEW cold starts to tell by."""

    start: ColdStart
    now: datetime
    reached: Step
    """The newest moment that has been."""
    since: datetime | None
    first: Expected | None
    empty: Expected | None
    told_by: int
    """How many cold starts of this endpoint tell it."""
    backlog: int | None
    more_than_ever: bool
    """More wait now than at any of those cold starts: the emptying may take longer than they say."""
    expiring: Expiring | None
    """By the time at which nine of ten had their first result; None where that or the queue is not known."""
    oldest_expires: datetime | None
    """When the oldest waiting request runs out of time, unless it carries a shorter time to live."""


def outlook(start: ColdStart, history: Iterable[ColdStart], recent: MetricSet, now: datetime) -> Outlook:
    """`start` is the cold start under way, `history` those of the same endpoint, `recent` its newest minutes."""
    refused = start.failed_attempts > 0 and start.at(Step.ORDERED) is None
    before = [s for s in served(history) if s.id != start.id and s.final and s.ordered < start.ordered]
    anchor, step = _anchor(start)
    reached, since = _reached(start)
    firsts = _spans(before, step, Step.RESULT)
    if start.at(Step.SERVICE) is not None:
        firsts = _spans(before, Step.SERVICE, Step.RESULT)
        anchor = start.at(Step.SERVICE) or anchor
    backlog = recent.get(metrics.BACKLOG.key).last()
    like = _alike(before, backlog)
    empties = _spans(like, step, Step.EMPTY)
    peaks = [s.peak_backlog for s in before if s.peak_backlog is not None]
    open_end = start.at(Step.RESULT) is None and not refused
    first = _expected(anchor, firsts) if open_end else None
    return Outlook(
        start,
        now,
        reached,
        since,
        first,
        _expected(_anchor(start)[0], empties) if not refused else None,
        len(firsts),
        None if backlog is None else round(backlog),
        backlog is not None and bool(peaks) and backlog > max(peaks),
        _expiring(recent, now, first.p90) if first is not None else None,
        _oldest_expires(recent),
    )


def _anchor(start: ColdStart) -> tuple[datetime, Step]:
    """From which moment it is reckoned: the order, or before that the first request that waits."""
    if start.phase(Step.ORDERED) is None or start.at(Step.ORDERED) is None:
        queued = start.at(Step.QUEUED)
        if queued is not None and start.failed_attempts == 0:
            return queued, Step.QUEUED
    return start.ordered, Step.ORDERED


def _reached(start: ColdStart) -> tuple[Step, datetime | None]:
    known = [p for p in start.phases if p.at is not None]
    if not known:
        return Step.QUEUED, None
    order = list(Step)
    newest = max(known, key=lambda p: order.index(p.step))
    return newest.step, newest.at


def _spans(starts: Iterable[ColdStart], begin: Step, end: Step) -> tuple[float, ...]:
    found = []
    for start in starts:
        first, last = start.at(begin), start.at(end)
        if start.counted is Counted.WAIT and first is not None and last is not None:
            found.append(max(0.0, (last - first).total_seconds()))
    return tuple(found)


def _alike(starts: Sequence[ColdStart], backlog: float | None) -> Sequence[ColdStart]:
    """Those with half to twice the present queue, where there are enough of them; else those with more.

    All of them only where the present queue is no longer than most of theirs: a long one takes longer.
    """
    if not backlog:
        return starts
    peaked = [(s, s.peak_backlog) for s in starts if s.peak_backlog]
    for low, high in ((backlog / 2, 2 * backlog), (backlog, math.inf)):
        like = [s for s, peak in peaked if low <= peak <= high]
        if len(_spans(like, Step.ORDERED, Step.EMPTY)) >= FEW:
            return like
    short = bool(peaked) and backlog <= median(peak for _, peak in peaked)
    return starts if short else ()


def _expected(anchor: datetime, spans: Sequence[float]) -> Expected | None:
    if len(spans) < FEW:
        return None
    half, p90 = (float(v) for v in np.percentile(np.array(spans), [50, 90]))
    return Expected(anchor + timedelta(seconds=half), anchor + timedelta(seconds=p90))


def _expiring(recent: MetricSet, now: datetime, until: datetime) -> Expiring | None:
    """Who came before `until` minus the time to live is gone by then, unless served before.

    With nobody served, as many as waited at that moment and have not expired since.
    """
    until = max(until, now)
    oldest = recent.get(metrics.OLDEST.key)
    age, window = oldest.last(), recent.window
    if age is None:
        return None
    known = np.flatnonzero(~np.isnan(oldest.values))
    seen = float(window.epochs()[known[-1]]) + window.period
    if until.timestamp() - (seen - age) < TTL_S:
        return Expiring(until, TTL_S, 0, 0)
    backlog = recent.get(metrics.BACKLOG.key)
    edge = until.timestamp() - TTL_S
    present = backlog.last()
    if edge < window.start.timestamp():
        return Expiring(until, TTL_S, 1, None if present is None else round(present))
    ends = window.epochs() + window.period
    before = _newest(backlog.values[ends <= edge])
    after = _newest(backlog.values[ends <= edge + 2 * window.period])
    gone = float(np.nansum(recent.get(metrics.EXPIRED.key).values[ends > edge]))
    most = present if after is None else after if present is None else min(after, present)
    least = max(1, round((before or 0.0) - gone))
    high = None if most is None else max(least, round(most))
    return Expiring(until, TTL_S, least if high is None else min(least, high), high)


def _oldest_expires(recent: MetricSet) -> datetime | None:
    oldest = recent.get(metrics.OLDEST.key)
    known = np.flatnonzero(~np.isnan(oldest.values))
    if not known.size or not recent.get(metrics.BACKLOG.key).last():
        return None
    seen = float(recent.window.epochs()[known[-1]]) + recent.window.period
    return utc(seen - float(oldest.values[known[-1]]) + TTL_S)


def _newest(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known[-1]) if known.size else None
