"""Rules on requests that fail, expire or may be lost, and on broken endpoints. Source: facts A.6, B.9, C.1, D.1, H."""

from __future__ import annotations

import numpy as np

from ops.core import metrics, wake
from ops.core.doctor.case import Case
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import alarm_line
from ops.core.findings import Finding
from ops.core.fixes import HumanStep
from ops.core.sleep import low_alarms, no_way_down
from ops.core.types import EndpointState, Severity, TargetTrackingPolicy, Verdict
from ops.core.words import count, duration

NEAR_TTL = 0.9
"""Where the oldest request came this near to the time to live, expired ones did not name a shorter time."""
_UNSEEN = "Requests may name a time to live of their own (RequestTTLSeconds), which cannot be seen from here"
_NEXT = "Next: "


def rules() -> tuple[Rule, ...]:
    return (
        Rule("broken", needs(), broken, of_broken=True),
        Rule("requests-failing", needs("metrics"), requests_failing),
        Rule("requests-expired", needs("metrics"), requests_expired),
        Rule("ttl-shorter-than-wake", needs("metrics", "activities"), ttl_shorter_than_wake),
        Rule("long-jobs-cut", needs("scaling", "alarms", "jobs"), long_jobs_cut),
    )


def broken(case: Case) -> Finding | None:
    """AWS itself calls it failed or out of service."""
    if case.verdict.state is not EndpointState.BROKEN:
        return None
    endpoint = case.seen.endpoint
    shown = (
        f"EndpointStatus {endpoint.status}",
        *((endpoint.failure_reason,) if endpoint.failure_reason else ()),
    )
    return Finding(
        "broken",
        Severity.CRITICAL,
        f"It is broken: AWS reports {endpoint.status}.",
        shown,
        "It answers no request in this state.",
        HumanStep(_next(case.verdict)),
        case.verdict.since,
    )


def requests_failing(case: Case) -> Finding | None:
    """Requests end in errors, often since a deploy."""
    if case.verdict.state is not EndpointState.FAILING:
        return None
    said = case.verdict.marked_evidence or case.verdict.evidence
    return Finding(
        "requests-failing",
        case.verdict.severity,
        case.verdict.marked or case.verdict.sentence,
        tuple(line for line in said if not line.startswith(_NEXT)),
        "A failed request is not tried again: its sender waits for a result that never comes.",
        HumanStep(_next(case.verdict)),
        case.verdict.since,
    )


def requests_expired(case: Case) -> Finding | None:
    """Requests left the queue unanswered, because they waited longer than they may. It is over where nothing waits
    and an instance serves."""
    expired = case.seen.hour(metrics.EXPIRED)
    if not expired or _too_short(case) is not None:
        return None
    over = case.waiting == 0 and bool(case.seen.endpoint.current)
    return Finding(
        "requests-expired",
        Severity.WARNING if over else Severity.CRITICAL,
        f"{count(expired, 'request')} expired in the last hour: their time to live ended in the queue.",
        (
            f"ExpiredRequests {expired:.0f} in the last hour",
            *_oldest_line(case),
            f"{_UNSEEN}; the default is {duration(case.ttl_s)}",
            *case.harm(),
        ),
        "An expired request is gone, and this metric is the only trace that is certain.",
        HumanStep("Mend what keeps the queue waiting, and have the senders send again what has expired."),
    )


def ttl_shorter_than_wake(case: Case) -> Finding | None:
    """Requests may wait for a shorter time than a start takes: the first ones after a sleep are lost."""
    says = _too_short(case)
    if says is None:
        return None
    expired = case.seen.hour(metrics.EXPIRED)
    usual = case.usual_wake_s
    known = (f"From the order to the first instance in service: usually {duration(usual)}",) if usual else ()
    return Finding(
        "ttl-shorter-than-wake",
        Severity.CRITICAL if expired else Severity.WARNING,
        says,
        (
            f"ExpiredRequests {expired:.0f} in the last hour",
            *known,
            *_oldest_line(case),
            f"{_UNSEEN}; the default is {duration(case.ttl_s)}",
        ),
        "Whatever wakes it is lost by the time it is awake, and nothing tells its sender for certain.",
        HumanStep(
            "Have the senders name a longer time to live (RequestTTLSeconds, up to 6 h), or keep it warm in the hours "
            "in which they send."
        ),
    )


def long_jobs_cut(case: Case) -> Finding | None:
    """One request takes longer than scale-in waits: an instance may be taken away under it."""
    seen, longest = case.seen, case.longest_job_s
    if seen.target is None or longest is None or no_way_down(seen, seen.target) is not None:
        return None
    low = low_alarms(seen)
    if not low:
        return None
    span = max(a.period * a.evaluation_periods for a in low)
    cooldown = max(
        (p.scale_in_cooldown for p in seen.policies if isinstance(p, TargetTrackingPolicy)), default=0
    )
    if longest <= span + cooldown:
        return None
    return Finding(
        "long-jobs-cut",
        Severity.WARNING,
        f"A request may run for {duration(longest)}, and scale-in waits for {duration(span + cooldown)} at most.",
        (
            f"Longest ModelLatency of the last two weeks: {duration(longest)}",
            *(alarm_line(a, seen.now) for a in low),
            f"Cooldown of scale-in: {duration(cooldown)}",
        ),
        "Whether an instance that is taken away finishes its request first is not known: reports contradict each "
        "other.",
        HumanStep(
            "Publish a metric of the requests in flight and let scaling follow it too, or suspend scaling in while "
            "long requests run."
        ),
    )


def _too_short(case: Case) -> str | None:
    """What says that requests may wait for less time than a start takes; None where nothing does.

    What a request may wait for is not to be seen: it is the default, or less where younger ones have expired.
    """
    usual, oldest = case.usual_wake_s, _oldest(case)
    if wake.blocked(case.seen) is not None or usual is None:
        return None
    notice = _notice(case)
    if usual + notice > case.ttl_s:
        return f"Requests expire after {duration(case.ttl_s)}, and a start takes about {duration(usual + notice)}."
    expired = case.seen.hour(metrics.EXPIRED)
    if expired and oldest is not None and oldest < min(NEAR_TTL * case.ttl_s, usual + notice):
        return (
            f"Requests expire after about {_about(oldest)}, and a start usually takes {duration(usual + notice)}: they "
            f"name a shorter time to live than the default of {duration(case.ttl_s)}."
        )
    return None


def _notice(case: Case) -> float:
    """Seconds until the wake alarm fires."""
    name = metrics.NO_CAPACITY.name
    own = [a for a in case.seen.alarms if a.metric is not None and a.metric.name == name]
    return max((float(a.period * a.datapoints_to_alarm) for a in own), default=0.0)


def _oldest(case: Case) -> float | None:
    """The oldest that a waiting request became of late."""
    values = case.seen.recent.get(metrics.OLDEST.key).values
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else None


def _about(seconds: float) -> str:
    """To the nearest minute: how old requests were is known by the minute."""
    return duration(60 * round(seconds / 60) if seconds >= 60 else seconds)


def _oldest_line(case: Case) -> tuple[str, ...]:
    oldest = _oldest(case)
    return () if oldest is None else (f"The oldest request of the last 90 min was {duration(oldest)} old",)


def _next(verdict: Verdict) -> str:
    """The next step that the verdict names, as a sentence."""
    said = verdict.marked_evidence or verdict.evidence
    step = next(
        (line.removeprefix(_NEXT) for line in said if line.startswith(_NEXT)), "Look at its log group."
    )
    return f"{step[:1].upper()}{step[1:]}"
