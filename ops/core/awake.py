"""Verdicts on an endpoint with instances in service: slow, busy, kept warm, or paid for while idle."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics
from ops.core.errors import BadInput
from ops.core.moments import mark
from ops.core.schedule import next_run, parse, runs
from ops.core.seen import Seen, fresh, last_at_work
from ops.core.sleep import scale_in_span, sleep_after, why_not_asleep
from ops.core.types import (
    EndpointState,
    ScheduledAction,
    Series,
    Severity,
    Verdict,
)
from ops.core.warm_actions import open_at, recognised
from ops.core.warm_keep import active
from ops.core.warm_names import spoken
from ops.core.words import at_least, count, duration

TREND_S, LONG_TREND_S = 900, 3600
SLOW_OLDEST_S = 300
BUSY_GPU, BUSY_CPU = 10.0, 25.0
"""Percent of one device above which an instance counts as working although nothing finished lately."""
QUIET_S = 900
TTL_S = 21600.0
"""The longest that a request may wait, unless it names a shorter time itself (facts C.1)."""
_IN_WORK = "No completions, nothing queued, and low utilisation; one request may still run for up to an hour."
_NOT_KNOWN = "whether requests wait or run is not known without metrics"


def slow(seen: Seen) -> Verdict | None:
    """Instances are there and do not keep up: over a quarter of an hour, or an hour, the queue does not shrink and
    its oldest request gets older. A queue that drains within the hour is not slow; one that needs longer at the
    maximum, and keeps its oldest request waiting for over an hour, is, though it shrinks."""
    backlog, oldest = seen.latest(metrics.BACKLOG), seen.latest(metrics.OLDEST)
    if not backlog or oldest is None or oldest < SLOW_OLDEST_S:
        return None
    left = _seconds_left(seen, backlog)
    if left is not None and left < LONG_TREND_S:
        return None
    current, desired = seen.endpoint.current or 0, seen.endpoint.desired or 0
    growing, limit = desired > current, _at_maximum(seen)
    spans = (TREND_S, LONG_TREND_S)
    span = next((s for s in spans if _grows(seen, backlog, oldest, s)), None)
    shrinks = span is None
    if span is None and limit and oldest >= LONG_TREND_S:
        span = next((s for s in spans if _ages(seen, oldest, s)), None)
    if span is None:
        return None
    before = _before(seen, metrics.BACKLOG, span) or 0.0
    more = f" It is at its maximum of {limit}." if limit else ""
    more = f" {desired - current} more on the way." if growing else more
    what = (
        f"Does not keep up: {count(backlog, 'request')} in the queue ({_change(before, backlog)} in {duration(span)}), "
        f"the oldest {duration(oldest)} old{' and still getting older' if shrinks else ''}, "
        f"{count(current, 'instance')} in service{_drain(seen, backlog)}.{more}"
    )
    near = oldest > 0.8 * TTL_S
    severity = Severity.CRITICAL if near else Severity.INFO if growing or shrinks else Severity.WARNING
    evidence = [f"Requests expire after {duration(TTL_S)} unless they name a shorter time"] if near else []
    if limit:
        evidence.append("Next: raise the maximum, as far as the account's quota for this type allows.")
    elif not growing:
        evidence.append("Next: see in the alarms and scaling activities why it does not grow.")
    return Verdict(EndpointState.SLOW, severity, what, None, tuple(evidence))


def working(seen: Seen) -> Verdict | None:
    """Something waits, runs, or finished a moment ago, or the count is being changed."""
    backlog = seen.latest(metrics.BACKLOG)
    running = _running(seen)
    if backlog:
        oldest, limit = seen.latest(metrics.OLDEST), _at_maximum(seen)
        age = f", the oldest {duration(oldest)} old" if oldest else ""
        most = f", its maximum of {limit}" if limit else ""
        what = f"{count(backlog, 'request')} in the queue{age}, {running}{most}{_drain(seen, backlog)}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    nothing = "nothing waits, " if backlog is not None else ""
    done = seen.hour(metrics.PROCESSED, QUIET_S // 60) + seen.hour(metrics.FAILURES, QUIET_S // 60)
    if done:
        what = f"{count(done, 'request')} finished in the last 15 min, {nothing}{running}{_may_sleep(seen)}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    gpu, cpu = seen.latest(metrics.GPU), seen.latest(metrics.CPU)
    if (gpu or 0) >= BUSY_GPU or (cpu or 0) >= BUSY_CPU:
        used = f"GPU {gpu:.0f} %" if (gpu or 0) >= BUSY_GPU else f"CPU {cpu:.0f} %"
        what = f"Nothing finished in the last 15 min, but its instances work ({used}), {nothing}{running}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    if "metrics" not in seen.hidden and seen.endpoint.desired != seen.endpoint.current:
        what = (
            f"Nothing waits; {running}." if backlog is not None else f"Its size is being changed: {running}."
        )
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    return None


def idle(seen: Seen) -> Verdict:
    """Nothing waits and nothing finished: kept warm on purpose, about to sleep, or paid for without need."""
    current = seen.endpoint.current or 0
    held = _warm_by_schedule(seen)
    if held is not None:
        return held
    if "metrics" in seen.hidden:
        what = f"{_running(seen)}; {_NOT_KNOWN}."
        return Verdict(EndpointState.UNKNOWN, Severity.WARNING, what)
    since, longer = idle_since(seen)
    took = seen.now - since
    quiet = f"for more than {at_least(took.total_seconds())}" if longer else f"since {mark(since, seen.now)}"
    reason = why_not_asleep(seen)
    patience = timedelta(seconds=sleep_after(seen))
    if took <= timedelta(seconds=QUIET_S) or (took <= patience and reason is None):
        step = "it sleeps when the scale-in alarm agrees" if reason is None else reason.clause
        what = f"Nothing to do {quiet}, {count(current, 'instance')} in service; {step}."
        return Verdict(EndpointState.BUSY, Severity.OK, what, since)
    why = (
        reason.clause
        if reason
        else f"the usual {duration(patience.total_seconds())} for going to sleep have passed"
    )
    what = f"Paid for while idle {quiet}: {count(current, 'instance')} in service, {why}."
    step = reason.step if reason else "look at the scale-in alarm and at the scaling activities"
    return Verdict(EndpointState.IDLE_PAID, Severity.WARNING, what, since, (_IN_WORK, f"Next: {step}."))


def idle_since(seen: Seen) -> tuple[datetime, bool]:
    """Since when there is nothing to do, and whether it may be longer than can be seen."""
    times = [last_at_work(seen)]
    times += [a.end for a in seen.moves if a.status == "Successful" and a.desired]
    times += [_last_close(seen)]
    known = [t for t in times if t is not None]
    begin = max(seen.endpoint.created, seen.day.window.start)
    if known and max(known) > begin:
        return max(known), False
    return begin, begin > seen.endpoint.created


def _warm_by_schedule(seen: Seen) -> Verdict | None:
    target = seen.target
    if target is None or target.bounds.min < 1:
        return None
    found = recognised(seen.schedules)
    opening = [s for s in found.foreign if s.min]
    asked = active(seen.schedules, seen.now)
    own = next((g for g in found.plans if open_at(g.plan, seen.now)), None)
    if asked is not None:
        kept = "Kept warm, as somebody asked,"
    elif own is not None and own.plan.floor:
        kept = f"Kept warm by {spoken(own.actions[0].name)}"
    elif opening:
        kept = f"Kept warm by the schedule {spoken(opening[0].name)}"
    else:
        return None
    blind = "metrics" in seen.hidden
    rest = f"{_running(seen)}; {_NOT_KNOWN}" if blind else f"nothing waits, {_running(seen)}"
    ends = [(when, s) for s in seen.schedules if s.min == 0 and (when := next_of(s, seen.now)) is not None]
    if not ends:
        what = f"{kept}, and no schedule lets it sleep again; {rest}."
        step = "Next: add a schedule that sets the minimum to 0 when the warm hours end."
        return Verdict(EndpointState.WARM, Severity.WARNING, what, None, (step,))
    when = min(ends, key=lambda e: e[0])[0]
    if asked is not None and asked.until is not None and when < asked.until:
        when = asked.until
    what = f"{kept} until {mark(when, seen.now)}; {rest}."
    return Verdict(EndpointState.WARM, Severity.WARNING if blind else Severity.OK, what)


def next_of(action: ScheduledAction, now: datetime) -> datetime | None:
    """The next run of a scheduled action; None where it never runs again, or cannot be read."""
    try:
        return next_run(parse(action.schedule, action.timezone, action.start, action.end), now)
    except BadInput:
        return None


def _last_close(seen: Seen) -> datetime | None:
    """The last run within a day of a schedule that lets the endpoint sleep."""
    found: list[datetime] = []
    for action in seen.schedules:
        if action.min != 0:
            continue
        try:
            schedule = parse(action.schedule, action.timezone, action.start, action.end)
        except BadInput:
            continue
        if schedule.every is None:
            found += runs(schedule, seen.now - timedelta(days=1), seen.now)
    return max(found, default=None)


def _running(seen: Seen) -> str:
    current, desired = seen.endpoint.current or 0, seen.endpoint.desired or 0
    move = (
        f", growing to {desired}"
        if desired > current
        else f", shrinking to {desired}"
        if desired < current
        else ""
    )
    return f"{count(current, 'instance')} in service{move}"


def _at_maximum(seen: Seen) -> int | None:
    """The maximum, where there are that many instances and no more are on the way."""
    current, desired = seen.endpoint.current or 0, seen.endpoint.desired or 0
    if seen.target is None or desired > current or current < seen.target.bounds.max:
        return None
    return seen.target.bounds.max


def _may_sleep(seen: Seen) -> str:
    """When instances may go, where the scale-in alarm tells: a habit of AWS, not a promise."""
    span = scale_in_span(seen)
    if span is None or seen.latest(metrics.BACKLOG) != 0 or seen.endpoint.desired != seen.endpoint.current:
        return ""
    return f"; scale-in usually begins about {duration(span)} after the last request"


def _ages(seen: Seen, oldest: float, span: float) -> bool:
    aged = _before(seen, metrics.OLDEST, span)
    return aged is not None and oldest > aged and not _before(seen, metrics.NO_CAPACITY, span)


def _grows(seen: Seen, backlog: float, oldest: float, span: float) -> bool:
    before, aged = _before(seen, metrics.BACKLOG, span), _before(seen, metrics.OLDEST, span)
    if before is None or aged is None or before < 1:
        return False
    if _before(seen, metrics.NO_CAPACITY, span):
        return False  # its first instance came since then: too early to say
    return oldest > aged and backlog >= before * 0.95


def _before(seen: Seen, metric: metrics.Metric, span: float) -> float | None:
    """The value about `span` seconds ago."""
    series = seen.recent.get(metric.key)
    until = seen.now.timestamp() - span
    values = np.where(series.window.epochs() > until, np.nan, series.values)
    return fresh(Series(series.name, series.window, values, series.unit), until - TREND_S / 2)


def _seconds_left(seen: Seen, backlog: float) -> float | None:
    """Until the queue is empty, at the pace of the last 15 minutes; None where it does not shrink."""
    before = _before(seen, metrics.BACKLOG, TREND_S)
    return None if before is None or before <= backlog else backlog / (before - backlog) * TREND_S


def _drain(seen: Seen, backlog: float) -> str:
    if _before(seen, metrics.NO_CAPACITY, TREND_S):
        return ""  # its first instance came since then: there is no pace to go by
    left = _seconds_left(seen, backlog)
    return f"; at this pace empty in about {duration(left)}" if left is not None and left <= 86400 else ""


def _change(before: float, now: float) -> str:
    return f"{now - before:+,.0f}" if round(now) != round(before) else "unchanged"
