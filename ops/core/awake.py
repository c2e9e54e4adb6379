"""Verdicts on an endpoint with instances in service: slow, busy, kept warm, or paid for while idle."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics
from ops.core.errors import BadInput
from ops.core.moments import mark
from ops.core.schedule import next_run, parse, runs
from ops.core.seen import Seen, fresh, last_at_work
from ops.core.types import (
    EndpointState,
    ScheduledAction,
    Series,
    Severity,
    StepPolicy,
    TargetTrackingPolicy,
    Verdict,
)
from ops.core.words import at_least, count, duration

TREND_S, LONG_TREND_S = 900, 3600
SLOW_OLDEST_S = 300
BUSY_GPU, BUSY_CPU = 10.0, 25.0
"""Percent of one device above which an instance counts as working although nothing finished lately."""
QUIET_S = 900
TTL_S = 21600.0
"""The longest that a request may wait, unless it names a shorter time itself (facts C.1)."""
SETTLE_S = 300
_IN_WORK = (
    "No completions, nothing queued, and utilisation is low; one request may still run for up to an hour."
)


def slow(seen: Seen) -> Verdict | None:
    """Instances are there and do not keep up: over a quarter of an hour, or an hour, the queue does not shrink and
    its oldest request gets older. A queue that drains within the hour is not slow."""
    backlog, oldest = seen.latest(metrics.BACKLOG), seen.latest(metrics.OLDEST)
    if not backlog or oldest is None or oldest < SLOW_OLDEST_S:
        return None
    left = _seconds_left(seen, backlog)
    if left is not None and left < LONG_TREND_S:
        return None
    span = next((s for s in (TREND_S, LONG_TREND_S) if _grows(seen, backlog, oldest, s)), None)
    if span is None:
        return None
    before = _before(seen, metrics.BACKLOG, span) or 0.0
    current, desired = seen.endpoint.current or 0, seen.endpoint.desired or 0
    growing = desired > current
    bounds = seen.target.bounds if seen.target is not None else None
    limit = f" It is at its maximum of {bounds.max}." if bounds and current >= bounds.max else ""
    limit = f" {desired - current} more on the way." if growing else limit
    what = (
        f"Does not keep up: {count(backlog, 'request')} in the queue ({_change(before, backlog)} in {duration(span)}), "
        f"the oldest {duration(oldest)} old, {count(current, 'instance')} in service.{limit}"
    )
    near = oldest > 0.8 * TTL_S
    severity = Severity.CRITICAL if near else Severity.INFO if growing else Severity.WARNING
    evidence = (f"Requests expire after {duration(TTL_S)} unless they name a shorter time",) if near else ()
    return Verdict(EndpointState.SLOW, severity, what, None, evidence)


def working(seen: Seen) -> Verdict | None:
    """Something waits, runs, or finished a moment ago, or the count is being changed."""
    endpoint = seen.endpoint
    current, desired = endpoint.current or 0, endpoint.desired or 0
    backlog = seen.latest(metrics.BACKLOG)
    move = ""
    if desired > current:
        move = f", growing to {desired}"
    elif desired < current:
        move = f", shrinking to {desired}"
    running = f"{count(current, 'instance')} in service{move}"
    if backlog:
        oldest = seen.latest(metrics.OLDEST)
        age = f", the oldest {duration(oldest)} old" if oldest else ""
        what = f"{count(backlog, 'request')} in the queue{age}, {running}{_drain(seen, backlog)}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    done = seen.hour(metrics.PROCESSED, QUIET_S // 60) + seen.hour(metrics.FAILURES, QUIET_S // 60)
    if done:
        what = f"{count(done, 'request')} finished in the last 15 min, {running}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    gpu, cpu = seen.latest(metrics.GPU), seen.latest(metrics.CPU)
    if (gpu or 0) >= BUSY_GPU or (cpu or 0) >= BUSY_CPU:
        used = f"GPU {gpu:.0f} %" if (gpu or 0) >= BUSY_GPU else f"CPU {cpu:.0f} %"
        what = f"Nothing finished in the last 15 min, but its instances work ({used}), {running}."
        return Verdict(EndpointState.BUSY, Severity.OK, what)
    if move:
        return Verdict(EndpointState.BUSY, Severity.OK, f"Nothing waits; {running}.")
    return None


def idle(seen: Seen) -> Verdict:
    """Nothing waits and nothing finished: kept warm on purpose, about to sleep, or paid for without need."""
    current = seen.endpoint.current or 0
    held = _warm_by_schedule(seen)
    if held is not None:
        return held
    if "metrics" in seen.hidden:
        what = f"{count(current, 'instance')} in service; whether they work is not known without metrics."
        return Verdict(EndpointState.UNKNOWN, Severity.WARNING, what)
    since, longer = idle_since(seen)
    took = seen.now - since
    quiet = f"for more than {at_least(took.total_seconds())}" if longer else f"since {mark(since, seen.now)}"
    reason = why_not_asleep(seen)
    patience = timedelta(seconds=sleep_after(seen))
    if took <= timedelta(seconds=QUIET_S) or (took <= patience and reason is None):
        step = "it sleeps when the scale-in alarm agrees" if reason is None else reason
        what = f"Nothing to do {quiet}, {count(current, 'instance')} in service; {step}."
        return Verdict(EndpointState.BUSY, Severity.OK, what, since)
    why = reason or f"the usual {duration(patience.total_seconds())} for going to sleep have passed"
    what = f"Paid for while idle {quiet}: {count(current, 'instance')} in service, {why}."
    return Verdict(EndpointState.IDLE_PAID, Severity.WARNING, what, since, (_IN_WORK,))


def why_not_asleep(seen: Seen) -> str | None:
    """Why nothing takes the last instance away, as a clause; None where it seems possible or is not seen."""
    if "scaling" in seen.hidden:
        return None
    target = seen.target
    if target is None:
        return "no scaling is registered for it, so it never sleeps"
    if target.bounds.min >= 1:
        return f"its minimum is {target.bounds.min}, and no schedule lowers it"
    if target.suspended.scale_in:
        return "scaling in is suspended"
    tracking = [p for p in seen.policies if isinstance(p, TargetTrackingPolicy)]
    steps = [
        p
        for p in seen.policies
        if isinstance(p, StepPolicy) and any(_goes_down(p, s.adjustment) for s in p.steps)
    ]
    if steps:
        return None
    if not tracking:
        return "no policy takes instances away"
    if all(p.disable_scale_in for p in tracking):
        return f"scaling in is switched off in the policy {tracking[0].name}"
    if all(p.predefined is not None for p in tracking):
        return f"the policy {tracking[0].name} follows a metric that asynchronous endpoints never publish"
    low = [
        a
        for a in seen.alarms
        if a.comparison.startswith("LessThan") and set(a.actions) & {p.arn for p in tracking}
    ]
    if low and not any(a.actions_enabled for a in low):
        return f"the actions of the alarm {low[0].name} are switched off"
    return None


def sleep_after(seen: Seen) -> float:
    """Seconds without work after which a healthy endpoint has gone to sleep: alarm, cooldown and a margin."""
    arns = {p.arn: p for p in seen.policies}
    spans = [
        a.period * a.evaluation_periods
        for a in seen.alarms
        if a.comparison.startswith("LessThan") and not arns.keys().isdisjoint(a.actions)
    ]
    cooldowns = [p.scale_in_cooldown for p in seen.policies if isinstance(p, TargetTrackingPolicy)]
    return max(spans, default=900) + max(cooldowns, default=300) + SETTLE_S


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


def _goes_down(policy: StepPolicy, adjustment: int) -> bool:
    return adjustment == 0 if policy.adjustment_type == "ExactCapacity" else adjustment < 0


def _warm_by_schedule(seen: Seen) -> Verdict | None:
    target = seen.target
    opening = [s for s in seen.schedules if s.min]
    if target is None or target.bounds.min < 1 or not opening:
        return None
    kept = f"Kept warm by the schedule {opening[0].name}"
    current = count(seen.endpoint.current or 0, "instance")
    ends = [(when, s) for s in seen.schedules if s.min == 0 and (when := _next(s, seen.now)) is not None]
    if not ends:
        what = f"{kept}, and no schedule lets it sleep again; nothing waits, {current} in service."
        return Verdict(EndpointState.WARM, Severity.WARNING, what)
    when, _ = min(ends, key=lambda e: e[0])
    what = f"{kept} until {mark(when, seen.now)}; nothing waits, {current} in service."
    return Verdict(EndpointState.WARM, Severity.OK, what)


def _next(action: ScheduledAction, now: datetime) -> datetime | None:
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
    left = _seconds_left(seen, backlog)
    return f"; at this pace empty in about {duration(left)}" if left is not None and left <= 86400 else ""


def _change(before: float, now: float) -> str:
    return f"{now - before:+,.0f}" if round(now) != round(before) else "unchanged"
