"""Attaching scale-to-zero to an asynchronous endpoint: only what is missing; what contradicts it is named. Pure.

Source: facts B.2 (bounds), B.3 (the guide's two policies), A.1 (which metrics there are, and their dimensions).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ops.core import metrics, wake
from ops.core.alarm_proposals import proposals
from ops.core.change import Caution
from ops.core.doctor import Case
from ops.core.doctor.mending import TARGET, TRACK_NAME, tracking_policy, way_up
from ops.core.errors import BadInput, OpsError
from ops.core.findings import Finding
from ops.core.fixes import Calls, Change, ChosenTopic, PutAlarm, PutPolicy, RegisterTarget
from ops.core.names import TOPIC
from ops.core.seen import Seen
from ops.core.types import Policy, Severity, StepPolicy, Suspended, TargetTrackingPolicy

MISSING = ("no-scaling-target", "no-scaling-policy", "no-wake-policy", "unpublished-metric")
"""What the way to the first instance lacks, as `ops.core.wake` names it, where nothing there is at fault."""
CONTRADICTS = (
    "minimum-above-zero",
    "maximum-zero",
    "scale-out-suspended",
    "scale-in-suspended",
    "scale-in-disabled",
    "scale-in-step-no-match",
    "scale-in-alarm-off",
    "tracking-alarm-missing",
    "unpublished-metric",
    "wake-alarm-no-action",
    "wake-alarm-off",
    "wake-alarm-other-policy",
    "wake-alarm-dimensions",
    "wake-alarm-unit",
    "wake-alarm-comparison",
    "wake-alarm-threshold",
    "wake-step-adds-nothing",
    "wake-step-no-match",
)
"""Findings of the doctor on what exists and keeps an endpoint from sleeping or waking."""
MISPLACED = "tracking-dimensions"


@dataclass(frozen=True, slots=True)
class Attachment:
    """What to attach. Times in seconds. `topic`: whom the alarms worth having tell; empty: none of them is put."""

    high: int
    target: float = TARGET
    in_cooldown_s: int = 600
    out_cooldown_s: int = 300
    wake_minutes: int = 2
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something that exists and works against it. `changes`: what would mend it; none: only a person can."""

    code: str
    sentence: str
    changes: tuple[Change, ...] = ()


def check(wish: Attachment) -> None:
    """Raises BadInput for what AWS would refuse, or what cannot work."""
    if wish.high < 1:
        raise BadInput("The most instances must be at least 1.", "With 0 no request would ever be answered.")
    if not wish.target > 0:
        raise BadInput("The target must be above 0.", "It is the number of requests for each instance.")
    cooldowns = (wish.in_cooldown_s, wish.out_cooldown_s)
    if min(cooldowns) < 0 or max(cooldowns) > 86_400:
        raise BadInput("A cooldown is a number of seconds from 0 to 86,400 (a day).")
    if not 1 <= wish.wake_minutes <= 60:
        raise BadInput("The wake alarm looks at 1 to 60 minutes.", "The guide takes 2.")
    if wish.topic and not TOPIC.fullmatch(wish.topic):
        raise BadInput(
            f"{wish.topic!r} is not the ARN of an SNS topic.",
            "It looks like arn:aws:sns:eu-central-1:123456789012:on-call.",
        )


def possible(case: Case) -> None:
    """Raises BadInput for an endpoint that cannot sleep, OpsError where what there is could not be read."""
    endpoint = case.seen.endpoint
    if not endpoint.is_async:
        raise BadInput(
            f"{endpoint.ref.name} answers in real time: AWS keeps at least 1 instance of it.",
            "Move it to an asynchronous endpoint first: `python -m ops move`.",
        )
    unread = sorted(case.seen.hidden & {"scaling", "alarms"})
    if unread:
        raise OpsError(
            f"What is attached already is not known: {' and '.join(unread)} could not be read.",
            "Allow Ebb to read that; nothing was planned.",
        )


def missing(case: Case, wish: Attachment, mends: Iterable[Contradiction] = ()) -> tuple[Change, ...]:
    """What has to be made so that it sleeps and wakes; what exists stays as it is. `mends`: what is mended besides.

    What wakes it comes before what lets it sleep: see ops.core.wake_order.
    """
    seen, ref = case.seen, case.seen.endpoint.ref
    made: list[Change] = []
    if seen.target is None:
        made.append(RegisterTarget(ref, 0, wish.high))
    if any(o.code in MISSING for o in wake.obstacles(seen)):
        made += [_timed(change, wish.wake_minutes) for change in way_up(case)]
    tracked = any(isinstance(c, PutPolicy) and _tracks(c.policy) for each in mends for c in each.changes)
    if not tracked and not goes_down(seen):
        made.append(_tracking(case, wish))
    if wish.topic:
        made += _alarms(case, wish.topic)
    return tuple(made)


def contradictions(case: Case, findings: Sequence[Finding]) -> tuple[Contradiction, ...]:
    """What exists and works against it, with the doctor's fixes."""
    found = [
        Contradiction(f.code, f.sentence, f.fix.changes if isinstance(f.fix, Calls) else ())
        for f in findings
        if f.code in CONTRADICTS
    ]
    ref = case.seen.endpoint.ref
    for policy in case.seen.policies:
        if isinstance(policy, TargetTrackingPolicy) and _misplaced(policy, ref.name):
            right = tracking_policy(ref).policy
            assert isinstance(right, TargetTrackingPolicy)
            put = PutPolicy(ref, replace(policy, metric=right.metric))
            said = (
                f"The policy {policy.name} looks at the wrong dimensions: the backlog is published for "
                "EndpointName alone, so it never acts."
            )
            found.append(Contradiction(MISPLACED, said, (put,)))
    return tuple(found)


def mended(made: Iterable[Change], found: Iterable[Contradiction]) -> tuple[Change, ...]:
    """What is missing and what mends the rest, each part once. Bounds of a target that exists come last: what lets it
    wake is there before it may sleep."""
    parts: dict[tuple[object, ...], Change] = {}
    for change in (*(change for each in found for change in each.changes), *made):
        key = _about(change)
        parts[key] = _resumed(parts.get(key), change)
    one = parts.values()
    moved = [change for change in one if isinstance(change, RegisterTarget)]
    if any(change.min is not None and change.max is not None for change in moved):
        return (*moved, *(change for change in one if change not in moved))  # a first registration
    return (*(change for change in one if change not in moved), *moved)


def goes_down(seen: Seen) -> bool:
    """Whether something takes instances away from an endpoint, as far as its policies tell."""
    return any(map(_goes_down, seen.policies))


def cautions(case: Case, wish: Attachment, found: Iterable[Contradiction], *, mend: bool) -> list[Caution]:
    """What exists and stays, and what of it works against sleeping and waking."""
    said = []
    for each in found:
        if mend and each.changes:
            said.append(Caution(Severity.INFO, f"Mended as the doctor would: {each.sentence}"))
        else:
            way = "The doctor has what mends it." if each.changes else "The doctor says what to do."
            said.append(Caution(Severity.WARNING, f"This stays and works against it: {each.sentence} {way}"))
    target = case.seen.target
    if target is not None and target.bounds.max != wish.high:
        low, high = target.bounds.min, target.bounds.max
        said.append(
            Caution(Severity.INFO, f"Its bounds exist and stay: {low}–{high}. Change them under Capacity.")
        )
    return said


def _about(change: Change) -> tuple[object, ...]:
    """Two changes with the same answer are about the same part: the later one counts."""
    if isinstance(change, RegisterTarget):
        return RegisterTarget, change.min is None, change.max is None, change.suspended is None
    name = change.policy.name if isinstance(change, PutPolicy) else getattr(change, "name", "")
    return type(change), name


def _resumed(before: Change | None, change: Change) -> Change:
    """A change, with what an earlier one about the same part resumes."""
    if not isinstance(before, RegisterTarget) or not isinstance(change, RegisterTarget):
        return change
    old, new = before.suspended, change.suspended
    if old is None or new is None:
        return change
    both = Suspended(
        old.scale_in and new.scale_in, old.scale_out and new.scale_out, old.scheduled and new.scheduled
    )
    return replace(change, suspended=both)


def _goes_down(policy: Policy) -> bool:
    """Whether a policy takes instances away, as far as its definition tells."""
    if isinstance(policy, StepPolicy):
        return any(step.adjustment < 0 for step in policy.steps)
    return not wake.unpublished(policy)


def _tracks(policy: Policy) -> bool:
    return isinstance(policy, TargetTrackingPolicy)


def _misplaced(policy: TargetTrackingPolicy, name: str) -> bool:
    metric = policy.metric
    if metric is None or metric.namespace != metrics.AWS or metric.name != metrics.PER_INSTANCE.name:
        return False
    return metric.dimensions != (("EndpointName", name),)


def _tracking(case: Case, wish: Attachment) -> PutPolicy:
    taken = {p.name for p in case.seen.policies}
    name = TRACK_NAME if TRACK_NAME not in taken else f"{TRACK_NAME}-tracking"
    made = tracking_policy(case.seen.endpoint.ref, name, wish.target)
    assert isinstance(made.policy, TargetTrackingPolicy)
    timed = replace(made.policy, scale_out_cooldown=wish.out_cooldown_s, scale_in_cooldown=wish.in_cooldown_s)
    return replace(made, policy=timed)


def _timed(change: Change, minutes: int) -> Change:
    if not isinstance(change, PutAlarm):
        return change
    return replace(change, evaluation_periods=minutes, datapoints_to_alarm=minutes)


def _alarms(case: Case, topic: str) -> list[PutAlarm]:
    """The alarms worth having that do not exist; one on a topic that is known keeps it."""
    found = proposals(case.seen.endpoint.ref, case.seen.alarms, case.ttl_s, case.usual_wake_s).missing
    return [
        replace(p.alarm, actions=tuple(topic if isinstance(a, ChosenTopic) else a for a in p.alarm.actions))
        for p in found
    ]
