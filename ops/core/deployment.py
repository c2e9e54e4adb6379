"""A deployment as somebody wishes it: a model, an asynchronous endpoint, and all that lets it sleep and wake. Pure.

`wanted` is the set-up that it leads to; `ops.core.setup_steps.steps` the way there from what exists. Source: facts
B.2 (bounds), B.3 (the guide's two policies), C.2 (limits), C.3 (S3 paths); API reference for names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ops.core import metrics, resources
from ops.core.doctor.mending import TARGET, TRACK_NAME, WAKE_NAME, wake_alarm, wake_policy
from ops.core.errors import BadInput
from ops.core.fixes import Change, PolicyArn, PutAlarm, PutPolicy, RegisterTarget
from ops.core.names import TOPIC
from ops.core.resources import Container, Resource
from ops.core.setup import Setup
from ops.core.setup_steps import after, steps
from ops.core.types import EndpointRef, MetricRef, TargetTrackingPolicy

VARIANT = "AllTraffic"
MOST_CONCURRENT = 1000
MOST_TAGS = 50
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", re.ASCII)
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", re.ASCII)
_TYPE = re.compile(r"ml\.[a-z0-9-]+\.[a-z0-9]+", re.ASCII)
_IMAGE = re.compile(r"\S{1,255}")


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to be made. `role`: the ARN of the execution role that its instances work with."""

    name: str
    container: Container
    role: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What to deploy. `model`: the name of one that exists, or one to make. Times in seconds.

    `high`: the most instances; the fewest are always 0. `concurrency` None: AWS chooses.
    """

    name: str
    model: str | NewModel
    instance_type: str
    output_path: str
    failure_path: str = ""
    success_topic: str = ""
    error_topic: str = ""
    concurrency: int | None = 1
    high: int = 2
    target: float = TARGET
    in_cooldown_s: int = 600
    out_cooldown_s: int = 300
    wake: bool = True
    wake_minutes: int = 2
    """Minutes with a request and no instance until the first one is started."""
    alarms: tuple[PutAlarm, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    config_name: str = ""
    variant: str = VARIANT

    @property
    def config(self) -> str:
        """The name of the endpoint configuration; that of the endpoint unless another one is given."""
        return self.config_name or self.name

    @property
    def model_name(self) -> str:
        return self.model if isinstance(self.model, str) else self.model.name

    def ref(self, account: str, region: str) -> EndpointRef:
        return EndpointRef(account, region, self.name, self.variant)


def check(wish: Deployment) -> None:
    """Raises BadInput for what AWS would refuse, or what cannot work, with the way out."""
    for what, name in (("endpoint", wish.name), ("configuration", wish.config), ("model", wish.model_name)):
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{name!r} is no name for the {what}." if name else f"The {what} needs a name.",
                "Letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
            )
    if isinstance(wish.model, NewModel):
        _check_model(wish.model)
    if not _TYPE.fullmatch(wish.instance_type):
        raise BadInput(f"{wish.instance_type!r} is no instance type.", "It looks like ml.g5.xlarge.")
    for what, path in (("output", wish.output_path), ("failure", wish.failure_path)):
        if (path or what == "output") and not _S3.fullmatch(path):
            raise BadInput(
                f"{path!r} is no place in S3 for the {what} objects.", "It looks like s3://bucket/results/."
            )
    for what, topic in (("success", wish.success_topic), ("error", wish.error_topic)):
        if topic and not TOPIC.fullmatch(topic):
            raise BadInput(
                f"{topic!r} is not the ARN of an SNS topic ({what}).",
                "It looks like arn:aws:sns:eu-central-1:123456789012:on-call.",
            )
    if wish.concurrency is not None and not 1 <= wish.concurrency <= MOST_CONCURRENT:
        raise BadInput("An instance works on 1 to 1,000 requests at once.")
    if wish.high < 1:
        raise BadInput("The most instances must be at least 1.", "With 0 no request would ever be answered.")
    if not wish.target > 0:
        raise BadInput("The target must be above 0.", "It is the number of requests for each instance.")
    if not 1 <= wish.wake_minutes <= 60:
        raise BadInput("The wake alarm looks at 1 to 60 minutes.", "The guide takes 2.")
    if (
        min(wish.in_cooldown_s, wish.out_cooldown_s) < 0
        or max(wish.in_cooldown_s, wish.out_cooldown_s) > 86_400
    ):
        raise BadInput("A cooldown is a number of seconds from 0 to 86,400 (a day).")
    _check_tags(wish.tags)


def _check_model(model: NewModel) -> None:
    if not _IMAGE.fullmatch(model.container.image):
        raise BadInput(
            f"{model.container.image!r} is no container image.",
            "It looks like 123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3.",
        )
    if model.container.model_data and not _S3.fullmatch(model.container.model_data):
        raise BadInput(
            f"{model.container.model_data!r} is no place in S3 for model data.",
            "It looks like s3://bucket/model.tar.gz.",
        )
    if not _ROLE.fullmatch(model.role):
        raise BadInput(
            f"{model.role!r} is not the ARN of an execution role.",
            "It looks like arn:aws:iam::123456789012:role/sagemaker-execution.",
        )


def _check_tags(tags: Iterable[tuple[str, str]]) -> None:
    found = list(tags)
    if len(found) > MOST_TAGS:
        raise BadInput(f"AWS takes at most {MOST_TAGS} tags.")
    keys = [key for key, _ in found]
    for key, value in found:
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise BadInput(
                f"{key!r} is no tag.", "1 to 128 characters, not beginning with aws:; values up to 256."
            )
    if len(set(keys)) < len(keys):
        raise BadInput("Each tag can be given once.")


def hosted(wish: Deployment) -> tuple[Resource, ...]:
    """The model where it is new, the configuration, the endpoint."""
    output: dict[str, Any] = {"S3OutputPath": wish.output_path}
    if wish.failure_path:
        output["S3FailurePath"] = wish.failure_path
    topics = {"SuccessTopic": wish.success_topic, "ErrorTopic": wish.error_topic}
    told = {key: arn for key, arn in topics.items() if arn}
    if told:
        output["NotificationConfig"] = told
    asynchronous: dict[str, Any] = {"OutputConfig": output}
    if wish.concurrency is not None:
        asynchronous["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": wish.concurrency}
    variant = {
        "VariantName": wish.variant,
        "ModelName": wish.model_name,
        "InitialInstanceCount": 1,
        "InstanceType": wish.instance_type,
    }
    made: list[Resource] = []
    if isinstance(wish.model, NewModel):
        made.append(resources.model(wish.model.name, wish.model.container, wish.model.role, wish.tags))
    made.append(resources.endpoint_config(wish.config, variant, asynchronous, wish.tags))
    made.append(resources.endpoint(wish.name, wish.config, wish.tags))
    return tuple(made)


def scaling(wish: Deployment, ref: EndpointRef) -> tuple[Change, ...]:
    """What lets it sleep, wake and grow: bounds, the two policies, the wake alarm, and the alarms worth having."""
    metric = MetricRef(metrics.AWS, metrics.PER_INSTANCE.name, (("EndpointName", ref.name),))
    tracking = TargetTrackingPolicy(
        TRACK_NAME,
        "",
        wish.target,
        metric,
        scale_out_cooldown=wish.out_cooldown_s,
        scale_in_cooldown=wish.in_cooldown_s,
    )
    found: list[Change] = [RegisterTarget(ref, 0, wish.high), PutPolicy(ref, tracking)]
    if wish.wake:
        alarm = wake_alarm(ref, (PolicyArn(WAKE_NAME),))
        minutes = wish.wake_minutes
        found += [
            wake_policy(ref, WAKE_NAME),
            replace(alarm, evaluation_periods=minutes, datapoints_to_alarm=minutes),
        ]
    return (*found, *wish.alarms)


def wanted(wish: Deployment, ref: EndpointRef) -> Setup:
    """The set-up that a deployment leads to, in an account where nothing of it exists."""
    return after(Setup(resources=hosted(wish)), scaling(wish, ref))


def ordered(present: Setup, wish: Deployment, ref: EndpointRef) -> tuple[Change, ...]:
    """The way from what exists to what is wished."""
    return steps(present, wanted(wish, ref), ref)
