"""What is left of an endpoint that is gone: an entry of its own name."""

from __future__ import annotations

from dataclasses import replace

from ops.core.doctor import Leftover, examine_left
from ops.core.fixes import DeleteAlarms, DeregisterTarget
from ops.core.types import EndpointState, Severity
from tests.core.doctor.cases import REF, calls, shows
from tests.core.observed import BOTH, GOOD, TRACK, WAKE, ZERO_TO_EIGHT


def test_a_target_without_its_endpoint() -> None:
    policies = (replace(WAKE, alarm_names=("wake",)), replace(TRACK, alarm_names=("low", "high")))
    found = examine_left(Leftover(REF, ZERO_TO_EIGHT, policies, GOOD))
    (finding,) = found.findings
    assert (found.name, found.verdict.state) == (REF.name, EndpointState.MISSING)
    assert (finding.code, finding.severity, found.verdict.severity) == (
        "orphan-target",
        Severity.WARNING,
        Severity.WARNING,
    )
    assert calls(finding) == (
        DeregisterTarget(REF),
        DeleteAlarms(("wake",)),
    )  # tracking takes its own two along
    assert shows(finding, "maximum 8")


def test_a_target_alone() -> None:
    (finding,) = examine_left(Leftover(REF, ZERO_TO_EIGHT, BOTH)).findings
    assert calls(finding) == (DeregisterTarget(REF),)
    assert finding.sentence == "The endpoint is gone, and scaling is still registered for it."


def test_alarms_alone() -> None:
    (finding,) = examine_left(Leftover(REF, None, (), GOOD)).findings
    assert (finding.code, finding.severity) == ("orphan-alarms", Severity.INFO)
    assert finding.sentence == "The endpoint is gone, and 3 alarms still watch it."
    assert calls(finding) == (DeleteAlarms(("wake", "low", "high")),)
