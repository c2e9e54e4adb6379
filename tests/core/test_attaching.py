"""Tables: taking scale-to-zero away, giving it, and what cannot be moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from ops.core import attaching, detaching, moving
from ops.core.attaching import Attachment
from ops.core.doctor import Case
from ops.core.errors import BadInput, OpsError
from ops.core.findings import Finding
from ops.core.fixes import (
    Await,
    Calls,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PutAlarm,
    PutPolicy,
    RegisterTarget,
)
from ops.core.moving import Move
from ops.core.plan_effects import Around
from ops.core.resources import CONFIG, MODEL, Resource
from ops.core.seen import Seen
from ops.core.setup import Setup
from ops.core.types import (
    Bounds,
    Endpoint,
    EndpointState,
    MetricRef,
    MetricSet,
    ScalableTarget,
    Severity,
    Suspended,
    TargetTrackingPolicy,
    Verdict,
    Window,
)
from tests.core.life_samples import QUEUED, REF, TOPIC, alarm, arn, inventory, setup

NOW = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
GRID = MetricSet(Window(datetime(2026, 11, 26, 13, tzinfo=UTC), datetime(2026, 11, 26, 14, tzinfo=UTC)))
WISH = Attachment(4)
GONE = (
    DeletePolicy(REF, "Backlog-ScalingPolicy"),
    DeletePolicy(REF, "HasBacklogWithoutCapacity-ScalingPolicy"),
    DeregisterTarget(REF),
    DeleteAlarms(("HasBacklogWithoutCapacity-doc",)),
)


def endpoint(current: int | None = 1, *, queued: bool = True) -> Endpoint:
    config = QUEUED if queued else None
    return Endpoint(REF, "arn", "InService", "doc-1", "ml.g5.xlarge", current, current, NOW, NOW, config)


def case(held: Setup, *, hidden: frozenset[str] = frozenset(), queued: bool = True) -> Case:
    seen = Seen(
        endpoint(queued=queued),
        held.target,
        held.policies,
        held.alarms,
        held.schedules,
        (),
        GRID,
        GRID,
        NOW,
        hidden,
    )
    return Case(seen, Verdict(EndpointState.WARM, Severity.OK, ""))


def bounded(low: int, high: int) -> Setup:
    return replace(setup(), target=ScalableTarget(Bounds(low, high)))


@pytest.mark.parametrize(
    ("low", "high", "current", "first"),
    [
        (0, 4, 0, (RegisterTarget(REF, 1, None), Await("doc", serving=True))),
        (0, 4, 2, (RegisterTarget(REF, 1, None), Await("doc", serving=True))),
        (0, 0, 0, (RegisterTarget(REF, 1, 1), Await("doc", serving=True))),
        (1, 4, 0, (Await("doc", serving=True),)),
        (1, 4, None, (Await("doc", serving=True),)),
        (1, 4, 1, ()),
    ],
)
def test_it_is_held_awake_before_its_scaling_goes(
    low: int, high: int, current: int | None, first: tuple[object, ...]
) -> None:
    made = detaching.changes(bounded(low, high), Around(endpoint(current), NOW))
    assert made == (DeleteSchedule(REF, "nightly"), *first, *GONE)


def test_an_alarm_that_also_tells_somebody_goes_on_telling() -> None:
    telling = alarm("in", actions=(arn("HasBacklogWithoutCapacity-ScalingPolicy"), TOPIC))
    held = replace(setup(), alarms=(telling, alarm("old", actions=(TOPIC,))))
    made = detaching.changes(held, Around(endpoint(), NOW))
    put = [c for c in made if isinstance(c, PutAlarm)]
    assert [(c.name, c.actions) for c in put] == [("in", (TOPIC,))]
    assert not any(isinstance(c, DeleteAlarms) for c in made)


def test_an_alarm_on_something_else_goes_on_without_the_policy() -> None:
    wake = arn("HasBacklogWithoutCapacity-ScalingPolicy")
    queue = MetricRef("AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", "in"),))
    lonely = replace(alarm("queue", actions=(wake,), ok_actions=(wake, TOPIC)), metric=queue)
    sums = replace(alarm("sums", actions=(wake, TOPIC)), metric=None)
    held = replace(setup(), alarms=(lonely, sums))
    made = detaching.changes(held, Around(endpoint(), NOW))
    put = [c for c in made if isinstance(c, PutAlarm)]
    assert [(c.name, c.actions, c.ok_actions) for c in put] == [("queue", (), (TOPIC,))]
    assert not any(isinstance(c, DeleteAlarms) for c in made)
    (said,) = detaching.cautions(held, Around(endpoint(), NOW))
    assert said.severity is Severity.WARNING
    assert "sums looks at an expression" in said.sentence


def test_what_takes_instances_away_goes_before_what_brings_them() -> None:
    backwards = replace(setup(), policies=setup().policies[::-1])
    made = detaching.changes(backwards, Around(endpoint(), NOW))
    gone = [c.name for c in made if isinstance(c, DeletePolicy)]
    assert gone == ["Backlog-ScalingPolicy", "HasBacklogWithoutCapacity-ScalingPolicy"]


def test_nothing_attached_is_nothing_to_detach() -> None:
    with pytest.raises(BadInput, match="nothing to detach"):
        detaching.changes(Setup(alarms=(alarm("old", actions=(TOPIC,)),)), Around(endpoint(), NOW))


def parts(made: tuple[object, ...]) -> list[str]:
    return [type(change).__name__ for change in made]


def test_only_what_is_missing_is_attached() -> None:
    whole = setup()
    tracking, wake = whole.policies
    assert attaching.missing(case(whole), WISH) == ()
    assert parts(attaching.missing(case(Setup()), WISH)) == [
        "RegisterTarget",
        "PutPolicy",
        "PutAlarm",
        "PutPolicy",
    ]
    assert parts(attaching.missing(case(replace(whole, policies=(wake,))), WISH)) == ["PutPolicy"]
    alone = replace(whole, policies=(tracking,), alarms=whole.alarms[1:])
    assert parts(attaching.missing(case(alone), WISH)) == ["PutPolicy", "PutAlarm"]


def test_values_of_the_wish_are_attached() -> None:
    made = attaching.missing(case(Setup()), Attachment(4, 3.0, 120, 60, 5, TOPIC))
    _, tracking = [c.policy for c in made if isinstance(c, PutPolicy)]
    assert isinstance(tracking, TargetTrackingPolicy)
    assert (tracking.target, tracking.scale_in_cooldown, tracking.scale_out_cooldown) == (3.0, 120, 60)
    wake, *telling = [c for c in made if isinstance(c, PutAlarm)]
    assert (wake.evaluation_periods, wake.datapoints_to_alarm) == (5, 5)
    assert telling
    assert all(c.actions == (TOPIC,) for c in telling)


@pytest.mark.parametrize(
    "wish",
    [
        Attachment(0),
        Attachment(1, 0.0),
        Attachment(1, 1.0, -1),
        Attachment(1, wake_minutes=0),
        Attachment(1, topic="x"),
    ],
)
def test_what_cannot_work_is_refused(wish: Attachment) -> None:
    with pytest.raises(BadInput):
        attaching.check(wish)


def test_what_is_not_known_or_cannot_sleep_gets_nothing() -> None:
    with pytest.raises(OpsError, match="alarms could not be read"):
        attaching.possible(case(setup(), hidden=frozenset({"alarms"})))
    with pytest.raises(BadInput, match="real time"):
        attaching.possible(case(setup(), queued=False))


def test_contradictions_are_named_and_bounds_come_last_where_they_are_mended() -> None:
    tracking = setup().policies[0]
    assert isinstance(tracking, TargetTrackingPolicy)
    assert tracking.metric is not None
    dimensions = (("EndpointName", "doc"), ("VariantName", "AllTraffic"))
    astray = replace(tracking, metric=replace(tracking.metric, dimensions=dimensions))
    held = replace(bounded(1, 4), policies=(astray, setup().policies[1]))
    lower = RegisterTarget(REF, 0)
    finding = Finding("minimum-above-zero", Severity.WARNING, "It never sleeps.", (), "", Calls((lower,), ""))
    beside = Finding("no-alarm-on-failures", Severity.INFO, "x", (), "", Calls((), ""))
    found = attaching.contradictions(case(held), (finding, beside))
    assert [each.code for each in found] == ["minimum-above-zero", attaching.MISPLACED]
    made = attaching.mended(attaching.missing(case(held), WISH, found), found)
    assert parts(made) == ["PutPolicy", "RegisterTarget"]
    named = attaching.cautions(case(held), WISH, found, mend=False)
    assert [c.severity for c in named] == [Severity.WARNING, Severity.WARNING]


def test_two_directions_that_are_suspended_are_both_resumed() -> None:
    def found(code: str, off: Suspended) -> Finding:
        change = RegisterTarget(REF, suspended=off)
        return Finding(code, Severity.WARNING, "It is off.", (), "", Calls((change,), ""))

    both = (
        found("scale-out-suspended", Suspended(scale_in=True)),
        found("scale-in-suspended", Suspended(scale_out=True)),
    )
    against = attaching.contradictions(case(setup()), both)
    assert attaching.mended((), against) == (RegisterTarget(REF, suspended=Suspended()),)


def moved(held: Setup, *, hidden: frozenset[str] = frozenset()) -> moving.Done:
    """The third step of a move to an endpoint that is set up so."""
    seen = case(held, hidden=hidden).seen
    return moving.standing(("old", "doc"), None, inventory(setup=held), (), NOW, seen).steps[2]


def test_a_move_counts_as_attached_once_the_new_one_would_sleep_and_wake() -> None:
    tracking, wake = setup().policies
    assert moved(setup()).state == "done"
    for held, why in (
        (replace(setup(), target=None), "Bounds, two policies"),
        (replace(setup(), policies=(tracking,), alarms=setup().alarms[1:]), "no policy starts the first"),
        (replace(setup(), policies=(wake,)), "no policy takes its instances away"),
        (replace(setup(), alarms=()), "no policy starts the first"),
        (
            replace(setup(), alarms=tuple(replace(a, actions_enabled=False) for a in setup().alarms)),
            "are switched off",
        ),
        (replace(setup(), target=ScalableTarget(Bounds(0, 0))), "its maximum is 0"),
    ):
        step = moved(held)
        assert step.state == "to come"
        assert why in step.says
    assert "alarms could not be read" in moved(setup(), hidden=frozenset({"alarms"})).says


@pytest.mark.parametrize(("status", "why"), [("InService", "has gone on"), ("Creating", "is made already")])
def test_a_new_endpoint_that_is_there_is_not_made_again(status: str, why: str) -> None:
    wish = Move("doc", "doc-async", "s3://results/out/")
    there = Resource("endpoint", "doc-async", {}, status=status)
    with pytest.raises(BadInput, match=why):
        moving.not_there(wish, (there,))
    moving.not_there(wish, (replace(there, status="Failed"), Resource(CONFIG, "doc-async", {})))


VARIANT = {"VariantName": "AllTraffic", "ModelName": "doc-model", "InstanceType": "ml.g5.xlarge"}


@pytest.mark.parametrize(
    ("config", "model", "why"),
    [
        ({"ProductionVariants": [VARIANT, VARIANT]}, {}, "2 variants"),
        ({"ProductionVariants": [VARIANT | {"ServerlessConfig": {"MaxConcurrency": 1}}]}, {}, "serverless"),
        ({"ProductionVariants": [{"VariantName": "AllTraffic"}]}, {}, "inference components"),
        ({"ProductionVariants": [VARIANT], "ShadowProductionVariants": [VARIANT]}, {}, "shadow"),
        ({"ProductionVariants": [VARIANT]}, {"PrimaryContainer": {"Mode": "MultiModel"}}, "several models"),
        ({"ProductionVariants": [VARIANT]}, {"InferenceExecutionConfig": {"Mode": "Direct"}}, "one by one"),
    ],
)
def test_what_cannot_be_moved_is_said(config: dict[str, Any], model: dict[str, Any], why: str) -> None:
    held = Setup(
        resources=(
            Resource("endpoint", "doc", {"EndpointConfigName": "doc-1"}),
            Resource(CONFIG, "doc-1", config),
            Resource(MODEL, "doc-model", model),
        )
    )
    with pytest.raises(BadInput, match=why):
        moving.movable(inventory(setup=held, asynchronous=None))


def test_what_is_moved_and_what_is_left() -> None:
    config = {
        "ProductionVariants": [VARIANT | {"InitialInstanceCount": 4, "VolumeSizeInGB": 50}],
        "KmsKeyId": "key",
        "DataCaptureConfig": {"EnableCapture": True},
    }
    tags = (("team", "documents"), (moving.FROM, "older"))
    old = inventory(
        asynchronous=None,
        setup=Setup(
            resources=(
                Resource("endpoint", "doc", {"EndpointConfigName": "doc-1"}, tags),
                Resource(CONFIG, "doc-1", config),
            )
        ),
    )
    wish = Move("doc", "doc-async", "s3://results/out/", error_topic=TOPIC)
    made, endpoint = moving.made(old, wish)
    assert made.parameters == {
        "ProductionVariants": [VARIANT | {"InitialInstanceCount": 1, "VolumeSizeInGB": 50}],
        "KmsKeyId": "key",
        "AsyncInferenceConfig": {
            "OutputConfig": {
                "S3OutputPath": "s3://results/out/",
                "NotificationConfig": {"ErrorTopic": TOPIC},
            },
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
        },
    }
    assert endpoint.tags == (("team", "documents"), (moving.FROM, "doc"))
    assert moving.origin((made, endpoint)) == "doc"
    assert moving.wish_of("doc", (made, endpoint)) == wish
    assert any("Not moved: data capture" in c.sentence for c in moving.cautions(old, wish))


@pytest.mark.parametrize(
    "wish",
    [
        Move("doc", "doc", "s3://results/out/"),
        Move("doc", "-x", "s3://results/out/"),
        Move("doc", "new", "results"),
        Move("doc", "new", "s3://results/", "results"),
        Move("doc", "new", "s3://results/", success_topic="x"),
        Move("doc", "new", "s3://results/", concurrency=0),
    ],
)
def test_a_wish_that_aws_would_refuse_is_refused_first(wish: Move) -> None:
    with pytest.raises(BadInput):
        moving.check(wish)
