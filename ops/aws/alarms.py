"""DescribeAlarms: those that run an endpoint's policies, and those that watch its metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ops.aws.calls import Reading
from ops.aws.scaling import parse_metric
from ops.core import metrics
from ops.core.types import Alarm, Endpoint, Policy, Problem

MOST_PAGES = 20
"""Pages of 100 alarms read at most: an account may hold many thousands that have nothing to do with this."""


def read(reading: Reading) -> tuple[tuple[Alarm, ...], tuple[Problem, ...]]:
    """All metric alarms of the region, up to 2,000. Raises OpsError."""
    found: list[Alarm] = []
    token: str | None = None
    for _ in range(MOST_PAGES):
        more = {"NextToken": token} if token else {}
        page = reading.ask("cloudwatch", "DescribeAlarms", AlarmTypes=["MetricAlarm"], MaxRecords=100, **more)
        found += [parse_alarm(wire) for wire in page.get("MetricAlarms", ())]
        token = page.get("NextToken")
        if not token:
            return tuple(found), ()
    problem = Problem(
        "alarms", f"This region has more than {len(found)} alarms; the later ones were not read."
    )
    return tuple(found), (problem,)


def named(reading: Reading, names: Iterable[str]) -> tuple[Alarm, ...]:
    """The alarms of these names that are there. Raises OpsError."""
    wanted = sorted(set(names))
    found: list[Alarm] = []
    for begin in range(0, len(wanted), 100):
        page = reading.ask(
            "cloudwatch",
            "DescribeAlarms",
            AlarmNames=wanted[begin : begin + 100],
            AlarmTypes=["MetricAlarm"],
            MaxRecords=100,
        )
        found += [parse_alarm(wire) for wire in page.get("MetricAlarms", ())]
    return tuple(found)


class AlarmIndex:
    """All alarms of a region, found by what they have to do with an endpoint."""

    def __init__(self, alarms: Iterable[Alarm]) -> None:
        self._by_name = {a.name: a for a in alarms}
        self._order = {name: n for n, name in enumerate(self._by_name)}
        self._by_action: dict[str, list[Alarm]] = {}
        self._by_endpoint: dict[str, list[Alarm]] = {}
        for alarm in self._by_name.values():
            for action in alarm.actions:
                self._by_action.setdefault(action, []).append(alarm)
            for dimension, value in alarm.metric.dimensions if alarm.metric is not None else ():
                if dimension == "EndpointName":
                    self._by_endpoint.setdefault(value, []).append(alarm)

    def owners(self) -> dict[str, str]:
        """The endpoint that each alarm watches, by the alarm's name."""
        return {a.name: endpoint for endpoint, alarms in self._by_endpoint.items() for a in alarms}

    def endpoints(self) -> dict[str, tuple[Alarm, ...]]:
        """The alarms on SageMaker's own metrics by the endpoint that they name, of all endpoints there ever were."""
        own = (metrics.AWS, metrics.HOST)
        found = {
            name: tuple(a for a in alarms if a.metric is not None and a.metric.namespace in own)
            for name, alarms in self._by_endpoint.items()
        }
        return {name: alarms for name, alarms in found.items() if alarms}

    def of(self, endpoint: Endpoint, policies: Iterable[Policy]) -> tuple[Alarm, ...]:
        """The alarms that name one of the policies, are named by one, or watch a metric of the endpoint."""
        found = {a.name: a for a in self._by_endpoint.get(endpoint.ref.name, ())}
        for policy in policies:
            found |= {a.name: a for a in self._by_action.get(policy.arn, ())}
            found |= {name: self._by_name[name] for name in policy.alarm_names if name in self._by_name}
        return tuple(sorted(found.values(), key=lambda a: self._order[a.name]))


_EXPRESSION = ("Metrics", "ThresholdMetricId")
"""What an alarm on an expression has in the place of one metric."""


def parse_alarm(wire: Mapping[str, Any]) -> Alarm:
    periods = int(wire.get("EvaluationPeriods", 1))
    return Alarm(
        name=str(wire["AlarmName"]),
        state=str(wire.get("StateValue", "INSUFFICIENT_DATA")),
        reason=str(wire.get("StateReason", "")),
        updated=wire.get("StateTransitionedTimestamp") or wire.get("StateUpdatedTimestamp"),
        configured=wire.get("AlarmConfigurationUpdatedTimestamp"),
        metric=parse_metric(wire),
        threshold=float(wire.get("Threshold", 0.0)),
        comparison=str(wire.get("ComparisonOperator", "")),
        period=int(wire.get("Period") or 60),
        evaluation_periods=periods,
        datapoints_to_alarm=int(wire.get("DatapointsToAlarm") or periods),
        missing=str(wire.get("TreatMissingData") or "missing"),
        actions=tuple(str(a) for a in wire.get("AlarmActions", ())),
        actions_enabled=bool(wire.get("ActionsEnabled", True)),
        ok_actions=tuple(str(a) for a in wire.get("OKActions", ())),
        no_data_actions=tuple(str(a) for a in wire.get("InsufficientDataActions", ())),
        description=str(wire.get("AlarmDescription", "")),
        expression={k: wire[k] for k in _EXPRESSION if wire.get(k)} if wire.get("Metrics") else None,
    )
