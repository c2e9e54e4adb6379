"""A scenario as plain arrays and records, as the kernels read it. Times are seconds."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ops.core.autoscaling import adjustment_number
from ops.core.scaling_rules import INSUFFICIENT
from ops.core.types import FloatArray, Step
from ops.replay.ends import give_up_s, settle_minutes
from ops.replay.scenario import FAILS, AlarmSpec, Kind, Requests, Scaling, Scenario, Stepping, Tracking

Records = Any
"""An array of records."""
Ints = NDArray[np.int64]
Window = Any
"""Datapoints, shape (n,), float64: an array where compiled, a sequence where interpreted."""

ANY = 1 << 40
"""No quota."""
NONE = -1
"""No number of instances given."""
TRACKING, STEPPING = 0, 1
HIGH, LOW, STEP_ALARM = 0, 1, 2
SCHEDULED, BOUNDS, SUSPEND, SHORTAGE, UPDATE, MANUAL = range(6)
_KINDS = {
    Kind.SCHEDULED: SCHEDULED,
    Kind.BOUNDS: BOUNDS,
    Kind.SUSPEND: SUSPEND,
    Kind.SHORTAGE: SHORTAGE,
    Kind.UPDATE: UPDATE,
    Kind.MANUAL: MANUAL,
}


def layout(floats: str, ints: str) -> np.dtype[Any]:
    return np.dtype([(f, np.float64) for f in floats.split()] + [(i, np.int64) for i in ints.split()])


SETUP = layout(
    "start until ttl removal refused_after give_up",
    "first_minute low high initial concurrency quota no_in no_out no_scheduled zero_backlog requeue counted"
    " delay from_order settled busy_fails",
)
"""A scenario. Flags are 0 or 1, `delay` is minutes; `no_...`: suspended."""
POLICY = layout("target in_cooldown out_cooldown", "kind scales_in adjustment least first_step last_step")
"""Steps are first_step <= i < last_step."""
ALARM = layout(
    "threshold last",
    "watched comparison periods datapoints missing policy role direction range space at size same state asked",
)
"""An alarm, and what it has seen: window[space + at : ... + size], `last` the newest, `same` times in a row.

`asked`: the alarm that is asked for its want in this place; by policy, its high alarm before its low one.
"""
STEP = layout("lower upper", "adjustment")
EVENT = layout("at lasts", "kind low high no_in no_out no_scheduled")


class Setup(NamedTuple):
    """All that a kernel reads of a scenario; `alarms` and `windows` are also written."""

    setup: Records
    policies: Records
    alarms: Records
    """In the order in which they are looked at."""
    windows: Window
    steps: Records
    events: Records
    provision: FloatArray


def start_of(requests: Requests, scenario: Scenario) -> float:
    if scenario.start_s is not None:
        return scenario.start_s
    return float(requests.arrival_s[0]) if len(requests) else 0.0


def laid_out(requests: Requests, scenario: Scenario, longest_s: float) -> Setup:
    """`longest_s`: the longest holding time."""
    model, suspended = scenario.model, scenario.suspended
    start = start_of(requests, scenario)
    setup, settled = np.zeros(1, SETUP), settle_minutes(scenario)
    setup[0] = (
        start,
        math.inf if scenario.until_s is None else scenario.until_s,
        scenario.ttl_s,
        model.removal_s,
        model.refused_after_s,
        give_up_s(longest_s, scenario, settled),
        math.floor(start / 60),
        scenario.bounds.min,
        scenario.bounds.max,
        scenario.initial,
        scenario.concurrency,
        ANY if scenario.quota is None else scenario.quota,
        suspended.scale_in,
        suspended.scale_out,
        suspended.scheduled,
        model.zero_metric == "backlog",
        model.drain == "requeue",
        model.in_flight == "counted",
        math.ceil(model.metric_delay_s / 60),
        model.billed_from == "ordered",
        settled,
        model.busy_action == FAILS,
    )
    owned = [
        (number, role, alarm)
        for number, policy in enumerate(scenario.policies)
        for role, alarm in _roles(policy)
    ]
    owned.sort(key=lambda one: one[2].name)
    alarms, space = np.zeros(len(owned), ALARM), 0
    for row, (number, role, alarm) in enumerate(owned):
        policy = scenario.policies[number]
        direction = policy.direction if isinstance(policy, Stepping) else (-1 if role == LOW else 1)
        rule = alarm.rule
        alarms[row] = (
            rule.threshold, math.nan, alarm.watched, rule.code, rule.periods, rule.datapoints, rule.treatment,
            number, role, direction, rule.range, space, 0, 0, 0, INSUFFICIENT, 0,
        )  # fmt: skip
        space += 2 * rule.range
    alarms["asked"] = sorted(range(len(owned)), key=lambda row: owned[row][:2])
    steps = [step for policy in scenario.policies if isinstance(policy, Stepping) for step in policy.steps]
    return Setup(
        setup,
        _policies(scenario.policies),
        alarms,
        np.full(space, math.nan),
        np.array([_step(step) for step in steps], STEP),
        _events(scenario),
        np.array(scenario.provision_s, np.float64),
    )


def _roles(policy: Scaling) -> list[tuple[int, AlarmSpec]]:
    if isinstance(policy, Tracking):
        return list(zip((HIGH, LOW), policy.alarms, strict=True))
    return [(STEP_ALARM, alarm) for alarm in policy.alarms]


def _step(step: Step) -> tuple[float, float, int]:
    return (
        -math.inf if step.lower is None else step.lower,
        math.inf if step.upper is None else step.upper,
        step.adjustment,
    )


def _policies(policies: tuple[Scaling, ...]) -> Records:
    rows, steps = np.zeros(len(policies), POLICY), 0
    for row, policy in zip(rows, policies, strict=True):
        if isinstance(policy, Tracking):
            row["kind"] = TRACKING
            row["target"], row["scales_in"] = policy.target, policy.scales_in
            row["in_cooldown"], row["out_cooldown"] = policy.in_cooldown_s, policy.out_cooldown_s
            continue
        row["kind"] = STEPPING
        row["in_cooldown"] = row["out_cooldown"] = policy.cooldown_s
        row["adjustment"], row["least"] = adjustment_number(policy.adjustment), policy.least or 0
        row["first_step"], steps = steps, steps + len(policy.steps)
        row["last_step"] = steps
    return rows


def _events(scenario: Scenario) -> Records:
    rows = np.zeros(len(scenario.events), EVENT)
    for row, event in zip(rows, sorted(scenario.events, key=lambda e: e.at_s), strict=True):
        row["at"], row["lasts"], row["kind"] = event.at_s, event.lasts_s, _KINDS[event.kind]
        row["low"] = NONE if event.low is None else event.low
        row["high"] = NONE if event.high is None else event.high
        row["no_in"], row["no_out"] = event.suspended.scale_in, event.suspended.scale_out
        row["no_scheduled"] = event.suspended.scheduled
    return rows
