"""The order of the fleet."""

from __future__ import annotations

from dataclasses import replace

from ops.core.types import EndpointState, Severity, Verdict
from ops.judging import trouble_first
from tests.components.samples import fleet


def test_what_costs_only_money_stands_after_what_holds_requests_up() -> None:
    row = fleet().rows[0]
    told = [
        ("a", EndpointState.ASLEEP, Severity.OK),
        ("b", EndpointState.IDLE_PAID, Severity.WARNING),
        ("z", EndpointState.FAILING, Severity.WARNING),
        ("c", EndpointState.SLOW, Severity.WARNING),
        ("y", EndpointState.WAKE_STUCK, Severity.CRITICAL),
    ]
    rows = [
        replace(
            row,
            endpoint=replace(row.endpoint, ref=replace(row.endpoint.ref, name=name)),
            verdict=Verdict(state, severity, "Said."),
        )
        for name, state, severity in told
    ]
    assert [r.endpoint.ref.name for r in sorted(rows, key=trouble_first)] == ["y", "c", "z", "b", "a"]
