"""Policies as the calls that make them: the parameters of PutScalingPolicy and PutMetricAlarm, as boto3 takes them.

Also what describe_scaling_policies and describe_alarms answer, whose keys are the same. Pure: a parsed JSON comes in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ops.core import metrics
from ops.core.autoscaling import ADJUSTMENTS, COMPARISONS, TREATMENTS, AlarmRule
from ops.core.errors import BadInput
from ops.core.types import Step
from ops.core.words import listed
from ops.replay.scenario import AlarmSpec, Scaling, Stepping, Tracking, Watched

WATCHED: Mapping[str, Watched] = {
    "ApproximateBacklogSizePerInstance": Watched.PER_INSTANCE,
    "HasBacklogWithoutCapacity": Watched.WITHOUT_CAPACITY,
    "ApproximateBacklogSize": Watched.BACKLOG,
    "ApproximateAgeOfOldestRequest": Watched.AGE,
}
"""The metrics that a replay knows: one datapoint a minute, so that Average, Maximum and Minimum are the same."""
STATISTICS = ("Average", "Maximum", "Minimum")
PERIOD_S = 60
LONGEST_PERIODS = 1440
"""Of one minute each: CloudWatch lets an alarm look at a day at most."""
MOST = 1_000_000
"""The largest whole number that makes sense anywhere here."""
_STEP, _TRACKING = "StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration"
_FORM = 'Give the parameters of both calls, as {"PutScalingPolicy": {...}, "PutMetricAlarm": {...}}.'
Call = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Put:
    """`group`: calls that were written together."""

    call: Call
    group: int


def policies(document: object) -> tuple[Scaling, ...]:
    """What the calls of one document set up. Raises BadInput, naming the call and what is wrong with it."""
    found: list[_Put] = []
    alarms: list[_Put] = []
    for number, group in enumerate(document if isinstance(document, list) else [document]):
        for call in _calls(group):
            if "AlarmName" in call or "ComparisonOperator" in call:
                alarms.append(_Put(call, number))
            elif "PolicyName" in call or _STEP in call or _TRACKING in call:
                found.append(_Put(call, number))
            else:
                raise BadInput(f"A call with the keys {_keys(call)} sets no policy and no alarm.", _FORM)
    if not found:
        raise BadInput("There is no PutScalingPolicy in it.", _FORM)
    by_policy: dict[int, list[Call]] = {i: [] for i in range(len(found))}
    for alarm in alarms:
        for i in _runs(alarm, found):
            by_policy[i].append(alarm.call)
    made = [_policy(put.call, by_policy[i], i) for i, put in enumerate(found)]
    names = [alarm.name for policy in made for alarm in policy.alarms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"The alarm {twice[0]!r} is there twice.", "Give every alarm a name of its own.")
    return tuple(made)


def _calls(group: object) -> Iterator[Call]:
    if not isinstance(group, Mapping):
        raise BadInput("What it holds are no calls.", _FORM)
    if "parameters" in map(_plain, group):  # {"operation": "PutScalingPolicy", "parameters": {...}}
        group = {"PutScalingPolicy": next(v for k, v in group.items() if _plain(k) == "parameters")}
    wrapped = [key for key in group if _plain(key) in _WRAPPERS]
    if not wrapped or "PolicyName" in group or "AlarmName" in group:
        yield group
        return
    for key in wrapped:
        value = group[key]
        for call in value if isinstance(value, list) else [value]:
            if not isinstance(call, Mapping):
                raise BadInput(f"{key} holds no parameters.", _FORM)
            yield call


_WRAPPERS = {
    "putscalingpolicy", "putmetricalarm", "scalingpolicies", "metricalarms", "policy", "policies", "alarm", "alarms",
}  # fmt: skip


def _plain(key: object) -> str:
    return str(key).replace("_", "").replace("-", "").lower()


def _runs(alarm: _Put, found: Sequence[_Put]) -> list[int]:
    """Which policies an alarm runs: those that its actions name, or that name it; else the only one, that beside it, or
    the one before it. Raises BadInput where its actions name something else."""
    actions = [str(each) for each in _list(alarm.call, "AlarmActions")]
    named = [i for i, put in enumerate(found) if any(_is_of(action, put.call) for action in actions)]
    if named:
        return named
    _check_actions(alarm.call, actions, found)
    owned = [i for i, put in enumerate(found) if _owns(put.call, alarm.call)]
    if owned:
        return owned
    steps = [i for i, put in enumerate(found) if _STEP in put.call] or list(range(len(found)))
    if len(steps) == 1:
        return steps
    beside = [i for i in steps if found[i].group == alarm.group]
    if len(beside) == 1:
        return beside
    before = [i for i in steps if found[i].group < alarm.group]
    if before and not beside:
        return before[-1:]
    raise BadInput(
        f"The alarm {alarm.call.get('AlarmName')!r} names no policy of the file in AlarmActions.", _NAMED
    )


def _check_actions(alarm: Call, actions: Sequence[str], found: Sequence[_Put]) -> None:
    """An alarm without AlarmActions, or with a placeholder there, is meant for a policy of the file; no other is."""
    name = alarm.get("AlarmName")
    others = [key for key in ("OKActions", "InsufficientDataActions") if _list(alarm, key)]
    if not actions and others:
        raise BadInput(
            f"The alarm {name!r} has {listed(others)} and no AlarmActions: it runs no policy when it goes off.",
            f"{_NAMED} Or leave it out.",
        )
    if not actions and "AlarmActions" in alarm:
        raise BadInput(f"The alarm {name!r} has no action in AlarmActions.", f"{_NAMED} Or leave it out.")
    unnamed = any("PolicyName" not in put.call for put in found)
    named = [each for each in actions if _TOLD.search(each) or not _PLACEHOLDER.search(each)]
    if named and len(named) == len(actions) and not unnamed:
        raise BadInput(
            f"The alarm {name!r} runs {named[0]!r}, which is no policy of the file.",
            f"{_NAMED} Or leave it out.",
        )


_NAMED = "Put the policy's ARN there (its end, policyName/NAME, is enough), or each alarm beside its policy."
_PLACEHOLDER = re.compile(r"[<>{}$]|\.\.\.|…|^\s*$|^(?!arn:).*\bARN\b|^(?!arn:).*PolicyARN", re.IGNORECASE)
"""What stands for an ARN that nobody knew yet."""
_TOLD = re.compile(r"policyName/[\w.-]+$")


def _owns(policy: Call, alarm: Call) -> bool:
    """Whether a policy as it is described names the alarm."""
    return any(
        isinstance(a, Mapping) and a.get("AlarmName") == alarm.get("AlarmName")
        for a in _list(policy, "Alarms")
    )


def _is_of(action: str, policy: Call) -> bool:
    name, arn = policy.get("PolicyName"), policy.get("PolicyARN")
    if arn is not None and action == arn:
        return True
    if name is None:
        return False
    return (
        action == name
        or re.search(rf"policyName/{re.escape(str(name))}(:createdBy/.*)?$", action) is not None
    )


def _acts(alarm: Call) -> bool:
    enabled = alarm.get("ActionsEnabled", True)
    if not isinstance(enabled, bool):
        raise BadInput(
            f"{alarm.get('AlarmName')}: ActionsEnabled {enabled!r} is neither.", "Give true or false."
        )
    return enabled


def _policy(call: Call, alarms: Sequence[Call], number: int) -> Scaling:
    name = str(call.get("PolicyName", f"policy-{number + 1}"))
    if _TRACKING in call:
        if alarms:
            raise BadInput(f"{name} tracks a target and owns its alarms.", "Leave its PutMetricAlarm out.")
        return _tracking(name, _mapping(call, _TRACKING, name))
    config = _mapping(call, _STEP, name)
    if not alarms:
        raise BadInput(f"No alarm runs the policy {name}.", "Add its PutMetricAlarm.")
    kind = config.get("AdjustmentType")
    if not _among(kind, ADJUSTMENTS):
        raise BadInput(f"{name}: AdjustmentType {kind!r} is none.", f"Use {listed(list(ADJUSTMENTS))}.")
    adjustments = _list(config, "StepAdjustments")
    for each in adjustments:
        if not isinstance(each, Mapping):
            raise BadInput(
                f"{name}: {each!r} in StepAdjustments is no step.",
                'Give {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}.',
            )
    steps = tuple(
        Step(
            _number(step, "MetricIntervalLowerBound", name, None),
            _number(step, "MetricIntervalUpperBound", name, None),
            _whole(step, "ScalingAdjustment", name),
        )
        for step in adjustments
    )
    if not steps:
        raise BadInput(f"{name} has no StepAdjustments.", "Give at least one step.")
    _check(steps, name)
    least = config.get("MinAdjustmentMagnitude")
    if least is not None and _whole(config, "MinAdjustmentMagnitude", name) < 1:
        raise BadInput(
            f"{name}: MinAdjustmentMagnitude must be at least 1.", "Leave it out, or give a number."
        )
    return Stepping(
        str(kind),
        steps,
        tuple(_alarm(alarm) for alarm in alarms if _acts(alarm)),
        _cooldown(config, "Cooldown", name),
        None if least is None else _whole(config, "MinAdjustmentMagnitude", name),
        name,
    )


def _check(steps: Sequence[Step], name: str) -> None:
    edges = sorted(
        (-math.inf if s.lower is None else s.lower, math.inf if s.upper is None else s.upper) for s in steps
    )
    if any(low >= high for low, high in edges):
        raise BadInput(
            f"{name} has a step whose bounds leave nothing between them.", "Its lower bound comes first."
        )
    if any(high > low for (_, high), (low, _) in pairwise(edges)):
        raise BadInput(f"{name} has steps that overlap.", "Let each begin where the one before ends.")


def _tracking(name: str, config: Call) -> Tracking:
    metric = config.get("CustomizedMetricSpecification")
    watched = Watched.PER_INSTANCE
    if metric is not None and not isinstance(metric, Mapping):
        raise BadInput(f"{name}: CustomizedMetricSpecification {metric!r} names no metric.", _FORM)
    if metric is not None:
        if metric.get("Metrics"):
            raise BadInput(
                f"{name} tracks an expression of metrics.", f"A replay knows {listed(list(WATCHED))}."
            )
        watched = _watched(metric, name)
    elif config.get("PredefinedMetricSpecification"):
        raise BadInput(
            f"{name} tracks a predefined metric, and asynchronous endpoints have none.",
            f"Track {next(iter(WATCHED))}.",
        )
    return Tracking(
        _known(_number(config, "TargetValue", name, None), "TargetValue", name),
        _cooldown(config, "ScaleInCooldown", name),
        _cooldown(config, "ScaleOutCooldown", name),
        not config.get("DisableScaleIn", False),
        watched=watched,
        name=name,
        alarm_names=(f"TargetTracking-{name}-AlarmHigh", f"TargetTracking-{name}-AlarmLow"),
    )


def _alarm(call: Call) -> AlarmSpec:
    name = str(call.get("AlarmName") or "")
    if not name:
        raise BadInput("An alarm has no AlarmName.", "Give every alarm a name of its own.")
    if call.get("Metrics"):
        raise BadInput(
            f"{name} watches an expression of metrics.", f"A replay knows {listed(list(WATCHED))}."
        )
    period = _number(call, "Period", name, float(PERIOD_S))
    if period != PERIOD_S:
        raise BadInput(
            f"{name} has a period of {period:g} s.", "A replay looks once a minute: use a Period of 60."
        )
    comparison = call.get("ComparisonOperator")
    if not _among(comparison, COMPARISONS):
        raise BadInput(
            f"{name}: ComparisonOperator {comparison!r} is none.", f"Use {listed(list(COMPARISONS))}."
        )
    missing = call.get("TreatMissingData", "missing")
    if not _among(missing, TREATMENTS):
        raise BadInput(f"{name}: TreatMissingData {missing!r} is none.", f"Use {listed(list(TREATMENTS))}.")
    periods = _whole(call, "EvaluationPeriods", name)
    datapoints = _whole(call, "DatapointsToAlarm", name) if call.get("DatapointsToAlarm") else periods
    if periods > LONGEST_PERIODS:
        raise BadInput(
            f"{name} looks at {periods:,} minutes.",
            f"CloudWatch lets an alarm look at no more than a day: {LONGEST_PERIODS:,} periods of {PERIOD_S} s.",
        )
    if not 1 <= datapoints <= periods:
        raise BadInput(
            f"{name} needs {datapoints} of {periods} datapoints.",
            "DatapointsToAlarm is at most EvaluationPeriods.",
        )
    threshold = _known(_number(call, "Threshold", name, None), "Threshold", name)
    return AlarmSpec(
        name, _watched(call, name), AlarmRule(str(comparison), threshold, periods, datapoints, str(missing))
    )


def _watched(call: Call, name: str) -> Watched:
    metric = call.get("MetricName")
    if not _among(metric, WATCHED):
        raise BadInput(
            f"{name} watches {metric!r}, which cannot be replayed.",
            f"A replay knows {listed(list(WATCHED))}.",
        )
    space = call.get("Namespace", metrics.AWS)
    if space != metrics.AWS:
        raise BadInput(
            f"{name} watches {metric} of the namespace {space!r}.",
            f"The metrics of the queue are in {metrics.AWS}.",
        )
    statistic = call.get("Statistic", "Average")
    if not _among(statistic, STATISTICS):
        raise BadInput(f"{name} uses the statistic {statistic!r}.", f"Use {listed(list(STATISTICS))}.")
    return WATCHED[str(metric)]


def _among(value: object, known: Collection[str]) -> bool:
    return isinstance(value, str) and value in known


def _cooldown(config: Call, key: str, name: str) -> float:
    """Application Auto Scaling's default for endpoints is 300 s (facts B.4)."""
    found = _known(_number(config, key, name, 300.0), key, name)
    if found < 0:
        raise BadInput(f"{name}: {key} cannot be negative.", "Give seconds from 0 up.")
    return found


def _mapping(call: Call, key: str, name: str) -> Call:
    found = call.get(key)
    if not isinstance(found, Mapping):
        raise BadInput(f"{name} has no {key}.", _FORM)
    return found


def _list(call: Call, key: str) -> list[Any]:
    found = call.get(key, [])
    return list(found) if isinstance(found, list | tuple) else [found]


def _number(call: Call, key: str, name: str, default: float | None) -> float | None:
    value = call.get(key, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{name}: {key} {value!r} is no number.", "Give it without quotes.")
    return float(value)


def _known(value: float | None, key: str, name: str) -> float:
    if value is None:
        raise BadInput(f"{name} has no {key}.", _FORM)
    return value


def _whole(call: Call, key: str, name: str) -> int:
    value = _known(_number(call, key, name, None), key, name)
    if abs(value) > MOST:
        raise BadInput(f"{name}: {key} {value:g} is too large.", f"Give a number up to {MOST:,}.")
    if value != int(value):
        raise BadInput(f"{name}: {key} {value:g} is no whole number.", "Give a whole number.")
    return int(value)


def _keys(call: Call) -> str:
    return listed([str(key) for key in call][:5]) or "(none)"
