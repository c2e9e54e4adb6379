"""Tables: what belongs to an endpoint, what goes with it, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.deleting import QUEUE, cautions, changes
from ops.core.fixes import Await, Delete, DeleteAlarms, DeletePolicy, DeleteSchedule, DeregisterTarget
from ops.core.inventory import Fate, Part, Uses, goes, items, part_of
from ops.core.plan_effects import InFlight
from ops.core.setup import Setup
from ops.core.types import Alarm, Severity
from tests.core.life_samples import ORPHAN, OTHER, REF, TOPIC, alarm, arn, inventory, setup

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
        (replace(alarm("expression", actions=(WAKE,)), metric=None), Part.RUNS),
        (replace(alarm("expression of many", actions=(TOPIC,)), metric=None), Part.WATCHES),
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
