"""A deployment as somebody wishes it: a model, an asynchronous endpoint, and all that lets it sleep and wake. Pure.

`wanted` is the set-up that it leads to; `ops.core.setup_steps.steps` the way there from what exists. Source: facts
B.2 (bounds), B.3 (the guide's two policies), C.2 (limits), C.3 (S3 paths); API reference for names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
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
MOST_INSTANCES = 10_000
TOPIC_LIKE = "It looks like arn:aws:sns:eu-central-1:123456789012:on-call."
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


Fault = tuple[str, BadInput]
"""The field of a deployment that is off, by its name in `ops.core.deploy_form`, and what is wrong with it."""


def check(wish: Deployment) -> None:
    """Raises BadInput for what AWS would refuse, or what cannot work, with the way out."""
    for _, error in faults(wish):
        raise error


def faults(wish: Deployment) -> Iterator[Fault]:
    """All that is off about a deployment, with the way out."""
    new = isinstance(wish.model, NewModel)
    for field, what, name in (
        ("name", "endpoint", wish.name),
        ("config", "configuration", wish.config),
        ("new-model" if new else "model", "model", wish.model_name),
    ):
        if not _NAME.fullmatch(name) and not (field == "config" and not wish.config_name):
            yield (
                field,
                BadInput(
                    f"{name!r} is no name for the {what}." if name else f"The {what} needs a name.",
                    "Letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
                ),
            )
    if isinstance(wish.model, NewModel):
        yield from _of_model(wish.model)
    if not _TYPE.fullmatch(wish.instance_type):
        said = (
            f"{wish.instance_type!r} is no instance type."
            if wish.instance_type
            else "The instance type is missing."
        )
        yield "type", BadInput(said, "It looks like ml.g5.xlarge.")
    yield from _of_places(wish)
    yield from _of_numbers(wish)
    yield from _of_tags(wish.tags)


def _of_places(wish: Deployment) -> Iterator[Fault]:
    """Where results and failures go, and who is told."""
    for field, what, path in (
        ("output", "output", wish.output_path),
        ("failures", "failure", wish.failure_path),
    ):
        if (path or field == "output") and not _S3.fullmatch(path):
            said = (
                f"{path!r} is no place in S3 for the {what} objects."
                if path
                else "The place for results is missing."
            )
            yield field, BadInput(said, "It looks like s3://bucket/results/.")
    topics = (("success-topic", "success", wish.success_topic), ("error-topic", "error", wish.error_topic))
    for field, what, topic in topics:
        if topic and not TOPIC.fullmatch(topic):
            yield field, BadInput(f"{topic!r} is not the ARN of an SNS topic ({what}).", TOPIC_LIKE)


def _of_numbers(wish: Deployment) -> Iterator[Fault]:
    if wish.concurrency is not None and not 1 <= wish.concurrency <= MOST_CONCURRENT:
        yield "concurrency", BadInput("An instance works on 1 to 1,000 requests at once.")
    if wish.high < 1:
        yield (
            "max",
            BadInput("The most instances must be at least 1.", "With 0 no request would ever be answered."),
        )
    elif wish.high > MOST_INSTANCES:
        yield "max", BadInput(f"{wish.high:,} instances are a slip.", "Give what you mean to pay for.")
    if not 0 < wish.target < math.inf:
        yield (
            "target",
            BadInput(
                "The target must be a number above 0.", "It is the number of requests for each instance."
            ),
        )
    if not 1 <= wish.wake_minutes <= 60:
        yield "wake-minutes", BadInput("The wake alarm looks at 1 to 60 minutes.", "The guide takes 2.")
    for field, seconds in (("in-cooldown", wish.in_cooldown_s), ("out-cooldown", wish.out_cooldown_s)):
        if not 0 <= seconds <= 86_400:
            yield field, BadInput("A cooldown is a number of seconds from 0 to 86,400 (a day).")


def _of_model(model: NewModel) -> Iterator[Fault]:
    image, data = model.container.image, model.container.model_data
    if not _IMAGE.fullmatch(image):
        said = f"{image!r} is no container image." if image else "The container image is missing."
        yield "image", BadInput(said, "It looks like 123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3.")
    if data and not _S3.fullmatch(data):
        yield (
            "model-data",
            BadInput(
                f"{data!r} is no place in S3 for model data.", "It looks like s3://bucket/model.tar.gz."
            ),
        )
    if not _ROLE.fullmatch(model.role):
        said = (
            f"{model.role!r} is not the ARN of an execution role."
            if model.role
            else "The execution role is missing."
        )
        yield "role", BadInput(said, "It looks like arn:aws:iam::123456789012:role/sagemaker-execution.")


def _of_tags(tags: Iterable[tuple[str, str]]) -> Iterator[Fault]:
    found = list(tags)
    if len(found) > MOST_TAGS:
        yield "tags", BadInput(f"AWS takes at most {MOST_TAGS} tags.")
    keys = [key for key, _ in found]
    for key, value in found:
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            yield (
                "tags",
                BadInput(
                    f"{key!r} is no tag.", "1 to 128 characters, not beginning with aws:; values up to 256."
                ),
            )
    if len(set(keys)) < len(keys):
        yield "tags", BadInput("Each tag can be given once.")


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
