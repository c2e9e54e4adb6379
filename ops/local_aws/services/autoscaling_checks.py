"""What Application Auto Scaling refuses, beyond the shapes of its parameters (facts B)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ops.local_aws.errors import AwsError, NotOffered, validation
from ops.local_aws.scaling_alarms import PREDEFINED
from ops.local_aws.scaling_records import DIMENSION, NAMESPACE, STEP, TARGET_TRACKING
from ops.local_aws.wire import service_model

MOST_STEPS = 20
MOST_TAGS = 50
CONFIG = {
    TARGET_TRACKING: "TargetTrackingScalingPolicyConfiguration",
    STEP: "StepScalingPolicyConfiguration",
}
_RESOURCE = re.compile(r"^endpoint/[^/]+/variant/[^/]+$")
_ACTION_NAME = re.compile(r"^(?! )[^\x00-\x1f\x7f-\x9f:/|]+(?<! )$")
_QUERY_ID = re.compile(r"^[a-z][A-Za-z0-9_]*$")
_NO_SUCH = "Unsupported service namespace, resource type or scalable dimension"

Params = Mapping[str, Any]


def where(params: Params) -> None:
    """Only variants of SageMaker endpoints are offered; what AWS itself does not know is invalid."""
    enum("serviceNamespace", params["ServiceNamespace"], "ServiceNamespace")
    if "ScalableDimension" in params:
        enum("scalableDimension", params["ScalableDimension"], "ScalableDimension")
    if params["ServiceNamespace"] != NAMESPACE:
        raise NotOffered(f"application-autoscaling for the namespace {params['ServiceNamespace']}")
    dimension = params.get("ScalableDimension", DIMENSION)
    if not dimension.startswith("sagemaker:"):
        raise validation(_NO_SUCH)
    if dimension != DIMENSION:
        raise NotOffered(f"application-autoscaling for the dimension {dimension}")
    if "ScalableDimension" in params and not ("ResourceId" in params or params.get("ResourceIds")):
        raise validation("A scalable dimension can only be specified together with a resource ID.")
    for resource in [params["ResourceId"]] if "ResourceId" in params else params.get("ResourceIds", ()):
        if not _RESOURCE.match(resource):
            raise validation(_NO_SUCH)


def enum(name: str, value: str, shape: str) -> None:
    known = service_model("application-autoscaling").shape_for(shape).enum
    if value not in known:
        raise validation(
            f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(known)}]"
        )


def bounds(low: int | None, high: int | None, *, real_time: bool) -> None:
    for name, value in (("minCapacity", low), ("maxCapacity", high)):
        if value is not None and value < 0:
            raise _at_least(name, value, 0)
    if low is not None and high is not None and low > high:
        raise validation("Maximum capacity cannot be less than minimum capacity")
    if real_time and low == 0:
        raise validation("Minimum capacity cannot be 0 for a variant of a real-time endpoint")


def tags(given: Mapping[str, str], existing: Mapping[str, str], arn: str) -> None:
    for key in given:
        if key.lower().startswith("aws:"):
            raise validation(f"Tag keys that start with aws: are reserved: {key}")
    if len({*given, *existing}) > MOST_TAGS:
        text = f"A resource can have at most {MOST_TAGS} tags."
        raise AwsError("TooManyTagsException", text, ResourceName=arn)


def action_name(name: str) -> None:
    if not _ACTION_NAME.match(name):
        raise validation(
            f"1 validation error detected: Value '{name}' at 'scheduledActionName' failed to satisfy "
            "constraint: no colon, slash, vertical bar or control character, and no space at either end"
        )


def policy(kind: str, params: Params) -> dict[str, Any]:
    """The configuration of the kind of policy, checked."""
    config = params.get(CONFIG[kind])
    if config is None:
        raise validation(f"{CONFIG[kind]} must be specified for policy type {kind}")
    for other, name in CONFIG.items():
        if other != kind and name in params:
            raise validation(f"{name} cannot be specified for policy type {kind}")
    if kind == STEP:
        _step_scaling(config)
    else:
        _target_tracking(config)
    return dict(config)


def _target_tracking(config: Params) -> None:
    target = float(config["TargetValue"])
    if not (math.isfinite(target) and target > 0):
        raise validation("TargetValue must be greater than 0")
    for name in ("ScaleInCooldown", "ScaleOutCooldown"):
        if config.get(name, 0) < 0:
            raise _at_least(name[0].lower() + name[1:], config[name], 0)
    predefined = config.get("PredefinedMetricSpecification")
    custom = config.get("CustomizedMetricSpecification")
    if (predefined is None) == (custom is None):
        raise validation(
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified"
        )
    if predefined is not None:
        kind = predefined["PredefinedMetricType"]
        enum("predefinedMetricType", kind, "MetricType")
        if kind not in PREDEFINED:
            raise validation(f"Metric type {kind} is not supported for scalable dimension {DIMENSION}")
        if "ResourceLabel" in predefined:
            raise validation(f"ResourceLabel is not supported for metric type {kind}")
    elif custom is not None and "Metrics" in custom:
        if any(name in custom for name in ("MetricName", "Namespace", "Statistic", "Dimensions", "Unit")):
            raise validation("Metrics cannot be combined with the members of a single metric")
        _queries(custom["Metrics"])
    elif custom is not None:
        for name in ("MetricName", "Namespace", "Statistic"):
            if not custom.get(name):
                raise validation(f"{name} must be specified in CustomizedMetricSpecification")
        enum("statistic", custom["Statistic"], "MetricStatistic")


def _queries(queries: Sequence[Params]) -> None:
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise validation("The IDs of the metric data queries must be unique")
    for query in queries:
        if not _QUERY_ID.match(query["Id"]):
            raise validation(f"Invalid ID of a metric data query: {query['Id']}")
        if ("Expression" in query) == ("MetricStat" in query):
            raise validation(f"Exactly one of Expression and MetricStat must be specified: {query['Id']}")
        metric = query.get("MetricStat", {}).get("Metric", {})
        if "MetricStat" in query and not (metric.get("MetricName") and metric.get("Namespace")):
            raise validation(f"MetricName and Namespace must be specified: {query['Id']}")
    if not any("MetricStat" in query for query in queries):
        raise validation("At least one metric data query must have a MetricStat")
    if sum(query.get("ReturnData", True) for query in queries) != 1:
        raise validation("Exactly one metric data query must return data")


def _step_scaling(config: Params) -> None:
    kind = config.get("AdjustmentType")
    if kind is None:
        raise validation("AdjustmentType must be specified for step scaling policies")
    enum("adjustmentType", kind, "AdjustmentType")
    if "MetricAggregationType" in config:
        enum("metricAggregationType", config["MetricAggregationType"], "MetricAggregationType")
    if config.get("Cooldown", 0) < 0:
        raise _at_least("cooldown", config["Cooldown"], 0)
    least = config.get("MinAdjustmentMagnitude")
    if least is not None and kind != "PercentChangeInCapacity":
        raise validation("MinAdjustmentMagnitude requires the adjustment type PercentChangeInCapacity")
    if least is not None and least < 1:
        raise _at_least("minAdjustmentMagnitude", least, 1)
    steps = config.get("StepAdjustments") or []
    if not steps:
        raise validation("At least one StepAdjustment must be specified")
    if len(steps) > MOST_STEPS:
        raise AwsError(
            "LimitExceededException", f"A scaling policy can have at most {MOST_STEPS} step adjustments"
        )
    if kind == "ExactCapacity" and any(step["ScalingAdjustment"] < 0 for step in steps):
        raise validation("ScalingAdjustment cannot be negative for adjustment type ExactCapacity")
    _intervals(steps)


def _intervals(steps: Sequence[Params]) -> None:
    spans = []
    for step in steps:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if low is None and high is None:
            raise validation(
                "At least one of the metric interval bounds must be specified in a StepAdjustment"
            )
        spans.append((-math.inf if low is None else float(low), math.inf if high is None else float(high)))
    if any(low >= high for low, high in spans):
        raise validation("MetricIntervalLowerBound must be less than MetricIntervalUpperBound")
    spans.sort()
    for (_, high), (low, _) in pairwise(spans):
        if low < high:
            raise validation("StepAdjustment intervals can't overlap")
        if low > high:
            raise validation("There can't be gaps between StepAdjustment intervals")
    if -math.inf < spans[0][0] < 0:
        raise validation(
            "There must be a StepAdjustment without a lower bound when one has a negative lower bound"
        )
    if 0 < spans[-1][1] < math.inf:
        raise validation(
            "There must be a StepAdjustment without an upper bound when one has a positive upper bound"
        )


def _at_least(name: str, value: object, least: int) -> AwsError:
    return validation(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: "
        f"Member must have value greater than or equal to {least}"
    )
