"""Tables: what belongs to an endpoint, what goes with it, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.deleting import QUEUE, cautions, changes, made_since, taken_back, writable
from ops.core.fixes import (
    Await,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PutAlarm,
)
from ops.core.inventory import Fate, Part, Uses, goes, items, part_of
from ops.core.plan_effects import InFlight
from ops.core.setup import Setup
from ops.core.types import Alarm, MetricRef, Severity, TargetTrackingPolicy
from tests.core.life_samples import ORPHAN, OTHER, REF, TOPIC, alarm, arn, inventory, setup

QUEUED = MetricRef("AWS/SQS", "ApproximateNumberOfMessagesVisible", (("QueueName", "in"),))
WAKE = arn("HasBacklogWithoutCapacity-ScalingPolicy")


@pytest.mark.parametrize(
    ("found", "part"),
    [
        (alarm("TargetTracking-doc-High"), Part.OWNED),
        (alarm("TargetTracking-anything"), Part.OWNED),
        (alarm("wake", "HasBacklogWithoutCapacity", actions=(WAKE,)), Part.WAKES),
        (alarm("wake", "HasBacklogWithoutCapacity", actions=(ORPHAN,)), Part.WAKES),
        (alarm("in", actions=(WAKE, TOPIC)), Part.RUNS),
        (alarm("old", actions=(TOPIC,)), Part.WATCHES),
        (alarm("both", actions=(WAKE, OTHER)), Part.SHARED),
        (alarm("astray", endpoint="other", actions=(WAKE,)), Part.SHARED),
        (alarm("sum", metric="x", actions=(WAKE,)), Part.RUNS),
        (replace(alarm("expression", actions=(WAKE,)), metric=None), Part.SHARED),
        (replace(alarm("expression of many", actions=(TOPIC,)), metric=None), Part.SHARED),
        (replace(alarm("queue", actions=(WAKE, TOPIC)), metric=QUEUED), Part.SHARED),
    ],
)
def test_what_an_alarm_is_to_an_endpoint(found: Alarm, part: Part) -> None:
    assert part_of(found, setup(), REF) is part


@pytest.mark.parametrize(
    ("uses", "asked", "kept"),
    [
        (Uses(), False, {"model"}),
        (Uses(), True, set()),
        (Uses(models={"doc-model": ("other",)}), True, {"model"}),
        (Uses(configs={"doc-1": ("other",)}), True, {"endpoint-config"}),
        (Uses(whole=False), True, {"model"}),
    ],
)
def test_what_others_use_or_may_use_stays(uses: Uses, asked: bool, kept: set[str]) -> None:
    found = inventory(uses=uses)
    left = goes(found, with_model=asked).resources
    assert {r.kind for r in found.setup.resources} - {r.kind for r in left} == kept
    fates = {i.kind: i.fate for i in items(found, with_model=asked)}
    assert (fates["configuration"] is Fate.GOES) == ("endpoint-config" not in kept)
    assert (fates["model"] is Fate.GOES) == ("model" not in kept)


def test_the_order_of_a_deletion() -> None:
    made = changes(inventory(), with_model=True)
    assert made == (
        DeletePolicy(REF, "Backlog-ScalingPolicy"),
        DeletePolicy(REF, "HasBacklogWithoutCapacity-ScalingPolicy"),
        DeleteSchedule(REF, "nightly"),
        DeregisterTarget(REF),
        DeleteAlarms(("HasBacklogWithoutCapacity-doc",)),
        Await("doc", settled=True),
        Delete("endpoint", "doc"),
        Await("doc", gone=True),
        Delete("endpoint-config", "doc-1"),
        Delete("model", "doc-model"),
    )


def test_an_alarm_of_target_tracking_that_outlived_its_policy_is_deleted() -> None:
    found = inventory(setup=Setup(alarms=(alarm("TargetTracking-doc-High"), alarm("both", actions=(OTHER,)))))
    assert changes(found) == (DeleteAlarms(("TargetTracking-doc-High",)),)
    assert not found.empty
    assert inventory(setup=Setup()).empty


def test_alarms_of_others_go_on_without_the_policies_that_go() -> None:
    queue = replace(alarm("queue", actions=(WAKE, TOPIC)), metric=QUEUED)
    both = alarm("both", actions=(WAKE, OTHER), ok_actions=(WAKE,))
    astray = alarm("astray", endpoint="other", actions=(ORPHAN,))
    sums = replace(alarm("sums", actions=(WAKE, TOPIC)), metric=None)
    beside = replace(alarm("beside", actions=(TOPIC,)), metric=QUEUED)
    own = alarm("own", actions=(WAKE, TOPIC))
    found = inventory(setup=replace(setup(), alarms=(queue, both, astray, sums, beside, own)))
    made = changes(found)
    put = {c.name: (c.actions, c.ok_actions) for c in made if isinstance(c, PutAlarm)}
    assert put == {"queue": ((TOPIC,), ()), "both": ((OTHER,), ()), "astray": ((), ())}
    assert [c.names for c in made if isinstance(c, DeleteAlarms)] == [("own",)]
    fates = {i.name: (i.fate, i.says) for i in items(found) if i.kind == "alarm"}
    assert fates["queue"] == (
        Fate.STAYS,
        "it watches or scales others, too; without the policy that goes",
    )
    assert fates["beside"] == (Fate.STAYS, "it watches or scales others, too")
    assert "leads nowhere then" in fates["sums"][1]
    assert any("sums looks at an expression" in c.sentence for c in cautions(found, None))
    left = inventory(setup=Setup(alarms=(beside, sums, replace(queue, actions=(TOPIC,)))))
    assert left.empty
    assert not inventory(setup=Setup(alarms=(queue,))).empty


def test_what_ebb_cannot_put_back_is_said_and_left_out_of_the_undo() -> None:
    tracking = setup().policies[0]
    assert isinstance(tracking, TargetTrackingPolicy)
    summed = replace(tracking, metric=None)
    held = replace(setup(), policies=(summed, setup().policies[1]))
    said = list(cautions(inventory(setup=held), InFlight(0, 0, utilisation=0.0)))
    assert [c.severity for c in said if "cannot put it back" in c.sentence] == [Severity.CRITICAL]
    assert any("on record, but for Backlog-ScalingPolicy" in c.sentence for c in said)
    sums = replace(alarm("sums", actions=(TOPIC,)), metric=None)
    old = replace(held, alarms=(*held.alarms, sums))
    wanted, (lost,) = writable(old, Setup())
    assert [p.name for p in wanted.policies] == ["HasBacklogWithoutCapacity-ScalingPolicy"]
    assert "the policy Backlog-ScalingPolicy and the alarm sums" in lost.sentence
    assert sums not in wanted.alarms
    assert writable(old, old) == (old, ())


def test_an_endpoint_that_is_taken_back_goes_with_what_was_made_since() -> None:
    made = replace(setup(), schedules=(), alarms=(), policies=(), target=None)
    own = replace(alarm("made-with-it", actions=(TOPIC,)), metric=QUEUED)
    changed = replace(alarm("another-by-now", actions=(TOPIC,)), metric=QUEUED)
    made = replace(made, alarms=(own, replace(changed, threshold=7.0)))
    found = inventory(setup=replace(setup(), alarms=(*setup().alarms, own, changed)))
    back = (
        DeleteAlarms(("made-with-it", "another-by-now")),
        Delete("endpoint", "doc"),
        Await("doc", gone=True),
        Delete("endpoint-config", "doc-1"),
    )
    assert taken_back(found, back, made) == (
        *changes(inventory())[:5],
        DeleteAlarms(("made-with-it",)),
        *back[1:],
    )
    (said,) = made_since(found, made)
    assert said.sentence == (
        "Made since, and goes with the endpoint: the policy Backlog-ScalingPolicy, the policy "
        "HasBacklogWithoutCapacity-ScalingPolicy, the scheduled action nightly, the alarm "
        "HasBacklogWithoutCapacity-doc and its bounds."
    )
    assert made_since(inventory(), setup()) == ()
    shared = replace(found, uses=Uses(configs={"doc-1": ("other",)}))
    assert Delete("endpoint-config", "doc-1") not in taken_back(shared, back, made)
    stays = (DeleteAlarms(("made-with-it",)),)
    assert taken_back(found, stays, made) == stays


def test_one_that_was_never_in_service_has_no_queue() -> None:
    held = setup()
    making = tuple(replace(r, status="Creating") if r.kind == "endpoint" else r for r in held.resources)
    said = list(cautions(inventory(None, setup=replace(held, resources=making)), InFlight()))
    assert not any(c.severity is Severity.CRITICAL for c in said)


def test_a_model_that_goes_may_serve_a_component() -> None:
    said = [c.sentence for c in cautions(inventory(), None, with_model=True)]
    assert any("inference components are not looked at" in each for each in said)
    (model,) = [i for i in items(inventory()) if i.kind == "model"]
    assert "inference components are not looked at" in model.says


def test_one_that_is_being_deleted_is_waited_for_and_one_that_is_made_is_waited_for_first() -> None:
    def in_state(status: str) -> list[object]:
        held = setup()
        of_it = tuple(replace(r, status=status) if r.kind == "endpoint" else r for r in held.resources)
        return [
            c for c in changes(inventory(setup=Setup(resources=of_it))) if not isinstance(c, DeletePolicy)
        ]

    assert in_state("Deleting")[0] == Await("doc", gone=True)
    for status in ("Creating", "Updating", "InService", "Failed"):
        assert in_state(status)[:2] == [Await("doc", settled=True), Delete("endpoint", "doc")]


@pytest.mark.parametrize(
    ("current", "work", "worst"),
    [
        (0, InFlight(0, 0), Severity.INFO),
        (0, InFlight(2, 0), Severity.CRITICAL),
        (0, InFlight(0, 0, unanswered=1), Severity.CRITICAL),
        (1, InFlight(0, 0, utilisation=0.0), Severity.INFO),
        (1, InFlight(0, 3, utilisation=0.9), Severity.CRITICAL),
        (1, InFlight(None, None), Severity.CRITICAL),
        (None, InFlight(0, 0), Severity.CRITICAL),
    ],
)
def test_work_that_may_be_lost_is_critical(current: int | None, work: InFlight, worst: Severity) -> None:
    said = list(cautions(inventory(current), work))
    assert (worst is Severity.CRITICAL) == any(c.severity is Severity.CRITICAL for c in said)
    assert (worst is Severity.CRITICAL) == any(c.sentence == QUEUE for c in said)


def test_a_real_time_endpoint_has_no_queue_and_its_other_variants_are_named() -> None:
    found = inventory(asynchronous=None, other_variants=("B",))
    said = " ".join(c.sentence for c in cautions(found, None))
    assert "its callers get an error" in said
    assert "other variants (B)" in said
    assert QUEUE not in said
