"""The two alarms that a target-tracking policy owns (facts B.5), as parameters of PutMetricAlarm."""

from __future__ import annotations

from typing import Any

from ops.local_aws.scaling_records import Policy

HIGH_PERIODS, LOW_PERIODS = 3, 15
LOW_SHARE = 0.9
"""Scale-in is considered below this share of the target."""


def owned_alarms(policy: Policy) -> list[dict[str, Any]]:
    """AlarmHigh and AlarmLow of `policy`, whose `high` and `low` already hold their names."""
    high = {
        "AlarmName": policy.high,
        "Threshold": policy.tracking,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": HIGH_PERIODS,
        "AlarmActions": [policy.arn],
    }
    low = {
        "AlarmName": policy.low,
        "Threshold": round(LOW_SHARE * policy.tracking, 9),
        "ComparisonOperator": "LessThanThreshold",
        "EvaluationPeriods": LOW_PERIODS,
        "AlarmActions": [policy.arn] if policy.scales_in else [],
    }
    return [_common(policy) | _metric(policy) | part for part in (high, low)]


def _common(policy: Policy) -> dict[str, Any]:
    return {
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        "ActionsEnabled": True,
        "TreatMissingData": "missing",
    }


def _metric(policy: Policy) -> dict[str, Any]:
    custom = policy.config.get("CustomizedMetricSpecification")
    if custom is None:
        _, endpoint, _, variant = policy.target.resource.split("/")
        predefined = policy.config["PredefinedMetricSpecification"]["PredefinedMetricType"]
        name, statistic = PREDEFINED[predefined]
        return {
            "MetricName": name,
            "Namespace": "AWS/SageMaker",
            "Statistic": statistic,
            "Period": 60,
            "Dimensions": [
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": variant},
            ],
        }
    if "Metrics" in custom:
        return {"Metrics": [_query(query) for query in custom["Metrics"]]}
    plain = {k: custom[k] for k in ("MetricName", "Namespace", "Statistic", "Unit") if k in custom}
    return plain | {"Dimensions": list(custom.get("Dimensions", [])), "Period": 60}


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """Target tracking's queries have no period of their own: a minute."""
    given = dict(query)
    if "MetricStat" in given:
        given["MetricStat"] = dict(given["MetricStat"]) | {"Period": 60}
    given.setdefault("ReturnData", True)
    return given


PREDEFINED: dict[str, tuple[str, str]] = {
    "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum"),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": ("ConcurrentRequestsPerModel", "Maximum"),
}
"""Predefined metrics of a variant: (metric, statistic). None is published for async endpoints."""
