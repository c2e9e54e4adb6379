"""When a course without an end is over although not all is drained, for the reference and the kernels alike."""

from __future__ import annotations

import math

from ops.replay.outcome import Replayed
from ops.replay.scenario import Kind, Requests, Scenario, Tracking, Watched

SPAN = "the span of the arrivals"
GIVE_UP_S = 30 * 86_400.0
"""So long after the last progress a course that only goes round in circles is left."""


def settle_minutes(scenario: Scenario) -> int:
    """Minutes without any change after which nothing can change any more, but for planned events and expiry."""
    alarms = [alarm for policy in scenario.policies for alarm in policy.alarms]
    ages = [alarm.rule.threshold for alarm in alarms if alarm.watched is Watched.AGE]
    longest = max((alarm.rule.range for alarm in alarms), default=0)
    waits = scenario.model.metric_delay_s + _longest_cooldown(scenario) + max([*ages, 0.0])
    return longest + math.ceil(waits / 60) + 3


def give_up_s(longest_s: float, scenario: Scenario, settled: int) -> float:
    """Seconds without a completion or an expiry after which none will come, with no arrival and no event ahead.

    `longest_s`: the longest holding time; `settled`: `settle_minutes`. Policies can work against each other for ever,
    or take a request back again and again before it is done.
    """
    model = scenario.model
    return (
        GIVE_UP_S
        + longest_s
        + scenario.ttl_s
        + max(scenario.provision_s)
        + max((event.lasts_s for event in scenario.events), default=0.0)
        + model.refused_after_s
        + model.removal_s
        + _longest_cooldown(scenario)
        + 60.0 * settled
    )


def _longest_cooldown(scenario: Scenario) -> float:
    return max(
        (
            max(p.in_cooldown_s, p.out_cooldown_s) if isinstance(p, Tracking) else p.cooldown_s
            for p in scenario.policies
        ),
        default=0.0,
    )


def above_least(replayed: Replayed, scenario: Scenario) -> int:
    """Instances beyond the minimum at the end of a course with its timeline: 0 where it came back to it.

    A course without an end is over when that is so; only one that was given up has minutes after its end.
    """
    found = replayed.timeline
    if found is None or not len(found):
        return 0
    edge = (found.first_minute + len(found)) * 60.0
    if scenario.until_s is None and edge <= replayed.end_s:
        return 0
    low = scenario.bounds.min
    for event in sorted(scenario.events, key=lambda e: e.at_s):
        if event.at_s < edge and event.kind in (Kind.SCHEDULED, Kind.BOUNDS) and event.low is not None:
            low = event.low
    return max(0, int(found.instances[-1]) - low)


def expected_s(requests: Requests, scenario: Scenario) -> dict[str, float]:
    """About how long a course takes, in seconds, by what it takes them for; at least, where instances stay few."""
    if not len(requests) and scenario.until_s is None:
        return {}
    first = float(requests.arrival_s[0]) if scenario.start_s is None else scenario.start_s
    if scenario.until_s is not None:
        return {SPAN: scenario.until_s - first}
    slots = max(1, scenario.bounds.max) * scenario.concurrency
    work = float(requests.hold_s.sum()) / slots
    return {
        SPAN: float(requests.arrival_s[-1]) - first,
        "processing times": max(work, float(requests.hold_s.max())),
        "provisioning times": max(scenario.provision_s),
        "cooldowns": _longest_cooldown(scenario),
        "the delay of metrics": scenario.model.metric_delay_s,
    }
