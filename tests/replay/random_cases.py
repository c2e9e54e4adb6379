"""Random cases for the comparison with the embedded AWS: short, and with everything that can coincide."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ops.core.autoscaling import ADJUSTMENTS, TREATMENTS, AlarmRule
from ops.core.types import Bounds, Step, Suspended
from ops.replay.scenario import (
    AlarmSpec,
    Event,
    Kind,
    Model,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
    Watched,
    wake_policy,
)
from tests.replay.side_by_side import SETTLED_S, START, Case, Planned

Rng = np.random.Generator
HOURS = (3, 7)
"""How long a case lasts after the first instances are there."""


def draw_case(seed: int) -> Case:
    rng = np.random.default_rng([seed, 20])
    begin, lasts = START + SETTLED_S, SETTLED_S + float(rng.integers(*HOURS)) * 3600
    low = int(rng.choice([0, 0, 0, 1, 2]))
    bounds = Bounds(low, low + int(rng.integers(0, 6)))
    initial = int(rng.integers(bounds.min, bounds.max + 1))
    model = Model(
        zero_metric=str(rng.choice(["backlog", "backlog", "missing"])),
        drain=str(rng.choice(["finish", "finish", "requeue"])),
        in_flight=str(rng.choice(["counted", "counted", "waiting_only"])),
        metric_delay_s=float(rng.choice([60, 60, 60, 0, 120])),
        billed_from=str(rng.choice(["ordered", "in_service"])),
        busy_action=str(rng.choice(["follows", "fails"])),
    )
    scenario = Scenario(
        bounds,
        initial,
        int(rng.integers(1, 5)),
        _policies(rng),
        _events(rng, begin, START + lasts),
        Suspended(scale_in=True) if rng.random() < 0.05 else Suspended(),
        ttl_s=float(rng.choice([0, 300, 900, 3600, 21_600])),
        quota=int(rng.integers(max(1, initial), 9)) if rng.random() < 0.2 else None,
        model=model,
    )
    return Case(scenario, _arrivals(rng, begin, START + lasts), lasts, _planned(rng), seed)


def _arrivals(rng: Rng, begin: float, end: float) -> tuple[tuple[float, float, bool], ...]:
    parts = [rng.uniform(begin, end, rng.poisson(rng.choice([0, 5, 60, 300])))]
    for at in rng.uniform(begin, end, rng.integers(0, 5)):
        size = int(rng.integers(1, 80))
        shape = rng.integers(4)
        if shape == 0:
            parts.append(np.full(size, at // 60 * 60))  # at once, on a minute's edge
        elif shape == 1:
            parts.append(np.full(size, at))
        elif shape == 2:
            parts.append(at // 1 + rng.integers(0, 30, size))  # whole seconds
        else:
            parts.append(at + rng.uniform(0, 900, size))
    times = np.sort(np.concatenate(parts))
    times = times[times < end]
    longest = float(rng.choice([1.0, 20.0, 90.0, 400.0]))
    service = rng.uniform(0, longest, times.size)
    if rng.random() < 0.3:
        service = np.ceil(service / 10) * 10 - 0.35  # ends that fall together
    bad = rng.random(times.size) < rng.choice([0, 0.1])
    return tuple(zip(times.tolist(), np.maximum(service, 0).tolist(), bad.tolist(), strict=True))


def _policies(rng: Rng) -> tuple[Scaling, ...]:
    found: list[Scaling] = []
    if rng.random() < 0.75:
        found.append(_tracking(rng, "track"))
    if rng.random() < 0.2:
        found.append(_tracking(rng, "track-more"))
    if rng.random() < 0.5:
        found.append(wake_policy(int(rng.integers(1, 4)), _cooldown(rng), int(rng.integers(1, 3))))
    for number in range(int(rng.choice([0, 0, 1, 2]))):
        found.append(_stepping(rng, f"step-{number}"))
    return tuple(found[i] for i in rng.permutation(len(found)))


def _cooldown(rng: Rng) -> float:
    return float(rng.choice([0, 30, 60, 300, 300, 900]))


def _tracking(rng: Rng, name: str) -> Tracking:
    return Tracking(
        float(rng.choice([0.5, 1, 2, 3.3, 5, 20])),
        _cooldown(rng),
        _cooldown(rng),
        scales_in=bool(rng.random() < 0.85),
        watched=Watched(int(rng.choice([0, 0, 0, 2]))),
        name=name,
    )


def _stepping(rng: Rng, name: str) -> Stepping:
    kind = str(rng.choice(ADJUSTMENTS))
    up = bool(rng.random() < 0.5)
    inner = np.sort(rng.choice(np.arange(1, 30), rng.integers(0, 3), replace=False)).tolist()
    edges: list[float | None] = [0.0, *(float(e) for e in inner), None]
    if not up:
        edges = [None, *(-float(e) for e in reversed(inner)), 0.0]
    steps = []
    for lower, upper in pairwise(edges):
        size = int(rng.integers(0, 7)) if kind == "ExactCapacity" else int(rng.integers(1, 4))
        if kind == "PercentChangeInCapacity":
            size *= 40
        steps.append(Step(lower, upper, size if up or kind == "ExactCapacity" else -size))
    alarms = tuple(
        _alarm(rng, f"{rng.choice(['A', 'M', 'Z'])}-{name}-{i}", up) for i in range(int(rng.integers(1, 3)))
    )
    least = int(rng.integers(1, 4)) if kind == "PercentChangeInCapacity" and rng.random() < 0.5 else None
    return Stepping(kind, tuple(steps), alarms, _cooldown(rng), least, name)


def _alarm(rng: Rng, name: str, up: bool) -> AlarmSpec:
    watched = Watched(int(rng.integers(0, 4)))
    threshold = float(rng.choice([1, 4, 10]))
    if watched is Watched.WITHOUT_CAPACITY:
        threshold = 1.0
    elif watched is Watched.AGE:
        threshold = float(rng.choice([60, 300]))
    above = ("GreaterThanOrEqualToThreshold", "GreaterThanThreshold")
    below = ("LessThanThreshold", "LessThanOrEqualToThreshold")
    periods = int(rng.integers(1, 6))
    comparison = str(rng.choice(above if up else below))
    rule = AlarmRule(
        comparison, threshold, periods, int(rng.integers(1, periods + 1)), str(rng.choice(TREATMENTS))
    )
    return AlarmSpec(name, watched, rule)


def _events(rng: Rng, begin: float, end: float) -> tuple[Event, ...]:
    found = []
    for at in np.sort(rng.uniform(begin, end, int(rng.choice([0, 0, 2, 5])))):
        edge, lasts = float(at // 60 * 60), float(rng.integers(1, 60)) * 60
        low = int(rng.integers(0, 4))
        match int(rng.integers(5)):
            case 0:
                found.append(Event(edge, Kind.BOUNDS, low, low + int(rng.integers(0, 4))))
            case 1:
                flags = [bool(flag) for flag in rng.random(3) < 0.4]
                found.append(Event(edge, Kind.SUSPEND, suspended=Suspended(*flags)))
            case 2:
                found.append(Event(edge, Kind.SHORTAGE, lasts_s=lasts))
            case 3:
                found.append(Event(edge, Kind.UPDATE, None if rng.random() < 0.5 else low))
            case _:
                found.append(Event(edge, Kind.MANUAL, low))
    return tuple(found)


def _planned(rng: Rng) -> tuple[Planned, ...]:
    found = []
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        low, minute = int(rng.integers(0, 4)), int(rng.integers(0, 60))
        bounds = low, low + int(rng.integers(0, 4))
        if rng.random() < 0.3:
            found.append(Planned(f"rate({rng.integers(20, 90)} minutes)", None, *bounds))
        else:
            found.append(Planned(f"cron({minute} * * * ? *)", "Europe/Berlin", *bounds))
    return tuple(found)
