"""What an alarm or a policy looks at, as blocks of Terraform: one metric, or an expression over several.

Source: the documentation of the AWS provider on aws_cloudwatch_metric_alarm (metric_query) and on
aws_appautoscaling_policy (customized_metric_specification).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ops.core.fix_calls import STATISTICS
from ops.core.fixes import PutAlarm
from ops.core.hcl import Attribute, Block, attribute

Part = Attribute | Block | str


def watched(alarm: PutAlarm) -> tuple[dict[str, Any], list[Part]]:
    """What an alarm looks at: attributes, and a block for each metric of an expression."""
    metric = alarm.metric
    if metric is None:
        told = alarm.expression or {}
        return _with(threshold_metric_id=told.get("ThresholdMetricId")), [
            _query(q) for q in told.get("Metrics", ())
        ]
    usual = metric.statistic in STATISTICS
    return (
        {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": dict(metric.dimensions) or None,
            "statistic": metric.statistic if usual else None,
            "extended_statistic": None if usual else metric.statistic,
            "unit": metric.unit,
            "period": alarm.period,
        },
        [],
    )


def tracked(specification: Mapping[str, Any]) -> Block:
    """The metrics of a target-tracking policy. `specification`: its CustomizedMetricSpecification with Metrics."""
    metrics = []
    for query in specification.get("Metrics", ()):
        stat = query.get("MetricStat")
        lines = _head(query)
        if stat:
            metric = stat.get("Metric", {})
            named = _lines(_with(metric_name=metric.get("MetricName"), namespace=metric.get("Namespace")))
            for each in metric.get("Dimensions", ()):
                pair = (attribute("name", each["Name"]), attribute("value", each["Value"]))
                named.append(Block("dimensions", pair))
            lines.append(
                Block(
                    "metric_stat",
                    (
                        *_lines(_with(stat=stat.get("Stat"), unit=stat.get("Unit"))),
                        Block("metric", tuple(named)),
                    ),
                )
            )
        metrics.append(Block("metrics", tuple(lines)))
    return Block("customized_metric_specification", tuple(metrics))


def _query(query: Mapping[str, Any]) -> Block:
    """One metric of an alarm's expression, or the expression."""
    lines = _head(query)
    lines += _lines(_with(account_id=query.get("AccountId"), period=query.get("Period")))
    stat = query.get("MetricStat")
    if stat:
        metric = stat.get("Metric", {})
        lines.append(
            Block(
                "metric",
                tuple(
                    _lines(
                        _with(
                            metric_name=metric.get("MetricName"),
                            namespace=metric.get("Namespace"),
                            period=stat.get("Period"),
                            stat=stat.get("Stat"),
                            unit=stat.get("Unit"),
                            dimensions={d["Name"]: d["Value"] for d in metric.get("Dimensions", ())} or None,
                        )
                    )
                ),
            )
        )
    return Block("metric_query", tuple(lines))


def _head(query: Mapping[str, Any]) -> list[Part]:
    return _lines(
        _with(
            id=query.get("Id"),
            expression=query.get("Expression"),
            label=query.get("Label"),
            return_data=query.get("ReturnData"),
        )
    )


def _with(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _lines(values: Mapping[str, Any]) -> list[Part]:
    found: Iterable[Part] = (attribute(name, value) for name, value in values.items())
    return list(found)
