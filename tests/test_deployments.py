"""Changes in the background: what ends one, ends it for those who wait for it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.at_work import StopSign
from ops.core.change import Actor, ChangePlan, Receipt
from ops.core.errors import OpsError
from ops.core.setup import Setup
from ops.core.types import EndpointRef
from ops.deployments import Deployments

REF = EndpointRef("123456789012", "us-east-1", "doc")
PLAN = ChangePlan(
    "1", REF, "deploy", "Deploy doc", (), Setup(), Setup(), (), "", datetime(2026, 11, 20, tzinfo=UTC)
)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OpsError("No answer.", "Again."), "No answer."),
        (KeyError("VariantName"), "Ebb itself failed on the way. (KeyError)"),
    ],
)
def test_whatever_ends_it_is_told(error: Exception, says: str, caplog: pytest.LogCaptureFixture) -> None:
    def apply(plan: ChangePlan, actor: Actor, why: str, typed: str, stop: StopSign) -> Receipt:
        raise error

    runs = Deployments()
    runs.begin(apply, PLAN, Actor("kim", "admin"))
    assert runs.ended(PLAN.id, 20)
    found = runs.outcome(PLAN.id)
    assert isinstance(found, OpsError)
    assert found.what == says
    assert ("Traceback" in caplog.text) is isinstance(error, KeyError)
