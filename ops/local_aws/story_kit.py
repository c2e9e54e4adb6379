"""What a story is told with: the calls that an ordinary client would make, at moments in the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ops.local_aws.dispatch import Dispatcher
from ops.local_aws.traffic import Traffic
from ops.local_aws.trail import Caller

if TYPE_CHECKING:
    from ops.local_aws.world import World

HOUR, DAY = 3600.0, 86_400.0
QUEUE_KEEPS_S = 14_400
"""Nobody reads the queue of the stories; its messages go after four hours of simulated time."""
BUCKET = "ebb-documents"
VARIANT = "AllTraffic"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
WAKE_METRIC = "HasBacklogWithoutCapacity"


@dataclass(frozen=True, slots=True)
class Story:
    """An endpoint with a life of its own. `tell` is called once, with the instant at which history ends."""

    name: str
    says: str
    tell: Callable[[Kit, float], None]


class Kit:
    """Builds endpoints by the same operations as a client. `at` is when in history the next call happens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dispatcher = Dispatcher(world)
        self._caller = Caller(
            "AKIAEXAMPLESTORY", world.region, "aws-cli/2.31 md/stories", "203.0.113.7", "terraform"
        )
        self.seed = world.options.seed
        self.begin = world.first_minute * 60.0
        """The first instant of history."""
        self.topics: dict[str, str] = {}

    def by(self, user: str) -> Kit:
        """The same kit in the hands of an IAM user, as the audit events tell it."""
        other = copy(self)
        other._caller = replace(self._caller, user=user)
        return other

    @property
    def now(self) -> float:
        """The instant of history that the next call happens at."""
        return self._world.now()

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        return self._dispatcher.call(self._caller, service, operation, **params)

    def later(self, when: float, act: Callable[[], object]) -> None:
        """Have `act` happen at `when` (epoch seconds), in history or in the future."""

        def run(_now: float) -> None:
            act()

        self._world.fleet.at(when, run)

    def once_settled(self, name: str, when: float, act: Callable[[], object]) -> None:
        """The same, as soon after `when` as the endpoint is not being updated: AWS refuses it before."""

        def attempt(now: float) -> None:
            status = self._world.fleet.describe(name)
            if status is not None and status.status in ("Creating", "Updating"):
                self._world.fleet.at(now + 60.0, attempt)
            else:
                act()

        self._world.fleet.at(when, attempt)

    def quota(self, instance_type: str, limit: int) -> None:
        self._world.quotas.set(instance_type, limit)

    def inject(self, name: str, **fields: Any) -> None:
        self._world.fleet.inject(name, **fields)

    def vanish(self, name: str) -> None:
        """Delete the endpoint without its scalable target: whoever did it may not deregister (facts B.10)."""
        self._world.fleet.delete(name, self._world.now())

    def topic(self, name: str, *, heard: bool = True) -> None:
        """A topic of its own, with the result queue behind it where it is `heard`."""
        topic = sns_backends[self._world.account][self._world.region].create_topic(name)
        self.topics[name] = topic.arn
        if heard:
            queue = sqs_backends[self._world.account][self._world.region].get_queue("doc-results")
            sns_backends[self._world.account][self._world.region].subscribe(topic.arn, queue.queue_arn, "sqs")

    def drop_topic(self, name: str) -> None:
        sns_backends[self._world.account][self._world.region].delete_topic(self.topics[name])

    # -- what an account has before its first endpoint ---------------------------------------------------

    def account(self) -> None:
        """Bucket, topics, and a queue behind the result topics."""
        s3 = s3_backends[self._world.account]["aws"]
        if BUCKET not in s3.buckets:
            s3.create_bucket(BUCKET, self._world.region)
        sns = sns_backends[self._world.account][self._world.region]
        sqs = sqs_backends[self._world.account][self._world.region]
        queue = sqs.create_queue("doc-results", MessageRetentionPeriod=QUEUE_KEEPS_S)
        for name in ("doc-success", "doc-error", "ops-alarms"):
            topic = sns.create_topic(name)
            self.topics[name] = topic.arn
            sns.subscribe(topic.arn, queue.queue_arn, "sqs")

    # -- building blocks -------------------------------------------------------------------------------

    def config(
        self,
        name: str,
        config: str,
        instance_type: str | Sequence[str],
        *,
        concurrency: int | None = 1,
        failure_path: bool = True,
        topics: bool = True,
        image: str = "1",
        success_topic: str = "doc-success",
        error_topic: str = "doc-error",
    ) -> None:
        """Model and endpoint configuration; `concurrency` None is a real-time endpoint.

        Several instance types are pools, the first one preferred.
        """
        registry = f"{self._world.account}.dkr.ecr.{self._world.region}.amazonaws.com"
        self.call(
            "sagemaker",
            "CreateModel",
            ModelName=config,
            PrimaryContainer={
                "Image": f"{registry}/{name}:{image}",
                "ModelDataUrl": f"s3://{BUCKET}/models/{name}.tar.gz",
            },
            ExecutionRoleArn=f"arn:aws:iam::{self._world.account}:role/sagemaker-execution",
        )
        variant: dict[str, Any] = {
            "VariantName": VARIANT,
            "ModelName": config,
            "InitialInstanceCount": 1,
        }
        if isinstance(instance_type, str):
            variant["InstanceType"] = instance_type
        else:
            variant["InstancePools"] = [
                {"InstanceType": kind, "Priority": place} for place, kind in enumerate(instance_type, 1)
            ]
        params: dict[str, Any] = {"EndpointConfigName": config, "ProductionVariants": [variant]}
        if concurrency is not None:
            output: dict[str, Any] = {"S3OutputPath": f"s3://{BUCKET}/{name}/out/"}
            if failure_path:
                output["S3FailurePath"] = f"s3://{BUCKET}/{name}/fail/"
            if topics:
                output["NotificationConfig"] = {
                    "SuccessTopic": self.topics[success_topic],
                    "ErrorTopic": self.topics[error_topic],
                }
            params["AsyncInferenceConfig"] = {
                "ClientConfig": {"MaxConcurrentInvocationsPerInstance": concurrency},
                "OutputConfig": output,
            }
        self.call("sagemaker", "CreateEndpointConfig", **params)

    def endpoint(self, name: str, config: str, traffic: Traffic | None, **tags: str) -> None:
        self._world.fleet.expect_traffic(name, traffic)
        self.call(
            "sagemaker",
            "CreateEndpoint",
            EndpointName=name,
            EndpointConfigName=config,
            Tags=[{"Key": k, "Value": v} for k, v in tags.items()],
        )

    def bounds(self, name: str, low: int, high: int, **suspended: bool) -> None:
        params: dict[str, Any] = self.resource(name) | {"MinCapacity": low, "MaxCapacity": high}
        if suspended:
            params["SuspendedState"] = suspended
        self.call("application-autoscaling", "RegisterScalableTarget", **params)

    def track(
        self,
        name: str,
        target: float = 5.0,
        *,
        scale_in: int = 300,
        scale_out: int = 60,
        no_scale_in: bool = False,
    ) -> None:
        """Target tracking on the backlog per instance; cooldowns in seconds."""
        self.call(
            "application-autoscaling",
            "PutScalingPolicy",
            PolicyName="backlog-scaling",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": target,
                "CustomizedMetricSpecification": {
                    "MetricName": "ApproximateBacklogSizePerInstance",
                    "Namespace": "AWS/SageMaker",
                    "Dimensions": [{"Name": "EndpointName", "Value": name}],
                    "Statistic": "Average",
                },
                "ScaleInCooldown": scale_in,
                "ScaleOutCooldown": scale_out,
                "DisableScaleIn": no_scale_in,
            },
            **self.resource(name),
        )

    def wake(self, name: str, *, with_variant: bool = False, actions: bool = True, periods: int = 2) -> None:
        """The step policy and the alarm that start the first instance."""
        policy = self.call(
            "application-autoscaling",
            "PutScalingPolicy",
            PolicyName=f"{WAKE_METRIC}-ScalingPolicy",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": 300,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
            **self.resource(name),
        )
        dimensions = [{"Name": "EndpointName", "Value": name}]
        if with_variant:
            dimensions.append({"Name": "VariantName", "Value": VARIANT})
        self.alarm(
            f"{WAKE_METRIC}-{name}",
            WAKE_METRIC,
            dimensions,
            1.0,
            periods=periods,
            missing="missing",
            actions=[policy["PolicyARN"]],
            enabled=actions,
        )

    def alarm(
        self,
        name: str,
        metric: str,
        dimensions: list[dict[str, str]],
        threshold: float,
        *,
        periods: int = 1,
        missing: str = "notBreaching",
        actions: list[str] | None = None,
        enabled: bool = True,
        statistic: str = "Average",
    ) -> None:
        self.call(
            "cloudwatch",
            "PutMetricAlarm",
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=dimensions,
            Statistic=statistic,
            Period=60,
            EvaluationPeriods=periods,
            DatapointsToAlarm=periods,
            Threshold=threshold,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData=missing,
            ActionsEnabled=enabled,
            AlarmActions=actions or [],
        )

    def watch(self, name: str) -> None:
        """The alarms worth having: the oldest request is old, requests fail."""
        both = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": VARIANT}]
        topic = [self.topics["ops-alarms"]]
        self.alarm(
            f"{name}-oldest-request",
            "ApproximateAgeOfOldestRequest",
            both[:1],
            1800.0,
            actions=topic,
            statistic="Maximum",
        )
        self.alarm(f"{name}-failures", "InvocationFailures", both, 5.0, actions=topic, statistic="Sum")

    def schedule(self, name: str, action: str, expression: str, zone: str, **bounds: int) -> None:
        self.call(
            "application-autoscaling",
            "PutScheduledAction",
            ScheduledActionName=action,
            Schedule=expression,
            Timezone=zone,
            ScalableTargetAction={f"{k.capitalize()}Capacity": v for k, v in bounds.items()},
            **self.resource(name),
        )

    def resource(self, name: str) -> dict[str, str]:
        """What names the endpoint's variant to Application Auto Scaling."""
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{name}/variant/{VARIANT}",
            "ScalableDimension": DIMENSION,
        }
