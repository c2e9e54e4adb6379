"""What is left of an endpoint that is gone, an entry of its own name; and of variants that a living one had."""

from __future__ import annotations

from dataclasses import replace

from ops.core.doctor import Leftover, examine_left
from ops.core.fixes import DeleteAlarms, DeregisterTarget
from ops.core.types import EndpointState, Severity
from tests.core.doctor.cases import REF, calls, case, said, shows, target
from tests.core.observed import BOTH, EMPTY, GOOD, TRACK, WAKE, ZERO_TO_EIGHT

BLUE, GREEN = replace(REF, variant="blue"), replace(REF, variant="green")
ONE = ((REF, ZERO_TO_EIGHT),)
TWO = ((BLUE, ZERO_TO_EIGHT), (GREEN, target(1, 3)))


def test_a_target_without_its_endpoint() -> None:
    policies = (replace(WAKE, alarm_names=("wake",)), replace(TRACK, alarm_names=("low", "high")))
    found = examine_left(Leftover(REF.name, ONE, policies, GOOD))
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
    (finding,) = examine_left(Leftover(REF.name, ONE, BOTH)).findings
    assert calls(finding) == (DeregisterTarget(REF),)
    assert finding.sentence == "The endpoint is gone, and scaling is still registered for it."


def test_the_targets_of_all_its_variants() -> None:
    (finding,) = examine_left(Leftover(REF.name, TWO)).findings
    assert calls(finding) == (DeregisterTarget(BLUE), DeregisterTarget(GREEN))
    assert shows(finding, "Variant blue: Scalable target: minimum 0, maximum 8")
    assert shows(finding, "Variant green: Scalable target: minimum 1, maximum 3")


def test_alarms_alone() -> None:
    (finding,) = examine_left(Leftover(REF.name, alarms=GOOD)).findings
    assert (finding.code, finding.severity) == ("orphan-alarms", Severity.INFO)
    assert finding.sentence == "The endpoint is gone, and 3 alarms still watch it."
    assert calls(finding) == (DeleteAlarms(("wake", "low", "high")),)


def test_a_living_endpoint_whose_variants_are_gone() -> None:
    found = said(case(EMPTY, left=Leftover(REF.name, TWO[1:])))
    assert found.keys() == {"orphan-target"}
    finding = found["orphan-target"]
    assert finding.severity is Severity.WARNING
    assert finding.sentence == "Its variant green is gone, and scaling is still registered for it."
    assert calls(finding) == (DeregisterTarget(GREEN),)
    both = said(case(EMPTY, left=Leftover(REF.name, TWO)))["orphan-target"]
    assert both.sentence == "Its variants blue and green are gone, and scaling is still registered for them."
    assert calls(both) == (DeregisterTarget(BLUE), DeregisterTarget(GREEN))
