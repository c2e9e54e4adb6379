"""Verdicts on a first instance that was asked for: on its way, late, or refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops.core.failing import log_group
from ops.core.moments import mark
from ops.core.seen import RUNNING, Seen, over_quota, waiting_since, why_failed
from ops.core.types import Activity, EndpointState, Severity, Verdict
from ops.core.words import count, duration

MOST_COUNTED = 20
"""Attempts that are worth a number; more are "every attempt"."""
STILL_TRYING = timedelta(minutes=30)
RAISE_QUOTA = "Next: ask for a higher quota in Service Quotas, or free an instance of this type elsewhere."
OTHER_TYPE = (
    "Next: wait, or deploy a configuration with another instance type, or with InstancePools to fall back on."
)

OTHER_POOL = "Next: wait, or deploy a configuration with a further type in its InstancePools."


def wake_failing(seen: Seen, backlog: float | None) -> Verdict | None:
    failed = [a for a in seen.failed if seen.now - (a.end or a.start) < STILL_TRYING]
    running = seen.running
    kind = seen.endpoint.any_type
    if failed and (running is None or len(failed) > 1 or _long(seen) or _late(seen, running)):
        last = failed[0]
        since, tries = _attempts(seen, last)
        what = f"Cannot start its first instance: {why_failed(last, kind)}; {tries}{_and_waiting(backlog)}."
        evidence = [f"Activity {last.status}: {last.message}", f"Cause: {last.cause}"]
        evidence.append(_next(seen, last))
        return Verdict(EndpointState.WAKE_FAILING, Severity.CRITICAL, what, since, tuple(evidence))
    if running is None:
        return None
    usual = seen.usual_start()
    limit = max(3 * usual, 900.0) if usual is not None else 1200.0
    took = (seen.now - running.start).total_seconds()
    if took <= limit:
        return None
    told = why_failed(running, kind)
    lack = told if short_of_capacity(running) else "AWS gives no instance, possibly for lack of capacity"
    than = (
        f"usually {duration(usual)}"
        if usual is not None
        else f"starts rarely take more than {duration(limit)}"
    )
    what = f"Starting its first instance for {duration(took)} already; {than}; {lack}{_and_waiting(backlog)}."
    shown = (
        f"Activity {running.status} since {mark(running.start, seen.now)}: {running.message}",
        OTHER_POOL if seen.endpoint.pools else OTHER_TYPE,
    )
    return Verdict(EndpointState.WAKE_FAILING, Severity.CRITICAL, what, running.start, shown)


def short_of_capacity(activity: Activity) -> bool:
    """Whether AWS itself says that it has no instance of the type to give."""
    said = activity.message
    return (
        "InsufficientInstanceCapacity" in said or "Unable to provision requested ML compute capacity" in said
    )


def _next(seen: Seen, failed: Activity) -> str:
    if over_quota(failed):
        return RAISE_QUOTA
    if short_of_capacity(failed):
        return OTHER_TYPE
    return f"Next: mend what the activity names; what a container says is in the log group {log_group(seen.endpoint)}."


def _long(seen: Seen) -> bool:
    """Whether requests wait for so long already that another attempt is no good news."""
    since, _ = waiting_since(seen)
    return since is not None and seen.now - since >= STILL_TRYING


def _late(seen: Seen, running: Activity) -> bool:
    """Whether an attempt after a failed one already takes longer than starts usually do."""
    usual = seen.usual_start()
    return usual is not None and (seen.now - running.start).total_seconds() > usual


def _attempts(seen: Seen, last: Activity) -> tuple[datetime | None, str]:
    """Since when attempts fail, and that they do, as a clause.

    Many are not counted, nor dated by the oldest that was read: the Fleet reads fewer of them than the Endpoint
    page, and both say the same. Without an instance since requests wait, every attempt since then has failed.
    """
    tried, now = len(seen.failed), seen.now
    first, newest = seen.failed[-1].start, mark(last.start, now)
    ended = sum(a.status not in RUNNING for a in seen.moves)
    if tried <= MOST_COUNTED and (tried < ended or not seen.more_activities):
        if tried == 1:
            return first, f"the attempt at {newest} failed"
        return first, f"{tried} attempts since {mark(first, now)}, the last at {newest} failed"
    since, longer = waiting_since(seen)
    if since is None or longer:
        return None, f"every attempt failed, the last at {newest}"
    return since, f"every attempt since {mark(since, now)} failed, the last at {newest}"


def _and_waiting(backlog: float | None) -> str:
    if not backlog:
        return ""
    return f"; {count(backlog, 'request')} {'waits' if round(backlog) == 1 else 'wait'}"


def waking(seen: Seen, backlog: float | None) -> Verdict:
    running = seen.running
    since = running.start if running is not None else seen.endpoint.modified
    by = f" by {count(backlog, 'waiting request')}" if backlog else ""
    if running is not None and "scheduled action" in running.cause:
        by = " by a schedule"
    elif running is not None and "minimum capacity" in running.cause:
        by = " by its minimum"
    usual = seen.usual_start()
    if usual is None:
        expected = f"; {seen.endpoint.desired or 1} starting, 0 in service yet"
    elif seen.failed:
        expected = f"; a start usually takes {duration(usual)}, and whether this one succeeds is open"
    elif since + timedelta(seconds=usual) > seen.now:
        ready = mark(since + timedelta(seconds=usual), seen.now)
        expected = f"; the first instance is expected about {ready} (usually {duration(usual)})"
    else:
        late = duration((seen.now - since).total_seconds())
        expected = f"; the first instance takes {late} already, usually {duration(usual)}"
    evidence = (f"Activity {running.status}: {running.cause}",) if running is not None else ()
    what = f"Woken at {mark(since, seen.now)}{by}{expected}."
    if not seen.failed:
        return Verdict(EndpointState.WAKING, Severity.INFO, what, since, evidence)
    last = seen.failed[0]
    what += (
        f" The attempt at {mark(last.start, seen.now)} failed: {why_failed(last, seen.endpoint.any_type)}."
    )
    return Verdict(EndpointState.WAKING, Severity.WARNING, what, since, (*evidence, _next(seen, last)))
