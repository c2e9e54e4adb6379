"""The alarms that matter for an asynchronous endpoint: which exist already, and those that do not, ready to be made.

Source: facts A.1 (dimensions and statistics), D (how long starts take), F.5 and F.6 (missing data, for endpoints
that sleep), I (what becomes of an expired request).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ops.core import metrics
from ops.core.fixes import Calls, ChosenTopic, PutAlarm
from ops.core.metrics import Metric
from ops.core.types import Alarm, EndpointRef, MetricRef
from ops.core.words import duration

OLD_S = 1800.0
"""An oldest request of this age is worth a look (facts F.6), unless requests expire sooner than twice that."""
WAKE_MIN = 2
"""Minutes that a wake alarm waits where nothing else is known: as in the guide (facts B.3)."""
LATE_MIN = 3
"""Minutes until the datapoints are there that an alarm looks at (facts F.3)."""
START_S = 660.0
"""The longest start that people saw (facts D), where none is on record."""
ABOVE = ("GreaterThanOrEqualToThreshold", "GreaterThanThreshold")
LONGEST_S = 3600
"""An alarm that waits longer than this for its condition, and than the one proposed, comes too late to count as it."""
MOST_MIN = 24 * 60
"""AWS takes at most a day of periods that are shorter than an hour (facts F.5)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An alarm that is missing. `silent`: those that watch the same and tell nobody."""

    title: str
    alarm: PutAlarm
    why: str
    silent: tuple[str, ...] = ()

    @property
    def fix(self) -> Calls:
        """What makes it."""
        return Calls((self.alarm,), f"{self.alarm.name} tells the topic as soon as that holds.")

    @property
    def topic_known(self) -> bool:
        """Whether the topic is that of another alarm of the endpoint; else the reader has to name one."""
        return not any(isinstance(action, ChosenTopic) for action in self.alarm.actions)


@dataclass(frozen=True, slots=True)
class Covered:
    """An alarm that matters and that exists."""

    title: str
    alarm: str


@dataclass(frozen=True, slots=True)
class AlarmsThatMatter:
    missing: tuple[Proposal, ...]
    covered: tuple[Covered, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """`same`: whether another alarm on the metric says about the same."""

    suffix: str
    title: str
    metric: Metric
    threshold: float
    comparison: str
    period: int
    periods: int
    why: str
    same: Callable[[Alarm], bool]


def proposals(
    ref: EndpointRef,
    alarms: Collection[Alarm],
    ttl_s: float,
    start_s: float | None = None,
    wake_minutes: int | None = None,
) -> AlarmsThatMatter:
    """What is missing among the `alarms` of an endpoint.

    `ttl_s`: how long its requests may wait; `start_s`: how long a start takes at most, where that is known;
    `wake_minutes`: how long its wake alarm waits; None: as the one among `alarms` does.
    """
    taken = {alarm.name for alarm in alarms}
    topic = next((a for alarm in alarms for a in _people(alarm) if ":sns:" in a), None)
    missing, covered = [], []
    wake_min = _wake_min(ref, alarms) if wake_minutes is None else wake_minutes
    for kind in _kinds(ttl_s, start_s, wake_min):
        metric = _metric(kind.metric, ref)
        alike = [a for a in alarms if _looks_at(a, metric, kind) and kind.same(a)]
        told = next((a for a in alike if _people(a)), None)
        if told is not None:
            covered.append(Covered(kind.title, told.name))
            continue
        alarm = PutAlarm(
            name=_free(f"{ref.name}-{kind.suffix}", taken),
            metric=metric,
            threshold=kind.threshold,
            comparison=kind.comparison,
            period=kind.period,
            evaluation_periods=kind.periods,
            datapoints_to_alarm=kind.periods,
            missing="notBreaching",
            actions=(topic if topic is not None else ChosenTopic(),),
            description=f"{kind.title}: {kind.why}",
        )
        missing.append(Proposal(kind.title, alarm, kind.why, tuple(a.name for a in alike if not _wakes(a))))
    return AlarmsThatMatter(tuple(missing), tuple(covered))


def runs_scaling(action: str) -> bool:
    """Whether an action is a scaling policy: it moves instances and tells nobody."""
    return ":scalingPolicy:" in action


def _wake_min(ref: EndpointRef, alarms: Iterable[Alarm]) -> int:
    """Minutes that the wake alarm of an endpoint waits; of several the longest."""
    metric = _metric(metrics.NO_CAPACITY, ref)
    waits = [a.period * a.datapoints_to_alarm for a in alarms if _wakes(a) and _same_series(a, metric)]
    return math.ceil(max(waits) / 60) if waits else WAKE_MIN


def _kinds(ttl_s: float, start_s: float | None, wake_min: int) -> tuple[_Kind, ...]:
    old = min(OLD_S, ttl_s / 2)
    start_min = math.ceil((START_S if start_s is None else start_s) / 60)
    stuck = min(wake_min + LATE_MIN + start_min, MOST_MIN)
    usual = (
        f"No start is on record; people saw up to {start_min} min. The alarm leaves that time"
        if start_s is None
        else f"A start on record took {start_min} min. The alarm leaves that time"
    ) + f", the {wake_min} min that the wake alarm waits, and {LATE_MIN} min until its datapoints are there."
    return (
        _Kind(
            "wake-stuck",
            "Wake stuck",
            metrics.NO_CAPACITY,
            1.0,
            ABOVE[0],
            60,
            stuck,
            f"Requests wait for {stuck} min with no instance in service. {usual}",
            lambda a: _at(a, 1.0) and not _at(a, 0.0),
        ),
        _Kind(
            "oldest-request",
            "Oldest request",
            metrics.OLDEST,
            old,
            ABOVE[1],
            60,
            1,
            f"A request has waited for more than {duration(old)}. It expires after {duration(ttl_s)} unless its "
            "sender set another time.",
            lambda a: 0 < a.threshold < ttl_s,
        ),
        _Kind(
            "failures",
            "Failures",
            metrics.FAILURES,
            5.0,
            ABOVE[0],
            300,
            1,
            "At least 5 requests failed within 5 min, for whatever reason.",
            lambda a: True,
        ),
        _Kind(
            "expired",
            "Expired requests",
            metrics.EXPIRED,
            1.0,
            ABOVE[0],
            300,
            1,
            "A request waited until its time ran out and left the queue; only the metric ExpiredRequests tells for "
            "certain.",
            lambda a: True,
        ),
    )


def _metric(metric: Metric, ref: EndpointRef) -> MetricRef:
    """With exactly the dimensions under which it is published."""
    more = (("VariantName", ref.variant),) if metric.per_variant else ()
    return MetricRef(metric.namespace, metric.name, (("EndpointName", ref.name), *more), metric.statistic)


def _looks_at(alarm: Alarm, metric: MetricRef, kind: _Kind) -> bool:
    """The same metric, going high, and read so that it sees what is published."""
    seen = alarm.metric
    return (
        seen is not None
        and _same_series(alarm, metric)
        and seen.unit in (None, kind.metric.unit)
        and seen.statistic != "SampleCount"
        and alarm.comparison in ABOVE
        and alarm.period * alarm.datapoints_to_alarm <= max(LONGEST_S, kind.period * kind.periods)
    )


def _same_series(alarm: Alarm, metric: MetricRef) -> bool:
    seen = alarm.metric
    return seen is not None and (seen.namespace, seen.name, seen.dimensions) == (
        metric.namespace,
        metric.name,
        metric.dimensions,
    )


def _at(alarm: Alarm, value: float) -> bool:
    """Whether a datapoint of `value` breaches."""
    return value > alarm.threshold or (alarm.comparison == ABOVE[0] and value == alarm.threshold)


def _people(alarm: Alarm) -> tuple[str, ...]:
    """The actions by which somebody gets to know."""
    return tuple(a for a in alarm.actions if not runs_scaling(a)) if alarm.actions_enabled else ()


def _wakes(alarm: Alarm) -> bool:
    return any(runs_scaling(action) for action in alarm.actions)


def _free(name: str, taken: Iterable[str]) -> str:
    """A name that overwrites none of the known alarms."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
