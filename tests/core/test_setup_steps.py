"""The way from one set-up to another: what is made anew takes along what runs it; nothing goes that is in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.core import deploy_planning
from ops.core.errors import BadInput
from ops.core.fixes import Await, Change, Create, Delete
from ops.core.resources import CONFIG, ENDPOINT, endpoint, endpoint_config
from ops.core.setup import Setup
from ops.core.setup_steps import steps
from ops.core.types import EndpointRef, Severity

REF = EndpointRef("123456789012", "us-east-1", "doc")
VARIANT = {"VariantName": "AllTraffic", "ModelName": "m", "InitialInstanceCount": 1}
OLD = endpoint_config("doc", VARIANT, {"OutputConfig": {"S3OutputPath": "s3://old/"}})
NEW = endpoint_config("doc", VARIANT, {"OutputConfig": {"S3OutputPath": "s3://new/"}})
RUNS = endpoint("doc", "doc")
THERE = Setup(resources=(OLD, replace(RUNS, status="InService")))
ANEW = (
    Await("doc", settled=True),
    Delete(ENDPOINT, "doc"),
    Await("doc", gone=True),
    Delete(CONFIG, "doc"),
    Create(NEW),
    Create(RUNS),
    Await("doc"),
)


def test_a_configuration_made_anew_takes_its_endpoint_along() -> None:
    assert steps(THERE, Setup(resources=(NEW, RUNS)), REF) == ANEW


def test_such_a_plan_says_so_and_asks_for_the_word() -> None:
    made: tuple[Change, ...] = steps(THERE, Setup(resources=(NEW, RUNS)), REF)
    now = datetime(2026, 11, 26, tzinfo=UTC)
    plan = deploy_planning.make("1", "move", "Move", made, THERE, REF, now, effect="")
    assert plan.confirm == "doc"
    assert [c.severity for c in plan.cautions] == [Severity.WARNING]
    assert "deleted and made anew" in plan.cautions[0].sentence


def test_a_configuration_that_a_staying_endpoint_runs_does_not_go() -> None:
    with pytest.raises(BadInput, match="The endpoint doc runs the configuration doc"):
        steps(THERE, Setup(resources=(RUNS,)), REF)


def test_an_endpoint_that_fails_while_it_is_waited_for_is_deleted_all_the_same() -> None:
    for status in ("Creating", "InService", "Failed"):
        held = Setup(resources=(OLD, replace(RUNS, status=status)))
        assert steps(held, Setup(), REF)[:2] == (Await("doc", settled=True), Delete(ENDPOINT, "doc"))
