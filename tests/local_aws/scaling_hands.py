"""An endpoint with a scalable target, and hands to pull its alarms. For tests of Application Auto Scaling."""

from __future__ import annotations

from typing import Any

from ops.local_aws.physics import AsyncSettings, EndpointSpec, Request
from tests.local_aws.conftest import SteppedAws

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
TRACKED = {
    "MetricName": "ApproximateBacklogSizePerInstance",
    "Namespace": "AWS/SageMaker",
    "Dimensions": [{"Name": "EndpointName", "Value": "doc"}],
    "Statistic": "Average",
}


def resource(name: str = "doc") -> str:
    return f"endpoint/{name}/variant/AllTraffic"


def place(name: str = "doc") -> dict[str, str]:
    return {"ServiceNamespace": "sagemaker", "ResourceId": resource(name), "ScalableDimension": DIMENSION}


def tracking(target: float = 5.0, **more: Any) -> dict[str, Any]:
    return {"TargetValue": target, "CustomizedMetricSpecification": TRACKED, **more}


def stepping(adjustment: int = 1, **more: Any) -> dict[str, Any]:
    steps = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": adjustment}]
    return {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps, **more}


class Hands:
    """The asynchronous endpoint `doc` (one instance, in service) and what a test does to it."""

    def __init__(self, aws: SteppedAws) -> None:
        self.aws, self.world = aws, aws.world
        self.api = aws.client("application-autoscaling")
        self.create("doc")
        self.minutes(20)

    def create(self, name: str, *, asynchronous: bool = True, count: int = 1) -> None:
        settings = AsyncSettings("s3://bucket/out/") if asynchronous else None
        spec = EndpointSpec(name, "config", "AllTraffic", "ml.g5.xlarge", count, 4, settings)
        self.world.fleet.create(spec, self.aws.now())

    def register(self, low: int = 0, high: int = 8, **more: Any) -> str:
        answer = self.api.register_scalable_target(**place(), MinCapacity=low, MaxCapacity=high, **more)
        return str(answer["ScalableTargetARN"])

    def put_tracking(self, name: str = "backlog", target: float = 5.0, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.api.put_scaling_policy(
            **place(),
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=tracking(target, **more),
        )
        return answer

    def put_stepping(self, name: str = "wake", adjustment: int = 1, **more: Any) -> str:
        answer = self.api.put_scaling_policy(
            **place(),
            PolicyName=name,
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration=stepping(adjustment, **more),
        )
        return str(answer["PolicyARN"])

    def put_alarm(
        self, policy_arn: str, name: str = "custom", comparison: str = "GreaterThanOrEqualToThreshold"
    ) -> str:
        """An alarm on a metric of one's own, named like it: `pull` or `publish` moves it."""
        params = {
            "AlarmName": name,
            "MetricName": name,
            "Namespace": "Mine",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": comparison,
            "TreatMissingData": "ignore",
            "AlarmActions": [policy_arn],
        }
        self.world.alarms.put(params, self.aws.now())
        return name

    def pull(self, alarm: str, *values: float) -> None:
        """Put the alarm into ALARM with these datapoints, and let its actions run once."""
        found = self.world.alarms.get(alarm)
        assert found is not None
        data = {"recentDatapoints": list(values)}
        self.world.alarms.set_state(found, "ALARM", "pulled", data, self.aws.now())

    def publish(self, alarm: str, value: float) -> None:
        """A datapoint of now for an alarm of `put_alarm`."""
        data = {"MetricName": alarm, "Value": value}
        self.aws.client("cloudwatch").put_metric_data(Namespace="Mine", MetricData=[data])

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.aws.advance(60)

    def settle(self) -> None:
        """Until no change of capacity is under way."""
        for _ in range(40):
            if not self.world.fleet.capacity(resource())[2]:
                return
            self.minutes(1)
        raise AssertionError("the endpoint did not settle")

    def work(self, count: int, seconds: float = 30.0) -> None:
        now = self.aws.now()
        for i in range(count):
            self.world.fleet.invoke(
                "doc", Request(f"r{i}-{now}", now, seconds, input_location="s3://b/k"), now
            )

    @property
    def capacity(self) -> tuple[int, int]:
        current, desired, _ = self.world.fleet.capacity(resource())
        return current, desired

    def activities(self, **params: Any) -> list[dict[str, Any]]:
        answer = self.api.describe_scaling_activities(ServiceNamespace="sagemaker", **params)
        return list(answer["ScalingActivities"])

    def causes(self) -> list[str]:
        return [activity["Cause"] for activity in self.activities()]

    def reasons(self) -> list[str]:
        """The codes of what was not scaled, newest first."""
        found = self.activities(IncludeNotScaledActivities=True)
        return [reason["Code"] for activity in found for reason in activity.get("NotScaledReasons", [])]
