"""One fix of every kind, with quiet names and with names that try to break out of the text."""

from __future__ import annotations

from ops.core.deployment import Deployment, NewModel, wanted
from ops.core.fixes import (
    Calls,
    ChosenTopic,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import Container
from ops.core.setup import Setup
from ops.core.setup_steps import steps
from ops.core.types import EndpointRef, MetricRef, Step, StepPolicy, Suspended, TargetTrackingPolicy

REGION = "eu-central-1"
REF = EndpointRef("123456789012", REGION, "doc-async")
TOPIC = f"arn:aws:sns:{REGION}:123456789012:ops-alarms"
HOSTILE = (
    'it\'s "quoted" $(touch pwned) `touch pwned` $HOME ${HOME} \\',
    "-starts-like-an-option",
    "file:///etc/hostname",
    '["a", "list"]',
    "two\nlines %{if true}",
    "Zürich ☾; rm -rf x & echo | cat > y #",
)


ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/doc:3"
NEW_MODEL = NewModel(
    "doc-model",
    Container(IMAGE, "s3://models/doc.tar.gz", (("BATCH", "4"), ("NOTE", "yes: 'it' \\ ${is}"))),
    ROLE,
)
WISHES = {
    "plain": Deployment("doc-async", "there", "ml.g5.xlarge", "s3://results/out/"),
    "asleep for ever": Deployment("doc-async", NEW_MODEL, "ml.g5.xlarge", "s3://results/out/", wake=False),
    "everything": Deployment(
        "doc-async",
        NEW_MODEL,
        "ml.g5.2xlarge",
        "s3://results/out/",
        "s3://results/failed/",
        f"{TOPIC}-done",
        f"{TOPIC}-errors",
        concurrency=None,
        high=7,
        target=2.5,
        wake_minutes=3,
        tags=(("team", "documents"), ("cost centre", "a=b + c: d@e"), ("on", "yes")),
        config_name="doc-config-1",
        variant="main",
    ),
}


def deploy(wish: Deployment) -> Calls:
    """A deployment into an empty account, with an alarm that somebody has still to be chosen for."""
    ref = wish.ref("123456789012", REGION)
    made = steps(Setup(), wanted(wish, ref), ref)
    return Calls((*made, alarm("told", ChosenTopic()), alarm("named", TOPIC)), "It is there.")


def wake_metric(name: str = "doc-async") -> MetricRef:
    return MetricRef("AWS/SageMaker", "HasBacklogWithoutCapacity", (("EndpointName", name),))


def alarm(name: str, *actions: str | PolicyArn | ChosenTopic, statistic: str = "Average") -> PutAlarm:
    metric = MetricRef(
        "AWS/SageMaker", "HasBacklogWithoutCapacity", (("EndpointName", "doc-async"),), statistic
    )
    return PutAlarm(
        name,
        metric,
        1.0,
        "GreaterThanOrEqualToThreshold",
        60,
        2,
        2,
        "missing",
        actions,
        description="Wakes it.",
    )


def step(name: str) -> StepPolicy:
    return StepPolicy(name, "", "ChangeInCapacity", (Step(0, 5, 1), Step(5, None, 2)), min_adjustment=None)


def tracking(name: str) -> TargetTrackingPolicy:
    metric = MetricRef("AWS/SageMaker", "ApproximateBacklogSizePerInstance", (("EndpointName", "doc-async"),))
    return TargetTrackingPolicy(name, "", 5.0, metric)


def every_kind(name: str) -> Calls:
    """All changes there are, with `name` wherever a name of the user's stands."""
    return Calls(
        (
            DeletePolicy(REF, name),
            DeleteSchedule(REF, name),
            DeleteAlarms((name, f"{name} too")),
            DeregisterTarget(REF),
            RegisterTarget(REF, 0, 4, Suspended()),
            RegisterTarget(REF, min=1),
            PutPolicy(REF, step(name)),
            PutPolicy(REF, step(f"{name}.2")),
            PutPolicy(REF, tracking(name)),
            PutPolicy(
                REF,
                TargetTrackingPolicy(f"{name} p", "", 0.5, None, "SageMakerVariantInvocationsPerInstance"),
            ),
            PutAlarm(
                name,
                wake_metric(name),
                -1.5,
                "LessThanThreshold",
                300,
                3,
                2,
                "notBreaching",
                (PolicyArn(name), PolicyArn(f"{name}.2"), TOPIC),
                actions_enabled=False,
                description=name,
                ok_actions=(TOPIC,),
                no_data_actions=(TOPIC, f"{TOPIC}-2"),
            ),
            alarm("p90", ChosenTopic(), statistic="p90"),
            alarm("silent"),
            EnableAlarmActions(name),
            PutSchedule(
                REF, name, "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, None, "2026-11-20T08:00:00Z"
            ),
            PutSchedule(REF, "each", "rate(1 day)", "UTC", 0, 4, None, "2027-01-01T00:00:00Z"),
        ),
        "It wakes.",
    )
