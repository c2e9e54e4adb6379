"""`python -m bench.replay_fuzz [--cases 50000] [--seed 1]`: random scenarios, the kernels against the reference.

Aimed at what goes wrong: ties on whole seconds and at minutes' edges, arrivals at the very start, bursts, one slot,
odd provisioning times, removals under load, expiry, several policies, events while Updating, service of no length.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from time import perf_counter

import numpy as np
from numpy.random import Generator

from ops.core.autoscaling import ADJUSTMENTS, COMPARISONS, TREATMENTS, AlarmRule
from ops.core.types import Bounds, FloatArray, Step, Suspended
from ops.replay import engine, oracle
from ops.replay.numbers import numbers
from ops.replay.outcome import Replayed
from ops.replay.scenario import (
    AlarmSpec,
    Event,
    Kind,
    Model,
    Requests,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
    Watched,
    wake_policy,
)
from ops.replay.sweep import sweep

Case = tuple[Requests, Scenario]


def pick(draw: Generator, *options: object) -> object:
    return options[int(draw.integers(len(options)))]


def number(draw: Generator, *options: float) -> float:
    return float(options[int(draw.integers(len(options)))])


def some_requests(draw: Generator) -> Requests:
    """Up to some hundred, in bursts; often on whole seconds, minutes' edges, or all at once."""
    n = int(draw.choice([0, 1, 2, 5, 20, 60, 150], p=[0.01, 0.04, 0.1, 0.2, 0.3, 0.25, 0.1]))
    span = number(draw, 60, 600, 3600, 14_400)
    at = draw.uniform(0, span, n)
    if draw.random() < 0.5 and n:
        centers = draw.uniform(0, span, 1 + n // 20)
        at = draw.choice(centers, n) + draw.exponential(number(draw, 0.5, 10, 60), n)
    grid = number(draw, 0, 0, 0.5, 1, 5, 60)
    if grid:
        at = np.floor(at / grid) * grid
    at = np.sort(at)
    if n and draw.random() < 0.3:
        at -= at[0]  # the first one at the very start
    at += number(draw, 0, 0, 0, 59, 30.5, 1_700_000_040)
    return Requests(at, some_holds(draw, n))


def some_holds(draw: Generator, n: int) -> FloatArray:
    scale = number(draw, 0.3, 5, 30, 60, 200, 900)
    how = int(draw.integers(5))
    if how == 0:
        hold = np.full(n, scale)
    elif how == 1:
        hold = draw.exponential(scale, n)
    elif how == 2:
        hold = np.floor(draw.exponential(scale, n))
    elif how == 3:
        hold = draw.choice([0.0, scale, 60.0, 61.0, 3 * scale], n)
    else:
        hold = draw.lognormal(math.log(scale), 0.5, n)
    if draw.random() < 0.2:
        hold[draw.random(n) < 0.3] = 0.0
    return hold


def some_tracking(draw: Generator, name: str) -> Tracking:
    odd = draw.random() < 0.3
    high, low = int(draw.integers(1, 5)), int(draw.integers(1, 18))
    return Tracking(
        number(draw, 0.5, 1, 2, 3, 5, 5.5),
        number(draw, 0, 60, 90, 300, 600),
        number(draw, 0, 60, 90, 300, 600),
        scales_in=bool(draw.random() < 0.9),
        high_periods=high if odd else 3,
        low_periods=low if odd else int(number(draw, 3, 5, 15)),
        high_datapoints=int(draw.integers(1, high + 1)) if odd and draw.random() < 0.5 else None,
        low_datapoints=int(draw.integers(1, low + 1)) if odd and draw.random() < 0.5 else None,
        watched=Watched.BACKLOG if draw.random() < 0.05 else Watched.PER_INSTANCE,
        name=name,
        alarm_names=(f"{name}-AlarmHigh", f"{name}-AlarmLow"),
    )


def some_alarm(draw: Generator, name: str) -> AlarmSpec:
    watched = Watched(int(draw.integers(4)))
    periods = int(draw.integers(1, 6))
    threshold = number(draw, 0, 0.5, 1, 2, 5, 20) * (60 if watched is Watched.AGE else 1)
    rule = AlarmRule(
        str(pick(draw, *COMPARISONS)),
        threshold,
        periods,
        int(draw.integers(1, periods + 1)),
        str(pick(draw, "missing", "missing", *TREATMENTS)),
    )
    return AlarmSpec(name, watched, rule)


def some_steps(draw: Generator, adjustment: str) -> tuple[Step, ...]:
    """One or several steps, with or without a gap, on both sides of the threshold."""
    if adjustment == "ExactCapacity":
        sizes = [0, 1, 1, 2, 3, 5]
    elif adjustment == "ChangeInCapacity":
        sizes = [-3, -1, -1, 0, 1, 1, 2, 4]
    else:
        sizes = [-100, -50, -10, 10, 50, 100, 300]
    edges = sorted({float(v) for v in draw.choice([-5, -1, 0, 0, 1, 2, 10, 50], int(draw.integers(0, 4)))})
    bounds: list[float | None] = [None, *edges, None]
    if draw.random() < 0.4:
        bounds = [0.0, *[e for e in edges if e > 0], None]
    steps = [Step(low, high, int(draw.choice(sizes))) for low, high in pairwise(bounds)]
    kept = [step for step in steps if draw.random() < 0.9]
    return tuple(kept or steps)


def some_stepping(draw: Generator, name: str) -> Stepping:
    if draw.random() < 0.5:
        return wake_policy(int(draw.integers(1, 4)), number(draw, 0, 30, 300), int(draw.integers(1, 3)))
    adjustment = str(pick(draw, *ADJUSTMENTS))
    alarms = tuple(
        some_alarm(draw, str(pick(draw, f"a-{name}-{k}", f"z-{name}-{k}")))
        for k in range(draw.integers(1, 3))
    )
    least = int(draw.integers(1, 4)) if draw.random() < 0.3 else None
    cooldown = number(draw, 0, 60, 120, 300)
    return Stepping(adjustment, some_steps(draw, adjustment), alarms, cooldown, least, name)


def some_events(draw: Generator, first: float, last: float, most: int) -> tuple[Event, ...]:
    events = []
    for _ in range(int(draw.integers(1, 6))):
        at = draw.uniform(first - 300, last + 3600)
        if draw.random() < 0.5:
            at = math.floor(at / 60) * 60
        low = int(draw.integers(0, most + 1)) if draw.random() < 0.7 else None
        high = int(draw.integers(0, most + 2)) if draw.random() < 0.6 else None
        suspended = Suspended(*(bool(flag) for flag in draw.random(3) < 0.4))
        lasts = number(draw, 0, 30, 60, 250, 1000, 4000)
        kind = Kind(str(pick(draw, *Kind, Kind.SCHEDULED, Kind.SCHEDULED)))
        events.append(Event(float(at), kind, low, high, suspended, lasts))
    return tuple(events)


def some_model(draw: Generator) -> Model:
    return Model(
        str(pick(draw, "backlog", "missing")),
        str(pick(draw, "finish", "requeue")),
        str(pick(draw, "counted", "waiting_only")),
        number(draw, 60, 60, 0, 30, 120, 300),
        number(draw, 60, 60, 0, 45, 150),
        number(draw, 2040, 90),
        str(pick(draw, "ordered", "in_service")),
        str(pick(draw, "follows", "fails")),
    )


def common(draw: Generator) -> Case:
    """What most endpoints look like: target tracking, mostly with a wake policy, scheduled bounds."""
    requests = some_requests(draw)
    low, most = int(draw.integers(0, 3)), int(draw.integers(1, 7))
    bounds = Bounds(min(low, most), most)
    policies: list[Scaling] = []
    if draw.random() < 0.9:
        policies.append(some_tracking(draw, "t"))
    if draw.random() < 0.7:
        policies.append(
            wake_policy(int(draw.integers(1, 4)), number(draw, 0, 30, 300), int(draw.integers(1, 3)))
        )
    if draw.random() < 0.3:
        policies.reverse()
    first = float(requests.arrival_s[0]) if len(requests) else 0.0
    last = float(requests.arrival_s[-1]) if len(requests) else 0.0
    events: tuple[Event, ...] = ()
    if draw.random() < 0.4:
        events = tuple(
            Event(e.at_s, Kind(str(pick(draw, Kind.SCHEDULED, Kind.BOUNDS))), e.low, e.high)
            for e in some_events(draw, first, last, most)
        )
    model = Model(
        zero_metric=str(pick(draw, "backlog", "missing")),
        metric_delay_s=number(draw, 60, 60, 60, 0, 120),
        removal_s=number(draw, 60, 60, 0, 45, 150),
        billed_from=str(pick(draw, "ordered", "in_service")),
        busy_action=str(pick(draw, "follows", "fails")),
    )
    return requests, some_scenario(draw, bounds, tuple(policies), events, model, first, last)


def anything(draw: Generator) -> Case:
    requests = some_requests(draw)
    low, most = int(draw.integers(0, 3)), int(draw.integers(0, 7))
    bounds = Bounds(min(low, most), most)
    policies: list[Scaling] = []
    for number_ in range(int(draw.integers(0, 4))):
        make = some_tracking if draw.random() < 0.5 else some_stepping
        policies.append(make(draw, f"p{number_}"))
    first = float(requests.arrival_s[0]) if len(requests) else 0.0
    last = float(requests.arrival_s[-1]) if len(requests) else 0.0
    events = some_events(draw, first, last, most) if draw.random() < 0.5 else ()
    return requests, some_scenario(draw, bounds, tuple(policies), events, some_model(draw), first, last)


def some_scenario(
    draw: Generator,
    bounds: Bounds,
    policies: tuple[Scaling, ...],
    events: tuple[Event, ...],
    model: Model,
    first: float,
    last: float,
) -> Scenario:
    some = lambda share: draw.random() < share  # noqa: E731
    provision = tuple(
        number(draw, 0, 45, 60, 119.5, 250, 300, 333.3, 600) for _ in range(int(draw.integers(1, 4)))
    )
    return Scenario(
        bounds,
        int(draw.integers(bounds.min, bounds.max + 1)) if some(0.8) else int(draw.integers(0, 9)),
        int(draw.choice([1, 1, 2, 4])),
        policies,
        events,
        Suspended(*(bool(flag) for flag in draw.random(3) < 0.5)) if some(0.1) else Suspended(),
        provision,
        number(draw, 21_600, 21_600, 0, 60, 300, 90.5, 1200),
        int(draw.integers(0, 8)) if some(0.1) else None,
        number(draw, first - 60, first, first + 30, math.floor(first / 60) * 60) if some(0.3) else None,
        number(draw, last, first + 600, last + 3600, first - 10, 60 * math.ceil(last / 60))
        if some(0.25)
        else None,
        model,
    )


def cases(seed: int, count: int) -> Iterator[tuple[int, Case]]:
    """Each with the number that makes it again: `case(number)`."""
    for k in range(count):
        yield seed * 1_000_000 + k, case(seed * 1_000_000 + k)


def case(made: int) -> Case:
    draw = np.random.default_rng(made)
    return common(draw) if made % 2 else anything(draw)


def differences(one: Replayed, other: Replayed) -> list[str]:
    """The fields that are not the same to the bit."""
    found = []
    for field in fields(Replayed):
        if field.name == "timeline":
            continue
        if not same(getattr(one, field.name), getattr(other, field.name)):
            found.append(field.name)
    if one.timeline is not None and other.timeline is not None:
        for field in fields(one.timeline):
            if not same(getattr(one.timeline, field.name), getattr(other.timeline, field.name)):
                found.append(f"timeline.{field.name}")
    return found


def same(one: object, other: object) -> bool:
    return np.array_equal(np.asarray(one, np.float64), np.asarray(other, np.float64), equal_nan=True)


def compare(made_of: Sequence[int]) -> list[str]:
    """Both ways through the engine against the reference; a line for each difference."""
    wrong = []
    for made in made_of:
        requests, scenario = case(made)
        expected = oracle.replay(requests, scenario)
        for timeline in (True, False):
            found = differences(expected, engine.replay(requests, scenario, timeline))
            if found:
                kernel = "whole" if timeline else "without timeline"
                wrong.append(f"case {made}, {kernel}: {', '.join(found)}")
        classes = (np.arange(len(requests)) % 3 - 1).astype(np.int8)
        limits = (30.0, None)
        one = sweep(requests, [scenario], classes=classes, limits_s=limits)[0]
        other = numbers(requests, expected, classes, limits)
        if repr(one) != repr(other):
            wrong.append(f"case {made}, numbers: {one} is not {other}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began, wrong = perf_counter(), 0
    for k in range(given.cases):
        for line in compare([given.seed * 1_000_000 + k]):
            print(line, flush=True)
            wrong += 1
        if (k + 1) % 5000 == 0:
            print(f"{k + 1} cases, {wrong} differences, {perf_counter() - began:.0f} s", flush=True)
    print(f"{given.cases} cases, {wrong} differences")


if __name__ == "__main__":
    main()
