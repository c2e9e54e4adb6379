"""What a change is, in words: each part before and after, and what is said when it is stale, unread or unclear."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ops.core.change import Outcome
from ops.core.fixes import (
    Await,
    Change,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import CONFIG, ENDPOINT, FAILED, KINDS, MODEL
from ops.core.setup import BOUNDS, SUSPENDED, Difference
from ops.core.words import duration, listed

NOTHING = "not there"
_OFF = {
    "DynamicScalingInSuspended": "scaling in",
    "DynamicScalingOutSuspended": "scaling out",
    "ScheduledScalingSuspended": "schedules",
}
_POLICY = re.compile(r":policyName/([^:]+)")
_COMPARED = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}


def label(part: str) -> str:
    """The name of a part as a person reads it: "Bounds", "Policy wake"."""
    named = part.replace(f"{CONFIG} ", "endpoint configuration ", 1) if part.startswith(CONFIG) else part
    return {BOUNDS: "Bounds", SUSPENDED: "Suspended"}.get(part, named[:1].upper() + named[1:])


def shown(part: str, value: Any) -> str:
    """One part before or after, in a few words."""
    if value is None:
        return "not registered" if part in (BOUNDS, SUSPENDED) else NOTHING
    if part == BOUNDS:
        return f"{value['MinCapacity']}–{value['MaxCapacity']} instances"
    if part == SUSPENDED:
        off = [word for key, word in _OFF.items() if value.get(key)]
        return f"{' and '.join(off)} suspended" if off else "nothing suspended"
    kind = part.partition(" ")[0]
    if kind == "policy":
        return _policy(value)
    if kind == "schedule":
        return _schedule(value)
    if kind in KINDS:
        return _RESOURCES[kind](value)
    return _alarm(value)


def line(difference: Difference) -> str:
    """ "Bounds: 0–8 instances → 1–8 instances"."""
    part = difference.part
    return f"{label(part)}: {shown(part, difference.before)} → {shown(part, difference.after)}"


def step(change: Change) -> str:
    """What one change does, in a few words: "Create the endpoint doc-async"."""
    match change:
        case Create(made):
            return f"Create the {_noun(made.kind)} {made.name}"
        case Delete(kind, name):
            return f"Delete the {_noun(kind)} {name}"
        case Await(name, gone, serving, settled):
            until = "gone" if gone else "not being changed" if settled else "in service"
            return f"Wait until {name} is {until}{' with an instance' if serving else ''}"
        case RegisterTarget():
            return _registration(change)
        case DeregisterTarget(ref):
            return f"Take {ref.name} out of auto scaling"
        case PutPolicy(policy=policy):
            return f"Put the policy {policy.name}"
        case DeletePolicy(name=name):
            return f"Remove the policy {name}"
        case PutSchedule(name=name):
            return f"Put the scheduled action {name}"
        case DeleteSchedule(name=name):
            return f"Remove the scheduled action {name}"
        case PutAlarm(name=name):
            return f"Put the alarm {name}"
        case EnableAlarmActions(name=name):
            return f"Switch the actions of the alarm {name} on"
        case DeleteAlarms(names=names):
            return f"Delete the alarm{'' if len(names) == 1 else 's'} {listed(list(names))}"


def _noun(kind: str) -> str:
    return "endpoint configuration" if kind == CONFIG else kind


def _registration(change: RegisterTarget) -> str:
    low, high = change.min, change.max
    if low is not None and high is not None:
        return f"Let it scale from {low} to {high} instances"
    said = [
        f"the {word} to {value}" for word, value in (("minimum", low), ("maximum", high)) if value is not None
    ]
    return f"Set {listed(said)}" if said else "Set what is suspended"


def stale(moved: Sequence[Difference], who: str) -> str:
    """Why a plan is not applied: what has changed since it was made, and by whom where that is known."""
    said = "; ".join(line(d) for d in moved)
    by = who or "Who did it is not known yet: CloudTrail tells it up to a quarter of an hour later."
    return f"Nothing was done: this was changed since the plan was made. {said}. {by}"


def read_back(missing: Sequence[Difference]) -> str:
    """AWS took every call, and yet it holds something else."""
    said = "; ".join(
        f"{label(d.part)} is {shown(d.part, d.after)}, not {shown(d.part, d.before)}" for d in missing
    )
    return f"AWS took every call, but read back it differs: {said}."


def lost_answer(outcome: Outcome, said: str) -> str:
    """What is said of a change whose answer did not come."""
    if outcome is Outcome.DONE:
        return f"AWS did not answer, but read back it holds all of it. ({said})"
    if outcome is Outcome.UNCLEAR:
        return f"AWS did not answer, and it could not be read back: whether it was done is not known. {said}"
    if outcome is Outcome.PARTLY:
        return f"AWS did not answer, and read back it holds a part of it. {said}"
    return said


def reconciled(outcome: Outcome, to_go: Iterable[Difference]) -> str:
    """What was found of a change whose process ended on the way."""
    found = "Ebb ended before this was closed; it looked again when it was started:"
    if outcome is Outcome.DONE:
        return f"{found} AWS holds all of it."
    if outcome is Outcome.FAILED:
        return f"{found} AWS holds none of it."
    said = "; ".join(f"{label(d.part)} is {shown(d.part, d.after)}" for d in to_go)
    if not said:
        return "Ebb ended before this was closed: whether it was done, AWS does not tell."
    return f"{found} AWS holds a part of it, or it was changed since. {said}."


def _policy(value: Mapping[str, Any]) -> str:
    rule = value.get("TargetTrackingScalingPolicyConfiguration")
    if rule is not None:
        metric = rule.get("CustomizedMetricSpecification", {}).get("MetricName", "its metric")
        fixed = ", never scales in" if rule.get("DisableScaleIn") else ""
        out, back = rule.get("ScaleOutCooldown", 300), rule.get("ScaleInCooldown", 300)
        cooldowns = f"cooldown {duration(out)} out, {duration(back)} in"
        return f"tracks {metric} at {rule['TargetValue']:g}, {cooldowns}{fixed}"
    rule = value.get("StepScalingPolicyConfiguration")
    if rule is None:
        return "tracks an expression over several metrics"
    steps = ", ".join(_step(step, rule.get("AdjustmentType", "")) for step in rule.get("StepAdjustments", ()))
    return f"steps {steps}, cooldown {duration(rule.get('Cooldown', 300))}"


def _step(step: Mapping[str, Any], kind: str) -> str:
    by = step["ScalingAdjustment"]
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    size = f"to {by}" if kind == "ExactCapacity" else f"{by:+d}{' %' if kind.startswith('Percent') else ''}"
    ends = [f"from {low:g}" if low is not None else "", f"up to {high:g}" if high is not None else ""]
    where = " ".join(filter(None, ends))
    return f"{size} ({where} over the threshold)" if where else size


def _schedule(value: Mapping[str, Any]) -> str:
    action = value.get("ScalableTargetAction", {})
    sets = [
        f"{word} {action[key]}"
        for key, word in (("MinCapacity", "minimum"), ("MaxCapacity", "maximum"))
        if key in action
    ]
    zone = value.get("Timezone")
    ends = [
        f"from {value['StartTime']}" if value.get("StartTime") else "",
        f"until {value['EndTime']}" if value.get("EndTime") else "",
    ]
    place = f" {zone}" if zone else ""
    span = " ".join(["", *filter(None, ends)])
    return f"{value.get('Schedule', '')}{place}: {' and '.join(sets) or 'nothing'}{span}"


def _alarm(value: Mapping[str, Any]) -> str:
    if value.get("Expression"):
        return "an expression over several metrics"
    sign = _COMPARED.get(str(value.get("ComparisonOperator")), str(value.get("ComparisonOperator")))
    found = f"{value.get('MetricName', '')} {sign} {value.get('Threshold', 0):g}"
    often = f"{value.get('DatapointsToAlarm')} of {value.get('EvaluationPeriods')} × {value.get('Period')} s"
    does = listed(list(dict.fromkeys(map(_action, value.get("AlarmActions", ()))))) or "no action"
    off = "" if value.get("ActionsEnabled", True) else ", actions off"
    return f"{found}, {often}, {does}{off}"


def _model(value: Mapping[str, Any]) -> str:
    containers = [value["PrimaryContainer"]] if "PrimaryContainer" in value else value.get("Containers", [])
    images = [str(c.get("Image") or c.get("ModelPackageName", "")).rsplit("/", 1)[-1] for c in containers]
    role = str(value.get("ExecutionRoleArn", "")).rsplit("/", 1)[-1]
    return f"{listed(images) or 'no image'}, role {role or 'none'}"


def _config(value: Mapping[str, Any]) -> str:
    variants = [
        f"{v.get('InitialInstanceCount', '?')} × {v.get('InstanceType') or 'instance pools'} "
        f"of model {v.get('ModelName', '?')}"
        for v in value.get("ProductionVariants", ())
    ]
    settings = value.get("AsyncInferenceConfig")
    if settings is None:
        return f"{listed(variants)}, real-time"
    at_once = settings.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance")
    output = settings.get("OutputConfig", {}).get("S3OutputPath", "no output path")
    said = f"{at_once} at once on each" if at_once is not None else "AWS chooses how many at once"
    return f"{listed(variants)}, asynchronous, {said}, results to {output}"


def _endpoint(value: Mapping[str, Any]) -> str:
    failed = ", failed" if value.get("EndpointStatus") == FAILED else ""
    return f"runs configuration {value.get('EndpointConfigName', '?')}{failed}"


_RESOURCES = {MODEL: _model, CONFIG: _config, ENDPOINT: _endpoint}


def _action(arn: str) -> str:
    """Whom an alarm tells or what it runs; a policy that is yet to be made stands there by its name."""
    if arn.startswith("policy "):
        return f"runs {arn}"
    if ":scalingPolicy:" in arn:
        found = _POLICY.search(arn)
        return f"runs policy {found[1]}" if found else "runs a policy"
    last = arn.rsplit(":", 1)[-1]
    return f"tells {last}" if ":sns:" in arn else f"calls {last}"
