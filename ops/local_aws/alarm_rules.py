"""What PutMetricAlarm refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ops.core.autoscaling import COMPARISONS
from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.metric_math import invalid
from ops.local_aws.metric_query import Run, check_statistic, dimensions, parse
from ops.local_aws.metric_reduce import percentile_of
from ops.local_aws.metrics_store import MetricStore

MOST_ALARMS = 5000
MOST_METRICS = 10
DAY = 86400
_NOT_OFFERED = (
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "ActionConfiguration",
)
_MISSING = ("missing", "ignore", "breaching", "notBreaching")


def check(params: Mapping[str, Any], store: MetricStore, account: str, now: float) -> None:
    """Raises AwsError for parameters of PutMetricAlarm that AWS refuses, NotOffered for anomaly detection."""
    for name in _NOT_OFFERED:
        if params.get(name) is not None:
            raise NotOffered(f"{name} of PutMetricAlarm")
    for name in ("ComparisonOperator", "EvaluationPeriods", "Threshold"):
        if params.get(name) is None:
            raise AwsError("MissingParameter", f"The parameter {name} is required.")
    if params["ComparisonOperator"] not in COMPARISONS:
        raise NotOffered(f"the comparison {params['ComparisonOperator']}: no anomaly detection here")
    periods = params["EvaluationPeriods"]
    if params.get("DatapointsToAlarm", periods) > periods:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
    if params.get("TreatMissingData", "missing") not in _MISSING:
        raise invalid(
            f"The value {params['TreatMissingData']} for TreatMissingData must be one of {_MISSING}."
        )
    for name in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for action in params.get(name, ()):
            if len(action.split(":", 5)) < 6 or not action.startswith("arn:"):
                raise invalid(f"Invalid arn syntax: {action}")
    period = _metrics(params, store, account, now) if "Metrics" in params else _metric(params)
    longest = DAY if period < 3600 else 7 * DAY
    if period * periods > longest:
        raise invalid(
            f"Metrics cannot be checked across more than {longest // DAY} day(s): EvaluationPeriods x Period "
            f"must be at most {longest} seconds."
        )


def _metric(params: Mapping[str, Any]) -> int:
    for name in ("MetricName", "Namespace", "Period"):
        if params.get(name) is None:
            raise AwsError("MissingParameter", f"The parameter {name} is required.")
    plain, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if (plain is None) == (extended is None):
        raise AwsError("InvalidParameterCombination", "Give either Statistic or ExtendedStatistic.")
    check_statistic(plain or extended or "")
    if extended is not None and percentile_of(extended) is None:
        raise invalid(f"The value {extended} for ExtendedStatistic must be a percentile.")
    low = params.get("EvaluateLowSampleCountPercentile")
    if low not in (None, "", "evaluate", "ignore"):
        raise invalid(f"The value {low} for EvaluateLowSampleCountPercentile must be evaluate or ignore.")
    dimensions(params.get("Dimensions", ()))
    return check_alarm_period(params["Period"])


def _metrics(params: Mapping[str, Any], store: MetricStore, account: str, now: float) -> int:
    alone = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")
    both = [name for name in alone if params.get(name)]
    if both:
        raise AwsError("InvalidParameterCombination", f"Metrics and {both[0]} exclude each other.")
    queries = parse(params["Metrics"], account)
    if sum(q.shown for q in queries) != 1:
        raise invalid("Exactly one element of Metrics must return data.")
    stats = [q for q in queries if q.period is not None and not q.expression]
    if len(stats) > MOST_METRICS:
        raise invalid(f"Metrics may hold at most {MOST_METRICS} metrics.")
    if not stats:
        raise invalid("Metrics must hold at least one metric.")
    periods = {q.period for q in stats}
    if len(periods) > 1:
        raise invalid("All metrics of an alarm must have the same period.")
    period = check_alarm_period(periods.pop() or 0)
    if len(Run(store, queries, now - period, now, now).results()) != 1:
        raise invalid("The expression of an alarm must give a single time series.")
    return period


def check_alarm_period(period: int) -> int:
    """The period, in seconds. Raises AwsError ValidationError."""
    if period not in (10, 20, 30) and (period % 60 or period <= 0):
        raise invalid("Period must be 10, 20, 30 or a multiple of 60 seconds.")
    return period
