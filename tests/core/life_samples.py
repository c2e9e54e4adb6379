"""An asynchronous endpoint with all that belongs to it, for tables."""

from __future__ import annotations

from dataclasses import replace

from ops.core.deployment import Deployment, wanted
from ops.core.inventory import Inventory, Uses
from ops.core.resources import CONFIG, MODEL, Resource
from ops.core.setup import Setup
from ops.core.types import Alarm, AsyncConfig, EndpointRef, MetricRef, ScheduledAction, StepPolicy

REF = EndpointRef("123456789012", "eu-central-1", "doc")
ARN = "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1"
OTHER = f"{ARN}:resource/sagemaker/endpoint/other/variant/AllTraffic:policyName/wake"
ORPHAN = f"{ARN}:resource/sagemaker/{REF.resource_id}:policyName/gone"
TOPIC = "arn:aws:sns:eu-central-1:123456789012:on-call"
QUEUED = AsyncConfig("s3://results/out/", "s3://results/failed/", TOPIC, TOPIC, 2)


def arn(policy: str) -> str:
    return f"{ARN}:resource/sagemaker/{REF.resource_id}:policyName/{policy}"


def setup() -> Setup:
    """As AWS would describe a deployment, with a schedule and a model besides."""
    made = wanted(
        Deployment("doc", "doc-model", "ml.g5.xlarge", "s3://results/out/", config_name="doc-1"), REF
    )
    policies = []
    for policy in made.policies:
        known = replace(policy, arn=arn(policy.name))
        policies.append(
            known
            if isinstance(known, StepPolicy)
            else replace(known, alarm_names=("TargetTracking-doc-High",))
        )
    alarms = [replace(a, actions=(arn("HasBacklogWithoutCapacity-ScalingPolicy"),)) for a in made.alarms]
    alarms.append(
        replace(
            alarm("TargetTracking-doc-High", "ApproximateBacklogSizePerInstance"), actions=(policies[0].arn,)
        )
    )
    nightly = ScheduledAction("nightly", "cron(0 20 * * ? *)", "UTC", 0, None)
    model = Resource(MODEL, "doc-model", {"PrimaryContainer": {"Image": "x"}})
    resources = tuple(replace(r, status="InService") if r.kind == "endpoint" else r for r in made.resources)
    return Setup(made.target, tuple(policies), (nightly,), tuple(alarms), (*resources, model))


def alarm(name: str, metric: str = "ApproximateBacklogSize", endpoint: str = "doc", **more: object) -> Alarm:
    looks_at = MetricRef("AWS/SageMaker", metric, (("EndpointName", endpoint),))
    found = Alarm(name, "OK", "", None, looks_at, 1.0, "GreaterThanThreshold", 60, 2, 2, "missing", (), True)
    return replace(found, **more)  # type: ignore[arg-type]


def inventory(current: int | None = 1, **more: object) -> Inventory:
    found = Inventory(REF, setup(), Uses(), current, QUEUED)
    return replace(found, **more)  # type: ignore[arg-type]


def config(found: Setup) -> Resource:
    return next(r for r in found.resources if r.kind == CONFIG)
