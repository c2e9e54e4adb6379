"""The state of an endpoint in a word and a sentence: facts D.1 and A.5, as rules over what was seen.

Trouble comes first: broken, cannot wake, fails to wake, fails; then what it is doing. What AWS leaves
undocumented (facts section I) is never said as a fact.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics, wake
from ops.core.awake import idle, slow, working
from ops.core.failing import failing, log_group
from ops.core.moments import mark, written
from ops.core.seen import Seen, waiting_since, why_failed
from ops.core.starting import STILL_TRYING, wake_failing, waking
from ops.core.types import Endpoint, EndpointState, Problem, Severity, Verdict, utc
from ops.core.words import at_least, count, duration, listed

STUCK_AFTER = timedelta(minutes=5)
"""Requests waiting without an instance for longer than this, and nothing starting, is a fault (facts D.1)."""
OTHERS_LEFT_S = 900
"""Where requests wait for this much longer than the oldest is old, others have left the queue meanwhile."""
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
        evidence = (f"EndpointStatus {endpoint.status}", f"Next: {_mend(endpoint)}.")
        return Verdict(EndpointState.BROKEN, Severity.CRITICAL, what, since, evidence)
    bad = endpoint.status == "RollingBack"
    begun = endpoint.created if endpoint.status == "Creating" else since
    what = f"{CHANGING[endpoint.status]} since {mark(begun, now)}."
    return Verdict(EndpointState.UPDATING, Severity.WARNING if bad else Severity.INFO, what, begun)


def _mend(endpoint: Endpoint) -> str:
    logs = f"what its container says is in the log group {log_group(endpoint)}"
    if endpoint.status == "Failed":
        return f"mend what AWS names as the reason; {logs}; then delete it and create it anew"
    return f"look at the reason; {logs}; then update it with a configuration that works, or delete it"


# --- no instance in service ---


def _at_zero(seen: Seen) -> Verdict:
    endpoint = seen.endpoint
    backlog = seen.latest(metrics.BACKLOG)
    signal = seen.latest(metrics.NO_CAPACITY)
    waits = (signal or 0) >= 1 or (signal is None and (backlog or 0) > 0)
    starting = bool(endpoint.desired) or (seen.running is not None and seen.running.desired != 0)
    if waits or starting:
        failing_wake = wake_failing(seen, backlog)
        if failing_wake is not None:
            return failing_wake
    if starting:
        return failing(seen) or waking(seen, backlog)
    if waits:
        waiting = _waiting(seen, backlog)
        return waiting if waiting.state is EndpointState.WAKE_STUCK else failing(seen) or waiting
    if "metrics" in seen.hidden:
        what = (
            "No instance in service; whether requests wait is not known, because its metrics cannot be read."
        )
        shown = ("DescribeEndpoint: 0 instances in service, 0 wanted", "Metrics could not be read")
        return Verdict(EndpointState.UNKNOWN, Severity.WARNING, what, None, shown)
    return failing(seen) or _asleep(seen)


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
    new = wake.set_up_now(seen) if cause is None else None
    stuck = since is not None and seen.now - since >= STUCK_AFTER and not (new or wake.fires_now(seen))
    if new is not None and new.configured is not None:
        evidence.append(f"The alarm {new.name} was set up at {mark(new.configured, seen.now)}")
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
    seen_to_sleep = since is not None
    if since is None and "activities" not in seen.hidden:
        since = seen.endpoint.modified
    begun = f" since {mark(since, now)}" if since is not None else ""
    what = f"Asleep{begun}; nothing waits"
    known = _known_asleep(seen, since if seen_to_sleep else None)
    cause = wake.blocked(seen)
    if cause is None:
        evidence = (*known, wake.path(seen))
        return Verdict(EndpointState.ASLEEP, Severity.OK, f"{what}.", since, evidence)
    what = f"{what}, but a request would not wake it: {cause.clause}."
    remark = wake.tracked_per_instance(seen.policies) if wake.WAKE_POLICY in cause.step else None
    evidence = (*known, *((remark,) if remark else ()), f"Next: {cause.step}.")
    return Verdict(EndpointState.ASLEEP, Severity.WARNING, what, since, evidence)


def _known_asleep(seen: Seen, left: datetime | None) -> tuple[str, ...]:
    """What shows that it sleeps and that nothing waits."""
    gone = f"; the last was taken away at {mark(left, seen.now)}" if left is not None else ""
    series = seen.recent.get(metrics.BACKLOG.key)
    known = np.flatnonzero(~np.isnan(series.values))
    empty = "No queue metric was published lately"
    if known.size:
        at = utc(float(series.window.epochs()[known[-1]]))
        empty = f"ApproximateBacklogSize {series.values[known[-1]]:.0f} at {mark(at, seen.now)}"
    return (f"DescribeEndpoint: 0 instances in service, 0 wanted{gone}", empty)


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
        said.append(f"It cannot grow: {why_failed(failed[0], seen.endpoint.any_type)}.")
    if not said:
        return verdict
    calm = verdict.severity in (Severity.OK, Severity.INFO)
    sentence = " ".join((verdict.sentence, *said))
    return replace(verdict, sentence=sentence, severity=Severity.WARNING if calm else verdict.severity)
