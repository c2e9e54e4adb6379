"""The state of an endpoint in a word and a sentence: facts D.1 and A.5, as rules over what was seen.

Trouble comes first: broken, cannot wake, fails to wake, fails; then what it is doing. What AWS leaves
undocumented (facts section I) is never said as a fact.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics, wake
from ops.core.awake import idle, slow, working
from ops.core.moments import mark, written
from ops.core.seen import RUNNING, Seen, over_quota, waiting_since, why_failed
from ops.core.types import Activity, EndpointState, Problem, Severity, Verdict, utc
from ops.core.words import at_least, count, duration, listed, percent

STUCK_AFTER = timedelta(minutes=5)
"""Requests waiting without an instance for longer than this, and nothing starting, is a fault (facts D.1)."""
OTHERS_LEFT_S = 900
"""Where requests wait for this much longer than the oldest is old, others have left the queue meanwhile."""
MOST_COUNTED = 20
"""Attempts that are worth a number; more are "every attempt"."""
RAISE_QUOTA = "Next: ask for a higher quota in Service Quotas, or free an instance of this type elsewhere."
STILL_TRYING = timedelta(minutes=30)
FAILED_LEAST, FAILED_SHARE, FAILED_CRITICAL = 3, 0.10, 0.25
BROKEN = ("Failed", "UpdateRollbackFailed", "OutOfService")
CHANGING = {
    "Creating": "Being created",
    "Deleting": "Being deleted",
    "SystemUpdating": "AWS is updating it",
} | {"RollingBack": "Going back after a change that failed"}


def judge(seen: Seen) -> Verdict:
    """The verdict on an asynchronous endpoint."""
    return _written(_with_remarks(seen, _judge(seen)))


def judge_realtime(seen: Seen) -> Verdict:
    """The verdict on a real-time endpoint: only what its own status says."""
    endpoint = seen.endpoint
    if endpoint.status in BROKEN or endpoint.status in CHANGING:
        return _written(_by_status(seen))
    if endpoint.current is None:
        return Verdict(EndpointState.WARM, Severity.OK, "A real-time endpoint without instances of its own.")
    what = f"A real-time endpoint, {count(endpoint.current, 'instance')} in service, day and night."
    return Verdict(EndpointState.WARM, Severity.OK, what)


def undescribed(problem: Problem) -> Verdict:
    """The verdict where DescribeEndpoint itself could not be read."""
    hint = f" {problem.hint}" if problem.hint else ""
    return Verdict(EndpointState.UNKNOWN, Severity.WARNING, f"Not known: {problem.what}{hint}")


def _written(verdict: Verdict) -> Verdict:
    """Its times written out in UTC; the marks stay beside for readers in other zones."""
    return replace(
        verdict,
        sentence=written(verdict.sentence),
        evidence=tuple(written(text) for text in verdict.evidence),
        marked=verdict.sentence,
        marked_evidence=verdict.evidence,
    )


def _judge(seen: Seen) -> Verdict:
    endpoint = seen.endpoint
    if endpoint.status in BROKEN or endpoint.status in CHANGING:
        return _by_status(seen)
    if endpoint.current is None or endpoint.desired is None:
        return Verdict(EndpointState.UNKNOWN, Severity.WARNING, "Not known: AWS gives no instance counts.")
    if endpoint.status == "Updating" and endpoint.current == endpoint.desired and seen.running is None:
        what = f"Being updated since {mark(endpoint.modified, seen.now)}."
        return Verdict(EndpointState.UPDATING, Severity.INFO, what, endpoint.modified)
    if endpoint.current == 0:
        return _at_zero(seen)
    return failing(seen) or slow(seen) or working(seen) or idle(seen)


def _by_status(seen: Seen) -> Verdict:
    endpoint, now = seen.endpoint, seen.now
    since = endpoint.modified
    if endpoint.status in BROKEN:
        why = f" {endpoint.failure_reason.strip()}" if endpoint.failure_reason.strip() else ""
        step = " It can only be deleted and made anew." if endpoint.status == "Failed" else ""
        what = f"Broken since {mark(since, now)}: AWS reports {endpoint.status}.{why}{step}"
        return Verdict(
            EndpointState.BROKEN, Severity.CRITICAL, what, since, (f"EndpointStatus {endpoint.status}",)
        )
    bad = endpoint.status == "RollingBack"
    begun = endpoint.created if endpoint.status == "Creating" else since
    what = f"{CHANGING[endpoint.status]} since {mark(begun, now)}."
    return Verdict(EndpointState.UPDATING, Severity.WARNING if bad else Severity.INFO, what, begun)


# --- no instance in service ---


def _at_zero(seen: Seen) -> Verdict:
    endpoint = seen.endpoint
    backlog = seen.latest(metrics.BACKLOG)
    signal = seen.latest(metrics.NO_CAPACITY)
    waits = (signal or 0) >= 1 or (signal is None and (backlog or 0) > 0)
    starting = bool(endpoint.desired) or (seen.running is not None and seen.running.desired != 0)
    if waits or starting:
        failing_wake = _wake_failing(seen, backlog)
        if failing_wake is not None:
            return failing_wake
    if starting:
        return failing(seen) or _waking(seen, backlog)
    if waits:
        waiting = _waiting(seen, backlog)
        return waiting if waiting.state is EndpointState.WAKE_STUCK else failing(seen) or waiting
    if "metrics" in seen.hidden:
        what = (
            "No instance in service; whether requests wait is not known, because its metrics cannot be read."
        )
        return Verdict(EndpointState.UNKNOWN, Severity.WARNING, what, None, ("0 of 0 instances",))
    return failing(seen) or _asleep(seen)


def _wake_failing(seen: Seen, backlog: float | None) -> Verdict | None:
    failed = [a for a in seen.failed if seen.now - a.start < STILL_TRYING]
    running = seen.running
    kind = seen.endpoint.instance_type
    if failed and (running is None or len(failed) > 1 or _late(seen, running)):
        last = failed[0]
        since, tries = _attempts(seen, last)
        what = f"Cannot start its first instance: {why_failed(last, kind)}; {tries}{_and_waiting(backlog)}."
        evidence = [f"Activity {last.status}: {last.message}", f"Cause: {last.cause}"]
        if over_quota(last):
            evidence.append(RAISE_QUOTA)
        return Verdict(EndpointState.WAKE_FAILING, Severity.CRITICAL, what, since, tuple(evidence))
    if running is None:
        return None
    usual = seen.usual_start()
    limit = max(3 * usual, 900.0) if usual is not None else 1200.0
    took = (seen.now - running.start).total_seconds()
    if took <= limit:
        return None
    reason = f" ({why_failed(running, kind)})" if "capacity" in running.message.lower() else ""
    than = (
        f"usually {duration(usual)}"
        if usual is not None
        else f"starts rarely take more than {duration(limit)}"
    )
    what = f"Starting its first instance for {duration(took)} already{reason}; {than}{_and_waiting(backlog)}."
    shown = (f"Activity {running.status} since {mark(running.start, seen.now)}: {running.message}",)
    return Verdict(EndpointState.WAKE_FAILING, Severity.CRITICAL, what, running.start, shown)


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


def _waking(seen: Seen, backlog: float | None) -> Verdict:
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
    elif since + timedelta(seconds=usual) > seen.now:
        ready = mark(since + timedelta(seconds=usual), seen.now)
        expected = f"; the first instance is expected about {ready} (usually {duration(usual)})"
    else:
        late = duration((seen.now - since).total_seconds())
        expected = f"; the first instance takes {late} already, usually {duration(usual)}"
    evidence = (f"Activity {running.status}: {running.cause}",) if running is not None else ()
    what = f"Woken at {mark(since, seen.now)}{by}{expected}."
    return Verdict(EndpointState.WAKING, Severity.INFO, what, since, evidence)


def _waiting(seen: Seen, backlog: float | None) -> Verdict:
    since, longer = waiting_since(seen)
    number = count(backlog, "request") if backlog else "requests"
    verb = "waits" if backlog is not None and round(backlog) == 1 else "wait"
    start = f"since {mark(since, seen.now)}" if since is not None else "now"
    start = f"for more than {at_least((seen.now - since).total_seconds())}" if longer and since else start
    cause = wake.blocked(seen)
    evidence = [f"HasBacklogWithoutCapacity is 1 {start}"]
    remark = wake.tracked_per_instance(seen.policies)
    evidence += [remark] if remark and cause and wake.WAKE_POLICY in cause.step else []
    stuck = since is not None and seen.now - since >= STUCK_AFTER and not wake.fires_now(seen)
    if not stuck:
        what = f"{number[:1].upper()}{number[1:]} {verb} {start}; "
        what += f"{cause.clause}." if cause else "the first instance is about to be asked for."
        severity = Severity.WARNING if cause else Severity.INFO
        evidence += [f"Next: {cause.step}."] if cause else []
        return Verdict(EndpointState.QUEUED, severity, what, since, tuple(evidence))
    cause = cause or wake.silent(seen)
    what = f"Cannot wake: {number} {verb} {start}, {cause.clause}."
    oldest = seen.latest(metrics.OLDEST)
    if (
        oldest is not None
        and since is not None
        and (seen.now - since).total_seconds() > oldest + OTHERS_LEFT_S
    ):
        what = (
            f"Cannot wake: {number} {verb}, the oldest for {duration(oldest)}, {cause.clause}; "
            f"the queue has not been empty {start}."
        )
    evidence.append(f"Next: {cause.step}.{wake.by_hand(seen)}")
    known = None if longer else since
    return Verdict(EndpointState.WAKE_STUCK, Severity.CRITICAL, what, known, tuple(evidence))


def _asleep(seen: Seen) -> Verdict:
    now = seen.now
    since = next((a.end for a in seen.moves if a.desired == 0 and a.status == "Successful" and a.end), None)
    since = since or seen.endpoint.modified
    what = f"Asleep since {mark(since, now)}; nothing waits."
    cause = wake.blocked(seen)
    if cause is None:
        return Verdict(EndpointState.ASLEEP, Severity.OK, what, since, ("0 of 0 instances",))
    what = f"Asleep since {mark(since, now)}; nothing waits, but a request would not wake it: {cause.clause}."
    remark = wake.tracked_per_instance(seen.policies) if wake.WAKE_POLICY in cause.step else None
    evidence = tuple(e for e in (remark, f"Next: {cause.step}.") if e)
    return Verdict(EndpointState.ASLEEP, Severity.WARNING, what, since, evidence)


# --- failing requests, at any count ---


def failing(seen: Seen) -> Verdict | None:
    """Failures of the last hour, unless the newest requests went well again."""
    bad, good = seen.hour(metrics.FAILURES), seen.hour(metrics.PROCESSED)
    if bad < FAILED_LEAST or bad / (bad + good) < FAILED_SHARE:
        return None
    share = bad / (bad + good)
    if _good_since_failure(seen) >= _enough(share):
        return None
    since, deploy = _failing_since(seen)
    begun = f" since {'the deploy at ' if deploy else ''}{mark(since, seen.now)}" if since is not None else ""
    errors = seen.hour(metrics.ERRORS_5XX)
    why = ", the model answers with 5xx errors" if errors >= bad / 2 else ""
    numbers = f"{percent(share)} of the requests of the last hour ({bad:.0f} of {bad + good:.0f})"
    what = f"Fails{begun}: {numbers}{why}."
    evidence = (
        f"InvocationFailures {bad:.0f}, InvocationsProcessed {good:.0f}, 5xx {errors:.0f} in the last hour",
    )
    severity = Severity.CRITICAL if share >= FAILED_CRITICAL else Severity.WARNING
    return Verdict(EndpointState.FAILING, severity, what, since, evidence)


def _good_since_failure(seen: Seen) -> float:
    """Requests that went well after the last minute in which one failed."""
    failures = seen.recent.get(metrics.FAILURES.key)
    failed = np.flatnonzero(np.nan_to_num(failures.values) > 0)
    since = float(failures.window.epochs()[failed[-1]]) + failures.window.period if failed.size else 0.0
    return metrics.total(seen.recent.get(metrics.PROCESSED.key), since) or 0.0


def _enough(share: float) -> int:
    """Good results in a row that a model failing this share of its requests gives in one case of twenty."""
    return max(3, math.ceil(math.log(0.05) / math.log(1 - share))) if share < 1 else 3


def _failing_since(seen: Seen) -> tuple[datetime | None, bool]:
    """Since when, within a day, and whether that is the deploy of the configuration in use.

    The deploy, where failures came up with it; else the first failure after the last hour that went well.
    """
    bad = np.nan_to_num(seen.day.get(metrics.FAILURES.key).values)
    done = bad + np.nan_to_num(seen.day.get(metrics.PROCESSED.key).values)
    epochs, period = seen.day.window.epochs(), seen.day.window.period
    made = seen.endpoint.config_created
    if made is not None and made > seen.day.window.start:
        after = epochs + period > made.timestamp()
        share = bad[after].sum() / max(1.0, done[after].sum())
        before = bad[~after].sum() / max(1.0, done[~after].sum())
        if share >= FAILED_SHARE / 2 and share >= 3 * before:
            return made, True
    start: float | None = None
    step = 3600 // period
    for end in range(len(bad), 0, -step):
        hour = slice(max(0, end - step), end)
        if done[hour].sum() and bad[hour].sum() / done[hour].sum() < FAILED_SHARE:
            break
        failed = np.flatnonzero(bad[hour] > 0)
        start = float(epochs[hour][failed[0]]) if failed.size else start
    return (utc(start) if start is not None else None), False


# --- remarks on any state ---


def _with_remarks(seen: Seen, verdict: Verdict) -> Verdict:
    """What needs a word in any state: suspended scaling, expired requests, refused growth."""
    said: list[str] = []
    target = seen.target
    if target is not None and target.suspended.any() and "suspended" not in verdict.sentence:
        held = target.suspended
        which = [("in", held.scale_in), ("out", held.scale_out), ("by schedule", held.scheduled)]
        said.append(f"Scaling {listed([name for name, on in which if on])} is suspended.")
    expired = seen.hour(metrics.EXPIRED)
    if expired:
        said.append(f"{count(expired, 'request')} expired in the last hour.")
    failed = seen.failed
    short = seen.endpoint.current and seen.latest(metrics.BACKLOG)
    if failed and short and seen.now - failed[0].start < STILL_TRYING:
        said.append(f"It cannot grow: {why_failed(failed[0], seen.endpoint.instance_type)}.")
    if not said:
        return verdict
    calm = verdict.severity in (Severity.OK, Severity.INFO)
    sentence = " ".join((verdict.sentence, *said))
    return replace(verdict, sentence=sentence, severity=Severity.WARNING if calm else verdict.severity)
